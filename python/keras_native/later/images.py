"""Layers at the entrance of later models: scaling, standardizing, resizing; depthwise over time."""

import numpy as np

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..layers.conv import Conv1D
from ..layers.conv_depthwise import Depthwise


class Rescaling(Layer):
    """x · scale + offset.

    Args:
        scale, offset: numbers, or lists of one per channel.
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self.scale, self.offset = scale, offset
        self.supports_masking = True

    def call(self, inputs):
        return K.cast(inputs, K.floatx()) * K.constant(self.scale) + K.constant(self.offset)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "offset": self.offset}


class Normalization(Layer):
    """(x - mean) / standard deviation, both of the training data.

    Args:
        axis: axes with a mean and a variance for each position; None: one for all.
        mean, variance: numbers or arrays; None: weights, which `adapt` or a file sets.
        invert: whether to undo it instead.
    """

    def __init__(self, axis=-1, mean=None, variance=None, invert=False, **kwargs):
        super().__init__(**kwargs)
        if (mean is None) != (variance is None):
            raise ValueError(f"Layer {self.name!r}: expected both mean and variance, or neither.")
        self.axis, self.invert = axis, bool(invert)
        self.input_mean, self.input_variance = mean, variance

    def _axes(self, rank):
        axes = () if self.axis is None else np.ravel(self.axis).tolist()
        return sorted(axis % rank for axis in axes)

    def build(self, input_shape):
        rank = len(input_shape)
        axes = self._axes(rank)
        kept = tuple(input_shape[axis] for axis in axes)
        if None in kept:
            raise ValueError(f"Layer {self.name!r}: expected known extents along {axes}.")
        self._shape = [input_shape[axis] if axis in axes else 1 for axis in range(rank)]
        if self.input_mean is None:
            own = {"shape": kept, "trainable": False}
            self.mean = self.add_weight(name="mean", initializer="zeros", **own)
            self.variance = self.add_weight(name="variance", initializer="ones", **own)
            self.count = self.add_weight(
                name="count", shape=(), initializer="zeros", dtype="int64", trainable=False
            )
        self.built = True

    def _moments(self):
        if self.input_mean is None:
            return [K.reshape(w, self._shape) for w in (self.mean, self.variance)]
        arrays = (np.asarray(a, K.numpy_floatx()) for a in (self.input_mean, self.input_variance))
        return [K.constant(np.broadcast_to(a, self._kept(a)).reshape(self._shape)) for a in arrays]

    def _kept(self, array):
        return array.shape if array.size == np.prod(self._shape) else [n for n in self._shape]

    def call(self, inputs):
        mean, variance = self._moments()
        deviation = K.maximum(K.sqrt(variance), K.epsilon())
        if self.invert:
            return mean + inputs * deviation
        return (inputs - mean) / deviation

    def adapt(self, data):
        """Takes mean and variance from an array of samples."""
        data = np.asarray(data)
        if not self.built:
            self.build((None, *data.shape[1:]))
        others = tuple(a for a in range(data.ndim) if a not in self._axes(data.ndim))
        values = data.mean(axis=others), data.var(axis=others), np.array(len(data))
        K.batch_set_value(list(zip((self.mean, self.variance, self.count), values, strict=True)))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        def plain(value):
            return None if value is None else np.asarray(value).tolist()

        return {
            **super().get_config(),
            "axis": self.axis,
            "mean": plain(self.input_mean),
            "variance": plain(self.input_variance),
            "invert": self.invert,
        }


class Resizing(Layer):
    """Images of another size: (batch, rows, columns, channels) to (batch, height, width, channels).

    Args:
        height, width: extents of the result.
        interpolation: 'bilinear' or 'nearest', samples at the centres of pixels.
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
    """

    def __init__(self, height, width, interpolation="bilinear", data_format=None, **kwargs):
        changed = {
            key: kwargs.pop(key)
            for key in ("crop_to_aspect_ratio", "pad_to_aspect_ratio", "antialias")
            if key in kwargs
        }
        for key in ("fill_mode", "fill_value"):  # of what is not done here
            kwargs.pop(key, None)
        super().__init__(**kwargs)
        if any(changed.values()) or interpolation not in ("bilinear", "nearest"):
            raise ValueError(
                f"Layer {self.name!r}: expected interpolation 'bilinear' or 'nearest' without "
                f"keeping the aspect ratio; received {interpolation!r} and {changed}."
            )
        self.height, self.width, self.interpolation = int(height), int(width), interpolation
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=4)

    def call(self, inputs):
        first = self.data_format == "channels_first"
        x = K.permute_dimensions(inputs, (0, 2, 3, 1)) if first else inputs
        size = [self.height, self.width]
        x = K.emit(f"resize_{self.interpolation}", (x,), size=size, half_pixel=True)
        return K.permute_dimensions(x, (0, 3, 1, 2)) if first else x

    def compute_output_shape(self, input_shape):
        if self.data_format == "channels_first":
            return (*input_shape[:2], self.height, self.width)
        return (input_shape[0], self.height, self.width, input_shape[3])

    def get_config(self):
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "interpolation": self.interpolation,
            "data_format": self.data_format,
        }


class DepthwiseConv1D(Depthwise, Conv1D):
    """Each channel of a sequence convolved by filters of its own.

    Args: as for `DepthwiseConv2D`, for one axis.
    """

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        depthwise_initializer="glorot_uniform",
        depthwise_regularizer=None,
        depthwise_constraint=None,
        **kwargs,
    ):
        super().__init__(1, kernel_size, strides, padding, **kwargs)
        self._set_depthwise(
            depth_multiplier,
            depthwise_initializer=depthwise_initializer,
            depthwise_regularizer=depthwise_regularizer,
            depthwise_constraint=depthwise_constraint,
        )

    def call(self, inputs):
        # as an image of one row
        row = 2 if self.data_format == "channels_first" else 1
        outputs = K.depthwise_conv2d(
            K.expand_dims(inputs, row),
            K.expand_dims(self.depthwise_kernel, 0),
            strides=(self.strides[0], self.strides[0]),
            padding=self.padding,
            dilation_rate=(1, *self.dilation_rate),
            data_format=self.data_format,
        )
        return self._finish(K.squeeze(outputs, row))
