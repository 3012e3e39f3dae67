"""NASNet-A: two kinds of cells, each of which sees what the two cells before it gave."""

from .. import backend as K
from ..layers import (
    Activation,
    AveragePooling2D,
    BatchNormalization,
    Conv2D,
    Cropping2D,
    Dense,
    GlobalAveragePooling2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
    add,
    concatenate,
)
from . import imagenet_utils
from .common import channel_axis, finished, image_input, pooled, strided_pad
from .imagenet_utils import decode_predictions

__all__ = ["NASNet", "NASNetLarge", "NASNetMobile", "decode_predictions", "preprocess_input"]


def preprocess_input(x, data_format=None):
    """Pixels from 0 to 255 as the model expects them: from -1 to 1."""
    return imagenet_utils.preprocess_input(x, data_format, mode="tf")


def _normalized(x, name):
    return BatchNormalization(axis=channel_axis(), momentum=0.9997, epsilon=1e-3, name=name)(x)


def _conv(x, filters, name):
    return Conv2D(
        filters, (1, 1), padding="same", name=name, use_bias=False, kernel_initializer="he_normal"
    )(x)


def _separable(x, filters, size, name, stride=1):
    """Twice: rectified, separable convolution, normalized."""
    for step in (1, 2):
        x = Activation("relu")(x)
        first = step == 1 and stride == 2
        if first:
            x = strided_pad(x, size, f"separable_conv_1_pad_{name}")
        x = SeparableConv2D(
            filters,
            (size, size),
            strides=(stride, stride) if first else (1, 1),
            padding="valid" if first else "same",
            name=f"separable_conv_{step}_{name}",
            use_bias=False,
            kernel_initializer="he_normal",
        )(x)
        x = _normalized(x, f"separable_conv_{step}_bn_{name}")
    return x


