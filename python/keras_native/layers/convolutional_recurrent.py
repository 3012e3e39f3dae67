"""ConvLSTM2D: an LSTM whose products are convolutions; ConvRNN2D runs any such cell."""

from .. import backend as K
from .. import registry, regularizers
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..utils.conv_utils import conv_output_length
from ..utils.generic_utils import has_arg, to_list, transpose_shape
from .conv_cells import ConvLSTM2DCell
from .recurrent import DENSE_ARGUMENTS, CellLayer, reads_from_cell
from .rnn import RNN

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


def __getattr__(name):
    if name in ("ConvRecurrent2D", "Recurrent"):  # bases that old layers derive from
        return registry.find("legacy.recurrent", name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
