"""Residual networks, version 2."""

from . import imagenet_utils
from .imagenet_utils import decode_predictions
from .resnet_blocks import resnet

__all__ = ["ResNet50V2", "ResNet101V2", "ResNet152V2", "decode_predictions", "preprocess_input"]


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def ResNet50V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The residual network of 50 layers. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, input_shape, pooling, classes)
    return resnet("resnet50v2", (3, 4, 6, 3), 2, *own)


def ResNet101V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The residual network of 101 layers. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, input_shape, pooling, classes)
    return resnet("resnet101v2", (3, 4, 23, 3), 2, *own)


def ResNet152V2(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The residual network of 152 layers. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, input_shape, pooling, classes)
    return resnet("resnet152v2", (3, 8, 36, 3), 2, *own)
