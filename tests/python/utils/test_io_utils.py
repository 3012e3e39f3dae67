"""Rows from HDF5 files."""

import numpy as np
import pytest
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
