"""Recurrent and ConvRecurrent2D: the bases that old code derives its recurrent layers from."""

from .. import backend as K
from ..engine.base_layer import InputSpec
from ..layers.rnn_base import SequenceLayer
from ..utils import conv_utils
from ..utils.generic_utils import has_arg, to_list
from .hook import accepts_keras1


@accepts_keras1
class Recurrent(SequenceLayer):
    """Base of recurrent layers that write out a step themselves.

    A subclass sets `units` (or `output_dim`), makes its weights in `build`, where it also sets
    `self.states = [None, …]`, one None per state, and defines `step(inputs, states)`, which returns
    the output and the list of new states. `get_constants(inputs)` may give tensors that follow the
    states in `step`, and `preprocess_input(inputs)` what is computed for all steps at once.

    Args: as of `RNN`; `implementation` is for the subclass.
    """

    def __init__(
        self,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        implementation=0,
        **kwargs,
    ):
        super().__init__(return_sequences, return_state, go_backwards, stateful, unroll, **kwargs)
        self.implementation = implementation
        self.dropout = 0
        self.recurrent_dropout = 0

    def _state_sizes(self):
        units = self.units if hasattr(self, "units") else self.output_dim
        return [units] * (1 if self._states is None else len(self._states))

    def compute_output_shape(self, input_shape):
        return super().compute_output_shape(input_shape)

    def compute_mask(self, inputs, mask):
        return super().compute_mask(inputs, mask)

    def step(self, inputs, states):
        """(output, new states) of one step; `states` are followed by the constants."""
        raise NotImplementedError(f"{type(self).__name__} has to define `step`.")

    def get_constants(self, inputs, training=None):
        """Tensors that every step gets after its states."""
        return []

    def preprocess_input(self, inputs, training=None):
        """What the loop runs over in place of the inputs (batch, time, …)."""
        return inputs

    def __call__(self, inputs, initial_state=None, **kwargs):
        return super().__call__(inputs, initial_state, **kwargs)

    def call(self, inputs, mask=None, training=None, initial_state=None):
        return super().call(inputs, mask, training, initial_state)

    def get_initial_state(self, inputs):
        if hasattr(self, "get_initial_states"):  # its name in Keras 1
            return self.get_initial_states(inputs)
        return super().get_initial_state(inputs)

    def _run(self, inputs, initial_state, constants, mask, training, steps):
        constants = self._given(self.get_constants, inputs, training)
        return K.rnn(
            self.step,
            self._given(self.preprocess_input, inputs, training),
            initial_state,
            go_backwards=self.go_backwards,
            mask=mask,
            constants=constants,
            unroll=self.unroll,
            input_length=steps,
        )

    def _given(self, function, inputs, training):
        """Keras 1 had no argument `training`."""
        return function(inputs, training) if has_arg(function, "training") else function(inputs)

    def get_config(self):
        return {
            **super().get_config(),
            **self._sequence_config(),
            "implementation": self.implementation,
        }


class ConvRecurrent2D(Recurrent):
    """Base of recurrent layers over images (batch, time, rows, columns, channels).

    Args:
        filters: channels of the output.
        kernel_size, strides, padding, data_format, dilation_rate: of the convolution of the input.
        return_sequences, go_backwards, stateful: as of `RNN`.
    """

    def __init__(
        self,
        filters,
        kernel_size,
        strides=(1, 1),
        padding="valid",
        data_format=None,
        dilation_rate=(1, 1),
        return_sequences=False,
        go_backwards=False,
        stateful=False,
        **kwargs,
    ):
        super().__init__(
            return_sequences=return_sequences,
            go_backwards=go_backwards,
            stateful=stateful,
            **kwargs,
        )
        self.filters = filters
        self.kernel_size = conv_utils.normalize_tuple(kernel_size, 2, "kernel_size")
        self.strides = conv_utils.normalize_tuple(strides, 2, "strides")
        self.padding = conv_utils.normalize_padding(padding)
        self.data_format = K.normalize_data_format(data_format)
        self.dilation_rate = conv_utils.normalize_tuple(dilation_rate, 2, "dilation_rate")
        self.input_spec = [InputSpec(ndim=5)]

    def _image_shape(self, input_shape):
        first = 3 if self.data_format == "channels_first" else 2
        sizes = [
            conv_utils.conv_output_length(
                input_shape[first + i],
                self.kernel_size[i],
                padding=self.padding,
                stride=self.strides[i],
                dilation=self.dilation_rate[i],
            )
            for i in range(2)
        ]
        if self.data_format == "channels_first":
            return (self.filters, *sizes)
        return (*sizes, self.filters)

    def _state_shapes(self, batch_size):
        shape = to_list(self.input_spec)[0].shape
        image = self._image_shape(shape) if shape else (None, None, None)
        return [(batch_size, *image)] * self._num_states()

    def _num_states(self):
        return 2 if self._states is None else len(self._states)

    def compute_output_shape(self, input_shape):
        if isinstance(input_shape, list):
            input_shape = input_shape[0]
        batch, time = input_shape[:2]
        image = self._image_shape(input_shape)
        shape = (batch, time, *image) if self.return_sequences else (batch, *image)
        if self.return_state:
            return [shape, *[(batch, *image)] * self._num_states()]
        return shape

    def get_config(self):
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
        }
