"""ConvLSTM2D: an LSTM whose products are convolutions; ConvRNN2D runs any such cell."""

from .. import backend as K
from .. import regularizers
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..utils.conv_utils import conv_output_length, normalize_padding, normalize_tuple
from ..utils.generic_utils import has_arg, to_list, transpose_shape
from .arguments import channel_axis, known_extent, objects_config, set_objects
from .core import positive_integer
from .gated_cells import lstm_step, with_unit_forget
from .recurrent import DENSE_ARGUMENTS, CellLayer, reads_from_cell
from .rnn import RNN
from .rnn_cells import ProjectedCell, marked, masked
from .time_axis import fold_time, unfold_time

__all__ = [
    "RNN",
    "ConvLSTM2D",
    "ConvLSTM2DCell",
    "ConvRNN2D",
    "InputSpec",
    "Layer",
    "has_arg",
    "to_list",
    "transpose_shape",
]


class ConvRNN2D(RNN):
    """A convolutional cell run over the images of (batch, time, rows, columns, channels).

    Output (batch, rows', columns', filters), or with a time axis if `return_sequences`.

    Args:
        cell: a cell with `filters`, `kernel_size`, `strides`, `padding`, `dilation_rate` and
            `data_format`; its states are images of the size of its output.
        return_sequences, return_state, go_backwards, stateful: as of `RNN`.

    Raises:
        ValueError: for `unroll`, a list of cells, or anything else that is no such cell.
    """

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        **kwargs,
    ):
        if unroll:
            raise ValueError("Unrolling is not possible with convolutional recurrent layers.")
        if isinstance(cell, (list, tuple)):
            raise ValueError("Convolutional cells cannot be stacked; received a list of cells.")
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll, **kwargs
        )
        self.input_spec = [InputSpec(ndim=5)]
        self._image = (None, None)  # rows and columns of the states, once the layer is built

    def _state_shapes(self, batch_size):
        shapes = []
        for filters in self._state_sizes():
            if self.cell.data_format == "channels_first":
                shapes.append((batch_size, filters, *self._image))
            else:
                shapes.append((batch_size, *self._image, filters))
        return shapes

    def _image_sizes(self, input_shape):
        cell = self.cell
        first = 3 if cell.data_format == "channels_first" else 2
        return tuple(
            conv_output_length(
                input_shape[first + i],
                cell.kernel_size[i],
                padding=cell.padding,
                stride=cell.strides[i],
                dilation=cell.dilation_rate[i],
            )
            for i in range(2)
        )

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        before, self._image = self._image, self._image_sizes(input_shape)
        states = self._state_shapes(input_shape[0])
        self._image = before
        shape = states[0]
        if self.return_sequences:
            shape = (shape[0], input_shape[1], *shape[1:])
        return [shape, *states] if self.return_state else shape

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        self._image = self._image_sizes(shapes[0])
        super().build(input_shape)

    def get_initial_state(self, inputs):
        """Zeros for each state, of the size of the cell's output."""
        shapes = self._state_shapes(None)
        if None not in self._image:
            batch = K.shape(inputs)[0]
            return [K.zeros([batch, *shape[1:]]) for shape in shapes]
        # Sizes known only when it runs: those of a convolution with zeros.
        cell = self.cell
        image = K.zeros_like(inputs[:, 0])
        channels = K.int_shape(image)[1 if cell.data_format == "channels_first" else -1]
        states = []
        for filters in self._state_sizes():
            kernel = K.constant(0, shape=(*cell.kernel_size, channels, filters))
            states.append(cell.input_conv(image, kernel, padding=cell.padding))
        return states


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
        bias = self.bias_initializer(shape, dtype=dtype)
        return with_unit_forget(bias, self.filters, dtype) if self.unit_forget_bias else bias

    def input_conv(self, x, w, b=None, padding="valid"):
        """The convolution of inputs with a kernel, plus a bias."""
        x = K.conv2d(x, w, self.strides, padding, self.data_format, self.dilation_rate)
        return x if b is None else K.bias_add(x, b, data_format=self.data_format)

    def recurrent_conv(self, x, w):
        """The convolution of states with a kernel; their size stays."""
        return K.conv2d(x, w, (1, 1), "same", self.data_format)

    def project(self, inputs):
        masks = self._dropout_mask
        seen = [inputs] if masks is None else [masked(inputs, mask) for mask in masks]
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
        masks = self._recurrent_dropout_mask
        seen = [h] if masks is None else [masked(h, mask) for mask in masks]
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


@reads_from_cell(
    *DENSE_ARGUMENTS[1:],
    *"filters kernel_size strides padding data_format dilation_rate".split(),
    "recurrent_activation",
    "unit_forget_bias",
)
@accepts_keras1
class ConvLSTM2D(CellLayer, ConvRNN2D):
    """An LSTM over images, whose products are convolutions.

    Input (batch, time, rows, columns, channels), or (batch, time, channels, rows, columns) with
    channels first; output (batch, rows', columns', filters) or with a time axis.

    Args:
        filters: channels of output and states.
        kernel_size: rows and columns of the kernels, or one number for both.
        strides, padding, dilation_rate: of the convolution of the input. That of the state is
            padded to keep its size.
        data_format: "channels_last", "channels_first", or None for the default.
        activation to recurrent_dropout: as of `LSTM`.
        return_sequences, go_backwards, stateful, return_state: as of `RNN`.
    """

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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        cell = ConvLSTM2DCell(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            unit_forget_bias,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
        )
        kwargs.pop("implementation", None)  # has no meaning here, but old code gives it
        super().__init__(
            cell,
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)
