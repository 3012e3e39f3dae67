"""Depthwise convolution: channels are convolved apart and not mixed."""

from .. import backend as K
from .arguments import channel_axis, full_shape, objects_config, set_objects, spatial_extents
from .conv import Conv2D
from .conv_base import without
from .core import positive_integer

_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_DEPTHWISE = ("depthwise_initializer", "depthwise_regularizer", "depthwise_constraint")


class Depthwise:
    """Mixin of depthwise convolutions of any rank: a kernel (…, channels, depth_multiplier)."""

    def _set_depthwise(self, depth_multiplier, **objects):
        self.filters = None  # not known before the input is
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)
        set_objects(self, **objects)

    def build(self, input_shape):
        channels = self._channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        self.depthwise_kernel = self._add("depthwise_kernel", shape, "depthwise")
        self._add_bias(channels * self.depth_multiplier)
        self.built = True

    def compute_output_shape(self, input_shape):
        extents = self._output_extents(spatial_extents(input_shape, self.data_format))
        channels = input_shape[channel_axis(self.data_format)] * self.depth_multiplier
        return full_shape(input_shape[0], extents, channels, self.data_format)

    def get_config(self):
        config = without(super().get_config(), "filters", *_KERNEL)
        config["depth_multiplier"] = self.depth_multiplier
        return {**config, **objects_config(self, *_DEPTHWISE)}


class DepthwiseConv2D(Depthwise, Conv2D):
    """Each channel of an image convolved by filters of its own; channels are not mixed.

    Output channels: channels of the input times `depth_multiplier`.

    Args:
        depth_multiplier: filters per channel.
        depthwise_…: initializer, regularizer and constraint of the kernel.
        Others: as for every convolution.
    """

    def __init__(
        self,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=(1, 1),
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters=1,
            kernel_size=kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            activation=activation,
            use_bias=use_bias,
            bias_initializer=bias_initializer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            bias_constraint=bias_constraint,
            **kwargs,
        )
        self._set_depthwise(
            depth_multiplier,
            depthwise_initializer=depthwise_initializer,
            depthwise_regularizer=depthwise_regularizer,
            depthwise_constraint=depthwise_constraint,
        )

    def call(self, inputs, training=None):
        outputs = K.depthwise_conv2d(
            inputs,
            self.depthwise_kernel,
            strides=self.strides,
            padding=self.padding,
            dilation_rate=self.dilation_rate,
            data_format=self.data_format,
        )
        return self._finish(outputs)
