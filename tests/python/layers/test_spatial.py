"""Up-sampling, cropping and zero padding."""

import numpy as np
import pytest
from keras_native import layers as L
from layer_test import layer_test

SHAPES = {1: (2, 5, 3), 2: (2, 5, 4, 3), 3: (2, 4, 5, 3, 2)}


def first(x):
    return np.moveaxis(x, -1, 1)


def repeated(*factors):
    def function(x):
        for axis, factor in enumerate(factors, 1):
            x = np.repeat(x, factor, axis)
        return x

    return function


def padded(*pairs):
    return lambda x: np.pad(x, [(0, 0), *pairs, (0, 0)])


def cropped(*slices):
    return lambda x: x[(slice(None), *(slice(a, b) for a, b in slices))]


CASES = [
    (L.UpSampling1D, {"size": 3}, repeated(3)),
    (L.UpSampling2D, {"size": (2, 3)}, repeated(2, 3)),
    (L.UpSampling3D, {"size": 2}, repeated(2, 2, 2)),
    (L.ZeroPadding1D, {}, padded((1, 1))),
    (L.ZeroPadding1D, {"padding": (0, 2)}, padded((0, 2))),
    (L.ZeroPadding2D, {"padding": 2}, padded((2, 2), (2, 2))),
    (L.ZeroPadding2D, {"padding": (1, 2)}, padded((1, 1), (2, 2))),
    (L.ZeroPadding2D, {"padding": ((1, 0), (2, 3))}, padded((1, 0), (2, 3))),
    (L.ZeroPadding3D, {"padding": ((1, 0), (2, 3), (0, 0))}, padded((1, 0), (2, 3), (0, 0))),
    (L.Cropping1D, {}, cropped((1, 4))),
    (L.Cropping1D, {"cropping": 2}, cropped((2, 3))),
    (L.Cropping2D, {"cropping": ((1, 0), (0, 2))}, cropped((1, 5), (0, 2))),
    (L.Cropping3D, {}, cropped((1, 3), (1, 4), (1, 2))),
    (L.Cropping3D, {"cropping": (0, 1, 0)}, cropped((0, 4), (1, 4), (0, 3))),
]


@pytest.mark.parametrize(("cls", "kwargs", "expected"), CASES)
def test_values(cls, kwargs, expected):
    rank = int(cls.__name__[-2])
    x = np.random.RandomState(1).uniform(-2, 2, SHAPES[rank]).astype("float32")
    wanted = expected(x)
    axes = tuple(range(1, rank + 1))
    layer_test(cls, kwargs, input_data=x, expected=wanted)
    layer_test(cls, kwargs, input_data=x, expected=wanted, unknown_axes=axes)
    if rank > 1:
        kwargs = {"data_format": "channels_first", **kwargs}
        layer_test(cls, kwargs, input_data=first(x), expected=first(wanted))


def test_paddings_of_keras1():
    assert L.ZeroPadding1D({"left_pad": 2}).padding == ((2, 0),)
    assert L.ZeroPadding2D((1, 2, 3, 4)).padding == ((1, 2), (3, 4))
    sides = {"top_pad": 1, "right_pad": 2}
    assert L.ZeroPadding2D(sides).padding == ((1, 0), (0, 2))
    with pytest.raises(ValueError, match="padding"):
        L.ZeroPadding2D({"front": 1})


def test_bilinear():
    x = np.array([0.0, 2.0]).reshape(1, 2, 1, 1)
    wanted = np.array([[0, 0], [1, 1], [2, 2], [2, 2]]).reshape(1, 4, 2, 1)
    kwargs = {"interpolation": "bilinear"}
    layer_test(L.UpSampling2D, kwargs, input_data=x, expected=wanted)
    kwargs["data_format"] = "channels_first"
    layer_test(L.UpSampling2D, kwargs, input_data=first(x), expected=first(wanted))


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="interpolation"):
        L.UpSampling2D(interpolation="cubic")
    with pytest.raises(ValueError, match="size"):
        L.UpSampling2D((1, 2, 3))
    with pytest.raises(ValueError, match="cropping"):
        L.Cropping2D((1, 2, 3))
    with pytest.raises(ValueError, match="negative"):
        L.ZeroPadding2D(-1)
    with pytest.raises(ValueError, match="padding"):
        L.ZeroPadding3D("same")
    with pytest.raises(ValueError, match="leaves nothing"):
        L.Cropping1D(3)(L.Input((5, 1)))
