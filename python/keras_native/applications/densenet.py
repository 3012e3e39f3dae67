"""DenseNet: each block sees what all blocks before it gave."""

from .. import backend as K
from ..layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Concatenate,
    Conv2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from . import imagenet_utils
from .common import channel_axis, classified, conv_bn, file_names, finished, image_input
from .imagenet_utils import decode_predictions

__all__ = ["DenseNet121", "DenseNet169", "DenseNet201", "decode_predictions", "preprocess_input"]

_EPSILON = 1.001e-5
_GROWTH = 32


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: standardised by those of ImageNet."""
    return imagenet_utils.preprocess_input(x, data_format, mode="torch")


def _ready(x, bn_name, relu_name):
    x = BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=bn_name)(x)
    return Activation("relu", name=relu_name)(x)


def _block(x, name):
    y = _ready(x, f"{name}_0_bn", f"{name}_0_relu")
    y = conv_bn(
        y,
        4 * _GROWTH,
        1,
        name=f"{name}_1_conv",
        bn_name=f"{name}_1_bn",
        act_name=f"{name}_1_relu",
        epsilon=_EPSILON,
    )
    y = Conv2D(_GROWTH, 3, padding="same", use_bias=False, name=f"{name}_2_conv")(y)
    return Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, y])


def _transition(x, name):
    """Half the channels, half the rows and columns."""
    x = _ready(x, f"{name}_bn", f"{name}_relu")
    channels = K.int_shape(x)[channel_axis()] // 2
    x = Conv2D(channels, 1, use_bias=False, name=f"{name}_conv")(x)
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def DenseNet(
    blocks,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """A network of four dense stages with `blocks[i]` blocks each. Arguments as for `VGG16`."""
    start = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = ZeroPadding2D(((3, 3), (3, 3)))(start)
    x = conv_bn(
        x,
        64,
        7,
        name="conv1/conv",
        bn_name="conv1/bn",
        act_name="conv1/relu",
        strides=2,
        padding="valid",
        epsilon=_EPSILON,
    )
    x = ZeroPadding2D(((1, 1), (1, 1)))(x)
    x = MaxPooling2D(3, strides=2, name="pool1")(x)
    for stage, count in enumerate(blocks, 2):
        for i in range(1, count + 1):
            x = _block(x, f"conv{stage}_block{i}")
        if stage < 5:
            x = _transition(x, f"pool{stage}")
    x = _ready(x, "bn", "relu")
    x = classified(x, include_top, pooling, classes, "fc1000", names_pooling=True)
    known = {(6, 12, 24, 16): "121", (6, 12, 32, 32): "169", (6, 12, 48, 32): "201"}
    name = "densenet" + known.get(tuple(blocks), "")
    files = file_names(name)
    return finished(name, start, x, input_tensor, weights, include_top, classes, files)


def DenseNet121(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The dense network of 121 layers. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, input_shape, pooling, classes)
    return DenseNet((6, 12, 24, 16), *own)


def DenseNet169(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The dense network of 169 layers. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, input_shape, pooling, classes)
    return DenseNet((6, 12, 32, 32), *own)


def DenseNet201(
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    input_shape=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The dense network of 201 layers. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, input_shape, pooling, classes)
    return DenseNet((6, 12, 48, 32), *own)
