"""What layers that run over time have in common, whatever computes their steps.

They see (batch, time, …) and masks (batch, time), start from initial states, and may carry their
final states to the next batch. A subclass says how large the states are and runs the steps.
"""

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..engine.policy import cast_input
from ..utils.generic_utils import to_list
from .rnn_arguments import call_with_states, standardize_args, state_specs
from .rnn_states import StatefulMixin


class SequenceLayer(StatefulMixin, Layer):
    """Base of recurrent layers.

    Output (batch, units), the last one; with `return_sequences` (batch, time, units); with
    `return_state` a list of that and the final states.

    A subclass defines `_state_sizes()` and `_run(inputs, initial_state, constants, mask, training,
    steps)`, which gives the last output, all outputs and the final states.
    """

    def __init__(self, return_sequences, return_state, go_backwards, stateful, unroll, **kwargs):
        zeros = kwargs.pop("zero_output_for_mask", False)
        super().__init__(**kwargs)
        self.zero_output_for_mask = bool(zeros)  # an argument of Keras 3
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

    def _output_size(self):
        return self._state_sizes()[0]

    def _num_states(self):
        return len(self._state_sizes())

    def _state_shapes(self, batch_size):
        return [(batch_size, size) for size in self._state_sizes()]

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        batch, time = input_shape[:2]
        size = self._output_size()
        shape = (batch, time, size) if self.return_sequences else (batch, size)
        return [shape, *self._state_shapes(batch)] if self.return_state else shape

    def compute_mask(self, inputs, mask):
        if isinstance(mask, list):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        return [mask] + [None] * self._num_states() if self.return_state else mask

    # ------------------------------------------------------------ calling

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
                    f"with its cell.state_size {self._state_sizes()}: {wrong}"
                )

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        inputs, initial_state, constants = standardize_args(
            inputs, initial_state, constants, self._num_constants
        )
        if initial_state is None and constants is None:
            return super().__call__(inputs, **kwargs)
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
        from_zeros = initial_state is None and not self.stateful
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(inputs)
        initial_state = to_list(initial_state, allow_tuple=True)
        self._check_states(initial_state)
        initial_state = [cast_input(state, self._policy) for state in initial_state]
        steps = K.int_shape(inputs)[1]
        if self.unroll and steps is None:
            raise ValueError(
                f"Layer {self.name!r}: cannot unroll a recurrent layer whose number of time steps "
                f"is unknown; received inputs of shape {K.int_shape(inputs)}. Give the first layer "
                f"a shape with the number of steps."
            )
        last, outputs, states = self._run(inputs, initial_state, constants, mask, training, steps)
        uses_phase = getattr(last, "_uses_learning_phase", False)
        if mask is not None and not from_zeros and self._dialect.generation != "1":
            last, outputs = self._silent_before_first(last, outputs, mask)
        if self.stateful:
            pairs = zip(self._states, states, strict=True)
            self.add_update([K.update(kept, new) for kept, new in pairs], inputs)
        if self.zero_output_for_mask and mask is not None and self.return_sequences:
            shown = K.reverse(mask, 1) if self.go_backwards else mask
            outputs = outputs * K.cast(K.expand_dims(shown), K.dtype(outputs))
        output = outputs if self.return_sequences else last
        if uses_phase:
            for tensor in (output, *states):
                tensor._uses_learning_phase = True
        return [output, *states] if self.return_state else output

    def _silent_before_first(self, last, outputs, mask):
        """`last` and `outputs`, zero until a step counts: there is no output yet to repeat.

        (Keras 1 shows the initial state there.)
        """
        if self.go_backwards:
            mask = K.reverse(mask, 1)
        seen = K.cumsum(K.cast(mask, K.dtype(outputs)), axis=1) > 0  # (batch, time)
        zero_last, zero_outputs = K.zeros_like(last), K.zeros_like(outputs)
        return (
            K.switch(seen[:, -1], last, zero_last),
            K.switch(seen, outputs, zero_outputs),
        )

    def get_initial_state(self, inputs):
        """Zeros for each state, for as many samples as `inputs` has."""
        batch = K.shape(inputs)[0]
        return [K.zeros([batch, *shape[1:]]) for shape in self._state_shapes(None)]

    def get_losses_for(self, inputs=None):
        return super().get_losses_for(inputs)

    def _sequence_config(self):
        return {
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
        }