def _adjusted(before, x, filters, name):
    """What the cell before the last gave, in the extents of x and with `filters` channels."""
    if before is None:
        return x
    shape, axis = K.int_shape(before), channel_axis()
    row = 2 if axis == 1 else 1
    if shape[row] != K.int_shape(x)[row]:
        before = Activation("relu", name=f"adjust_relu_1_{name}")(before)
        moved = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(before))
        halves = []
        for i, half in enumerate((before, moved), 1):
            half = AveragePooling2D((1, 1), strides=(2, 2), name=f"adjust_avg_pool_{i}_{name}")(
                half
            )
            halves.append(_conv(half, filters // 2, f"adjust_conv_{i}_{name}"))
        return _normalized(concatenate(halves, axis=axis), f"adjust_bn_{name}")
    if shape[axis] != filters:
        before = _conv(Activation("relu")(before), filters, f"adjust_conv_projection_{name}")
        return _normalized(before, f"adjust_bn_{name}")
    return before


def _start(x, before, filters, kind, name):
    before = _adjusted(before, x, filters, name)
    h = _conv(Activation("relu")(x), filters, f"{kind}_conv_1_{name}")
    return _normalized(h, f"{kind}_bn_1_{name}"), before


def _normal_cell(x, before, filters, name):
    h, p = _start(x, before, filters, "normal", name)

    def part(source, size, place):
        return _separable(source, filters, size, f"normal_{place}_{name}")

    def mean(source, place):
        layer = AveragePooling2D(
            (3, 3), strides=(1, 1), padding="same", name=f"normal_{place}_{name}"
        )
        return layer(source)

    pairs = (
        (part(h, 5, "left1"), part(p, 3, "right1")),
        (part(p, 5, "left2"), part(p, 3, "right2")),
        (mean(h, "left3"), p),
        (mean(p, "left4"), mean(p, "right4")),
        (part(h, 3, "left5"), h),
    )
    sums = [add(list(pair), name=f"normal_add_{i}_{name}") for i, pair in enumerate(pairs, 1)]
    return concatenate([p, *sums], axis=channel_axis(), name=f"normal_concat_{name}"), x


def _reduction_cell(x, before, filters, name):
    """Half the rows and columns."""
    h, p = _start(x, before, filters, "reduction", name)
    padded = strided_pad(h, 3, f"reduction_pad_1_{name}")

    def part(source, size, place, stride=2):
        return _separable(source, filters, size, f"reduction_{place}_{name}", stride)

    def pool(layer, place):
        return layer((3, 3), strides=(2, 2), name=f"reduction_{place}_{name}")(padded)

    x1 = add([part(h, 5, "left1"), part(p, 7, "right1")], name=f"reduction_add_1_{name}")
    x2 = add([pool(MaxPooling2D, "left2"), part(p, 7, "right2")], name=f"reduction_add_2_{name}")
    x3 = add([pool(AveragePooling2D, "left3"), part(p, 5, "right3")], name=f"reduction_add3_{name}")
    mean = AveragePooling2D((3, 3), strides=(1, 1), padding="same", name=f"reduction_left4_{name}")
    x4 = add([x2, mean(x1)])
    last = [part(x1, 3, "left4", stride=1), pool(MaxPooling2D, "right5")]
    x5 = add(last, name=f"reduction_add4_{name}")
    return concatenate([x2, x3, x4, x5], axis=channel_axis(), name=f"reduction_concat_{name}"), x


def NASNet(
    input_shape=None,
    penultimate_filters=4032,
    num_blocks=6,
    stem_block_filters=96,
    skip_reduction=True,
    filter_multiplier=2,
    include_top=True,
    weights=None,
    input_tensor=None,
    pooling=None,
    classes=1000,
    default_size=331,
    **kwargs,
):
    """A NASNet of any size.

    Args:
        penultimate_filters: channels of the last cell, a multiple of 24 * `filter_multiplier` ** 2.
        num_blocks: normal cells between reductions.
        stem_block_filters: filters of the first convolution.
        skip_reduction: whether cells after a reduction see what was before it, not its input.
        filter_multiplier: factor of the filters at each reduction.
        default_size: pixels of a side where `input_shape` is None.
        Others: as for `VGG16`.
    Raises:
        ValueError: for filters that do not go into the cells.
    """
    if penultimate_filters % (24 * filter_multiplier**2):
        raise ValueError(
            f"Expected `penultimate_filters` as a multiple of {24 * filter_multiplier**2}; "
            f"received {penultimate_filters}."
        )
    start = image_input(input_tensor, input_shape, default_size, 32, True, weights)
    x = Conv2D(
        stem_block_filters,
        (3, 3),
        strides=(2, 2),
        use_bias=False,
        name="stem_conv1",
        kernel_initializer="he_normal",
    )(start)
    x, before = _normalized(x, "stem_bn1"), None
    filters = penultimate_filters // 24
    x, before = _reduction_cell(x, before, filters // filter_multiplier**2, "stem_1")
    x, before = _reduction_cell(x, before, filters // filter_multiplier, "stem_2")
    for stage in range(3):
        width = filters * filter_multiplier**stage
        if stage:
            x, seen = _reduction_cell(x, before, width, f"reduce_{stage * num_blocks}")
            before = before if skip_reduction else seen
        first = stage * num_blocks + (1 if stage else 0)
        for number in range(first, first + num_blocks):
            x, before = _normal_cell(x, before, width, str(number))
    x = Activation("relu")(x)
    if include_top:
        x = GlobalAveragePooling2D()(x)
        x = Dense(classes, activation="softmax", name="predictions")(x)
    else:
        x = pooled(x, pooling)
    size = "large" if penultimate_filters == 4032 else "mobile"
    files = (f"NASNet-{size}.h5", f"NASNet-{size}-no-top.h5")
    return finished("NASNet", start, x, input_tensor, weights, include_top, classes, files)


def NASNetLarge(
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The large NASNet; images of 331 pixels a side by default. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, pooling, classes, 331)
    return NASNet(input_shape, 4032, 6, 96, True, 2, *own)


def NASNetMobile(
    input_shape=None,
    include_top=True,
    weights="imagenet",
    input_tensor=None,
    pooling=None,
    classes=1000,
    **kwargs,
):
    """The small NASNet; images of 224 pixels a side by default. Arguments as for `VGG16`."""
    own = (include_top, weights, input_tensor, pooling, classes, 224)
    return NASNet(input_shape, 1056, 4, 32, False, 2, *own)
