"""Pooling: the largest or the mean of each window, or of everything."""

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..utils import conv_utils
from .arguments import channel_axis, full_shape, spatial_extents

_POOL = {1: K.pool1d, 2: K.pool2d, 3: K.pool3d}


class _Pooling(Layer):
    """Base of pooling over windows of `rank` axes.

    Args:
        pool_size: extents of the window: an integer, or one per spatial axis.
        strides: steps from window to window; None: the extents of the window.
        padding: 'valid' or 'same'; cells outside count for nothing.
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    rank = 0
    pool_mode = "max"

    def __init__(self, pool_size, strides, padding, data_format, **kwargs):
        super().__init__(**kwargs)
        self.pool_size = conv_utils.normalize_tuple(pool_size, self.rank, "pool_size")
        strides = self.pool_size if strides is None else strides
        self.strides = conv_utils.normalize_tuple(strides, self.rank, "strides")
        if min(self.pool_size + self.strides) < 1:
            raise ValueError(
                f"Layer {self.name!r}: expected a positive pool_size and positive strides; "
                f"received {self.pool_size} and {self.strides}."
            )
        self.padding = conv_utils.normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _pooling_function(self, inputs, pool_size, strides, padding, data_format):
        """What subclasses may replace."""
        if self.rank == 1:
            pool_size, strides = pool_size[0], strides[0]
        pool = _POOL[self.rank]
        return pool(inputs, pool_size, strides, padding, data_format, pool_mode=self.pool_mode)

    def call(self, inputs):
        return self._pooling_function(
            inputs=inputs,
            pool_size=self.pool_size,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )

    def compute_output_shape(self, input_shape):
        extents = [
            conv_utils.conv_output_length(extent, window, self.padding, stride)
            for extent, window, stride in zip(
                spatial_extents(input_shape, self.data_format),
                self.pool_size,
                self.strides,
                strict=True,
            )
        ]
        channels = input_shape[channel_axis(self.data_format)]
        return full_shape(input_shape[0], extents, channels, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "strides": self.strides,
            "pool_size": self.pool_size,
            "padding": self.padding,
            "data_format": self.data_format,
        }


class _Pooling1D(_Pooling):
    """(batch, steps, features) to (batch, fewer steps, features)."""

    rank = 1

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class _Pooling2D(_Pooling):
    """(batch, rows, columns, channels), or channels first, to fewer rows and columns."""

    rank = 2

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


class _Pooling3D(_Pooling):
    """(batch, a, b, c, channels), or channels first, to smaller volumes."""

    rank = 3

    def __init__(
        self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@accepts_keras1
class MaxPooling1D(_Pooling1D):
    """The largest of each window of steps."""

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@accepts_keras1
class AveragePooling1D(_Pooling1D):
    """The mean of each window of steps."""

    pool_mode = "avg"

    def __init__(
        self, pool_size=2, strides=None, padding="valid", data_format="channels_last", **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@accepts_keras1
class MaxPooling2D(_Pooling2D):
    """The largest of each window of an image."""

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@accepts_keras1
class AveragePooling2D(_Pooling2D):
    """The mean of each window of an image."""

    pool_mode = "avg"

    def __init__(self, pool_size=(2, 2), strides=None, padding="valid", data_format=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@accepts_keras1
class MaxPooling3D(_Pooling3D):
    """The largest of each window of a volume."""

    def __init__(
        self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


@accepts_keras1
class AveragePooling3D(_Pooling3D):
    """The mean of each window of a volume."""

    pool_mode = "avg"

    def __init__(
        self, pool_size=(2, 2, 2), strides=None, padding="valid", data_format=None, **kwargs
    ):
        super().__init__(pool_size, strides, padding, data_format, **kwargs)


# ------------------------------------------------------------ over everything


class _GlobalPooling(Layer):
    """Base of pooling over all positions: (batch, space…, channels) to (batch, channels).

    Args:
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
        keepdims: keep the spatial axes, with extent 1.
    """

    rank = 0

    def __init__(self, data_format=None, **kwargs):
        keepdims = kwargs.pop("keepdims", False)
        super().__init__(**kwargs)
        self.keepdims = bool(keepdims)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def _axes(self):
        first = 2 if self.data_format == "channels_first" else 1
        return list(range(first, first + self.rank))

    def compute_output_shape(self, input_shape):
        channels = input_shape[channel_axis(self.data_format)]
        extents = (1,) * self.rank if self.keepdims else ()
        return full_shape(input_shape[0], extents, channels, self.data_format)

    def get_config(self):
        config = {**super().get_config(), "data_format": self.data_format}
        if self.keepdims:
            config["keepdims"] = True
        return config


class _GlobalPooling1D(_GlobalPooling):
    """(batch, steps, features) to (batch, features)."""

    rank = 1

    def __init__(self, data_format="channels_last", **kwargs):
        super().__init__(data_format, **kwargs)


class _GlobalPooling2D(_GlobalPooling):
    """(batch, rows, columns, channels), or channels first, to (batch, channels)."""

    rank = 2


class _GlobalPooling3D(_GlobalPooling):
    """(batch, a, b, c, channels), or channels first, to (batch, channels)."""

    rank = 3


class GlobalAveragePooling1D(_GlobalPooling1D):
    """The mean over steps; steps that a mask marks as absent do not count."""

    def __init__(self, data_format="channels_last", **kwargs):
        super().__init__(data_format, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return K.mean(inputs, axis=self._axes, keepdims=self.keepdims)
        present = K.cast(mask, K.dtype(inputs))
        weights = K.expand_dims(present, axis=channel_axis(self.data_format))
        over = {"axis": self._axes, "keepdims": self.keepdims}
        return K.sum(inputs * weights, **over) / K.sum(weights, **over)

    def compute_mask(self, inputs, mask=None):
        return None


class GlobalMaxPooling1D(_GlobalPooling1D):
    """The largest over steps."""

    def call(self, inputs):
        return K.max(inputs, axis=self._axes, keepdims=self.keepdims)


@accepts_keras1
class GlobalAveragePooling2D(_GlobalPooling2D):
    """The mean over rows and columns."""

    def call(self, inputs):
        return K.mean(inputs, axis=self._axes, keepdims=self.keepdims)


@accepts_keras1
class GlobalMaxPooling2D(_GlobalPooling2D):
    """The largest over rows and columns."""

    def call(self, inputs):
        return K.max(inputs, axis=self._axes, keepdims=self.keepdims)


@accepts_keras1
class GlobalAveragePooling3D(_GlobalPooling3D):
    """The mean over the three spatial axes."""

    def call(self, inputs):
        return K.mean(inputs, axis=self._axes, keepdims=self.keepdims)


@accepts_keras1
class GlobalMaxPooling3D(_GlobalPooling3D):
    """The largest over the three spatial axes."""

    def call(self, inputs):
        return K.max(inputs, axis=self._axes, keepdims=self.keepdims)


MaxPool1D, MaxPool2D, MaxPool3D = MaxPooling1D, MaxPooling2D, MaxPooling3D
AvgPool1D, AvgPool2D, AvgPool3D = AveragePooling1D, AveragePooling2D, AveragePooling3D
GlobalMaxPool1D, GlobalAvgPool1D = GlobalMaxPooling1D, GlobalAveragePooling1D
GlobalMaxPool2D, GlobalAvgPool2D = GlobalMaxPooling2D, GlobalAveragePooling2D
GlobalMaxPool3D, GlobalAvgPool3D = GlobalMaxPooling3D, GlobalAveragePooling3D
