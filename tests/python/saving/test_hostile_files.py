"""Files that strangers made: refused with a clear error, nothing run, nothing else read."""

import json

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import Sequential, load_model, model_from_json, model_from_yaml
from keras_native.saving import attributes


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "m.h5")
    Sequential([L.Dense(3, input_shape=(4,), name="d")]).save(path)
    return path


KERNEL = "model_weights/d/d/kernel:0"


def replace(path, make):
    """Put something else in the place of the kernel."""
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        make(f)


def refused(path, match):
    model = Sequential([L.Dense(3, input_shape=(4,), name="d")])
    before = model.get_weights()
    with pytest.raises(ValueError, match=match):
        load_model(path, compile=False)
    with pytest.raises(ValueError, match=match):
        model.load_weights(path)
    with pytest.raises(ValueError, match=match):
        model.load_weights(path, by_name=True)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("place", ["model_weights", "model_weights/d", KERNEL])
@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links_are_refused(path, tmp_path, place, kind):
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["secret"] = np.zeros((4, 3), "float32")
    with h5py.File(path, "a") as f:
        f.move(place, "moved")
        link = h5py.ExternalLink("other.h5", "/secret") if kind == "external" else (
            h5py.SoftLink("/moved"))  # fmt: skip
        f[place] = link
    refused(path, "refused")


def test_data_in_other_files_is_refused(path, tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 48)
    replace(
        path,
        lambda f: f.create_dataset(
            KERNEL, (4, 3), "float32", external=[(str(tmp_path / "secret"), 0, 48)]
        ),
    )
    refused(path, "other files")


def test_virtual_data_is_refused(path, tmp_path):
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", (4, 3))
    replace(path, lambda f: f.create_virtual_dataset(KERNEL, layout))
    refused(path, "other files")


def test_declared_sizes_are_checked_before_memory_is_taken(path):
    replace(
        path,
        lambda f: f.create_dataset(
            KERNEL, (1 << 40,), "float32", chunks=(1 << 16,), compression="gzip", fillvalue=1.0
        ),
    )
    refused(path, "more than the model can take")


@pytest.mark.parametrize("shape", [(4, 4), (3, 4), (12,), (0, 3), (1,) * 32])
def test_wrong_shapes_are_refused(path, shape):
    replace(path, lambda f: f.create_dataset(KERNEL, shape, "float32"))
    refused(path, "shape")


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f.create_dataset(KERNEL, (12,), h5py.string_dtype()),
        lambda f: f.create_dataset(KERNEL, (4, 3), np.dtype([("a", "f4")])),
        lambda f: f.create_dataset(KERNEL, (4, 3), np.dtype("V4")),
        lambda f: f.create_dataset(KERNEL, dtype="f4", data=h5py.Empty("f4")),
    ],
)
def test_what_is_no_number_is_refused(path, make):
    replace(path, make)
    refused(path, "expected numbers")


def test_group_for_a_data_set_and_missing_data(path):
    replace(path, lambda f: f.create_group(KERNEL))
    refused(path, "it is a group")
    replace(path, lambda f: None)
    refused(path, "has no 'd/kernel:0'")


@pytest.mark.parametrize("name", ["../d", "/d", "a/../d", "", "d\0x", "."])
def test_names_that_lead_elsewhere_are_refused(path, name):
    with h5py.File(path, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array(
            [name.encode()], dtype=h5py.string_dtype() if "\0" not in name else "S8"
        )
    model = Sequential([L.Dense(3, input_shape=(4,), name="d")])
    with pytest.raises(ValueError, match="expected a path|Expected a path|has no|0 layers"):
        model.load_weights(path)


def test_names_that_are_no_text_are_refused(path):
    for value in (np.arange(3), np.array([b"\xff\xfe"])):
        with h5py.File(path, "a") as f:
            f["model_weights"].attrs["layer_names"] = value
        refused(path, "layer_names")
    with h5py.File(path, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array([b"d", b"d"])
    refused(path, "twice")


def test_too_many_names_are_refused(path, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_NAMES", 3)
    with h5py.File(path, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array([b"d"] * 4)
    refused(path, "at most 3 names")


@pytest.mark.parametrize(
    "config",
    [
        "no json", "[]", "{}", "null", '{"class_name": 3, "config": {}}',
        '{"class_name": "Sequential"}', "[" * 100_000, '{"class_name": "Dense", "config": []}',
        '{"class_name": "os.system", "config": {"command": "true"}}',
        '{"class_name": "Sequential", "config": {"layers": [{"class_name": "eval"}]}}',
        '{"class_name": "Sequential", "config": ' + '{"layers":' * 500 + "[]" + "}" * 501,
        '{"class_name": "Dense", "config": {"units": 1e30}}',
        '{"class_name": "Dense", "config": {"units": -1}}',
        '{"class_name": "Dense", "config": {"units": 1, "kernel_initializer": "os.system"}}',
        '{"class_name": "Dense", "config": {"units": 1, "activation": "deserialize"}}',
        '{"class_name": "Dense", "config": {"units": 1, "activation": "get_file"}}',
        '{"class_name": "Lambda", "config": {"function": "eval", "function_type": "function"}}',
        '{"class_name": "deserialize", "config": {}}', '{"class_name": "merge", "config": {}}',
    ],
)  # fmt: skip
def test_hostile_configurations(path, config):
    with pytest.raises((ValueError, TypeError)):
        model_from_json(config)
    with h5py.File(path, "a") as f:
        f.attrs["model_config"] = config.encode()
    with pytest.raises((ValueError, TypeError)):
        load_model(path)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!!python/object/apply:numpy.core.multiarray.scalar [O8, !!binary AAAA]",
        "a: [",
        "class_name: !!python/tuple 3",
    ],
)
def test_hostile_yaml(text):
    pytest.importorskip("yaml")
    with pytest.raises(ValueError, match="YAML|number"):
        model_from_yaml(text)


def test_yaml_of_keras_is_read():
    pytest.importorskip("yaml")
    model = Sequential([L.Reshape((2, 2), input_shape=(4,)), L.Flatten()])
    assert model_from_yaml(model.to_yaml()).to_json() == model.to_json()
    text = model.to_yaml().replace("- 2\n", "- 2\n", 1)
    assert json.dumps(model_from_yaml(text).get_config())
