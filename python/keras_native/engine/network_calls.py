"""A graph of layers run on other tensors than those it was made of."""

from __future__ import annotations

from .. import backend as K
from ..utils.generic_utils import is_all_none, to_list, unpack_singleton
from .call_frames import call_frame, trial
from .node import same_tensors


class GraphCalls:
    """Mixin of `Network`: calls the layers of the graph in order."""

    def call(self, inputs, mask=None):
        """Runs the graph on other tensors."""
        inputs = to_list(inputs)
        if same_tensors(inputs, self.inputs) and is_all_none(mask):
            return unpack_singleton([K.identity(x) for x in self.outputs])
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        return self.run_internal_graph(inputs, masks)[0]

    def compute_mask(self, inputs, mask):
        if not self._is_graph_network:
            return None
        inputs = to_list(inputs)
        if same_tensors(inputs, self.inputs) and is_all_none(mask):
            return unpack_singleton([getattr(x, "_keras_mask", None) for x in self.outputs])
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        return self.run_internal_graph(inputs, masks)[1]

    def _invoke(self, inputs, mask, kwargs):
        """As `Layer._invoke`; a graph gives outputs and masks in one go."""
        if not self._is_graph_network or type(self).call is not GraphCalls.call:
            return super()._invoke(inputs, mask, kwargs)
        mask = kwargs.get("mask", mask)
        inputs = to_list(inputs)
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        with call_frame(self) as frame:
            outputs, output_masks, _ = self.run_internal_graph(inputs, masks)
            given = {id(x) for x in inputs}
            outputs = [K.identity(x) if id(x) in given else x for x in to_list(outputs)]
        return unpack_singleton(outputs), output_masks, frame

    def compute_output_shape(self, input_shape):
        """Output shape (or list) for an input shape (or list)."""
        if not self._is_graph_network:
            if type(self).compute_output_shape is GraphCalls.compute_output_shape:
                raise NotImplementedError(
                    f"Model {self.name!r}: a subclassed model has to define compute_output_shape."
                )
            return super().compute_output_shape(input_shape)
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        if len(shapes) != len(self._input_layers):
            raise ValueError(
                f"Invalid `input_shape` argument {input_shape}: model {self.name!r} has "
                f"{len(self._input_layers)} tensor inputs."
            )
        with trial():
            inputs = [
                K.placeholder(shape=shape, dtype=K.dtype(x))
                for shape, x in zip(shapes, self.inputs, strict=True)
            ]
            return self.run_internal_graph(inputs, [None] * len(inputs))[2]

    def run_internal_graph(self, inputs, masks=None):
        """The outputs of the graph for other inputs.

        Args:
            inputs: list of tensors, one per input of the network.
            masks: list of masks or None.

        Returns:
            outputs, their masks, their shapes: each a list, or the element of a list of one.

        Raises:
            ValueError: for a wrong number of inputs.
        """
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"Model {self.name!r} expects {len(self.inputs)} inputs ({self.input_names}), "
                f"but it received {len(inputs)}: {inputs}"
            )
        masks = masks or [None] * len(inputs)
        made = {id(x): (y, mask) for x, y, mask in zip(self.inputs, inputs, masks, strict=True)}
        for node in self._own_nodes():
            if all(id(x) in made for x in node.output_tensors):
                continue
            layer = node.outbound_layer
            given = [made[id(x)] for x in node.input_tensors]
            tensors = unpack_singleton([tensor for tensor, _ in given])
            mask = unpack_singleton([mask for _, mask in given])
            with K.layer_scope(layer.name):
                layer.assert_input_compatibility(tensors)
                output, output_mask, _ = layer._invoke(tensors, mask, node.arguments or {})
            outputs, output_masks = to_list(output), to_list(output_mask)
            if len(output_masks) != len(outputs):
                output_masks = [None] * len(outputs)
            for x, y, y_mask in zip(node.output_tensors, outputs, output_masks, strict=True):
                made[id(x)] = (y, y_mask)
        results = [made[id(x)] for x in self.outputs]
        outputs = [tensor for tensor, _ in results]
        for tensor, mask in results:
            if not hasattr(tensor, "_keras_history"):
                tensor._keras_mask = mask
        return (
            unpack_singleton(outputs),
            unpack_singleton([mask for _, mask in results]),
            unpack_singleton([K.int_shape(x) for x in outputs]),
        )
