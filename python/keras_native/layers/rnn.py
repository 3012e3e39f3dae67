"""RNN: a cell run over time.

A cell has `state_size` (a number, or one per state; the first state's size is the output's unless
there is an `output_size`) and `call(inputs of a step, states) -> (output, states)`. The arithmetic
lies in the cells; this file knows about sequences, states, masks and constants.
"""

from .. import backend as K
from ..backend.loops import rnn_time_first, swap_time
from ..engine.base_layer import InputSpec, Layer
from ..engine.serialization import deserialize
from ..utils.generic_utils import has_arg, to_list
from .rnn_base import SequenceLayer
from .rnn_cells import ProjectedCell, marked
from .sequence_ops import run_sequence
from .stacked_cells import StackedRNNCells, check_cell


class RNN(SequenceLayer):
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
        super().__init__(return_sequences, return_state, go_backwards, stateful, unroll, **kwargs)
        self.cell = cell

    def _state_sizes(self):
        return to_list(self.cell.state_size, allow_tuple=True)

    def _output_size(self):
        size = getattr(self.cell, "output_size", None)
        return self._state_sizes()[0] if size is None else size

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

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        given = constants is not None or self._num_constants
        if given and not has_arg(self.cell.call, "constants"):
            raise ValueError(
                f"Layer {self.name!r}: RNN cell {self.cell} does not support constants: its `call` "
                f"has no such argument."
            )
        return super().__call__(inputs, initial_state, constants, **kwargs)

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

        try:
            if isinstance(cell, ProjectedCell) and cell.is_projected():
                cell.make_masks(inputs[:, 0], initial_state[0], training)
                return self._run_projected(cell, inputs, initial_state, mask)
            if isinstance(cell, StackedRNNCells) and cell.makes_masks():
                cell.make_masks(inputs[:, 0], initial_state, training)
            elif not self.unroll:
                # A cell that keeps tensors of its own, as for a dropout that is the same for all
                # steps, makes them in its first call: that one must not lie inside of the loop.
                step(inputs[:, 0], [*initial_state, *(constants or ())])
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

    def _run_projected(self, cell, inputs, initial_state, mask):
        """The products of all inputs in one; the loop is left with what needs the states."""
        projected = cell.project(swap_time(inputs))
        backwards = self.go_backwards
        # Under a mask, steps that are written out start from an output of zeros, not from a state.
        fused = None
        if mask is None or not self.unroll:
            fused = run_sequence(cell, projected, initial_state, mask, backwards)
        if fused is None:
            last, outputs, states = rnn_time_first(
                cell.step, projected, initial_state, backwards, mask, unroll=self.unroll
            )
        else:
            outputs, states = fused
            last = marked(states[0], cell)
            outputs = marked(K.reverse(outputs, 0) if backwards else outputs, cell)
        return last, swap_time(outputs), states

    def get_config(self):
        config = super().get_config()
        config.update(self._sequence_config())
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        cell = self.cell
        config["cell"] = {"class_name": type(cell).__name__, "config": cell.get_config()}
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        cell = deserialize(config.pop("cell"), custom_objects=custom_objects)
        num_constants = config.pop("num_constants", None)
        layer = cls(cell, **config)
        layer._num_constants = num_constants
        return layer
