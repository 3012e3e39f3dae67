"""Convolutions whose kernel differs from position to position."""

import numpy as np

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..utils import conv_utils
from .arguments import (
    channel_axis,
    full_shape,
    known_extent,
    objects_config,
    set_objects,
    spatial_extents,
)
from .core import positive_integer

_OBJECTS = (
    "activation",
    "kernel_initializer",
    "bias_initializer",
    "kernel_regularizer",
    "bias_regularizer",
    "activity_regularizer",
    "kernel_constraint",
    "bias_constraint",
)


def _windows(extent, positions, window, stride, padding):
    """(extent, positions): 1 where the window of a position covers an element.

    With padding 'same' windows lie around elements 0, stride, …, unlike those of convolutions.
    """
    before = window // 2 if padding == "same" else 0
    first = np.arange(positions) * stride - before
    places = np.arange(extent)[:, None]
    return (places >= first) & (places < first + window)


class _LocallyConnected(Layer):
    """activation(kernel of the position · window of x + bias of the position).

    Kernel (positions, taps of a window, filters), bias (positions…, filters). Files of tf.keras may
    ask for `implementation` 2: the kernel is then a matrix from all of the input to all of the
    output, of shape input shape + output shape, with no effect outside the windows; the padding may
    be 'same' in it.
    """

    rank = 0
    _mask = None  # of the matrix

    def __init__(
        self, filters, kernel_size, strides, padding, data_format, use_bias, objects, **kwargs
    ):
        implementation = kwargs.pop("implementation", 1)
        super().__init__(**kwargs)
        if implementation not in (1, 2):
            raise ValueError(
                f"Layer {self.name!r}: expected implementation 1, whose kernel has one block per "
                f"position, or 2, a matrix; received {implementation}."
            )
        self.implementation = implementation
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.strides = self._sizes("strides", strides)
        self.padding = conv_utils.normalize_padding(padding)
        if self.padding != "valid" and not (self.padding == "same" and implementation == 2):
            raise ValueError(
                f'Invalid border mode for {type(self).__name__} (only "valid" is supported): '
                f"{padding}"
            )
        self.data_format = K.normalize_data_format(data_format)
        self.use_bias = use_bias
        set_objects(self, **objects)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def _sizes(self, name, value):
        values = conv_utils.normalize_tuple(value, self.rank, name)
        return tuple(positive_integer(self, name, v) for v in values)

    def build(self, input_shape):
        axis = channel_axis(self.data_format)
        channels = known_extent(self, input_shape, axis)
        extents = spatial_extents(input_shape, self.data_format)
        if None in extents:
            raise ValueError(
                f"Layer {self.name!r}: the spatial dimensions of the inputs should be fully "
                f"defined; received shape {input_shape}."
            )
        positions = self._output_extents(extents)
        if min(positions) < 1:
            raise ValueError(
                f"Layer {self.name!r}: a window of {self.kernel_size} does not fit into an input "
                f"of shape {input_shape}."
            )
        self._positions = positions
        if self.implementation == 2:
            self.kernel = self._add(
                "kernel", (*input_shape[1:], *self.compute_output_shape(input_shape)[1:])
            )
            self._mask = self._matrix_mask(extents)
        else:
            self._add_blocks(channels)
        self.bias = self._add("bias", (*positions, self.filters)) if self.use_bias else None
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        self.built = True

    def _add_blocks(self, channels):
        count, taps = 1, channels
        for position, window in zip(self._positions, self.kernel_size, strict=True):
            count, taps = count * position, taps * window
        self.kernel = self._add("kernel", (count, taps, self.filters))

    def _matrix_mask(self, extents):
        """1 where an element of the input lies in the window of one of the output, else 0."""
        axes = [
            _windows(n, m, window, stride, self.padding)
            for n, m, window, stride in zip(
                extents, self._positions, self.kernel_size, self.strides, strict=True
            )
        ]
        mask = axes[0] if self.rank == 1 else np.einsum("ab,cd->acbd", *axes)
        channels = 0 if self.data_format == "channels_first" else self.rank
        mask = np.expand_dims(mask, (channels, channels + self.rank + 1))
        return mask.astype(K.numpy_floatx())

    def _times_matrix(self, inputs):
        size = len(self._mask.shape) // 2
        shape = K.int_shape(self.kernel)
        kernel = self.kernel * K.constant(self._mask)
        kernel = K.reshape(kernel, (int(np.prod(shape[:size])), int(np.prod(shape[size:]))))
        return K.reshape(K.dot(K.batch_flatten(inputs), kernel), (-1, *shape[size:]))

    def _add(self, name, shape):
        return self.add_weight(
            name,
            shape,
            initializer=getattr(self, f"{name}_initializer"),
            regularizer=getattr(self, f"{name}_regularizer"),
            constraint=getattr(self, f"{name}_constraint"),
        )

    def call(self, inputs):
        matrix = self.implementation == 2
        output = self._times_matrix(inputs) if matrix else self._convolve(inputs)
        if self.use_bias:
            output = K.bias_add(output, self.bias, data_format=self.data_format)
        return output if self.activation is None else self.activation(output)

    def _output_extents(self, extents):
        return tuple(
            conv_utils.conv_output_length(extent, window, self.padding, stride)
            for extent, window, stride in zip(extents, self.kernel_size, self.strides, strict=True)
        )

    def compute_output_shape(self, input_shape):
        extents = self._output_extents(spatial_extents(input_shape, self.data_format))
        return full_shape(input_shape[0], extents, self.filters, self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "use_bias": self.use_bias,
            **({"implementation": 2} if self.implementation == 2 else {}),
            **objects_config(self, *_OBJECTS),
        }


@accepts_keras1
class LocallyConnected1D(_LocallyConnected):
    """As Conv1D with padding 'valid', but with a kernel for each step of the output.

    Input (batch, steps, channels), whose steps have to be known, whatever the layout of images is;
    output (batch, new steps, filters).
    """

    rank = 1

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        objects = {name: value for name, value in locals().items() if name in _OBJECTS}
        data_format = data_format or "channels_last"
        super().__init__(
            filters, kernel_size, strides, padding, data_format, use_bias, objects, **kwargs
        )

    def _convolve(self, inputs):
        return K.local_conv1d(inputs, self.kernel, self.kernel_size, self.strides, self.data_format)


@accepts_keras1
class LocallyConnected2D(_LocallyConnected):
    """As Conv2D with padding 'valid', but with a kernel for each position of the output.

    Input (batch, rows, columns, channels), whose rows and columns have to be known; output
    (batch, new rows, new columns, filters).
    """

    rank = 2

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        objects = {name: value for name, value in locals().items() if name in _OBJECTS}
        super().__init__(
            filters, kernel_size, strides, padding, data_format, use_bias, objects, **kwargs
        )

    def _convolve(self, inputs):
        return K.local_conv2d(
            inputs, self.kernel, self.kernel_size, self.strides, self._positions, self.data_format
        )
