"""StackedRNNCells: cells one on top of the other as a single cell."""

import warnings

from .. import backend as K
from ..engine.base_layer import Layer
from ..engine.serialization import deserialize
from ..utils.generic_utils import has_arg, to_list


def check_cell(cell):
    """Raises ValueError for what is no cell."""
    for attribute in ("call", "state_size"):
        if not hasattr(cell, attribute):
            raise ValueError(f"A cell must have `{attribute}`; received {cell!r}.")


class StackedRNNCells(Layer):
    """Cells one on top of the other: the output of each is the input of the next.

    The states are those of the first cell, then those of the second, and so on.

    Args:
        cells: list of cells.
        reverse_state_order: the states start with those of the last cell instead, as they did in
            old versions.

    Raises:
        ValueError: if something is no cell.
    """

    def __init__(self, cells, **kwargs):
        for cell in cells:
            check_cell(cell)
        self.reverse_state_order = kwargs.pop("reverse_state_order", False)
        if self.reverse_state_order:
            warnings.warn(
                "`reverse_state_order=True` in StackedRNNCells is meant for code that depends on "
                "the old order of the states.",
                stacklevel=2,
            )
        super().__init__(**kwargs)
        self.cells = list(cells)

    def _in_state_order(self):
        return self.cells[::-1] if self.reverse_state_order else self.cells

    @property
    def state_size(self):
        """Sizes of all states, as a tuple."""
        sizes = []
        for cell in self._in_state_order():
            sizes += to_list(cell.state_size, allow_tuple=True)
        return tuple(sizes)

    @property
    def output_size(self):
        """Size of the last cell's output."""
        return _output_size(self.cells[-1])

    def build(self, input_shape):
        constant_shapes = []
        if isinstance(input_shape, list):
            input_shape, constant_shapes = input_shape[0], input_shape[1:]
        for cell in self.cells:
            if isinstance(cell, Layer) and not cell.built:
                with_constants = constant_shapes and has_arg(cell.call, "constants")
                cell.build([input_shape, *constant_shapes] if with_constants else input_shape)
                cell.built = True
            input_shape = (input_shape[0], _output_size(cell))
        self.built = True

    def _states_of_cells(self, states):
        """The states as a list for each cell, in the order of `cells`."""
        parts, first = [], 0
        for cell in self._in_state_order():
            count = len(to_list(cell.state_size, allow_tuple=True))
            parts.append(list(states[first : first + count]))
            first += count
        return parts[::-1] if self.reverse_state_order else parts

    def call(self, inputs, states, constants=None, **kwargs):
        new_states = []
        for cell, own in zip(self.cells, self._states_of_cells(states), strict=True):
            given = {k: v for k, v in kwargs.items() if has_arg(cell.call, k)}
            if constants and has_arg(cell.call, "constants"):
                given["constants"] = constants
            inputs, own = cell.call(inputs, own, **given)
            new_states.append(list(own))
        if self.reverse_state_order:
            new_states.reverse()
        return inputs, [state for own in new_states for state in own]

    # ------------------------------------------------------------ dropout

    def makes_masks(self):
        """Whether all cells can be told to make their dropout masks."""
        return all(hasattr(cell, "make_masks") for cell in self.cells)

    def make_masks(self, inputs, states, training=None):
        """Makes the dropout masks of all cells for a first input (batch, …) and first states."""
        for cell, own in zip(self.cells, self._states_of_cells(states), strict=True):
            cell.make_masks(inputs, own[0], training)
            inputs = K.zeros([K.shape(inputs)[0], _output_size(cell)])

    def forget_masks(self):
        """The next sequence gets masks of its own."""
        for cell in self.cells:
            if hasattr(cell, "forget_masks"):
                cell.forget_masks()

    # ------------------------------------------------------------ weights and configuration

    def get_losses_for(self, inputs=None):
        return super().get_losses_for(inputs)

    def get_weights(self):
        """Values of all weights, cell by cell."""
        return K.batch_get_value(self._weights_by_cell())

    def set_weights(self, weights):
        """Sets all weights from a list in the order of `get_weights`."""
        self._assign(self._weights_by_cell(), weights)

    def _weights_by_cell(self):
        cells = [cell for cell in self.cells if isinstance(cell, Layer)]
        return [weight for cell in cells for weight in cell.weights]

    def get_config(self):
        cells = [{"class_name": type(c).__name__, "config": c.get_config()} for c in self.cells]
        config = {**super().get_config(), "cells": cells}
        if self.reverse_state_order:
            config["reverse_state_order"] = True
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        cells = [deserialize(c, custom_objects=custom_objects) for c in config.pop("cells")]
        return cls(cells, **config)


def _output_size(cell):
    size = getattr(cell, "output_size", None)
    return to_list(cell.state_size, allow_tuple=True)[0] if size is None else size
