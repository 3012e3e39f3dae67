"""MobileNet, version 2: residual blocks that are wide inside."""

from .. import backend as K
from ..layers import (
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    GlobalAveragePooling2D,
    ReLU,
)
from . import imagenet_utils
from .common import channel_axis, finished, image_input, pooled, strided_pad
from .imagenet_utils import decode_predictions

__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]

# Filters, stride and number of blocks; the first block of a row has the stride.
_ROWS = ((16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1))


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def _rounded(value):
    """A number of filters as a multiple of 8, not more than a tenth below `value`."""
    result = max(8, int(value + 4) // 8 * 8)
    return result + 8 if result < 0.9 * value else result


def _normalized(x, name):
    return BatchNormalization(axis=channel_axis(), epsilon=1e-3, momentum=0.999, name=name)(x)


def _block(x, number, filters, stride, expansion):
    name = f"block_{number}_" if number else "expanded_conv_"
    start, channels = x, K.int_shape(x)[channel_axis()]
    if number:
        x = Conv2D(expansion * channels, 1, padding="same", use_bias=False, name=f"{name}expand")(x)
        x = ReLU(6.0, name=f"{name}expand_relu")(_normalized(x, f"{name}expand_BN"))
    if stride == 2:
        x = strided_pad(x, 3, f"{name}pad")
    x = DepthwiseConv2D(
        3,
        strides=stride,
        use_bias=False,
        padding="same" if stride == 1 else "valid",
        name=f"{name}depthwise",
    )(x)
    x = ReLU(6.0, name=f"{name}depthwise_relu")(_normalized(x, f"{name}depthwise_BN"))
    x = Conv2D(filters, 1, padding="same", use_bias=False, name=f"{name}project")(x)
    x = _normalized(x, f"{name}project_BN")
    return Add(name=f"{name}add")([start, x]) if channels == filters and stride == 1 else x


def MobileNetV2(
    input_shape=None,
    alpha=1.0,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """A small network for images of 224 pixels a side by default, 32 at least.

    Args:
        alpha: factor of the numbers of filters.
        Others: as for `VGG16`.
    """
    start = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = strided_pad(start, 3, "Conv1_pad")
    x = Conv2D(_rounded(32 * alpha), 3, strides=(2, 2), use_bias=False, name="Conv1")(x)
    x = ReLU(6.0, name="Conv1_relu")(_normalized(x, "bn_Conv1"))
    number = 0
    for filters, stride, count in _ROWS:
        for i in range(count):
            x = _block(x, number, _rounded(filters * alpha), stride if i == 0 else 1, 6)
            number += 1
    last = _rounded(1280 * alpha) if alpha > 1.0 else 1280
    x = Conv2D(last, 1, use_bias=False, name="Conv_1")(x)
    x = ReLU(6.0, name="out_relu")(_normalized(x, "Conv_1_bn"))
    if include_top:
        x = GlobalAveragePooling2D()(x)
        x = Dense(classes, activation="softmax", name="Logits")(x)
    else:
        x = pooled(x, pooling)
    size = K.int_shape(start)[2] or 224
    stem = f"mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_{size}"
    files = (f"{stem}.h5", f"{stem}_no_top.h5")
    name = f"mobilenetv2_{alpha:.2f}_{size}"
    return finished(name, start, x, input_tensor, weights, include_top, classes, files)
