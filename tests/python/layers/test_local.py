"""Locally connected layers."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.legacy import Keras1SpellingWarning
from keras_native.models import Sequential
from layer_test import layer_test


@pytest.mark.parametrize(
    ("cls", "kwargs", "shape"),
    [
        (L.LocallyConnected1D, {"filters": 3, "kernel_size": 2}, (2, 5, 3)),
        (L.LocallyConnected1D, {"filters": 3, "kernel_size": 3, "strides": 2}, (2, 6, 2)),
        (L.LocallyConnected2D, {"filters": 3, "kernel_size": 2}, (2, 4, 3, 2)),
        (
            L.LocallyConnected2D,
            {"filters": 2, "kernel_size": (2, 3), "strides": (2, 1), "activation": "tanh"},
            (2, 5, 4, 2),
        ),
        (
            L.LocallyConnected2D,
            {"filters": 2, "kernel_size": 2, "use_bias": False, "data_format": "channels_first"},
            (2, 2, 5, 4),
        ),
        (
            L.LocallyConnected2D,
            {"filters": 2, "kernel_size": 2, "data_format": "channels_first"},
            (2, 2, 4, 3),
        ),
    ],
)
def test_layer(cls, kwargs, shape):
    layer_test(cls, kwargs, shape)


@pytest.mark.parametrize(("cls", "conv", "shape"), [
    (L.LocallyConnected1D, L.Conv1D, (2, 6, 3)),
    (L.LocallyConnected2D, L.Conv2D, (2, 5, 4, 3)),
])  # fmt: skip
def test_equal_kernels_make_a_convolution(cls, conv, shape):
    x = np.random.RandomState(1).uniform(-2, 2, shape).astype("float32")
    layer = conv(4, 2, input_shape=shape[1:])
    wanted = Sequential([layer]).predict(x)
    kernel = layer.get_weights()[0].reshape(-1, 4)
    positions = int(np.prod(wanted.shape[1:-1]))
    weights = [np.tile(kernel, (positions, 1, 1)), np.zeros(wanted.shape[1:])]
    local = cls(4, 2, weights=weights, input_shape=shape[1:])
    np.testing.assert_allclose(Sequential([local]).predict(x), wanted, rtol=1e-5, atol=1e-5)


def test_time_comes_first_in_any_layout_of_images():
    K.set_image_data_format("channels_first")
    assert layer_test(L.LocallyConnected1D, {"filters": 3, "kernel_size": 2}, (2, 5, 2)).shape == (
        2,
        4,
        3,
    )


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="Invalid border mode"):
        L.LocallyConnected1D(3, 2, padding="same")
    with pytest.raises(ValueError, match="fully defined"):
        L.LocallyConnected2D(3, 2)(L.Input((None, 4, 1)))
    with pytest.raises(ValueError, match="implementation 1"):
        L.LocallyConnected1D(3, 2, implementation=3)
    with pytest.raises(ValueError, match="does not fit"):
        L.LocallyConnected1D(3, 5)(L.Input((4, 1)))


def test_keras1_call():
    with pytest.warns(Keras1SpellingWarning):
        layer = L.LocallyConnected2D(3, 2, 1, subsample=(2, 1), dim_ordering="th")
    assert (layer.kernel_size, layer.strides) == ((2, 1), (2, 1))


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_implementation_2_is_a_matrix_with_the_same_windows(layout):
    K.set_image_data_format(layout)
    shape = (5, 4, 2) if layout == "channels_last" else (2, 5, 4)
    plain = Sequential([L.LocallyConnected2D(3, (2, 3), strides=(1, 1), input_shape=shape)])
    matrix = Sequential([L.LocallyConnected2D(3, (2, 3), implementation=2, input_shape=shape)])
    kernel, bias = plain.get_weights()
    large = np.full(matrix.layers[0].kernel.shape, 7.0, "float32")  # outside: without effect
    for row in range(4):
        for column in range(2):
            window = kernel[row * 2 + column]
            rows, columns = slice(row, row + 2), slice(column, column + 3)
            if layout == "channels_last":
                large[rows, columns, :, row, column] = window.reshape(2, 3, 2, 3)
            else:
                large[:, rows, columns, :, row, column] = window.reshape(2, 2, 3, 3)
    matrix.set_weights([large, bias])
    x = np.random.normal(size=(3, *shape))
    np.testing.assert_allclose(matrix.predict(x), plain.predict(x), rtol=1e-5, atol=1e-6)
    assert Sequential.from_config(matrix.get_config()).layers[0].implementation == 2


def test_taps_of_channels_first_are_channels_then_window():
    x = np.random.RandomState(2).uniform(-2, 2, (2, 3, 6)).astype("float32")
    plain = Sequential([L.Conv1D(4, 2, data_format="channels_first", input_shape=(3, 6))])
    kernel = plain.get_weights()[0].transpose(1, 0, 2).reshape(-1, 4)
    local = Sequential(
        [L.LocallyConnected1D(4, 2, data_format="channels_first", input_shape=(3, 6))]
    )
    local.set_weights([np.tile(kernel, (5, 1, 1)), np.zeros((5, 4))])
    np.testing.assert_allclose(local.predict(x), plain.predict(x), rtol=1e-5, atol=1e-5)


def test_windows_of_same_lie_around_multiples_of_the_stride():
    layer = L.LocallyConnected1D(
        1, 2, strides=2, padding="same", implementation=2, use_bias=False, input_shape=(5, 1)
    )
    model = Sequential([layer])
    model.set_weights([np.ones((5, 1, 3, 1))])
    x = np.array([1, 2, 4, 8, 16], "float32").reshape(1, 5, 1)
    assert model.predict(x).ravel().tolist() == [1, 2 + 4, 8 + 16]
