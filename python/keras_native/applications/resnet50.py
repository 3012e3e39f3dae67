"""ResNet50 with the names of layers that Keras's weight files have."""

from ..layers import Activation, Add, MaxPooling2D, ZeroPadding2D
from .common import classified, conv_bn, file_names, finished, image_input
from .imagenet_utils import decode_predictions, preprocess_input

__all__ = ["ResNet50", "decode_predictions", "preprocess_input"]


def _block(x, filters, stage, letter, stride, shortcut):
    """1x1, 3x3, 1x1 to 4 * filters, added to the input (through a 1x1 if `shortcut`)."""

    def part(x, branch, count, size, **kwargs):
        name = f"{stage}{letter}_branch{branch}"
        kwargs = {"use_bias": True, "init": "he_normal", **kwargs}
        return conv_bn(x, count, size, name=f"res{name}", bn_name=f"bn{name}", **kwargs)

    y = part(x, "2a", filters, 1, strides=(stride, stride))
    y = part(y, "2b", filters, 3)
    y = part(y, "2c", 4 * filters, 1, activation=None)
    if shortcut:
        x = part(x, "1", 4 * filters, 1, strides=(stride, stride), activation=None)
    return Activation("relu")(Add()([y, x]))


def ResNet50(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The residual network of 50 layers. Arguments as for `VGG16`."""
    start = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = ZeroPadding2D((3, 3), name="conv1_pad")(start)
    x = conv_bn(
        x,
        64,
        7,
        name="conv1",
        bn_name="bn_conv1",
        strides=(2, 2),
        padding="valid",
        use_bias=True,
        init="he_normal",
    )
    x = ZeroPadding2D((1, 1), name="pool1_pad")(x)
    x = MaxPooling2D((3, 3), strides=(2, 2))(x)
    for stage, blocks in enumerate((3, 4, 6, 3), 2):
        for i, letter in enumerate("abcdef"[:blocks]):
            stride = 2 if i == 0 and stage > 2 else 1
            x = _block(x, 16 << stage, stage, letter, stride, shortcut=i == 0)
    x = classified(x, include_top, pooling, classes, "fc1000")
    files = file_names("resnet50")
    return finished("resnet50", start, x, input_tensor, weights, include_top, classes, files)
