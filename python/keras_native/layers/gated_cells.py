"""GRUCell and LSTMCell."""

from .. import backend as K
from .. import initializers
from .arguments import objects_config, set_objects
from .rnn_cells import DenseCell, dense_arguments, marked, seen_by_gates


class GatedCell(DenseCell):
    """What GRU and LSTM have beyond a plain cell.

    `implementation` 1 drops elements of the input and of the state for each gate by itself, 2 once
    for all gates; without dropout there is no difference.
    """

    def _set_gates(self, recurrent_activation, implementation):
        set_objects(self, recurrent_activation=recurrent_activation)
        if implementation not in (0, 1, 2):
            raise ValueError(
                f"Layer {self.name!r}: expected implementation 1 or 2; received {implementation!r}."
            )
        self.implementation = implementation or 1  # 0 was what 1 is now

    def _add(self, name, shape, initializer):
        if name == "recurrent_kernel" and self.implementation == 1 and self._dialect.gates_apart:
            return self.add_weight(
                shape=shape,
                name=name,
                initializer=self.kernel_initializer,
                regularizer=self.kernel_regularizer,
                constraint=self.recurrent_constraint,
            )
        return super()._add(name, shape, initializer)

    def get_config(self):
        return {
            **super().get_config(),
            **objects_config(self, "recurrent_activation"),
            "implementation": self.implementation,
        }


class GRUCell(GatedCell):
    """Gates z, r = recurrent_activation(…), candidate c = activation(…), h' = z h + (1 - z) c.

    Kernels (n, 3 * units) hold z, r, c. The candidate sees (r h) · R, or with `reset_after`
    r (h · R + recurrent bias); the bias is then (2, 3 * units): for the input, for the state.

    Args: as of `GRU`.
    """

    gates = 3
    sequence_op = "gru_sequence"

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        reset_after=False,
        **kwargs,
    ):
        super().__init__(**dense_arguments(locals()), **kwargs)
        self._set_gates(recurrent_activation, implementation)
        self.reset_after = bool(reset_after)

    def _bias_shape(self):
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _weights_used(self):
        if self.bias is None or not self.reset_after:
            return self.kernel, self.recurrent_kernel, self.bias, None
        return self.kernel, self.recurrent_kernel, self.bias[0], self.bias[1]

    def step(self, projected, states):
        _, kernel, _, bias = self._weights_used()
        h = states[0]
        seen = seen_by_gates(h, self._recurrent_dropout_mask)
        if self.implementation == 2:  # what is dropped is dropped from the state itself
            h = seen[0]
        if self.reset_after:
            product = self._product(seen, kernel)
            if bias is not None:
                product = K.bias_add(product, bias, "channels_last")
            gates = self._gate(product, 0, 2)
        else:
            gates = self._product(seen[:2], self._gate(kernel, 0, 2))
        gates = self.recurrent_activation(self._gate(projected, 0, 2) + gates)
        z, r = self._gate(gates, 0), self._gate(gates, 1)
        if self.reset_after:
            inner = r * self._gate(product, 2)
        else:
            inner = K.dot(r * seen[-1], self._gate(kernel, 2))
        candidate = self.activation(self._gate(projected, 2) + inner)
        h = marked(z * h + (1 - z) * candidate, self)
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "reset_after": self.reset_after}


class LSTMCell(GatedCell):
    """Gates i, f, o = recurrent_activation(…), c' = f c + i activation(…), h' = o activation(c').

    Kernels (n, 4 * units) and the bias hold i, f, candidate, o.

    Args: as of `LSTM`.
    """

    gates = 4
    sequence_op = "lstm_sequence"

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        implementation=2,
        **kwargs,
    ):
        super().__init__(**dense_arguments(locals()), **kwargs)
        self._set_gates(recurrent_activation, implementation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = (self.units, self.units)

    def _initial_bias(self, shape, dtype=None):
        bias = initializers.first_values(self.bias_initializer, shape, dtype)
        return with_unit_forget(bias, self.units, dtype) if self.unit_forget_bias else bias

    def step(self, projected, states):
        _, kernel, _, _ = self._weights_used()
        seen = seen_by_gates(states[0], self._recurrent_dropout_mask)
        z = projected + self._product(seen, kernel)
        h, c = lstm_step([self._gate(z, i) for i in range(4)], states[1], self)
        return marked(h, self), [h, c]

    def get_config(self):
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}


def lstm_step(parts, c, cell):
    """(h', c') from the four gates before activation; also of convolutional cells."""
    i, f, candidate, o = parts
    c = cell.recurrent_activation(f) * c + cell.recurrent_activation(i) * cell.activation(candidate)
    return cell.recurrent_activation(o) * cell.activation(c), c


def with_unit_forget(bias, units, dtype=None):
    """A bias (…, 4 * units) with ones for the forget gate."""
    ones = initializers.Ones()((units,), dtype=dtype)
    return K.concatenate([bias[:units], ones, bias[2 * units :]])
