"""The graph between two sets of tensors: which calls of which layers, in which order.

Layers are listed as Keras lists them (it is the order of `model.layers`, of the weights in a file
and of the summary): by depth from the outputs, largest first, and among equals in the order in
which a depth-first walk from the outputs meets them.
"""

from __future__ import annotations

import collections


class GraphMap:
    """The calls that lead from `inputs` to `outputs`.

    An input may be a tensor that some layer made: what lies before it is not part of the graph.

    Attributes:
        nodes: the set of calls.
        nodes_by_depth: {depth: [node]}.
        layers: the layers, in Keras's order.
        layers_by_depth: {depth: [layer]}.
    """

    def __init__(self, inputs, outputs):
        ends = _cut_calls(inputs)
        finished, order = _walk(outputs, ends)
        depth_of, layer_depth = _depths(finished, ends)
        for tensor in inputs:  # an input that no output needs still belongs to the model
            layer, index, _ = tensor._keras_history
            if layer not in layer_depth:
                layer_depth[layer] = 0
                order[layer] = -1
                depth_of[layer._inbound_nodes[index]] = 0
        for node in ends:
            depth_of.pop(node, None)
            if all(other.outbound_layer is not node.outbound_layer for other in depth_of):
                layer_depth.pop(node.outbound_layer, None)
        self.nodes = set(depth_of)
        self.nodes_by_depth = _by_depth(depth_of)
        self.layers_by_depth = _by_depth(layer_depth)
        for layers in self.layers_by_depth.values():
            layers.sort(key=order.__getitem__)
        self.layers = [layer for layers in self.layers_by_depth.values() for layer in layers]
        self._check_connected(inputs)
        self._check_names()

    def ordered_nodes(self):
        """Calls in an order in which each comes after those it needs."""
        return [node for nodes in self.nodes_by_depth.values() for node in nodes]

    def _check_connected(self, inputs):
        """Raises ValueError for a tensor that the inputs do not determine."""
        known = {id(tensor) for tensor in inputs}
        complete = []
        for node in self.ordered_nodes():
            layer = node.outbound_layer
            if not node.inbound_layers and not known.issuperset(map(id, node.output_tensors)):
                _disconnected(node.output_tensors[0], layer, complete)
            for tensor in node.input_tensors:
                if id(tensor) not in known:
                    _disconnected(tensor, layer, complete)
            known.update(map(id, node.output_tensors))
            complete.append(layer.name)

    def _check_names(self):
        counts = collections.Counter(layer.name for layer in self.layers)
        for name, count in counts.items():
            if count > 1:
                raise ValueError(
                    f'The name "{name}" is used {count} times in the model. '
                    f"All layer names should be unique."
                )


def _disconnected(tensor, layer, complete):
    if not hasattr(tensor, "_keras_history"):
        raise ValueError(
            f"Graph disconnected: the input {tensor} of layer {layer.name!r} was not made by a "
            f"layer. Put the backend operations that made it into a Lambda layer."
        )
    raise ValueError(
        f"Graph disconnected: cannot obtain value for tensor {tensor} at layer "
        f'"{layer.name}". The following previous layers were accessed without issue: {complete}'
    )


def _cut_calls(inputs):
    """The calls of other than input layers whose outputs are all given as inputs."""
    known = {id(tensor) for tensor in inputs}
    calls = (layer._inbound_nodes[index] for layer, index, _ in (x._keras_history for x in inputs))
    return {
        node
        for node in calls
        if node.inbound_layers and known.issuperset(map(id, node.output_tensors))
    }


def _walk(outputs, ends):
    """Depth-first from the outputs to the input layers and the calls `ends`, without recursion.

    Returns:
        calls, each after those it needs; {layer: number of the visit that met it first}.

    Raises:
        ValueError: the graph has a cycle.
    """
    finished, done, in_progress = [], set(), set()
    order: dict = {}
    for tensor in outputs:
        layer, index, _ = tensor._keras_history
        stack = [(layer._inbound_nodes[index], None, tensor)]
        while stack:
            node, pending, tensor = stack.pop()
            if pending is None:
                if node in done:
                    continue
                if node in in_progress:
                    raise ValueError(
                        f'The tensor {tensor} at layer "{node.outbound_layer.name}" '
                        f"is part of a cycle."
                    )
                in_progress.add(node)
                order.setdefault(node.outbound_layer, len(order))
                pending = iter(() if node in ends else _sources(node))
            following = next(pending, None)
            if following is None:
                in_progress.discard(node)
                done.add(node)
                finished.append(node)
            else:
                stack.append((node, pending, tensor))
                stack.append((following[0], None, following[1]))
    return finished, order


def _sources(node):
    """(call, tensor) for each input that a layer made."""
    return [
        (layer._inbound_nodes[index], tensor)
        for layer, index, tensor in zip(
            node.inbound_layers, node.node_indices, node.input_tensors, strict=False
        )
        if layer is not None
    ]


def _depths(finished, ends):
    """{call: depth} and {layer: depth}: the longest way to an output, one for all calls of a layer.

    A layer called twice lies as deep as its deepest call so far.
    """
    depth_of: dict = {}
    layer_depth: dict = {}
    for node in reversed(finished):
        layer = node.outbound_layer
        depth = max(depth_of.get(node, 0), layer_depth.get(layer, 0))
        layer_depth[layer] = depth_of[node] = depth
        for source, _ in () if node in ends else _sources(node):
            depth_of[source] = max(depth + 1, depth_of.get(source, 0))
    return depth_of, layer_depth


def _by_depth(depth_of):
    """{depth: [item]}, deepest first."""
    table: dict = {}
    for item, depth in depth_of.items():
        table.setdefault(depth, []).append(item)
    return {depth: table[depth] for depth in sorted(table, reverse=True)}
