"""Helpers on layers and models: counting, the summary table, layouts of weights."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .. import registry
from ..legacy.table import NAMES_THEN


def count_params(weights):
    """Number of scalars in a collection of variables, each counted once.

    Args:
        weights: iterable of variables.
    """
    seen = {id(w): w for w in weights}
    return int(sum(np.prod(K.int_shape(w), dtype=np.int64) for w in seen.values()))


def count_total_params(layers, layer_set=None):
    """(trainable, other) scalars in layers and the models among them (Keras 1).

    Args:
        layers: list of layers.
        layer_set: layers to leave out, which is added to.
    """
    layer_set = set() if layer_set is None else layer_set
    fresh = [layer for layer in layers if layer not in layer_set]
    layer_set.update(fresh)
    trainable = count_params([w for layer in fresh for w in layer.trainable_weights])
    return trainable, count_params([w for layer in fresh for w in layer.non_trainable_weights])


def layer_from_config(config, custom_objects=None):
    """The layer of a configuration {"class_name": …, "config": …} (Keras 1)."""
    deserialize = registry.find("layers", "deserialize")
    return deserialize(config, custom_objects=custom_objects)


def get_source_inputs(tensor, layer=None, node_index=None):
    """The input tensors that `tensor` is computed from.

    Args:
        tensor: a tensor that a layer made.
        layer: the layer that made it, if known.
        node_index: which of its calls.

    Returns:
        List of tensors.
    """
    if not hasattr(tensor, "_keras_history"):
        return tensor
    if layer is None or node_index:
        layer, node_index, _ = tensor._keras_history
    if not layer._inbound_nodes:
        return [tensor]
    found: list = []
    stack, seen = [layer._inbound_nodes[node_index]], set()
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if not node.inbound_layers:
            found += [x for x in node.input_tensors if all(x is not y for y in found)]
            continue
        sources = [
            source._inbound_nodes[index]
            for source, index in zip(node.inbound_layers, node.node_indices, strict=True)
            if source is not None
        ]
        stack.extend(reversed(sources))
    return found


# ---------------------------------------------------------------- summary


def print_summary(model, line_length=None, positions=None, print_fn=None):
    """Prints a table of a model's layers.

    Args:
        model: a built model.
        line_length: width of the table.
        positions: where the columns end, as shares of the line or as widths.
        print_fn: called with each line instead of `print`.
    """
    print_fn = print_fn or print
    keras1 = model._dialect.keras1_names
    chain = not keras1 and _is_chain(model)
    if chain:
        line_length = line_length or 65
        positions = positions or [0.45, 0.85, 1.0]
        head = ["Layer (type)", "Output Shape", "Param #"]
    else:
        line_length = line_length or (100 if keras1 else 98)
        positions = positions or [0.33, 0.55, 0.67, 1.0]
        head = ["Layer (type)", "Output Shape", "Param #", "Connected to"]
    if positions[-1] <= 1:
        positions = [int(line_length * p) for p in positions]

    if not keras1:
        print_fn(f'Model: "{model.name}"')
    print_fn("_" * line_length)
    _print_row(head, positions, print_fn)
    print_fn("=" * line_length)
    nodes = None if chain else model._graph.nodes
    for layer in model.layers:
        print_layer_summary(layer, positions, print_fn, nodes)
        print_fn(("=" if layer is model.layers[-1] else "_") * line_length)
    _print_totals(model, print_fn)
    print_fn("_" * line_length)


def print_layer_summary(layer, positions=None, print_fn=None, nodes=None):
    """Prints the row (or rows) of one layer in the table of `print_summary`.

    Args:
        layer: a layer.
        positions: widths up to the ends of the columns.
        print_fn: called with each line instead of `print`.
        nodes: calls of layers whose connections are shown in a fourth column; None: no such column.
    """
    positions = positions or [29, 55, 65]
    print_fn = print_fn or print
    kind = type(layer).__name__
    if layer._dialect.keras1_names:
        kind = NAMES_THEN.get(kind, kind)
    fields = [f"{layer.name} ({kind})", _shape_text(layer), _params_text(layer)]
    if nodes is None:
        _print_row(fields, positions, print_fn)
        return
    sources = _connections(layer, nodes)
    _print_row(fields + sources[:1] if sources else [*fields, ""], positions, print_fn)
    for source in sources[1:]:
        _print_row(["", "", "", source], positions, print_fn)


def _print_row(fields, positions, print_fn):
    line = ""
    for i, field in enumerate(fields):
        if i:
            line = line[:-1] + " "
        line = (line + str(field))[: positions[i]].ljust(positions[i])
    print_fn(line)


def _print_totals(model, print_fn):
    trainable = getattr(model, "_collected_trainable_weights", None)
    if trainable is None:
        trainable = model.trainable_weights
    else:
        model._check_trainable_weights_consistency()
    trainable_count = count_params(trainable)
    fixed_count = count_params(model.non_trainable_weights)
    print_fn(f"Total params: {trainable_count + fixed_count:,}")
    print_fn(f"Trainable params: {trainable_count:,}")
    print_fn(f"Non-trainable params: {fixed_count:,}")


def _is_chain(model):
    """Whether a model is a plain stack, each layer called once on the one before."""
    if type(model).__name__ == "Sequential" or not model._is_graph_network:
        return True
    nodes = []
    for level in model._nodes_by_depth.values():
        if len(level) > 1 or len(level[0].inbound_layers) > 1:
            return False
        nodes += level
    layers = [node.outbound_layer for node in nodes]
    return len({id(layer) for layer in layers}) == len(layers)


def _shape_text(layer):
    try:
        return layer.output_shape
    except AttributeError:
        return "multiple"


def _params_text(layer):
    if not layer.built and not getattr(layer, "_is_graph_network", False):
        return "0 (unused)"
    return layer.count_params()


def _connections(layer, nodes):
    return [
        f"{source.name}[{node_index}][{tensor_index}]"
        for node in layer._inbound_nodes
        if node in nodes
        for source, node_index, tensor_index in zip(
            node.inbound_layers, node.node_indices, node.tensor_indices, strict=True
        )
        if source is not None
    ]


# ---------------------------------------------------------------- layouts of weights


def convert_all_kernels_in_model(model):
    """Flips the convolution kernels of a model in place (Theano's convention to ours and back).

    Args:
        model: a model with convolution layers.
    """
    from .conv_utils import convert_kernel

    kinds = {
        "Conv1D",
        "Conv2D",
        "Conv3D",
        "Conv2DTranspose",
        "Conv3DTranspose",
        "SeparableConv1D",
        "SeparableConv2D",
        "DepthwiseConv2D",
    }
    pairs = []
    for layer in model.layers:
        if type(layer).__name__ in kinds:
            kernel = getattr(layer, "kernel", None)
            if kernel is not None:
                pairs.append((kernel, convert_kernel(K.get_value(kernel))))
    K.batch_set_value(pairs)


def convert_dense_weights_data_format(
    dense, previous_feature_map_shape, target_data_format="channels_first"
):
    """Reorders the rows of a dense layer that follows a Flatten when the image layout changes.

    Args:
        dense: the Dense layer.
        previous_feature_map_shape: shape of the feature map before Flatten, without batch axis.
        target_data_format: layout that the model now has.
    """
    if target_data_format not in {"channels_last", "channels_first"}:
        raise ValueError(
            f"Expected target_data_format 'channels_last' or 'channels_first', "
            f"got {target_data_format!r}"
        )
    kernel, *bias = dense.get_weights()
    columns = []
    for column in kernel.T:
        if target_data_format == "channels_first":
            c, h, w = previous_feature_map_shape
            image = column.reshape((h, w, c)).transpose((2, 0, 1))
        else:
            h, w, c = previous_feature_map_shape
            image = column.reshape((c, h, w)).transpose((1, 2, 0))
        columns.append(image.reshape(-1))
    dense.set_weights([np.stack(columns, axis=1), *bias])


def __getattr__(name):
    """`convert_kernel` is found here too, as in Keras."""
    if name == "convert_kernel":
        from .conv_utils import convert_kernel

        return convert_kernel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
