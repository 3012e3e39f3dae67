"""Convolutional layers: what every layer must do, shapes, both layouts, wrong arguments."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.layers import convolutional
from keras_native.legacy import Keras1SpellingWarning
from keras_native.models import Sequential
from layer_test import layer_test

SHAPES = {1: (2, 6, 3), 2: (2, 6, 5, 3), 3: (2, 4, 5, 3, 2)}
CONV = {1: L.Conv1D, 2: L.Conv2D, 3: L.Conv3D}


def first(x):
    return np.moveaxis(x, -1, 1)


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize(
    "kwargs",
    [
        {},
        {"strides": 2, "padding": "same", "activation": "relu"},
        {"padding": "same", "dilation_rate": 2, "use_bias": False},
        {"kernel_regularizer": "l2", "bias_constraint": "non_neg", "activity_regularizer": "l1"},
    ],
)
def test_conv(rank, kwargs):
    layer_test(CONV[rank], {"filters": 4, "kernel_size": 2, **kwargs}, SHAPES[rank])


CASES = [
    (L.Conv1D, {"filters": 4, "kernel_size": 3}, 1),
    (L.Conv2D, {"filters": 4, "kernel_size": (3, 2), "strides": (2, 1)}, 2),
    (L.Conv3D, {"filters": 3, "kernel_size": 2, "padding": "same"}, 3),
    (L.SeparableConv1D, {"filters": 4, "kernel_size": 3, "padding": "same"}, 1),
    (L.SeparableConv2D, {"filters": 4, "kernel_size": 2, "depth_multiplier": 2}, 2),
    (L.DepthwiseConv2D, {"kernel_size": 2, "depth_multiplier": 2, "strides": 2}, 2),
    (L.Conv2DTranspose, {"filters": 2, "kernel_size": 3, "strides": 2}, 2),
    (L.Conv2DTranspose, {"filters": 2, "kernel_size": 3, "strides": 2, "padding": "same"}, 2),
    (L.Conv2DTranspose, {"filters": 2, "kernel_size": 3, "dilation_rate": 2}, 2),
    (L.Conv3DTranspose, {"filters": 2, "kernel_size": 2, "strides": 2}, 3),
]


@pytest.mark.parametrize(("cls", "kwargs", "rank"), CASES)
def test_layouts_agree(cls, kwargs, rank):
    """Channels first computes the same from the same weights, with moved axes."""
    x = np.random.RandomState(1).uniform(-2, 2, SHAPES[rank]).astype("float32")
    layer_test(cls, kwargs, input_data=x)
    last = cls(**kwargs)
    model = Sequential([last])
    model.build((None, *x.shape[1:]))
    other = cls(data_format="channels_first", weights=last.get_weights(), **kwargs)
    wanted = model.predict(x)
    got = Sequential([L.InputLayer(input_shape=first(x).shape[1:]), other]).predict(first(x))
    np.testing.assert_allclose(got, first(wanted), rtol=1e-5, atol=1e-5)
    layer_test(cls, {"data_format": "channels_first", **kwargs}, input_data=first(x))


@pytest.mark.parametrize(("cls", "kwargs", "rank"), CASES)
def test_unknown_extents(cls, kwargs, rank):
    axes = tuple(range(1, rank + 1))
    layer_test(cls, kwargs, SHAPES[rank], unknown_axes=axes)


def test_causal_looks_back_only():
    x = np.zeros((1, 6, 1), "float32")
    x[0, 3] = 1
    kwargs = {"filters": 1, "kernel_size": 2, "padding": "causal", "dilation_rate": 2}
    model = Sequential([L.Conv1D(kernel_initializer="ones", input_shape=(6, 1), **kwargs)])
    assert model.predict(x).ravel().tolist() == [0, 0, 0, 1, 0, 1]
    layer_test(L.Conv1D, kwargs, (2, 6, 3))


def test_groups():
    x = np.random.RandomState(1).uniform(-2, 2, (2, 5, 4)).astype("float32")
    layer_test(L.Conv1D, {"filters": 6, "kernel_size": 3, "groups": 2}, input_data=x)
    layer = L.Conv1D(6, 3, groups=2, input_shape=(5, 4))
    got = Sequential([layer]).predict(x)
    kernel = layer.get_weights()[0]
    for g in range(2):
        part = L.Conv1D(3, 3, weights=[kernel[..., 3 * g : 3 * g + 3], np.zeros(3)])
        half = Sequential([L.InputLayer(input_shape=(5, 2)), part])
        wanted = half.predict(x[..., 2 * g : 2 * g + 2])
        np.testing.assert_allclose(got[..., 3 * g : 3 * g + 3], wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="go into 3 groups"):
        L.Conv1D(6, 3, groups=3)(L.Input((5, 4)))


def test_output_padding():
    x = np.random.RandomState(1).uniform(-1, 1, (2, 3, 4, 2)).astype("float32")
    for padding, shape in (("same", (6, 8)), ("valid", (8, 10))):
        kwargs = dict(filters=2, kernel_size=3, strides=2, padding=padding, output_padding=1)
        assert layer_test(L.Conv2DTranspose, kwargs, input_data=x).shape == (2, *shape, 2)
    volume = (2, 2, 3, 2, 1)
    kwargs = dict(filters=1, kernel_size=3, strides=2, padding="same", output_padding=(0, 1, 0))
    assert layer_test(L.Conv3DTranspose, kwargs, volume).shape == (2, 3, 6, 3, 1)
    with pytest.raises(ValueError, match="below the strides"):
        L.Conv2DTranspose(1, 3, strides=2, output_padding=2)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="kernel_size"):
        L.Conv2D(4, (3, 3, 3))
    with pytest.raises(ValueError, match="strides"):
        L.Conv2D(4, 3, strides=0)
    with pytest.raises(ValueError, match="padding"):
        L.Conv2D(4, 3, padding="full")
    with pytest.raises(ValueError, match="causal"):
        L.Conv2D(4, 3, padding="causal")
    with pytest.raises(ValueError, match="filters"):
        L.Conv2D(-1, 3)
    with pytest.raises(ValueError, match="channel dimension"):
        L.Conv2D(4, 3)(L.Input((5, 5, None)))
    with pytest.raises(ValueError, match="expected ndim=4"):
        L.Conv2D(4, 3)(L.Input((5, 5)))
    layer = L.Conv2D(4, 3)
    layer(L.Input((5, 5, 2)))
    with pytest.raises(ValueError, match="axis -1"):
        layer(L.Input((5, 5, 3)))


# ------------------------------------------------------------ Keras 1


def test_keras1_calls():
    with pytest.warns(Keras1SpellingWarning):
        layer = L.Convolution2D(8, 3, 2, border_mode="same", subsample=(2, 1), dim_ordering="th")
    assert (layer.filters, layer.kernel_size, layer.strides) == (8, (3, 2), (2, 1))
    assert (layer.padding, layer.data_format) == ("same", "channels_first")
    with pytest.warns(Keras1SpellingWarning):
        layer = L.Convolution2D(nb_filter=8, nb_row=3, nb_col=2, init="he_normal", bias=False)
    assert layer.kernel_size == (3, 2) and not layer.use_bias
    with pytest.warns(Keras1SpellingWarning):
        layer = L.Convolution1D(nb_filter=4, filter_length=5, subsample_length=2, input_dim=3)
    assert (layer.kernel_size, layer.strides) == ((5,), (2,))
    assert layer.batch_input_shape == (None, None, 3)
    with pytest.warns(Keras1SpellingWarning):
        layer = L.AtrousConvolution2D(4, 3, 3, atrous_rate=(2, 2))
    assert layer.dilation_rate == (2, 2)
    with pytest.warns(Keras1SpellingWarning):
        layer = L.Convolution3D(4, 3, 2, 1, activation="relu")
    assert layer.kernel_size == (3, 2, 1)
    with pytest.warns(Keras1SpellingWarning):
        layer = L.SeparableConvolution2D(4, 3, 3, depth_multiplier=2)
    assert layer.depth_multiplier == 2
    for name in ("Convolution1D", "AtrousConv2D", "Deconvolution2D", "SeparableConvolution2D"):
        assert getattr(convolutional, name) is getattr(L, name)


def test_keras1_deconvolution_says_its_output_shape():
    with pytest.warns(Keras1SpellingWarning):
        layer = L.Deconvolution2D(
            2, 3, 3, (None, 5, 6, 2), border_mode="same", subsample=(2, 2), input_shape=(3, 3, 4)
        )
    model = Sequential([layer])
    assert model.predict(np.ones((2, 3, 3, 4), "float32")).shape == (2, 5, 6, 2)
    again = Sequential.from_config(model.get_config())
    assert again.output_shape == (None, 5, 6, 2)
    with pytest.raises(ValueError, match="4 extents"):
        L.Conv2DTranspose(2, 3, output_shape=(3, 3))


def test_names_of_weights():
    K.clear_session()
    layer = L.SeparableConv2D(2, 3)
    layer(L.Input((5, 5, 2)))
    names = [w.name for w in layer.weights]
    assert names == [
        "separable_conv2d_1/depthwise_kernel:0",
        "separable_conv2d_1/pointwise_kernel:0",
        "separable_conv2d_1/bias:0",
    ]
