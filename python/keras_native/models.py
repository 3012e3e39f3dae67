"""Models, and how to copy, save and load them."""

from __future__ import annotations

from . import dialect
from .engine.input_layer import Input, InputLayer
from .engine.sequential import Sequential
from .engine.training import Model
from .legacy.paths import moved
from .utils.generic_utils import has_arg, to_list, unpack_singleton


def clone_model(model, input_tensors=None):
    """A model of the same structure with new layers and new weights.

    Args:
        model: a graph model or a Sequential.
        input_tensors: tensors to build the copy on, instead of new inputs.

    Returns:
        A model of the same class, not compiled.

    Raises:
        ValueError: something that is no model, or a subclassed one.
    """
    if isinstance(model, Model):
        make = _clone_sequential if isinstance(model, Sequential) else _clone_functional
        with dialect.use(model._dialect):
            return make(model, input_tensors)
    raise ValueError(f"Expected `model` argument to be a `Model` instance, got {model!r}")


def _copy_of(layer):
    if isinstance(layer, Model):
        return clone_model(layer)
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model, input_tensors):
    layers = [_copy_of(layer) for layer in model.layers]
    if input_tensors is None:
        copy = Sequential(layers=layers, name=model.name)
        if not copy.inputs and model._build_input_shape:
            copy.build(model._build_input_shape)
        return copy
    tensors = to_list(input_tensors, allow_tuple=True)
    if len(tensors) != 1:
        raise ValueError(
            f"To clone a `Sequential` model, we expect at most one tensor as part of "
            f"`input_tensors`, got {len(tensors)}."
        )
    source = _input_layer(tensors[0], "input_wrapper_for_" + model.name)
    return Sequential(layers=[source, *layers], name=model.name)


def _input_layer(tensor, name):
    """The input layer of `tensor`, a new one around it if it has none."""
    history = getattr(tensor, "_keras_history", None)
    if history is not None and isinstance(history[0], InputLayer):
        return history[0]
    return Input(tensor=tensor, name=name)._keras_history[0]


def _clone_functional(model, input_tensors):
    if not model._is_graph_network:
        raise ValueError(
            f"Model {model.name!r} is subclassed: it has no graph to clone. Make another instance "
            f"of {type(model).__name__} instead."
        )
    if input_tensors is None:
        inputs = [
            Input(batch_shape=layer.batch_input_shape, dtype=layer.dtype, name=layer.name)
            if isinstance(layer, InputLayer)
            else Input(batch_shape=x._keras_shape, dtype=x.dtype)
            for x, layer in zip(model.inputs, model._input_layers, strict=True)
        ]
    else:
        given = to_list(input_tensors, allow_tuple=True)
        if len(given) != len(model.inputs):
            raise ValueError(
                f"Expected {len(model.inputs)} `input_tensors` for model {model.name!r}, "
                f"got {len(given)}."
            )
        inputs = [
            _input_layer(x, f"input_wrapper_for_{layer.name}")._inbound_nodes[0].output_tensors[0]
            for x, layer in zip(given, model._input_layers, strict=True)
        ]
    made = {id(x): y for x, y in zip(model.inputs, inputs, strict=True)}
    copies: dict = {}
    for node in sorted(model._graph.nodes, key=lambda node: node.serial):
        if all(id(x) in made for x in node.output_tensors):
            continue
        layer = node.outbound_layer
        if layer not in copies:
            copies[layer] = _copy_of(layer)
        arguments = node.arguments or {}
        given = unpack_singleton([made[id(x)] for x in node.input_tensors])
        outputs = to_list(copies[layer](given, **arguments))
        made.update((id(x), y) for x, y in zip(node.output_tensors, outputs, strict=True))
    return Model(inputs, [made[id(x)] for x in model.outputs], name=model.name)


_SAVING = ["load_model", "model_from_config", "model_from_json", "model_from_yaml", "save_model"]

__all__ = ["Input", "InputLayer", "Model", "Sequential", "clone_model", "has_arg", "to_list"]
__all__ += _SAVING

# What reads and writes files is loaded when first used.
__getattr__ = moved(__name__)
