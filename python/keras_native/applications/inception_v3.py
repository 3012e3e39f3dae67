"""Inception, version 3."""

from ..layers import AveragePooling2D, MaxPooling2D, concatenate
from . import imagenet_utils
from .common import channel_axis, classified, conv_bn, file_names, finished, image_input
from .imagenet_utils import decode_predictions

__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def _conv(x, filters, rows, columns, padding="same", strides=(1, 1)):
    return conv_bn(x, filters, (rows, columns), padding=padding, strides=strides, scale=False)


def _path(x, *steps):
    """Convolutions one after the other: (filters, rows, columns) each."""
    for step in steps:
        x = _conv(x, *step)
    return x


def _pool_path(x, filters):
    x = AveragePooling2D((3, 3), strides=(1, 1), padding="same")(x)
    return _conv(x, filters, 1, 1)


def _join(branches, name=None):
    return concatenate(branches, axis=channel_axis(), name=name)


def _down(x, filters):
    """3x3 with stride 2, without padding."""
    return _conv(x, filters, 3, 3, padding="valid", strides=(2, 2))


def _stem(x):
    x = _down(x, 32)
    x = _conv(x, 32, 3, 3, padding="valid")
    x = _conv(x, 64, 3, 3)
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)
    x = _conv(x, 80, 1, 1, padding="valid")
    x = _conv(x, 192, 3, 3, padding="valid")
    return MaxPooling2D((3, 3), strides=(2, 2))(x)


def _mixed_5x5(x, pool_filters, name):
    branches = [
        _conv(x, 64, 1, 1),
        _path(x, (48, 1, 1), (64, 5, 5)),
        _path(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        _pool_path(x, pool_filters),
    ]
    return _join(branches, name)


def _mixed_7x7(x, inner, name):
    long = ((inner, 1, 1), (inner, 7, 1), (inner, 1, 7), (inner, 7, 1), (192, 1, 7))
    branches = [
        _conv(x, 192, 1, 1),
        _path(x, (inner, 1, 1), (inner, 1, 7), (192, 7, 1)),
        _path(x, *long),
        _pool_path(x, 192),
    ]
    return _join(branches, name)


def _mixed_wide(x, number):
    def fork(y):
        return [_conv(y, 384, 1, 3), _conv(y, 384, 3, 1)]

    branches = [
        _conv(x, 320, 1, 1),
        _join(fork(_conv(x, 384, 1, 1)), f"mixed9_{number}"),
        _join(fork(_path(x, (448, 1, 1), (384, 3, 3)))),
        _pool_path(x, 192),
    ]
    return _join(branches, f"mixed{9 + number}")


def InceptionV3(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The third Inception network; images of 299 pixels a side by default, 75 at least.

    Arguments as for `VGG16`.
    """
    start = image_input(input_tensor, input_shape, 299, 75, include_top, weights)
    x = _stem(start)
    for number, pool_filters in enumerate((32, 64, 64)):
        x = _mixed_5x5(x, pool_filters, f"mixed{number}")
    branches = [
        _down(x, 384),
        _down(_path(x, (64, 1, 1), (96, 3, 3)), 96),
        MaxPooling2D((3, 3), strides=(2, 2))(x),
    ]
    x = _join(branches, "mixed3")
    for number, inner in enumerate((128, 160, 160, 192), 4):
        x = _mixed_7x7(x, inner, f"mixed{number}")
    branches = [
        _down(_conv(x, 192, 1, 1), 320),
        _down(_path(x, (192, 1, 1), (192, 1, 7), (192, 7, 1)), 192),
        MaxPooling2D((3, 3), strides=(2, 2))(x),
    ]
    x = _join(branches, "mixed8")
    for number in range(2):
        x = _mixed_wide(x, number)
    x = classified(x, include_top, pooling, classes)
    files = file_names("inception_v3")
    return finished("inception_v3", start, x, input_tensor, weights, include_top, classes, files)
