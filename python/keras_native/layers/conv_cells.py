"""ConvLSTM2DCell: the step of an LSTM whose products are convolutions."""

from .. import backend as K
from .. import initializers
from ..utils.conv_utils import normalize_padding, normalize_tuple
from .arguments import channel_axis, known_extent, objects_config, set_objects
from .core import positive_integer
from .gated_cells import lstm_step, with_unit_forget
from .rnn_cells import ProjectedCell, marked, seen_by_gates
from .time_axis import fold_time, unfold_time


class ConvLSTM2DCell(ProjectedCell):
    """One step of `ConvLSTM2D`. Kernels (rows, columns, n, 4 * filters) hold i, f, candidate, o.

    Args: as of `ConvLSTM2D`.
    """

    gates = 4
    implementation = 1

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        activation="tanh",
        recurrent_activation="hard_sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        super().__init__(
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            **kwargs,
        )
        set_objects(self, recurrent_activation=recurrent_activation)
        self.filters = positive_integer(self, "filters", filters)
        self.kernel_size = normalize_tuple(kernel_size, 2, "kernel_size")
        self.strides = normalize_tuple(strides, 2, "strides")
        self.padding = normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = normalize_tuple(dilation_rate, 2, "dilation_rate")
        self.unit_forget_bias = unit_forget_bias
        self.state_size = (self.filters, self.filters)

    def build(self, input_shape):
        channels = known_extent(self, input_shape, channel_axis(self.data_format))
        self.kernel_shape = (*self.kernel_size, channels, 4 * self.filters)
        self._add_weights(
            self.kernel_shape,
            (*self.kernel_size, self.filters, 4 * self.filters),
            (4 * self.filters,),
        )

    def _initial_bias(self, shape, dtype=None):
        bias = initializers.first_values(self.bias_initializer, shape, dtype)
        return with_unit_forget(bias, self.filters, dtype) if self.unit_forget_bias else bias

    def input_conv(self, x, w, b=None, padding="valid"):
        """The convolution of inputs with a kernel, plus a bias."""
        x = K.conv2d(x, w, self.strides, padding, self.data_format, self.dilation_rate)
        return x if b is None else K.bias_add(x, b, data_format=self.data_format)

    def recurrent_conv(self, x, w):
        """The convolution of states with a kernel; their size stays."""
        return K.conv2d(x, w, (1, 1), "same", self.data_format)

    def project(self, inputs):
        seen = seen_by_gates(inputs, self._dropout_mask)
        if K.ndim(inputs) == 4:
            return self._product(self._input_conv, seen, self.kernel)
        folded = self._product(self._input_conv, [fold_time(x) for x in seen], self.kernel)
        return unfold_time(folded, inputs)

    def _input_conv(self, x, w):
        return self.input_conv(x, w, padding=self.padding)

    def _product(self, conv, seen, kernel):
        """x * kernel for all gates, where `seen` is x, or x as each of the gates sees it."""
        if len(seen) == 1:
            product = conv(seen[0], kernel)
        else:
            parts = [conv(x, self._gate(kernel, i, -1)) for i, x in enumerate(seen)]
            product = K.concatenate(parts, axis=channel_axis(self.data_format))
        if kernel is self.kernel and self.use_bias:
            product = K.bias_add(product, self.bias, data_format=self.data_format)
        return product

    def _gate(self, x, i, axis):
        own = slice(i * self.filters, (i + 1) * self.filters)
        return x[:, own] if axis == 1 else x[..., own]

    def step(self, projected, states):
        h, c = states
        seen = seen_by_gates(h, self._recurrent_dropout_mask)
        z = projected + self._product(self.recurrent_conv, seen, self.recurrent_kernel)
        axis = channel_axis(self.data_format)
        h, c = lstm_step([self._gate(z, i, axis) for i in range(4)], c, self)
        return marked(h, self), [h, c]

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            **objects_config(self, "recurrent_activation"),
            "unit_forget_bias": self.unit_forget_bias,
        }
