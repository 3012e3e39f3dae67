"""Rows from HDF5 files."""

import numpy as np
import pytest
from keras_native.utils import io_utils
from keras_native.utils.io_utils import HDF5Matrix, ask_to_proceed_with_overwrite


@pytest.fixture
def path(tmp_path):
    import h5py

    path = str(tmp_path / "d.h5")
    with h5py.File(path, "w") as f:
        f["x"] = np.arange(40.0).reshape(10, 4)
    return path


def test_range_of_rows(path):
    x = np.arange(40.0).reshape(10, 4)[2:8]
    m = HDF5Matrix(path, "x", start=2, end=8)
    assert (len(m), m.shape, m.ndim, m.size, m.dtype) == (6, (6, 4), 2, 24, np.float64)
    for key in (0, -1, slice(1, 3), slice(None, None, 2), [0, 3], [3, 0, 3], np.array([5, 1])):
        np.testing.assert_array_equal(m[key], x[key])
    np.testing.assert_array_equal(m[slice(4, 100)], x[4:])
    with pytest.raises(IndexError, match="row 6 of 6"):
        m[6]
    with pytest.raises(TypeError, match="received 'a'"):
        m["a"]


def test_normalizer(path):
    m = HDF5Matrix(path, "x", normalizer=lambda a: (a / 10).astype("float32"))
    assert m.dtype == np.float32
    assert m[1].tolist() == pytest.approx([0.4, 0.5, 0.6, 0.7])


def test_wrong_range(path):
    with pytest.raises(ValueError, match="0 <= start <= end <= 10"):
        HDF5Matrix(path, "x", start=4, end=11)


def test_question(monkeypatch, capsys):
    answers = iter(["maybe", "n", "y"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    assert not ask_to_proceed_with_overwrite("f")
    assert ask_to_proceed_with_overwrite("f")


def test_shuffled_training_reads_rows_from_disk(path, tmp_path):
    """shuffle='batch' asks for rows in order; nothing reads the file as a whole."""
    from keras_native.layers import Dense
    from keras_native.models import Sequential

    sizes = []

    def look(rows):
        sizes.append(len(rows))
        return rows

    x, y = HDF5Matrix(path, "x", normalizer=look), HDF5Matrix(path, "x", end=10)
    model = Sequential([Dense(4, input_dim=4)])
    model.compile("sgd", "mse")
    del sizes[:]
    model.fit(x, y, batch_size=3, epochs=2, shuffle="batch", verbose=0)
    assert sum(sizes) == 20 and max(sizes) == 3
    assert model.predict(x, batch_size=4).shape == (10, 4)
    assert np.isfinite(model.evaluate(x, y, verbose=0))
    assert max(sizes) <= 10


def test_the_file_is_closed_with_its_last_matrix(path):
    import gc

    import h5py

    a, b = HDF5Matrix(path, "x"), HDF5Matrix(path, "x", start=5)
    assert a.data.file.id == b.data.file.id
    del a
    gc.collect()
    assert b[0].tolist() == [20, 21, 22, 23]
    del b
    gc.collect()
    with h5py.File(path, "w") as f:  # refused while it is open for reading
        f["x"] = np.zeros((2, 2))
    assert HDF5Matrix(path, "x").shape == (2, 2)


def test_arrays_of_keras_1(tmp_path):
    io_utils.save_array(np.arange(6).reshape(2, 3), tmp_path / "a.h5")
    assert io_utils.load_array(tmp_path / "a.h5").tolist() == [[0, 1, 2], [3, 4, 5]]
