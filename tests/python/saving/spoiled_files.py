"""Saved models with something else in them, and how they are refused."""

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import Sequential, load_model

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
