"""Inception blocks with residual connections."""

from .. import backend as K
from ..layers import Activation, AveragePooling2D, Conv2D, Lambda, MaxPooling2D, concatenate
from . import imagenet_utils
from .common import channel_axis, classified, conv_bn, file_names, finished, image_input
from .imagenet_utils import decode_predictions

__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]

# Of each kind of residual block: (filters, rows, columns) of the branches.
_BRANCHES = {
    "block35": (
        ((32, 1, 1),),
        ((32, 1, 1), (32, 3, 3)),
        ((32, 1, 1), (48, 3, 3), (64, 3, 3)),
    ),
    "block17": (((192, 1, 1),), ((128, 1, 1), (160, 1, 7), (192, 7, 1))),
    "block8": (((192, 1, 1),), ((192, 1, 1), (224, 1, 3), (256, 3, 1))),
}


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def _conv(x, filters, rows, columns, strides=1, padding="same", name=None):
    return conv_bn(
        x,
        filters,
        (rows, columns),
        strides=strides,
        padding=padding,
        name=name,
        bn_name=None if name is None else f"{name}_bn",
        act_name=None if name is None else f"{name}_ac",
        scale=False,
    )


def _path(x, *steps):
    for step in steps:
        x = _conv(x, *step)
    return x


def _down(x, filters):
    return _conv(x, filters, 3, 3, strides=2, padding="valid")


def _scaled_sum(inputs, scale):
    return inputs[0] + inputs[1] * scale


def _residual(x, scale, kind, number, activation="relu"):
    """x + scale * (branches joined and brought to the channels of x)."""
    name = f"{kind}_{number}"
    branches = [_path(x, *steps) for steps in _BRANCHES[kind]]
    mixed = concatenate(branches, axis=channel_axis(), name=f"{name}_mixed")
    channels = K.int_shape(x)[channel_axis()]
    up = Conv2D(channels, 1, padding="same", name=f"{name}_conv")(mixed)
    x = Lambda(
        _scaled_sum,
        output_shape=K.int_shape(x)[1:],
        arguments={"scale": scale},
        name=name,
    )([x, up])
    return x if activation is None else Activation(activation, name=f"{name}_ac")(x)


def _stem(x):
    x = _down(x, 32)
    x = _conv(x, 32, 3, 3, padding="valid")
    x = _conv(x, 64, 3, 3)
    x = MaxPooling2D(3, strides=2)(x)
    x = _conv(x, 80, 1, 1, padding="valid")
    x = _conv(x, 192, 3, 3, padding="valid")
    x = MaxPooling2D(3, strides=2)(x)
    pool = AveragePooling2D(3, strides=1, padding="same")(x)
    branches = [
        _conv(x, 96, 1, 1),
        _path(x, (48, 1, 1), (64, 5, 5)),
        _path(x, (64, 1, 1), (96, 3, 3), (96, 3, 3)),
        _conv(pool, 64, 1, 1),
    ]
    return concatenate(branches, axis=channel_axis(), name="mixed_5b")


def InceptionResNetV2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Inception with residual blocks; images of 299 pixels a side by default, 75 at least.

    Arguments as for `VGG16`.
    """
    start = image_input(input_tensor, input_shape, 299, 75, include_top, weights)
    x = _stem(start)
    for number in range(1, 11):
        x = _residual(x, 0.17, "block35", number)
    branches = [
        _down(x, 384),
        _down(_path(x, (256, 1, 1), (256, 3, 3)), 384),
        MaxPooling2D(3, strides=2)(x),
    ]
    x = concatenate(branches, axis=channel_axis(), name="mixed_6a")
    for number in range(1, 21):
        x = _residual(x, 0.1, "block17", number)
    branches = [
        _down(_conv(x, 256, 1, 1), 384),
        _down(_conv(x, 256, 1, 1), 288),
        _down(_path(x, (256, 1, 1), (288, 3, 3)), 320),
        MaxPooling2D(3, strides=2)(x),
    ]
    x = concatenate(branches, axis=channel_axis(), name="mixed_7a")
    for number in range(1, 10):
        x = _residual(x, 0.2, "block8", number)
    x = _residual(x, 1.0, "block8", 10, activation=None)
    x = _conv(x, 1536, 1, 1, name="conv_7b")
    x = classified(x, include_top, pooling, classes)
    name = "inception_resnet_v2"
    files = file_names(name)
    return finished(name, start, x, input_tensor, weights, include_top, classes, files)
