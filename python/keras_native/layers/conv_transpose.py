"""Transposed convolutions: what a convolution gives back to its input, as a layer."""

from .. import backend as K
from ..legacy import accepts_keras1
from ..utils import conv_utils
from .arguments import full_shape, spatial_extents
from .conv import Conv2D, Conv3D
from .conv_base import without


class Transposed:
    """What transposed convolutions share; stands before a convolution.

    `output_shape`, an argument of Keras 1, says the shape of the output outright.
    """

    def _init_output(self, output_padding, output_shape):
        self.output_padding = None
        if output_padding is not None:
            name = "output_padding"
            self.output_padding = conv_utils.normalize_tuple(output_padding, self.rank, name)
            for stride, extra in zip(self.strides, self.output_padding, strict=True):
                if not 0 <= extra < stride:
                    raise ValueError(
                        f"Layer {self.name!r}: expected output_padding from 0 to below the "
                        f"strides {self.strides}; received {self.output_padding}."
                    )
        self._wanted = None
        if output_shape is not None:
            if len(output_shape) == self.rank + 1:
                output_shape = (None, *output_shape)
            if len(output_shape) != self.rank + 2:
                raise ValueError(
                    f"Layer {self.name!r}: expected an output_shape of {self.rank + 2} extents; "
                    f"received {output_shape}."
                )
            self._wanted = spatial_extents(tuple(output_shape), self.data_format)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        self.kernel = self._add("kernel", (*self.kernel_size, self.filters, channels))
        self._add_bias(self.filters)
        self.built = True

    def _output_extents(self, extents):
        """Extents of the output, of integers or of tensors; None where one is unknown."""
        found = [
            conv_utils.deconv_length(
                extents[i],
                self.strides[i],
                self.kernel_size[i],
                self.padding,
                None if self.output_padding is None else self.output_padding[i],
                self.dilation_rate[i],
            )
            for i in range(self.rank)
        ]
        wanted = self._wanted or (None,) * self.rank
        return [extent if w is None else w for extent, w in zip(found, wanted, strict=True)]

    def call(self, inputs):
        known = spatial_extents(K.int_shape(inputs), self.data_format)
        if None in known:
            extents = K.shape(inputs)
            first = 2 if self.data_format == "channels_first" else 1
            known = [extents[first + i] if e is None else e for i, e in enumerate(known)]
        extents = self._output_extents(known)
        shape = full_shape(None, extents, self.filters, self.data_format)
        return self._finish(self._transposed(inputs, shape))

    def get_config(self):
        config = {**super().get_config(), "output_padding": self.output_padding}
        if self._wanted is not None:
            config["output_shape"] = full_shape(None, self._wanted, self.filters, self.data_format)
        return config


@accepts_keras1
class Conv2DTranspose(Transposed, Conv2D):
    """Transposed convolution: from the shape of a convolution's output to that of its input.

    Input (batch, rows, columns, channels); with padding 'same' the output has `strides` times the
    rows and columns.

    Args:
        output_padding: rows and columns added at the end of the output, below the strides; None:
            as many as make the output largest.
        Others: as for every convolution.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        output_padding=None,
        data_format=None,
        dilation_rate=(1, 1),
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
        output_shape = kwargs.pop("output_shape", None)
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self._init_output(output_padding, output_shape)

    def _transposed(self, inputs, shape):
        return K.conv2d_transpose(
            inputs,
            self.kernel,
            shape,
            self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )


@accepts_keras1
class Conv3DTranspose(Transposed, Conv3D):
    """Transposed convolution of volumes: input (batch, a, b, c, channels).

    Args:
        output_padding: extents added at the end of the output, below the strides; None: as many
            as make the output largest.
        Others: as for every convolution, without dilation.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1, 1),
        padding="valid",
        output_padding=None,
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
        output_shape = kwargs.pop("output_shape", None)
        super().__init__(
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self._init_output(output_padding, output_shape)

    def _transposed(self, inputs, shape):
        return K.conv3d_transpose(
            inputs,
            self.kernel,
            shape,
            self.strides,
            padding=self.padding,
            data_format=self.data_format,
        )

    def get_config(self):
        return without(super().get_config(), "dilation_rate")
