"""What all convolutions share."""

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
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

_CONV = {1: K.conv1d, 2: K.conv2d, 3: K.conv3d}


class _Conv(Layer):
    """activation(kernel * x + bias): the base of all convolutions.

    Input (batch, space…, channels), or (batch, channels, space…) with channels first; output
    likewise with `filters` channels.

    Args:
        rank: number of spatial axes, 1 to 3.
        filters: channels of the output.
        kernel_size, strides, dilation_rate: an integer, or one per spatial axis.
        padding: 'valid', 'same', or (one axis) 'causal': no output looks at later steps.
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
        activation: name or function; None: the identity.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer, activity_regularizer: penalties.
        kernel_constraint, bias_constraint: applied to the weights after each update.
        groups: the channels fall into so many groups, each convolved on its own.

    Raises:
        ValueError: if sizes are not positive integers, or the padding is unknown.
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
        groups = kwargs.pop("groups", 1)
        super().__init__(**kwargs)
        self.rank = rank
        self.filters = positive_integer(self, "filters", filters)
        self.groups = positive_integer(self, "groups", groups)
        self.kernel_size = self._sizes("kernel_size", kernel_size)
        self.strides = self._sizes("strides", strides)
        self.dilation_rate = self._sizes("dilation_rate", dilation_rate)
        self.padding = conv_utils.normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.use_bias = use_bias
        set_objects(
            self,
            activation=activation,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        if self.padding == "causal" and rank != 1:
            raise ValueError(f"Layer {self.name!r}: padding 'causal' is for one axis, not {rank}.")
        self.input_spec = InputSpec(ndim=rank + 2)

    def _sizes(self, name, value):
        values = conv_utils.normalize_tuple(value, self.rank, name)
        return tuple(positive_integer(self, name, v) for v in values)

    def _channels(self, input_shape):
        """Channels of the input, which the input has to keep from now on."""
        axis = channel_axis(self.data_format)
        channels = known_extent(self, input_shape, axis)
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add(self, name, shape, like="kernel"):
        """A weight whose initializer, regularizer and constraint are named after `like`."""
        return self.add_weight(
            name,
            shape,
            initializer=getattr(self, f"{like}_initializer"),
            regularizer=getattr(self, f"{like}_regularizer"),
            constraint=getattr(self, f"{like}_constraint"),
        )

    def _add_bias(self, filters):
        self.bias = self._add("bias", (filters,), "bias") if self.use_bias else None

    def build(self, input_shape):
        channels = self._channels(input_shape)
        if channels % self.groups or self.filters % self.groups:
            raise ValueError(
                f"Layer {self.name!r}: expected channels and filters that go into {self.groups} "
                f"groups; received {channels} channels and {self.filters} filters."
            )
        shape = (*self.kernel_size, channels // self.groups, self.filters)
        self.kernel = self._add("kernel", shape)
        self._add_bias(self.filters)
        self.built = True

    def call(self, inputs):
        outputs = _CONV[self.rank](
            inputs,
            self.kernel,
            **self._one_or_tuple("strides", "dilation_rate"),
            padding=self.padding,
            data_format=self.data_format,
            groups=self.groups,
        )
        return self._finish(outputs)

    def _one_or_tuple(self, *names):
        """Sizes as the functions of K take them: a number where there is one axis."""
        values = {name: getattr(self, name) for name in names}
        return {k: v[0] for k, v in values.items()} if self.rank == 1 else values

    def _finish(self, outputs):
        if self.use_bias:
            outputs = K.bias_add(outputs, self.bias, data_format=self.data_format)
        return outputs if self.activation is None else self.activation(outputs)

    def _output_extents(self, extents):
        return [
            conv_utils.conv_output_length(extent, window, self.padding, stride, dilation)
            for extent, window, stride, dilation in zip(
                extents, self.kernel_size, self.strides, self.dilation_rate, strict=True
            )
        ]

    def compute_output_shape(self, input_shape):
        extents = self._output_extents(spatial_extents(input_shape, self.data_format))
        return full_shape(input_shape[0], extents, self.filters, self.data_format)

    def get_config(self):
        config = {
            **super().get_config(),
            "rank": self.rank,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "use_bias": self.use_bias,
            **objects_config(
                self,
                "activation",
                "kernel_initializer",
                "bias_initializer",
                "kernel_regularizer",
                "bias_regularizer",
                "activity_regularizer",
                "kernel_constraint",
                "bias_constraint",
            ),
        }
        if self.groups != 1:
            config["groups"] = self.groups
        return config


def without(config, *names):
    """`config` less some of its entries."""
    for name in names:
        del config[name]
    return config
