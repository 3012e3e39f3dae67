"""MobileNet: depthwise convolutions, then 1x1."""

from .. import backend as K
from ..layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)
from ..legacy.paths import moved
from . import imagenet_utils
from .common import channel_axis, finished, image_input, pooled
from .imagenet_utils import decode_predictions

__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]

__getattr__ = moved(__name__)

# Filters and stride of the blocks after the first convolution.
_BLOCKS = (
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1),
    (512, 1), (512, 1), (1024, 2), (1024, 1),
)  # fmt: skip

_FILES = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}  # how names of files say alpha


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def _finish(x, name):
    x = BatchNormalization(axis=channel_axis(), name=f"{name}_bn")(x)
    return ReLU(6.0, name=f"{name}_relu")(x)


def _pad(x, name):
    return ZeroPadding2D(((0, 1), (0, 1)), name=name)(x)


def _block(x, number, filters, stride, depth_multiplier):
    padding = "same"
    if stride != 1:
        x, padding = _pad(x, f"conv_pad_{number}"), "valid"
    x = DepthwiseConv2D(
        (3, 3),
        padding=padding,
        depth_multiplier=depth_multiplier,
        strides=(stride, stride),
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = _finish(x, f"conv_dw_{number}")
    x = Conv2D(filters, (1, 1), padding="same", use_bias=False, name=f"conv_pw_{number}")(x)
    return _finish(x, f"conv_pw_{number}")


def MobileNet(
    input_shape=None,
    alpha=1.0,
    depth_multiplier=1,
    dropout=1e-3,
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
        depth_multiplier: filters per channel of the depthwise convolutions.
        dropout: rate of dropout before the classes.
        Others: as for `VGG16`.
    """
    start = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = Conv2D(int(32 * alpha), (3, 3), strides=(2, 2), use_bias=False, name="conv1")(
        _pad(start, "conv1_pad")
    )
    x = _finish(x, "conv1")
    for number, (filters, stride) in enumerate(_BLOCKS, 1):
        x = _block(x, number, int(filters * alpha), stride, depth_multiplier)
    if include_top:
        channels = int(1024 * alpha)
        first = K.image_data_format() == "channels_first"
        x = GlobalAveragePooling2D()(x)
        x = Reshape((channels, 1, 1) if first else (1, 1, channels), name="reshape_1")(x)
        x = Dropout(dropout, name="dropout")(x)
        x = Conv2D(classes, (1, 1), padding="same", name="conv_preds")(x)
        x = Reshape((classes,), name="reshape_2")(x)
        x = Activation("softmax", name="act_softmax")(x)
    else:
        x = pooled(x, pooling)
    size = K.int_shape(start)[2] or 224
    stem = f"mobilenet_{_FILES.get(alpha, alpha)}_{size}_tf"
    files = (f"{stem}.h5", f"{stem}_no_top.h5")
    name = f"mobilenet_{alpha:.2f}_{size}"
    return finished(name, start, x, input_tensor, weights, include_top, classes, files)
