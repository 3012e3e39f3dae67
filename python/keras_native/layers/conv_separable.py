"""Separable convolutions: channels are convolved apart, then mixed."""

from .. import backend as K
from ..legacy import accepts_keras1
from .arguments import objects_config, set_objects
from .conv_base import _Conv, without
from .core import positive_integer

_KERNEL = ("kernel_initializer", "kernel_regularizer", "kernel_constraint")
_DEPTHWISE = ("depthwise_initializer", "depthwise_regularizer", "depthwise_constraint")
_POINTWISE = ("pointwise_initializer", "pointwise_regularizer", "pointwise_constraint")
_SEPARABLE = {1: K.separable_conv1d, 2: K.separable_conv2d}


class _SeparableConv(_Conv):
    """Each channel convolved by filters of its own, then channels mixed position by position.

    Args:
        rank: number of spatial axes, 1 or 2.
        depth_multiplier: filters per channel of the first step.
        depthwise_…, pointwise_…: initializers, regularizers and constraints of the two kernels.
        Others: as for every convolution.
    """

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            rank,
            filters,
            kernel_size,
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
        self.depth_multiplier = positive_integer(self, "depth_multiplier", depth_multiplier)
        set_objects(
            self,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
        )

    def build(self, input_shape):
        channels = self._channels(input_shape)
        depthwise = (*self.kernel_size, channels, self.depth_multiplier)
        pointwise = (*(1,) * self.rank, channels * self.depth_multiplier, self.filters)
        self.depthwise_kernel = self._add("depthwise_kernel", depthwise, "depthwise")
        self.pointwise_kernel = self._add("pointwise_kernel", pointwise, "pointwise")
        self._add_bias(self.filters)
        self.built = True

    def call(self, inputs):
        outputs = _SEPARABLE[self.rank](
            inputs,
            self.depthwise_kernel,
            self.pointwise_kernel,
            **self._one_or_tuple("strides", "dilation_rate"),
            padding=self.padding,
            data_format=self.data_format,
        )
        return self._finish(outputs)

    def get_config(self):
        config = without(super().get_config(), "rank", *_KERNEL)
        config["depth_multiplier"] = self.depth_multiplier
        return {**config, **objects_config(self, *_DEPTHWISE, *_POINTWISE)}


class SeparableConv1D(_SeparableConv):
    """Separable convolution over time: (batch, steps, channels) to (batch, new steps, filters).

    Args:
        depth_multiplier: filters per channel of the first step.
        depthwise_…, pointwise_…: initializers, regularizers and constraints of the two kernels.
        Others: as for every convolution.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format="channels_last",
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            1,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )


@accepts_keras1
class SeparableConv2D(_SeparableConv):
    """Separable convolution of images: (batch, rows, columns, channels) to (…, filters).

    Args:
        depth_multiplier: filters per channel of the first step.
        depthwise_…, pointwise_…: initializers, regularizers and constraints of the two kernels.
        Others: as for every convolution.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            2,
            filters,
            kernel_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilation_rate=dilation_rate,
            depth_multiplier=depth_multiplier,
            activation=activation,
            use_bias=use_bias,
            depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer,
            bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint,
            bias_constraint=bias_constraint,
            **kwargs,
        )
