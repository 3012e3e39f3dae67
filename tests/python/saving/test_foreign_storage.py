"""How data may be stored in HDF5: filters, pieces, circles, sizes."""

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import (
    Sequential,
    load_model,
)
from keras_native.saving import attributes
from spoiled_files import refused, replace


def test_foreign_filters_are_refused(dense_file):
    """A filter that HDF5 does not have would be loaded as a library from a path of the system."""

    def make(f):
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((4, 3))
        properties.set_filter(32008, h5py.h5z.FLAG_OPTIONAL, (0,))  # bitshuffle
        space = h5py.h5s.create_simple((4, 3))
        kind = h5py.h5t.NATIVE_FLOAT
        h5py.h5d.create(f["model_weights/d/d"].id, b"kernel:0", kind, space, properties)

    replace(dense_file, make)
    refused(dense_file, "foreign filter")


def test_a_list_of_names_in_endless_pieces(dense_file, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_NAMES", 100)
    with h5py.File(dense_file, "a", track_order=True) as f:
        del f["model_weights"].attrs["layer_names"]
        for piece in range(150):
            f["model_weights"].attrs[f"layer_names{piece}"] = np.array([b"l%d" % piece])
    refused(dense_file, "at most 100 names")


def test_empty_pieces_come_to_an_end(dense_file):
    with h5py.File(dense_file, "a") as f:
        del f["model_weights"].attrs["layer_names"]
        f["model_weights"].attrs["layer_names0"] = np.zeros(0, "S1")
    with pytest.raises(ValueError, match="0 layers"):
        load_model(dense_file, compile=False)


def test_a_circle_of_groups(dense_file):
    """A group that holds itself: only names of the model are looked up, never all there is."""
    with h5py.File(dense_file, "a") as f:
        f["model_weights/d/d/again"] = f["model_weights"]
    assert load_model(dense_file, compile=False).count_params() == 15


def test_many_sizes_that_are_large_together(tmp_path):
    """Each weight may be what the model says; more of them than the model has may not."""
    dense_file = str(tmp_path / "many.h5")
    Sequential([L.Dense(64, input_shape=(64,), name="d")]).save(dense_file)
    with h5py.File(dense_file, "a") as f:
        group = f["model_weights/d"]
        names = [f"d/more{i}:0".encode() for i in range(50)]
        for name in names:
            group.create_dataset(name, (64, 64), "float32", chunks=(64, 64), compression="gzip")
        group.attrs["weight_names"] = names
    with pytest.raises(ValueError, match="more than the model can take"):
        load_model(dense_file, compile=False)
