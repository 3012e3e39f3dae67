"""Layers that repeat, cut or add positions: up-sampling, cropping, zero padding."""

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..legacy.paddings import modern_padding
from ..utils import conv_utils
from .arguments import channel_axis, full_shape, spatial_extents


class _Spatial(Layer):
    """Base of layers that change extents of spatial axes and nothing else.

    Subclasses say in `_length(extent, which)` what becomes of an extent.
    """

    _shows_data_format = True

    def __init__(self, rank, data_format, **kwargs):
        super().__init__(**kwargs)
        self.rank = rank
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def compute_output_shape(self, input_shape):
        extents = [
            None if extent is None else self._length(extent, i)
            for i, extent in enumerate(spatial_extents(input_shape, self.data_format))
        ]
        channels = input_shape[channel_axis(self.data_format)]
        return full_shape(input_shape[0], extents, channels, self.data_format)

    def get_config(self):
        config = super().get_config()
        if self._shows_data_format:
            config["data_format"] = self.data_format
        return config


# ------------------------------------------------------------ up-sampling


class _UpSampling(_Spatial):
    """Base of up-sampling by whole factors, one per spatial axis in `size`."""

    def __init__(self, size, data_format=None, **kwargs):
        super().__init__(len(size), data_format, **kwargs)
        self.size = size

    def _length(self, extent, which):
        return extent * self.size[which]

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@accepts_keras1
class UpSampling1D(_UpSampling):
    """Each step repeated: (batch, steps, features) to (batch, size · steps, features).

    Args:
        size: number of repetitions.
    """

    _shows_data_format = False

    def __init__(self, size=2, **kwargs):
        super().__init__((int(size),), "channels_last", **kwargs)

    def call(self, inputs):
        return K.repeat_elements(inputs, self.size[0], axis=1)

    def get_config(self):
        return {**super().get_config(), "size": self.size[0]}


@accepts_keras1
class UpSampling2D(_UpSampling):
    """Rows and columns of images repeated, or interpolated.

    Args:
        size: an integer, or factors of rows and columns.
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
        interpolation: 'nearest' or 'bilinear'.
    """

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(conv_utils.normalize_tuple(size, 2, "size"), data_format, **kwargs)
        if interpolation not in ("nearest", "bilinear"):
            raise ValueError(
                f"Layer {self.name!r}: expected interpolation 'nearest' or 'bilinear'; received "
                f"{interpolation!r}."
            )
        self.interpolation = interpolation

    def call(self, inputs):
        half_pixel = self._dialect.half_pixel
        return K.resize_images(inputs, *self.size, self.data_format, self.interpolation, half_pixel)

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}


@accepts_keras1
class UpSampling3D(_UpSampling):
    """The three spatial axes of volumes repeated.

    Args:
        size: an integer, or three factors.
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(conv_utils.normalize_tuple(size, 3, "size"), data_format, **kwargs)

    def call(self, inputs):
        return K.resize_volumes(inputs, *self.size, self.data_format)


# ------------------------------------------------------------ cropping and padding


def _pairs(value, rank, name):
    """(before, after) of each axis, from an integer, one integer per axis, or pairs.

    Raises:
        ValueError: for anything else, or for a negative number.
    """
    try:
        values = (value,) * rank if hasattr(value, "__index__") else tuple(value)
        pairs = tuple(
            (int(v), int(v)) if hasattr(v, "__index__") else tuple(int(e) for e in v)
            for v in values
        )
    except (TypeError, ValueError):
        pairs = ()
    if len(pairs) != rank or any(len(p) != 2 or min(p) < 0 for p in pairs):
        raise ValueError(
            f"Expected {name!r} as an integer, {rank} integers, or {rank} pairs of integers, none "
            f"negative; received {value!r}."
        )
    return pairs


def _one_pair(value, name):
    """(before, after) of the only axis."""
    pair = conv_utils.normalize_tuple(value, 2, name)
    return _pairs((pair,), 1, name)


class _Cropping(_Spatial):
    """Base of cropping; `cropping` holds (before, after) of each spatial axis."""

    def __init__(self, cropping, data_format=None, **kwargs):
        super().__init__(len(cropping), data_format, **kwargs)
        self.cropping = cropping

    def _length(self, extent, which):
        return extent - sum(self.cropping[which])

    def call(self, inputs):
        extents = spatial_extents(K.int_shape(inputs), self.data_format)
        for extent, pair in zip(extents, self.cropping, strict=True):
            if extent is not None and extent < sum(pair):
                raise ValueError(
                    f"Layer {self.name!r}: cropping {self.cropping} leaves nothing of an input of "
                    f"shape {K.int_shape(inputs)}."
                )
        slices = [slice(before, -after if after else None) for before, after in self.cropping]
        everything = slice(None)
        return inputs[full_shape(everything, slices, everything, self.data_format)]

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping}


class Cropping1D(_Cropping):
    """Steps cut off: (batch, steps, features).

    Args:
        cropping: an integer, or the numbers of steps to cut off at start and end.
    """

    _shows_data_format = False

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(_one_pair(cropping, "cropping"), "channels_last", **kwargs)

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping[0]}


@accepts_keras1
class Cropping2D(_Cropping):
    """Rows and columns of images cut off.

    Args:
        cropping: an integer, one per axis, or ((top, bottom), (left, right)).
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(_pairs(cropping, 2, "cropping"), data_format, **kwargs)


@accepts_keras1
class Cropping3D(_Cropping):
    """The three spatial axes of volumes cut off.

    Args:
        cropping: an integer, one per axis, or three pairs (before, after).
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(_pairs(cropping, 3, "cropping"), data_format, **kwargs)


class _ZeroPadding(_Spatial):
    """Base of zero padding; `padding` holds (before, after) of each spatial axis."""

    def __init__(self, padding, data_format=None, **kwargs):
        super().__init__(len(padding), data_format, **kwargs)
        self.padding = padding

    def _length(self, extent, which):
        return extent + sum(self.padding[which])

    def get_config(self):
        return {**super().get_config(), "padding": self.padding}


class ZeroPadding1D(_ZeroPadding):
    """Steps of zeros added: (batch, steps, features).

    Args:
        padding: an integer, or the numbers of steps to add at start and end.
    """

    _shows_data_format = False

    def __init__(self, padding=1, **kwargs):
        padding = _one_pair(modern_padding(padding, 2), "padding")
        super().__init__(padding, "channels_last", **kwargs)

    def call(self, inputs):
        return K.temporal_padding(inputs, self.padding[0])

    def get_config(self):
        return {**super().get_config(), "padding": self.padding[0]}


@accepts_keras1
class ZeroPadding2D(_ZeroPadding):
    """Rows and columns of zeros around images.

    Args:
        padding: an integer, one per axis, or ((top, bottom), (left, right)).
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    def __init__(self, padding=(1, 1), data_format=None, **kwargs):
        padding = _pairs(modern_padding(padding, 4), 2, "padding")
        super().__init__(padding, data_format, **kwargs)

    def call(self, inputs):
        return K.spatial_2d_padding(inputs, self.padding, self.data_format)


@accepts_keras1
class ZeroPadding3D(_ZeroPadding):
    """Zeros around volumes.

    Args:
        padding: an integer, one per axis, or three pairs (before, after).
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    def __init__(self, padding=(1, 1, 1), data_format=None, **kwargs):
        super().__init__(_pairs(padding, 3, "padding"), data_format, **kwargs)

    def call(self, inputs):
        return K.spatial_3d_padding(inputs, self.padding, self.data_format)
