"""Weights in the layout of Keras 1: recognised, converted, given back as they came."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.legacy.layouts import LAYOUTS, old_shapes
from keras_native.models import Sequential, model_from_json
from keras_native.saving.convert import preprocess_weights_for_loading

FIRST = {"data_format": "channels_first"}
CASES = [
    (L.Conv1D(4, 3), (7, 2), (3, 1, 2, 4)),
    (L.Conv2D(4, (3, 2), **FIRST), (5, 6, 6), (4, 5, 3, 2)),
    (L.Conv2D(4, (3, 2)), (6, 6, 5), (3, 2, 5, 4)),
    (L.Conv3D(4, (3, 2, 1), **FIRST), (5, 4, 4, 4), (4, 5, 3, 2, 1)),
    (L.Conv2DTranspose(4, (3, 2)), (6, 6, 5), (3, 2, 5, 4)),
    (L.Conv2DTranspose(4, (3, 2), **FIRST), (5, 6, 6), (4, 5, 3, 2)),
    (L.SeparableConv2D(4, (3, 2), depth_multiplier=6, **FIRST), (5, 7, 7), (6, 5, 3, 2)),
    (L.LSTM(4), (3, 2), (2, 4)),
    (L.GRU(4), (3, 2), (2, 4)),
    (L.ConvLSTM2D(4, 2), (3, 5, 5, 1), (2, 2, 1, 4)),
    (L.ConvLSTM2D(4, 2, **FIRST), (3, 1, 5, 5), (4, 1, 2, 2)),
    (L.Bidirectional(L.LSTM(4)), (3, 2), (2, 4)),
]


@pytest.mark.parametrize(("layer", "shape", "kernel"), CASES)
def test_both_ways(layer, shape, kernel):
    layer = type(layer).from_config({**layer.get_config(), "name": "layer"})
    model = Sequential([L.InputLayer(input_shape=shape), layer])
    assert old_shapes(layer)[0] == kernel
    today = layer.get_weights()
    layout = LAYOUTS[type(layer).__name__]
    old = layout.old(layer, today)
    for a, b in zip(layout.modern(layer, old), today, strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(preprocess_weights_for_loading(layer, old, "1.2.2"), today, strict=True):
        np.testing.assert_array_equal(a, b)
    x = np.random.RandomState(1).uniform(-1, 1, (2, *shape)).astype("float32")
    wanted = model.predict(x)
    for held in (layer, model):
        held.set_weights([np.zeros_like(a) for a in today])
        held.set_weights(old)
        np.testing.assert_array_equal(model.predict(x), wanted)
        for a, b in zip(held.get_weights(), old, strict=True):
            np.testing.assert_array_equal(a, b)
        held.set_weights(today)
        assert [a.shape for a in held.get_weights()] == [a.shape for a in today]


def test_what_fits_today_is_of_today():
    layer = L.Conv2D(3, 3, **FIRST)
    layer(L.Input((3, 5, 5)))
    kernel = np.arange(81.0).reshape(3, 3, 3, 3)
    layer.set_weights([kernel, np.zeros(3)])
    np.testing.assert_array_equal(K.get_value(layer.kernel), kernel)
    # but a file says who wrote it
    got = preprocess_weights_for_loading(layer, [kernel, np.zeros(3)], "1.2.2")
    np.testing.assert_array_equal(got[0], kernel.transpose(2, 3, 1, 0))


def test_gates_by_name():
    """LSTM had i, c, f, o, GRU z, r, h, each with W, U and b; gpu models were as today."""
    for cls, gates in ((L.LSTM, (0, 2, 1, 3)), (L.GRU, (0, 1, 2))):
        layer = cls(2)
        layer.build((None, 3, 5))
        arrays = [np.full(s, g) for g in range(len(gates)) for s in ((5, 2), (2, 2), (2,))]
        for got in preprocess_weights_for_loading(layer, arrays, "1.2.2"):
            np.testing.assert_array_equal(np.unique(got), sorted(gates))
            np.testing.assert_array_equal(got.reshape(-1, 2 * len(gates))[0, ::2], gates)
        today = [np.ones(w.shape) for w in layer.get_weights()]
        loaded = preprocess_weights_for_loading(layer, today, "1.2.2")
        for got, wanted in zip(loaded, today, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_a_model_inside_a_model():
    inner = Sequential([L.Conv1D(2, 3, input_shape=(7, 2)), L.Conv1D(3, 2)])
    outer = Sequential([inner, L.TimeDistributed(L.Dense(2))] if hasattr(L, "TimeDistributed") else
                       [inner, L.Dense(2)])  # fmt: skip
    outer.build((None, 7, 2))
    today = outer.get_weights()
    old = [a[:, None] if a.ndim == 3 else a for a in today]
    outer.set_weights(old)
    for a, b in zip(outer.get_weights(), old, strict=True):
        np.testing.assert_array_equal(a, b)
    got = preprocess_weights_for_loading(inner, old[:4], "1.2.2")
    for a, b in zip(got, today[:4], strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_fits_neither_is_refused():
    layer = L.Conv1D(2, 3, input_shape=(7, 2))
    layer(L.Input((7, 2)))
    with pytest.raises(ValueError, match="not compatible"):
        layer.set_weights([np.zeros((2, 1, 2, 2)), np.zeros(2)])


def test_kernels_of_theano_are_turned_over():
    layer = L.Conv2D(2, 3)
    layer(L.Input((5, 5, 1)))
    kernel = np.random.RandomState(1).uniform(size=(3, 3, 1, 2))
    got = preprocess_weights_for_loading(layer, [kernel, np.zeros(2)], "2.0.8", "theano")
    np.testing.assert_array_equal(got[0], kernel[::-1, ::-1])
    got = preprocess_weights_for_loading(layer, [kernel, np.zeros(2)], "2.0.8", "tensorflow")
    np.testing.assert_array_equal(got[0], kernel)


def test_conv1d_before_1_1():
    layer = L.Conv1D(2, 3)
    layer(L.Input((7, 4)))
    kernel = np.random.RandomState(1).uniform(size=(2, 4, 3, 1))
    got = preprocess_weights_for_loading(layer, [kernel, np.zeros(2)], "1.0.8")
    np.testing.assert_array_equal(got[0], kernel[..., 0].transpose(2, 1, 0))


def test_flatten_keeps_images_of_keras1_in_order():
    K.set_image_dim_ordering("th")
    assert L.Flatten().data_format == "channels_last"
    K.set_image_data_format("channels_first")
    assert L.Flatten().data_format == "channels_first"
    assert L.Flatten.from_config({"name": "flatten"}).data_format == "channels_last"


def test_slopes_that_keras_1_shared_along_axes():
    """Its JSON does not say so: they fill the weight of a model of Keras 1, and of no other."""
    text = (
        '{"class_name": "Sequential", "config": [{"class_name": "PReLU", "config": {"name": "p", '
        '"batch_input_shape": [null, 3, 4, 2], "init": "zero"}}], "keras_version": "1.2.2"}'
    )
    model = model_from_json(text)
    model.set_weights([np.array([[[0.5, 2.0]]], "float32")])
    x = np.random.RandomState(1).normal(size=(2, 3, 4, 2)).astype("float32")
    expected = np.where(x > 0, x, x * np.float32([0.5, 2.0]))
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-6)
    today = Sequential([L.PReLU(input_shape=(3, 4, 2))])
    with pytest.raises(ValueError, match="shape"):
        today.set_weights([np.zeros((1, 1, 2), "float32")])
    with pytest.raises(ValueError, match="shape"):
        model.set_weights([np.zeros((1, 3, 2), "float32")])
