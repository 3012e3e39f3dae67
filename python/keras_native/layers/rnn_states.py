"""States that a recurrent layer keeps from batch to batch."""

import math

import numpy as np

from .. import backend as K
from ..utils.generic_utils import to_list
from ..utils.trust import claim_weights


class StatefulMixin:
    """`states` and `reset_states` of recurrent layers.

    The layer has `stateful`, `input_spec` and `_state_shapes(batch)`, the shapes of its states.
    """

    _states = None  # underscored: states are no weights of the layer

    @property
    def states(self):
        """The variables that hold the states, or None for each before there are any."""
        return [None] * self._num_states() if self._states is None else self._states

    @states.setter
    def states(self, states):
        self._states = states

    def reset_states(self, states=None):
        """Sets the states of a stateful layer.

        Args:
            states: array or list of arrays (batch, …); zeros where left out.

        Raises:
            AttributeError: the layer is not stateful.
            ValueError: the batch size is unknown, or arrays of other number or shapes.
        """
        if not self.stateful:
            raise AttributeError(f"Layer {self.name!r} must be stateful.")
        shapes = self._state_shapes(self._fixed_batch_size())
        if self._states is None or self._states[0] is None:
            for shape in shapes:
                claim_weights(math.prod(shape), f"Layer {self.name!r}, state of a batch")
            self._states = [K.zeros(shape) for shape in shapes]
            if states is None:
                return
        if states is None:
            values = [np.zeros(shape) for shape in shapes]
        else:
            values = list(states) if isinstance(states, (list, tuple)) else [states]
        if len(values) != len(shapes):
            raise ValueError(
                f"Layer {self.name} expects {len(shapes)} states, but it received {len(values)} "
                f"state values."
            )
        for i, (value, shape) in enumerate(zip(values, shapes, strict=True)):
            if np.shape(value) != tuple(shape):
                raise ValueError(
                    f"State {i} is incompatible with layer {self.name}: expected shape="
                    f"{tuple(shape)}, found shape={np.shape(value)}"
                )
        K.batch_set_value(list(zip(self._states, values, strict=True)))

    def _fixed_batch_size(self):
        shape = to_list(self.input_spec)[0].shape
        batch_size = shape[0] if shape else None
        if not batch_size:
            raise ValueError(
                f"Layer {self.name!r} is stateful: it needs to know its batch size. Give the first "
                f"layer of a Sequential model `batch_input_shape`, or `Input` a `batch_shape`."
            )
        return batch_size
