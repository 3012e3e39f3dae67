"""VGG16."""

from .imagenet_utils import decode_predictions, preprocess_input
from .vgg import vgg

__all__ = ["VGG16", "decode_predictions", "preprocess_input"]


def VGG16(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The network of 16 layers with weights.

    Args:
        include_top: whether the dense layers and the classes follow the convolutions.
        weights: None, the path of a weights file, or 'imagenet' for Keras's file in
            `~/.keras/models`.
        input_tensor: tensor to start from.
        input_shape: shape of an image, of 32 pixels a side at least.
        pooling: without the top: 'avg' or 'max' over all positions, or None.
        classes: number of classes of the top.
    Raises:
        ValueError: for a shape that cannot be, or a file that is not there.
    """
    return vgg(
        "vgg16", (2, 2, 3, 3, 3), include_top, weights, input_tensor, input_shape, pooling, classes
    )
