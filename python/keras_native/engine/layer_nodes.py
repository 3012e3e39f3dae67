"""How a layer answers for its calls: `input`, `output_shape`, `get_input_at` and their kin."""

from __future__ import annotations

from ..utils.generic_utils import unpack_singleton


class NodeAccess:
    """Mixin of `Layer`: access to the tensors, masks and shapes of its calls."""

    name: str
    _inbound_nodes: list
    _outbound_nodes: list

    @property
    def inbound_nodes(self):
        """The calls of this layer."""
        return self._inbound_nodes

    @inbound_nodes.setter
    def inbound_nodes(self, nodes):
        self._inbound_nodes = list(nodes)

    @property
    def outbound_nodes(self):
        """The calls of other layers that used an output of this one."""
        return self._outbound_nodes

    @outbound_nodes.setter
    def outbound_nodes(self, nodes):
        """Old scripts empty them when they cut a model's top off."""
        self._outbound_nodes = list(nodes)

    def _at(self, node_index, attribute, what):
        """`attribute` of one call.

        Raises:
            RuntimeError: the layer was never called.
            ValueError: there is no such call.
        """
        if not self._inbound_nodes:
            raise RuntimeError(
                f"The layer {self.name!r} has never been called and thus has no defined {what}."
            )
        if not -len(self._inbound_nodes) <= node_index < len(self._inbound_nodes):
            raise ValueError(
                f"Asked to get {what} at node {node_index}, but the layer {self.name!r} has only "
                f"{len(self._inbound_nodes)} inbound nodes."
            )
        return unpack_singleton(getattr(self._inbound_nodes[node_index], attribute))

    def _only(self, attribute, what):
        """`attribute` of the only call. AttributeError where there is none or more than one."""
        if len(self._inbound_nodes) > 1:
            raise AttributeError(
                f'Layer {self.name} has multiple inbound nodes, hence the notion of "layer {what}" '
                f"is ill-defined. Use `get_{what.replace(' ', '_')}_at(node_index)` instead."
            )
        if not self._inbound_nodes:
            raise AttributeError(
                f"Layer {self.name} is not connected, no {what} to return: call it on a tensor."
            )
        return unpack_singleton(getattr(self._inbound_nodes[0], attribute))

    def _common_shape(self, attribute, what):
        """The shape that all calls agree on."""
        if not self._inbound_nodes:
            raise AttributeError(
                f"The layer {self.name!r} has never been called and thus has no defined {what}."
            )
        shapes = [getattr(node, attribute) for node in self._inbound_nodes]
        if any(shape != shapes[0] for shape in shapes):
            raise AttributeError(
                f"The layer {self.name!r} has multiple inbound nodes with different {what}s. Hence "
                f'the notion of "{what}" is ill-defined. Use '
                f"`get_{what.replace(' ', '_')}_at(node_index)` instead."
            )
        return unpack_singleton(shapes[0])

    def get_input_at(self, node_index):
        """Input tensor (or list) of call `node_index`."""
        return self._at(node_index, "input_tensors", "input")

    def get_output_at(self, node_index):
        """Output tensor (or list) of call `node_index`."""
        return self._at(node_index, "output_tensors", "output")

    def get_input_shape_at(self, node_index):
        """Input shape (or list) of call `node_index`."""
        return self._at(node_index, "input_shapes", "input shape")

    def get_output_shape_at(self, node_index):
        """Output shape (or list) of call `node_index`."""
        return self._at(node_index, "output_shapes", "output shape")

    def get_input_mask_at(self, node_index):
        """Input mask (or list) of call `node_index`."""
        return self._at(node_index, "input_masks", "input mask")

    def get_output_mask_at(self, node_index):
        """Output mask (or list) of call `node_index`."""
        return self._at(node_index, "output_masks", "output mask")

    @property
    def input(self):
        """Input tensor (or list) of a layer that was called once."""
        return self._only("input_tensors", "input")

    @property
    def output(self):
        """Output tensor (or list) of a layer that was called once."""
        return self._only("output_tensors", "output")

    @property
    def input_mask(self):
        """Input mask (or list) of a layer that was called once."""
        return self._only("input_masks", "input mask")

    @property
    def output_mask(self):
        """Output mask (or list) of a layer that was called once."""
        return self._only("output_masks", "output mask")

    @property
    def input_shape(self):
        """Input shape (or list) where all calls agree."""
        return self._common_shape("input_shapes", "input shape")

    @property
    def output_shape(self):
        """Output shape (or list) where all calls agree."""
        return self._common_shape("output_shapes", "output shape")
