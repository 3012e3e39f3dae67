"""CuDNNLSTM and CuDNNGRU: LSTM and GRU with the weights as cuDNN holds them.

cuDNN keeps every gate's matrices as (units, n) where the weight says (n, units), and has one bias
for the input and one for the state. The layers run anywhere.
"""

from .. import backend as K
from .. import initializers, regularizers
from .gated_cells import GRUCell, LSTMCell, with_unit_forget
from .recurrent import reads_from_cell
from .rnn import RNN

_ARGUMENTS = (
    "units kernel_initializer recurrent_initializer bias_initializer kernel_regularizer "
    "recurrent_regularizer bias_regularizer kernel_constraint recurrent_constraint bias_constraint"
).split()


class _CuDNNWeights:
    """Mixin of the cells: a bias for input and state, and gates' matrices laid out by cuDNN."""

    def _bias_shape(self):
        return (2 * self.gates * self.units,)

    def _weights_used(self):
        gates = range(self.gates)
        kernel = K.concatenate([self._turned(self._gate(self.kernel, i)) for i in gates])
        states = [K.transpose(self._gate(self.recurrent_kernel, i)) for i in gates]
        recurrent = K.concatenate(states)
        half = self.gates * self.units
        return kernel, recurrent, self.bias[:half], self.bias[half:]

    def _turned(self, kernel):
        n, units = K.int_shape(kernel)
        return K.transpose(K.reshape(kernel, (units, n)))


class _CuDNNLSTMCell(_CuDNNWeights, LSTMCell):
    def _initial_bias(self, shape, dtype=None):
        bias = initializers.first_values(self.bias_initializer, shape, dtype)
        if not self.unit_forget_bias:
            return bias
        half = 4 * self.units
        return K.concatenate([bias[:half], with_unit_forget(bias[half:], self.units, dtype)])

    def _weights_used(self):
        kernel, recurrent, bias, more = super()._weights_used()
        return kernel, recurrent, bias + more, None


class _CuDNNGRUCell(_CuDNNWeights, GRUCell):
    pass


class _CuDNNRNN(RNN):
    """What the two have in common: no masks, and no choice of activations."""

    def compute_mask(self, inputs, mask):
        return [None] * (1 + self._num_states()) if self.return_state else None

    def call(self, inputs, mask=None, training=None, initial_state=None):
        mask = mask[0] if isinstance(mask, list) else mask
        if mask is not None:
            raise ValueError(
                f"Layer {self.name!r}: masking is not supported for CuDNN RNNs. Use "
                f"{type(self).__name__[5:]} in its place."
            )
        return super().call(inputs, None, training, initial_state)

    def get_config(self):
        config = super().get_config()
        for name in ("cell", "unroll"):
            del config[name]
        of_cell = self.cell.get_config()
        config.update((name, of_cell[name]) for name in _ARGUMENTS)
        config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return config

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@reads_from_cell(*_ARGUMENTS, "kernel", "recurrent_kernel", "bias")
class CuDNNGRU(_CuDNNRNN):
    """GRU(reset_after=True) with weights in cuDNN's layout: bias (6 * units,).

    Args: as of `GRU`.
    """

    def __init__(
        self,
        units,
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
        return_sequences=False,
        return_state=False,
        stateful=False,
        **kwargs,
    ):
        cell = _CuDNNGRUCell(
            units,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            reset_after=True,
        )
        super().__init__(cell, return_sequences, return_state, stateful=stateful, **kwargs)
        self.activity_regularizer = regularizers.get(activity_regularizer)


@reads_from_cell(*_ARGUMENTS, "unit_forget_bias", "kernel", "recurrent_kernel", "bias")
class CuDNNLSTM(_CuDNNRNN):
    """LSTM with weights in cuDNN's layout: bias (8 * units,), for the input and for the state.

    Args: as of `LSTM`.
    """

    def __init__(
        self,
        units,
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
        return_state=False,
        stateful=False,
        **kwargs,
    ):
        cell = _CuDNNLSTMCell(
            units,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
        )
        super().__init__(cell, return_sequences, return_state, stateful=stateful, **kwargs)
        self.activity_regularizer = regularizers.get(activity_regularizer)

    def get_config(self):
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}
