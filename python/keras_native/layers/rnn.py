"""RNN: a cell run over time.

A cell has `state_size` (a number, or one per state; the first state's size is the output's unless
there is an `output_size`) and `call(inputs of a step, states) -> (output, states)`. The arithmetic
lies in the cells; this file knows about sequences, states, masks and constants.
"""

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..utils.generic_utils import has_arg, to_list
from .rnn_arguments import call_with_states, standardize_args, state_specs
from .rnn_cells import ProjectedCell
from .rnn_states import StatefulMixin
from .stacked_cells import StackedRNNCells, check_cell


class RNN(StatefulMixin, Layer):
    """A cell run over the steps of (batch, time, …).

    Output (batch, units), the last one; with `return_sequences` (batch, time, units); with
    `return_state` a list of that and the final states.

    Args:
        cell: a cell, or a list of cells to be stacked.
        return_sequences: whether all outputs are returned, not only the last.
        return_state: whether the final states are returned too.
        go_backwards: runs from the last step to the first; a sequence comes out in that order.
        stateful: the final states of a batch are the initial states of the next.
        unroll: writes the steps out, which needs a known number of them.

    A call takes `initial_state` and `constants` (tensors given to every step of a cell whose `call`
    has an argument of that name).

    Raises:
        ValueError: if the cell has no `call` or no `state_size`.
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
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        check_cell(cell)
        super().__init__(**kwargs)
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.supports_masking = True
        self.input_spec = [InputSpec(ndim=3)]
        self.state_spec = None
        self._num_constants = None

    # ------------------------------------------------------------ shapes

    def _state_sizes(self):
        return to_list(self.cell.state_size, allow_tuple=True)

    def _num_states(self):
        return len(self._state_sizes())

    def _state_shapes(self, batch_size):
        return [(batch_size, size) for size in self._state_sizes()]

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        size = getattr(self.cell, "output_size", None)
        batch, time = input_shape[:2]
        size = self._state_sizes()[0] if size is None else size
        shape = (batch, time, size) if self.return_sequences else (batch, size)
        return [shape, *self._state_shapes(batch)] if self.return_state else shape

    def compute_mask(self, inputs, mask):
        if isinstance(mask, list):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        return [mask] + [None] * self._num_states() if self.return_state else mask

    # ------------------------------------------------------------ building

    def build(self, input_shape):
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        constant_shapes = shapes[-self._num_constants :] if self._num_constants else []
        input_shape = tuple(shapes[0])
        batch_size = input_shape[0] if self.stateful else None
        self.input_spec = [InputSpec(shape=(batch_size, None, *input_shape[2:]))]
        self._build_cell((input_shape[0], *input_shape[2:]), constant_shapes)
        if self.stateful:
            self.reset_states()
        self.built = True

    def _build_cell(self, step_shape, constant_shapes):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build([step_shape, *constant_shapes] if constant_shapes else step_shape)
            self.cell.built = True

    def assert_input_compatibility(self, inputs):
        """Checks x against `input_spec`, and initial states against those of the cell."""
        inputs = to_list(inputs)
        super().assert_input_compatibility(inputs[:1])
        count = len(inputs) - 1 - (self._num_constants or 0)
        if count > 0:
            self._check_states(inputs[1 : 1 + count])

    def _check_states(self, states):
        expected = self._state_shapes(None)
        if len(states) != len(expected):
            raise ValueError(
                f"Layer {self.name!r} has {len(expected)} states but was passed {len(states)} "
                f"initial states."
            )
        for state, shape in zip(states, expected, strict=True):
            wrong = InputSpec(shape=shape).complaint(K.int_shape(state), K.dtype(state))
            if wrong:
                raise ValueError(
                    f"An initial state was passed to layer {self.name!r} that is not compatible "
                    f"with its cell.state_size {self.cell.state_size}: {wrong}"
                )

    # ------------------------------------------------------------ calling

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        inputs, initial_state, constants = standardize_args(
            inputs, initial_state, constants, self._num_constants
        )
        if initial_state is None and constants is None:
            return super().__call__(inputs, **kwargs)
        if constants and not has_arg(self.cell.call, "constants"):
            raise ValueError(
                f"Layer {self.name!r}: RNN cell {self.cell} does not support constants: its `call` "
                f"has no such argument."
            )
        if initial_state is not None:
            self.state_spec = state_specs(initial_state)
        return call_with_states(self, super().__call__, inputs, initial_state, constants, kwargs)

    def call(self, inputs, mask=None, training=None, initial_state=None, constants=None):
        if isinstance(inputs, list):
            inputs, initial_state, constants = standardize_args(
                inputs, initial_state, constants, self._num_constants
            )
        if isinstance(mask, list):
            mask = mask[0]
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(inputs)
        initial_state = to_list(initial_state, allow_tuple=True)
        self._check_states(initial_state)
        steps = K.int_shape(inputs)[1]
        if self.unroll and steps is None:
            raise ValueError(
                f"Layer {self.name!r}: cannot unroll a recurrent layer whose number of time steps "
                f"is unknown; received inputs of shape {K.int_shape(inputs)}. Give the first layer "
                f"a shape with the number of steps."
            )
        last, outputs, states = self._run(inputs, initial_state, constants, mask, training, steps)
        if self.stateful:
            pairs = zip(self._states, states, strict=True)
            self.add_update([K.update(kept, new) for kept, new in pairs], inputs)
        output = outputs if self.return_sequences else last
        if getattr(last, "_uses_learning_phase", False):
            for tensor in (output, *states):
                tensor._uses_learning_phase = True
        return [output, *states] if self.return_state else output

    def get_initial_state(self, inputs):
        """Zeros for each state, for as many samples as `inputs` has."""
        batch = K.shape(inputs)[0]
        return [K.zeros([batch, *shape[1:]]) for shape in self._state_shapes(None)]

    def _run(self, inputs, initial_state, constants, mask, training, steps):
        """Last output, all outputs and final states, by the cell's arithmetic."""
        cell, kwargs = self.cell, {}
        if has_arg(cell.call, "training") or isinstance(cell, StackedRNNCells):
            kwargs["training"] = training
        count = self._num_states()

        def step(x, values):
            if constants:
                kwargs["constants"] = values[count:]
            return cell.call(x, values[:count], **kwargs)

        projected = isinstance(cell, ProjectedCell) and cell.is_projected()
        if projected:  # the products of all inputs in one; the loop is left with the states
            cell.make_masks(inputs[:, 0], initial_state[0], training)
            inputs, step = cell.project(inputs), cell.step
        elif isinstance(cell, StackedRNNCells) and cell.makes_masks():
            cell.make_masks(inputs[:, 0], initial_state, training)
        elif not self.unroll:
            # A cell that keeps tensors of its own, as for a dropout that is the same for all steps,
            # makes them in its first call: that one must not lie inside of the loop.
            step(inputs[:, 0], [*initial_state, *(constants or ())])
        try:
            return K.rnn(
                step,
                inputs,
                initial_state,
                constants=constants,
                go_backwards=self.go_backwards,
                mask=mask,
                unroll=self.unroll,
                input_length=steps,
            )
        finally:
            if hasattr(cell, "forget_masks"):
                cell.forget_masks()

    def get_losses_for(self, inputs=None):
        return super().get_losses_for(inputs)

    # ------------------------------------------------------------ configuration

    def get_config(self):
        config = super().get_config()
        config.update(self._sequence_config())
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        cell = self.cell
        config["cell"] = {"class_name": type(cell).__name__, "config": cell.get_config()}
        return config

    def _sequence_config(self):
        return {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from . import deserialize

        config = dict(config)
        cell = deserialize(config.pop("cell"), custom_objects=custom_objects)
        num_constants = config.pop("num_constants", None)
        layer = cls(cell, **config)
        layer._num_constants = num_constants
        return layer
