"""Stacks of residual blocks, after the addition (version 1) and before it (version 2)."""

from ..layers import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    MaxPooling2D,
    ZeroPadding2D,
)
from .common import channel_axis, classified, conv_bn, file_names, finished, image_input

_EPSILON = 1.001e-5


def _block1(x, filters, stride, shortcut, name):
    """1x1, 3x3, 1x1 to 4 * filters, added to the input (through a 1x1 if `shortcut`)."""

    def part(x, number, count, size, **kwargs):
        return conv_bn(
            x,
            count,
            size,
            name=f"{name}_{number}_conv",
            bn_name=f"{name}_{number}_bn",
            use_bias=True,
            epsilon=_EPSILON,
            **kwargs,
        )

    def relu(number):
        return {"act_name": f"{name}_{number}_relu"}

    side = part(x, 0, 4 * filters, 1, strides=stride, activation=None) if shortcut else x
    x = part(x, 1, filters, 1, strides=stride, **relu(1))
    x = part(x, 2, filters, 3, **relu(2))
    x = part(x, 3, 4 * filters, 1, activation=None)
    x = Add(name=f"{name}_add")([side, x])
    return Activation("relu", name=f"{name}_out")(x)


def stack1(x, filters, blocks, stride, name):
    """Blocks of version 1; the first one has the stride."""
    x = _block1(x, filters, stride, True, f"{name}_block1")
    for i in range(2, blocks + 1):
        x = _block1(x, filters, 1, False, f"{name}_block{i}")
    return x


def _block2(x, filters, stride, shortcut, name):
    """As version 1, but normalized and rectified before each convolution."""
    ready = BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name=f"{name}_preact_bn")(x)
    ready = Activation("relu", name=f"{name}_preact_relu")(ready)
    if shortcut:
        side = Conv2D(4 * filters, 1, strides=stride, name=f"{name}_0_conv")(ready)
    else:
        side = MaxPooling2D(1, strides=stride)(x) if stride > 1 else x
    x = ready
    for number, size in ((1, 1), (2, 3)):
        if number == 2:
            x = ZeroPadding2D(((1, 1), (1, 1)), name=f"{name}_2_pad")(x)
        x = conv_bn(
            x,
            filters,
            size,
            name=f"{name}_{number}_conv",
            bn_name=f"{name}_{number}_bn",
            act_name=f"{name}_{number}_relu",
            strides=stride if number == 2 else 1,
            padding="valid",
            epsilon=_EPSILON,
        )
    x = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    return Add(name=f"{name}_out")([side, x])


def stack2(x, filters, blocks, stride, name):
    """Blocks of version 2; the last one has the stride."""
    x = _block2(x, filters, 1, True, f"{name}_block1")
    for i in range(2, blocks):
        x = _block2(x, filters, 1, False, f"{name}_block{i}")
    return _block2(x, filters, stride, False, f"{name}_block{blocks}")


def resnet(
    name, depths, version, include_top, weights, input_tensor, input_shape, pooling, classes
):
    """A network of four stacks with `depths[i]` blocks each."""
    start = image_input(input_tensor, input_shape, 224, 32, include_top, weights)
    x = ZeroPadding2D(((3, 3), (3, 3)), name="conv1_pad")(start)
    x = Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if version == 1:
        x = BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name="conv1_bn")(x)
        x = Activation("relu", name="conv1_relu")(x)
    x = ZeroPadding2D(((1, 1), (1, 1)), name="pool1_pad")(x)
    x = MaxPooling2D(3, strides=2, name="pool1_pool")(x)
    stack, strides = (stack1, (1, 2, 2, 2)) if version == 1 else (stack2, (2, 2, 2, 1))
    for i, (blocks, stride) in enumerate(zip(depths, strides, strict=True)):
        x = stack(x, 64 << i, blocks, stride, f"conv{i + 2}")
    if version == 2:
        x = BatchNormalization(axis=channel_axis(), epsilon=_EPSILON, name="post_bn")(x)
        x = Activation("relu", name="post_relu")(x)
    x = classified(x, include_top, pooling, classes, "probs", names_pooling=True)
    files = file_names(name)
    return finished(name, start, x, input_tensor, weights, include_top, classes, files)
