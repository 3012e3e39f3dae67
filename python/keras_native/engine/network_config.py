"""A graph of layers as plain data (the format of Keras 2, and of Keras 1 when reading)."""

from __future__ import annotations

import copy
import warnings

from ..utils.generic_utils import unpack_singleton
from .serialization import deserialize


def network_config(network):
    """{'name', 'layers', 'input_layers', 'output_layers'} of a graph network.

    A call is written as [layer name, number of the call, output number, keyword arguments], calls
    being numbered among those that belong to this network.
    """
    numbers = _call_numbers(network)
    layers = []
    for layer in network.layers:
        calls = [
            _call_config(layer, node, numbers)
            for node in layer._inbound_nodes
            if node in numbers and node.inbound_layers
        ]
        layers.append(
            {
                "name": layer.name,
                "class_name": type(layer).__name__,
                "config": layer.get_config(),
                "inbound_nodes": calls,
            }
        )

    def ends(coordinates):
        return [
            [layer.name, numbers.get(layer._inbound_nodes[index], 0), tensor_index]
            for layer, index, tensor_index in coordinates
        ]

    config = {
        "name": network.name,
        "layers": layers,
        "input_layers": ends(network._input_coordinates),
        "output_layers": ends(network._output_coordinates),
    }
    return copy.deepcopy(config)


def _call_numbers(network):
    """{call: its number in the written form}. A network's own graph counts as its call 0."""
    numbers = {}
    for layer in network.layers:
        kept = 1 if hasattr(layer, "_is_graph_network") else 0
        for node in layer._inbound_nodes:
            if node in network._graph.nodes:
                numbers[node] = kept
                kept += 1
    return numbers


def _call_config(layer, node, numbers):
    kwargs = node.arguments or {}
    if kwargs:
        import json

        try:
            json.dumps(kwargs)
        except TypeError:
            warnings.warn(
                f"Layer {layer.name} was passed non-serializable keyword arguments: {kwargs}. "
                f"They will not be included in the serialized model (and thus will be missing at "
                f"deserialization time).",
                stacklevel=2,
            )
            kwargs = {}
    return [
        [source.name, numbers.get(source._inbound_nodes[index], 0), tensor_index, kwargs]
        for source, index, tensor_index in zip(
            node.inbound_layers, node.node_indices, node.tensor_indices, strict=True
        )
        if source is not None
    ]


def rebuild(config, custom_objects=None):
    """Makes the layers of a written graph and calls them as it says.

    Returns:
        (inputs, outputs) of the new graph, as lists.

    Raises:
        ValueError: a malformed config: layers missing or named twice, calls that never get
            their inputs.
    """
    layers: dict = {}
    waiting = []
    for data in config["layers"]:
        name = data["name"]
        if name in layers:
            raise ValueError(f"The config names layer {name!r} twice.")
        layers[name] = deserialize(data, custom_objects=custom_objects)
        waiting += [(name, call) for call in data.get("inbound_nodes") or ()]
    numbers = _first_calls(layers)

    while waiting:
        left = []
        for name, call in waiting:
            inputs = _call_inputs(call, layers, numbers)
            if inputs is None or any(other == name for other, _ in left):
                left.append((name, call))  # calls of one layer keep their order
                continue
            kwargs = {}
            for source in call:
                kwargs.update(source[3] if len(source) > 3 else {})
            layer = layers[name]
            layer(unpack_singleton(inputs), **kwargs)
            numbers[name].append(len(layer._inbound_nodes) - 1)
        if len(left) == len(waiting):
            _stuck(left, layers)
        waiting = left

    def ends(key):
        return [_tensor(layers, numbers, *entry[:3]) for entry in _entries(config[key])]

    return ends("input_layers"), ends("output_layers")


def _entries(ends):
    """Ends of a graph, also where a file holds a single one without the outer list."""
    return [ends] if ends and isinstance(ends[0], str) else ends


def _first_calls(layers):
    """{layer name: indices of the calls it already has} (inputs and inner graphs have one).

    A model that is not built yet will have that one too, before its first real call.
    """
    return {
        name: list(range(len(layer._inbound_nodes)))
        or ([None] if hasattr(layer, "_is_graph_network") else [])
        for name, layer in layers.items()
    }


def _call_inputs(call, layers, numbers):
    """The input tensors of a written call, None while one of them is not there yet."""
    tensors = []
    for source in call:
        name, number, tensor_index = source[:3]
        if name not in layers:
            raise ValueError(f"The config refers to layer {name!r}, which it does not define.")
        if not isinstance(number, int) or number < 0:
            raise ValueError(f"The config refers to call {number!r} of layer {name!r}.")
        if number >= len(numbers[name]):
            return None
        tensors.append(_tensor(layers, numbers, name, number, tensor_index))
    return tensors


def _tensor(layers, numbers, name, number, tensor_index):
    if name not in layers:
        raise ValueError(f"The config refers to layer {name!r}, which it does not define.")
    if not isinstance(number, int) or not 0 <= number < len(numbers[name]):
        raise ValueError(f"The config refers to call {number} of layer {name!r}, which is missing.")
    tensors = layers[name]._inbound_nodes[numbers[name][number]].output_tensors
    if not isinstance(tensor_index, int) or not 0 <= tensor_index < len(tensors):
        raise ValueError(
            f"The config refers to output {tensor_index} of layer {name!r}, which has "
            f"{len(tensors)}."
        )
    return tensors[tensor_index]


def _stuck(left, layers):
    raise ValueError(
        f"The config's graph cannot be rebuilt: the inputs of layers "
        f"{sorted({name for name, _ in left})} are part of a cycle or never made."
    )
