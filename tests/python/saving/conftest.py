"""Paths that the tests of files share."""

import pytest
from keras_native import layers as L
from keras_native.models import Sequential


@pytest.fixture
def path(tmp_path):
    """Where a model may be saved."""
    return str(tmp_path / "model.h5")


@pytest.fixture
def dense_file(tmp_path):
    """A saved model of one Dense layer, `d`, for tests that spoil it."""
    path = str(tmp_path / "m.h5")
    Sequential([L.Dense(3, input_shape=(4,), name="d")]).save(path)
    return path
