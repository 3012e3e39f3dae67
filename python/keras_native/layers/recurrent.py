"""SimpleRNN, GRU and LSTM; and, under the name that scripts import, RNN and the cells."""

import operator

from .. import regularizers
from ..engine.base_layer import InputSpec, Layer, disable_tracking
from ..legacy import accepts_keras1
from ..legacy.paths import moved
from ..utils.generic_utils import has_arg, to_list
from .gated_cells import GRUCell, LSTMCell
from .rnn import RNN
from .rnn_cells import DENSE_ARGUMENTS, SimpleRNNCell, dense_arguments
from .stacked_cells import StackedRNNCells

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "GRUCell",
    "InputSpec",
    "LSTMCell",
    "Layer",
    "SimpleRNN",
    "SimpleRNNCell",
    "StackedRNNCells",
    "disable_tracking",
    "has_arg",
    "to_list",
]

__getattr__ = moved(__name__)  # among them `Recurrent`, for layers derived from it


def reads_from_cell(*names):
    """Class decorator: attributes that are those of the layer's cell."""

    def add(cls):
        for name in names:
            setattr(cls, name, property(operator.attrgetter(f"cell.{name}")))
        return cls

    return add


class CellLayer:
    """Mixin of the layers that come with their cell: one flat configuration for both."""

    def call(self, inputs, mask=None, training=None, initial_state=None):
        return super().call(inputs, mask=mask, training=training, initial_state=initial_state)

    def get_config(self):
        config = super().get_config()
        del config["cell"]
        of_cell = self.cell.get_config()
        config.update((k, v) for k, v in of_cell.items() if k not in ("name", "trainable", "dtype"))
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@reads_from_cell(*DENSE_ARGUMENTS)
@accepts_keras1
class SimpleRNN(CellLayer, RNN):
    """The plain recurrence h' = activation(x · kernel + bias + h · recurrent_kernel).

    Input (batch, time, n), output (batch, units) or (batch, time, units).

    Args:
        units: extent of the output.
        activation: name or function.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: how the weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer, activity_regularizer:
            penalties.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: share of the elements of the inputs, of the state, that are
            dropped in training; the same ones in all steps of a sequence.
        return_sequences, return_state, go_backwards, stateful, unroll: as of `RNN`.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        **kwargs,
    ):
        kwargs.pop("implementation", None)  # has no meaning here, but old code gives it
        cell = SimpleRNNCell(**dense_arguments(locals()))
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll, **kwargs
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)


@reads_from_cell(*DENSE_ARGUMENTS, "recurrent_activation", "implementation", "reset_after")
@accepts_keras1
class GRU(CellLayer, RNN):
    """Gated recurrent unit: h' = z h + (1 - z) candidate, with gates z (update) and r (reset).

    Input (batch, time, n), output (batch, units) or (batch, time, units).

    Args:
        units to recurrent_dropout: as of `SimpleRNN`; `activation` is that of the candidate.
        recurrent_activation: activation of the gates.
        implementation: 1 drops elements for each gate by itself, 2 for all gates together.
        return_sequences, return_state, go_backwards, stateful, unroll: as of `RNN`.
        reset_after: whether the reset gate applies after the product with the recurrent kernel
            (as in cuDNN), not before it.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        reset_after=False,
        **kwargs,
    ):
        cell = GRUCell(
            **dense_arguments(locals()),
            recurrent_activation=recurrent_activation,
            implementation=implementation,
            reset_after=reset_after,
        )
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll, **kwargs
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)


@reads_from_cell(*DENSE_ARGUMENTS, "recurrent_activation", "implementation", "unit_forget_bias")
@accepts_keras1
class LSTM(CellLayer, RNN):
    """Long short-term memory: c' = f c + i candidate, h' = o activation(c').

    Input (batch, time, n), output (batch, units) or (batch, time, units); states h and c.

    Args:
        units to recurrent_dropout: as of `SimpleRNN`; `activation` is that of candidate and output.
        recurrent_activation: activation of the gates.
        unit_forget_bias: whether the bias of the forget gate starts at one.
        implementation: 1 drops elements for each gate by itself, 2 for all gates together.
        return_sequences, return_state, go_backwards, stateful, unroll: as of `RNN`.
    """

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
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
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        **kwargs,
    ):
        cell = LSTMCell(
            **dense_arguments(locals()),
            recurrent_activation=recurrent_activation,
            unit_forget_bias=unit_forget_bias,
            implementation=implementation,
        )
        super().__init__(
            cell, return_sequences, return_state, go_backwards, stateful, unroll, **kwargs
        )
        self.activity_regularizer = regularizers.get(activity_regularizer)
