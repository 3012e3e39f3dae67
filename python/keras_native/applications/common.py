"""What the architectures share: their input, their weights, and blocks of layers."""

import os

from .. import backend as K
from ..engine.input_layer import Input
from ..engine.training import Model
from ..layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    GlobalMaxPooling2D,
    ZeroPadding2D,
)
from ..utils.download import keras_home
from ..utils.layer_utils import get_source_inputs


def channel_axis():
    """Axis of the channels of images: 1 or 3."""
    return 1 if K.image_data_format() == "channels_first" else 3


def image_input(input_tensor, input_shape, default, smallest, include_top, weights):
    """The tensor that a model starts from.

    Args:
        input_tensor: tensor or array to start from; None: a new placeholder.
        input_shape: without the batch axis; None: `default` pixels square where there is a top,
            open otherwise.
        default, smallest: pixels of a side.
        include_top: whether dense layers follow, which need a known size.
        weights: None or where weights come from.

    Raises:
        ValueError: for a shape that the architecture cannot take.
    """
    shape = checked_shape(input_shape, default, smallest, include_top, weights)
    if input_tensor is None:
        return Input(shape=shape)
    if not K.is_keras_tensor(input_tensor):
        return Input(tensor=input_tensor, shape=shape)
    return input_tensor


def checked_shape(shape, default, smallest, include_top, weights, data_format=None):
    """The input's shape for the arguments of `image_input`, of which the text there speaks."""
    first = K.normalize_data_format(data_format) == "channels_first"

    def image(size, channels):
        return (channels, *size) if first else (*size, channels)

    if shape is None:
        return image((default, default) if include_top else (None, None), 3)
    shape = tuple(shape)
    if len(shape) != 3:
        raise ValueError(f"Expected an `input_shape` of three integers; received {shape}.")
    size, channels = (shape[1:], shape[0]) if first else (shape[:2], shape[2])
    if weights == "imagenet" and channels != 3:
        raise ValueError(f"Weights of ImageNet expect 3 channels; received input_shape={shape}.")
    if weights == "imagenet" and include_top and size != (default, default):
        raise ValueError(
            f"With the top and weights of ImageNet, `input_shape` should be "
            f"{image((default, default), 3)}; received {shape}."
        )
    if any(extent is not None and extent < smallest for extent in size):
        raise ValueError(
            f"Input size must be at least {smallest}x{smallest}; received input_shape={shape}."
        )
    if include_top and None in shape:
        raise ValueError(f"With include_top=True, `input_shape` has to be known; received {shape}.")
    return shape


def file_names(name):
    """Names of files of ImageNet weights, with top and without."""
    stem = f"{name}_weights_tf_dim_ordering_tf_kernels"
    return f"{stem}.h5", f"{stem}_notop.h5"


def pooled(x, pooling, named=False):
    """`x` over all positions: 'avg', 'max'; anything else leaves it.

    Args:
        named: whether the layer is called `avg_pool` or `max_pool`.
    """
    kinds = {"avg": GlobalAveragePooling2D, "max": GlobalMaxPooling2D}
    return kinds[pooling](name=f"{pooling}_pool" if named else None)(x) if pooling in kinds else x


def classified(x, include_top, pooling, classes, name="predictions", names_pooling=False):
    """Mean over all positions and a layer of classes; without top only the pooling asked for."""
    if not include_top:
        return pooled(x, pooling, names_pooling)
    x = GlobalAveragePooling2D(name="avg_pool")(x)
    return Dense(classes, activation="softmax", name=name)(x)


def finished(name, start, output, input_tensor, weights, include_top, classes, files):
    """The model from `start` to `output`, with weights from a file if `weights` names one.

    Args:
        files: names of the files of ImageNet weights, with and without top, as Keras called them;
            they are looked for in `models` of the Keras folder, nothing is downloaded.

    Raises:
        ValueError: if there is no such file.
    """
    inputs = start if input_tensor is None else get_source_inputs(input_tensor)
    model = Model(inputs, output, name=name)
    if weights is None:
        return model
    path = os.fspath(weights)
    if path == "imagenet":
        if include_top and classes != 1000:
            raise ValueError(f"Weights of ImageNet are for 1000 classes; received {classes}.")
        path = os.path.join(keras_home(), "models", files[0 if include_top else 1])
    if not os.path.exists(path):
        raise ValueError(
            f"Expected `weights` as None (random initialization) or the path of a weights file; "
            f"there is no file {path!r}, and none is downloaded."
        )
    model.load_weights(path)
    return model


def conv_bn(
    x,
    filters,
    size,
    name=None,
    bn_name=None,
    activation="relu",
    act_name=None,
    strides=(1, 1),
    padding="same",
    use_bias=False,
    init="glorot_uniform",
    **normalization,
):
    """Convolution, batch normalization and, unless None, an activation."""
    x = Conv2D(
        filters,
        (size, size) if isinstance(size, int) else size,
        strides=strides,
        padding=padding,
        use_bias=use_bias,
        kernel_initializer=init,
        name=name,
    )(x)
    x = BatchNormalization(axis=channel_axis(), name=bn_name, **normalization)(x)
    return x if activation is None else Activation(activation, name=act_name)(x)


def strided_pad(x, size, name):
    """Zeros that a window of `size` with stride 2 needs so that the output has half the extents."""
    shape = K.int_shape(x)
    extents = shape[2:] if channel_axis() == 1 else shape[1:3]
    even = [extent is not None and extent % 2 == 0 for extent in extents]
    return ZeroPadding2D(tuple((size // 2 - e, size // 2) for e in even), name=name)(x)
