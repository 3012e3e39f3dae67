"""Xception."""

from ..layers import Activation, Add, BatchNormalization, MaxPooling2D, SeparableConv2D
from . import imagenet_utils
from .common import channel_axis, classified, conv_bn, file_names, finished, image_input
from .imagenet_utils import decode_predictions

__all__ = ["Xception", "decode_predictions", "preprocess_input"]


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def _separable(x, filters, name):
    x = SeparableConv2D(filters, (3, 3), padding="same", use_bias=False, name=name)(x)
    return BatchNormalization(axis=channel_axis(), name=f"{name}_bn")(x)


def _shrinking(x, number, inner, filters):
    """Two separable convolutions and a pooling, added to a 1x1 convolution with stride 2."""
    side = conv_bn(x, filters, 1, strides=(2, 2), activation=None)
    name = f"block{number}_sepconv"
    if number > 2:
        x = Activation("relu", name=f"{name}1_act")(x)
    x = _separable(x, inner, f"{name}1")
    x = Activation("relu", name=f"{name}2_act")(x)
    x = _separable(x, filters, f"{name}2")
    x = MaxPooling2D((3, 3), strides=(2, 2), padding="same", name=f"block{number}_pool")(x)
    return Add()([x, side])


def Xception(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """Residual blocks of separable convolutions; 299 pixels a side by default, 71 at least.

    Arguments as for `VGG16`.
    """
    start = image_input(input_tensor, input_shape, 299, 71, include_top, weights)
    x = start
    for i, (filters, stride) in enumerate(((32, 2), (64, 1)), 1):
        name = f"block1_conv{i}"
        x = conv_bn(
            x,
            filters,
            3,
            name=name,
            bn_name=f"{name}_bn",
            act_name=f"{name}_act",
            strides=(stride, stride),
            padding="valid",
        )
    for number, filters in enumerate((128, 256, 728), 2):
        x = _shrinking(x, number, filters, filters)
    for number in range(5, 13):
        side = x
        for i in (1, 2, 3):
            name = f"block{number}_sepconv{i}"
            x = Activation("relu", name=f"{name}_act")(x)
            x = _separable(x, 728, name)
        x = Add()([x, side])
    x = _shrinking(x, 13, 728, 1024)
    for i, filters in enumerate((1536, 2048), 1):
        x = _separable(x, filters, f"block14_sepconv{i}")
        x = Activation("relu", name=f"block14_sepconv{i}_act")(x)
    x = classified(x, include_top, pooling, classes)
    files = file_names("xception")
    return finished("xception", start, x, input_tensor, weights, include_top, classes, files)
