"""The cells: one step of SimpleRNN, GRU and LSTM.

A cell's step is split into `project`, the part that looks at the input alone, and `step`, the part
that needs the states. `RNN` projects all steps of a sequence at once and loops over the rest.
"""

from .. import backend as K
from .. import initializers
from ..engine.base_layer import Layer
from .arguments import known_extent, objects_config, set_objects
from .core import positive_integer
from .time_axis import fold_time, unfold_time

_OBJECTS = (
    "activation kernel_initializer recurrent_initializer bias_initializer kernel_regularizer "
    "recurrent_regularizer bias_regularizer kernel_constraint recurrent_constraint bias_constraint"
).split()


class ProjectedCell(Layer):
    """Base of the cells: `call` is `step(project(inputs), states)`, behind dropout.

    A subclass that writes its own `call` is run as any other cell.
    """

    gates = 1
    sequence_op = None  # the native op that runs the cell over a sequence
    implementation = 2  # 1: a dropout mask for each gate, 2: one for all
    _dropout_mask = _recurrent_dropout_mask = None

    def __init__(
        self,
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
    ):
        super().__init__(**kwargs)
        self.use_bias = use_bias
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        set_objects(
            self,
            activation=activation,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
        )

    def _add_weights(self, kernel_shape, recurrent_shape, bias_shape):
        self.kernel = self._add("kernel", kernel_shape, self.kernel_initializer)
        self.recurrent_kernel = self._add(
            "recurrent_kernel", recurrent_shape, self.recurrent_initializer
        )
        self.bias = self._add("bias", bias_shape, self._initial_bias) if self.use_bias else None
        self.built = True

    def _add(self, name, shape, initializer):
        kind = name.partition("_")[0]
        return self.add_weight(
            shape=shape,
            name=name,
            initializer=initializer,
            regularizer=getattr(self, f"{kind}_regularizer"),
            constraint=getattr(self, f"{kind}_constraint"),
        )

    def _initial_bias(self, shape, dtype=None):
        return initializers.first_values(self.bias_initializer, shape, dtype)

    def call(self, inputs, states, training=None):
        self.make_masks(inputs, states[0], training)
        return self.step(self.project(inputs), states)

    def project(self, inputs):
        """What `step` needs of the input of a step (batch, …) or of all steps (time, batch, …)."""
        raise NotImplementedError(f"{type(self).__name__} has to define `project`.")

    def step(self, projected, states):
        """(output, new states) of one step."""
        raise NotImplementedError(f"{type(self).__name__} has to define `step`.")

    def is_projected(self):
        """Whether a subclass left `call` as it is, so that its parts stand for it."""
        return type(self).call is ProjectedCell.call

    # ------------------------------------------------------------ dropout

    def make_masks(self, inputs, state, training=None):
        """Makes the dropout masks of a sequence, unless they exist.

        Args:
            inputs, state: tensors of the shapes (batch, …) of an input and of the first state.
        """
        count = 1 if self.implementation == 2 else self.gates
        if self._dropout_mask is None:
            self._dropout_mask = _masks(inputs, self.dropout, count, training)
        if self._recurrent_dropout_mask is None:
            self._recurrent_dropout_mask = _masks(state, self.recurrent_dropout, count, training)

    def forget_masks(self):
        """The next sequence gets masks of its own."""
        self._dropout_mask = self._recurrent_dropout_mask = None

    def get_config(self):
        return {
            **super().get_config(),
            "use_bias": self.use_bias,
            **objects_config(self, *_OBJECTS),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
        }


def _masks(like, rate, count, training):
    """`count` masks of the shape of `like`, ones outside of training; None without dropout."""
    if not 0.0 < rate < 1.0:
        return None
    return dropout_masks(K.ones_like(like), rate, training, count)


def dropout_masks(ones, rate, training, count):
    """`count` times the dropout of a tensor of ones, which it stays outside of training."""
    return [
        K.in_train_phase(lambda: K.dropout(ones, rate), ones, training=training)
        for _ in range(count)
    ]


def marked(output, cell):
    """`output`, marked as depending on the learning phase where dropout makes it so."""
    masks = [*(cell._dropout_mask or ()), *(cell._recurrent_dropout_mask or ())]
    if any(mask._uses_learning_phase for mask in masks):
        output._uses_learning_phase = True
    return output


def seen_by_gates(x, masks):
    """x under each dropout mask (batch, …); [x] without. x may have a time axis in front."""
    return [x] if masks is None else [x * mask for mask in masks]


DENSE_ARGUMENTS = (
    "units activation use_bias kernel_initializer recurrent_initializer bias_initializer "
    "kernel_regularizer recurrent_regularizer bias_regularizer kernel_constraint "
    "recurrent_constraint bias_constraint dropout recurrent_dropout"
).split()


def dense_arguments(values):
    """Those of `values`, the locals of a constructor, that a DenseCell takes."""
    return {name: values[name] for name in DENSE_ARGUMENTS}


def _of_each_gate(initializer, gates):
    """An initializer of (units, gates * units) that gives each gate its (units, units)."""

    def draw(shape, dtype=None):
        part = (shape[0], shape[1] // gates)
        return K.concatenate([initializer(part, dtype=dtype) for _ in range(gates)])

    return draw


class DenseCell(ProjectedCell):
    """What SimpleRNN, GRU and LSTM cells have in common: weights (n, gates * units)."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer(self, "units", units)
        self.state_size = self.units
        self.output_size = self.units

    def build(self, input_shape):
        width = self.gates * self.units
        n = known_extent(self, input_shape, -1)
        self._add_weights((n, width), (self.units, width), self._bias_shape())

    def _add(self, name, shape, initializer):
        if name == "recurrent_kernel" and isinstance(initializer, initializers.Identity):
            initializer = _of_each_gate(initializer, self.gates)
        return super()._add(name, shape, initializer)

    def _bias_shape(self):
        return (self.gates * self.units,)

    def _weights_used(self):
        """(kernel, recurrent kernel, input bias, recurrent bias) of the arithmetic."""
        return self.kernel, self.recurrent_kernel, self.bias, None

    def project(self, inputs):
        kernel, _, bias, _ = self._weights_used()
        seen = seen_by_gates(inputs, self._dropout_mask)
        several = K.ndim(inputs) > 2
        product = self._product([fold_time(x) for x in seen] if several else seen, kernel)
        if bias is not None:
            product = K.bias_add(product, bias, "channels_last")
        return unfold_time(product, inputs) if several else product

    def _product(self, seen, kernel):
        """x · kernel (n, gates * units), where `seen` is [x], or x as each of the gates sees it."""
        if len(seen) == 1:
            return K.dot(seen[0], kernel)
        return K.concatenate([K.dot(x, self._gate(kernel, i)) for i, x in enumerate(seen)])

    def _gate(self, x, i, count=1):
        """The last axis of x cut to gates i … i + count - 1."""
        return x[..., i * self.units : (i + count) * self.units]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class SimpleRNNCell(DenseCell):
    """h' = activation(x · kernel + bias + h · recurrent_kernel).

    Args: as of `SimpleRNN`.
    """

    sequence_op = "simple_rnn_sequence"

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        **kwargs,
    ):
        super().__init__(**dense_arguments(locals()), **kwargs)

    def step(self, projected, states):
        seen = seen_by_gates(states[0], self._recurrent_dropout_mask)
        product = self._product(seen, self.recurrent_kernel)
        h = marked(self.activation(projected + product), self)
        return h, [h]
