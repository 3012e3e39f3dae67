"""Residual networks, version 1."""

from .imagenet_utils import decode_predictions, preprocess_input
from .resnet_blocks import resnet

__all__ = ["ResNet101", "ResNet152", "decode_predictions", "preprocess_input"]


def ResNet101(
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
    return resnet("resnet101", (3, 4, 23, 3), 1, *own)


def ResNet152(
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
    return resnet("resnet152", (3, 8, 36, 3), 1, *own)
