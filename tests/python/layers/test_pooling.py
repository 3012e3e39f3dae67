"""Pooling over windows and over everything."""

import numpy as np
import pytest
from keras_native import layers as L
from keras_native.engine.training import Model
from keras_native.legacy import Keras1SpellingWarning
from layer_test import layer_test

SHAPES = {1: (2, 7, 3), 2: (2, 6, 5, 3), 3: (2, 4, 5, 3, 2)}
LAYERS = [
    (getattr(L, f"{kind}Pooling{rank}D"), rank) for kind in ("Max", "Average") for rank in (1, 2, 3)
]
GLOBAL = [
    (getattr(L, f"Global{kind}Pooling{rank}D"), rank, join)
    for kind, join in (("Max", np.max), ("Average", np.mean))
    for rank in (1, 2, 3)
]


def first(x):
    return np.moveaxis(x, -1, 1)


@pytest.mark.parametrize(("cls", "rank"), LAYERS)
@pytest.mark.parametrize("kwargs", [{}, {"pool_size": 3, "strides": 2, "padding": "same"}])
def test_pooling(cls, rank, kwargs):
    x = np.random.RandomState(1).uniform(-2, 2, SHAPES[rank]).astype("float32")
    last = layer_test(cls, kwargs, input_data=x)
    layer_test(
        cls,
        {"data_format": "channels_first", **kwargs},
        input_data=first(x),
        expected=first(last),
    )
    layer_test(cls, kwargs, input_data=x, unknown_axes=tuple(range(1, rank + 1)))


def test_cells_outside_do_not_count():
    x = np.arange(1.0, 6.0).reshape(1, 5, 1)
    kwargs = {"pool_size": 3, "strides": 2, "padding": "same"}
    layer_test(L.AveragePooling1D, kwargs, input_data=x, expected=[[[1.5], [3], [4.5]]])
    layer_test(L.MaxPooling1D, kwargs, input_data=-x, expected=[[[-1], [-2], [-4]]])


@pytest.mark.parametrize(("cls", "rank", "join"), GLOBAL)
def test_global(cls, rank, join):
    x = np.random.RandomState(1).uniform(-2, 2, SHAPES[rank]).astype("float32")
    axes = tuple(range(1, rank + 1))
    layer_test(cls, {}, input_data=x, expected=join(x, axes), unknown_axes=axes)
    kwargs = {"data_format": "channels_first"}
    layer_test(cls, kwargs, input_data=first(x), expected=join(x, axes))
    wanted = join(x, axes, keepdims=True)
    layer_test(cls, {"keepdims": True}, input_data=x, expected=wanted)
    kwargs["keepdims"] = True
    layer_test(cls, kwargs, input_data=first(x), expected=first(wanted))


def test_global_average_over_present_steps():
    i = L.Input((3, 2))
    model = Model(i, L.GlobalAveragePooling1D()(L.Masking()(i)))
    x = np.array([[[1, 2], [3, 4], [0, 0]], [[5, 6], [0, 0], [0, 0]]], "float32")
    np.testing.assert_allclose(model.predict(x), [[2, 3], [5, 6]])


def test_keras1_calls():
    with pytest.warns(Keras1SpellingWarning):
        layer = L.MaxPooling1D(pool_length=4, stride=3, border_mode="same")
    assert (layer.pool_size, layer.strides, layer.padding) == ((4,), (3,), "same")
    with pytest.warns(Keras1SpellingWarning):
        layer = L.AveragePooling2D((2, 2), dim_ordering="th")
    assert layer.data_format == "channels_first"


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="pool_size"):
        L.MaxPooling2D((2, 2, 2))
    with pytest.raises(ValueError, match="positive"):
        L.MaxPooling2D(0)
    with pytest.raises(ValueError, match="padding"):
        L.MaxPooling2D(padding="full")
    with pytest.raises(ValueError, match="ndim=4"):
        L.GlobalMaxPooling2D()(L.Input((3, 4)))


def test_subclasses_replace_the_function():
    class SumPooling(L.AveragePooling2D):
        def _pooling_function(self, inputs, pool_size, strides, padding, data_format):
            mean = super()._pooling_function(inputs, pool_size, strides, padding, data_format)
            return mean * float(np.prod(pool_size))

    x = np.ones((1, 4, 4, 1), "float32")
    layer_test(
        SumPooling,
        {"pool_size": 2},
        input_data=x,
        expected=np.full((1, 2, 2, 1), 4.0),
        custom_objects={"SumPooling": SumPooling},
    )
