"""One call of a layer: which tensors went in, which came out."""

from __future__ import annotations

import itertools

from ..utils.generic_utils import to_list

_serial = itertools.count()


class Recorded:
    """A loss or an update that came up during a call, with the layers it passed through.

    `owners` goes from the layer that added it outwards through the models that hold it; switching
    off any of them (`trainable = False`) switches off an update.
    """

    __slots__ = ("value", "owners")

    def __init__(self, value, owners):
        self.value = value
        self.owners = owners

    @property
    def stateful(self):
        """Whether it carries a state, as a stateful recurrent layer does."""
        return any(getattr(owner, "stateful", False) for owner in self.owners)

    @property
    def active(self):
        """Whether an update still runs."""
        return self.stateful or all(getattr(o, "trainable", True) for o in self.owners)


class Node:
    """Connects the layers whose outputs went into a call with the layer that was called.

    Args:
        outbound_layer: the layer that was called.
        inbound_layers: the layers that made the inputs.
        node_indices: for each input, which call of its layer made it.
        tensor_indices: for each input, which output of that call it is.
        input_tensors, output_tensors: lists of tensors.
        input_masks, output_masks: lists of masks or None.
        input_shapes, output_shapes: shapes of the tensors.
        arguments: keyword arguments of the call.
    """

    def __init__(
        self,
        outbound_layer,
        inbound_layers,
        node_indices,
        tensor_indices,
        input_tensors,
        output_tensors,
        input_masks,
        output_masks,
        input_shapes,
        output_shapes,
        arguments=None,
    ):
        self.outbound_layer = outbound_layer
        self.inbound_layers = inbound_layers
        self.node_indices = node_indices
        self.tensor_indices = tensor_indices
        self.input_tensors = input_tensors
        self.output_tensors = output_tensors
        self.input_masks = input_masks
        self.output_masks = output_masks
        self.input_shapes = input_shapes
        self.output_shapes = output_shapes
        self.arguments = arguments
        self.losses: list[Recorded] = []
        self.updates: list[Recorded] = []
        self.metric_values: list = []
        self.serial = next(_serial)  # calls in the order in which they were made

        for layer in inbound_layers:
            if layer is not None:
                layer._outbound_nodes.append(self)
        outbound_layer._inbound_nodes.append(self)

    def get_config(self):
        """The connection by names."""
        return {
            "outbound_layer": self.outbound_layer.name if self.outbound_layer else None,
            "inbound_layers": [layer.name for layer in self.inbound_layers if layer is not None],
            "node_indices": self.node_indices,
            "tensor_indices": self.tensor_indices,
        }


def same_tensors(a, b):
    """Whether two tensors or lists of tensors are the very same objects."""
    a, b = to_list(a), to_list(b)
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))
