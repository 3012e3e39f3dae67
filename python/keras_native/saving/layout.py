"""The weights layout of Keras 3 (`model.weights.h5`): by position and class, not by name.

    layers/dense/vars/0            weights of a layer, in its order
    layers/dense_1/vars/0          the second layer of the class
    layers/lstm/cell/vars/0        those of a part of a layer
    layers/functional/layers/…     an inner model
    optimizer/vars/0               the optimizer's state

tf_keras 2.12 and 2.13 wrote `_layer_checkpoint_dependencies` in the place of `layers`.
"""

import re
import warnings

import numpy as np

from .. import backend as K
from .. import registry
from . import reader
from .attributes import as_text

_OLD_LAYERS = "_layer_checkpoint_dependencies"


def snake_case(name):
    """Class name -> name of its group, as Keras 3 makes it."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _class_name(layer):
    if type(layer) is registry.find("models", "Model"):
        return "Functional"
    return type(layer).__name__


def _numbered(layers):
    """(name of the group, layer) for the layers of one model."""
    counts = {}
    for layer in layers:
        name = snake_case(_class_name(layer))
        number = counts.get(name, 0)
        counts[name] = number + 1
        yield (f"{name}_{number}" if number else name), layer


def parts(layer):
    """((path, part) of the parts that hold weights, weights of the layer's own)."""
    if hasattr(layer, "_is_graph_network"):
        return [(f"layers/{name}", part) for name, part in _numbered(layer.layers)], []
    if hasattr(layer, "forward_layer") and hasattr(layer, "backward_layer"):
        return [(k, getattr(layer, k)) for k in ("forward_layer", "backward_layer")], []
    cells = getattr(layer, "cells", None)
    if isinstance(cells, (list, tuple)):
        return [(f"cells/{name}", cell) for name, cell in _numbered(cells)], []
    for key in ("cell", "layer"):
        inner = getattr(layer, key, None)
        if inner is not None and hasattr(inner, "weights"):
            return [(key, inner)], []
    return [], layer._trainable_weights + layer._non_trainable_weights


def variables(layer, path=""):
    """(path of the data set, variable) of all weights of a model or layer."""
    inner, own = parts(layer)
    for i, variable in enumerate(own):
        yield f"{path}vars/{i}", variable
    for name, part in inner:
        yield from variables(part, f"{path}{name}/")


def is_layout(group):
    """Whether an open HDF5 file or group is in this layout."""
    known = ("layer_names", "layer_names0", "model_config")
    return not any(k in group.attrs for k in known) and (
        reader.has(group, "layers") or reader.has(group, _OLD_LAYERS)
    )


def load(group, model):
    """Set all weights of `model` from an open HDF5 file or group.

    Raises:
        ValueError: if a weight is missing or does not fit; the model is then as it was.
    """
    old = not reader.has(group, "layers") and reader.has(group, _OLD_LAYERS)
    K.batch_set_value(_read(group, list(variables(model)), old))


def _read(group, pairs, old=False):
    """(variable, array) for (path, variable).

    Raises:
        ValueError: if a weight is missing or does not fit.
    """
    held = sum(int(np.prod(K.int_shape(v))) for _, v in pairs)
    budget = reader.Budget(held + 64)
    values = []
    for path, variable in pairs:
        if old:
            path = re.sub(r"(^|/)layers/", rf"\1{_OLD_LAYERS}/", path)
        value = reader.array(group, _where(group, path), budget)
        if value.shape != K.int_shape(variable):
            raise ValueError(
                f"Weight {variable.name!r} has shape {K.int_shape(variable)}, but the saved weight "
                f"{path!r} has shape {value.shape}."
            )
        values.append((variable, value))
    return values


def load_by_name(group, model, skip_mismatch=False):
    """Set the weights of the layers whose names the file tells.

    Args:
        skip_mismatch: warn of layers that do not fit and leave them, instead of raising.
    Raises:
        ValueError: if a weight is missing or does not fit; the model is then as it was.
    """
    stored = _stored_names(reader.subgroup(group, "layers"))
    values = []
    for layer in model.layers:
        place = stored.get(layer.name)
        if place is None or not layer.weights:
            continue
        try:
            values += _read(group, list(variables(layer, f"layers/{place}/")))
        except ValueError as error:
            if not skip_mismatch:
                raise
            warnings.warn(
                f"Skipping loading of weights for layer {layer.name} due to {error}", stacklevel=3
            )
    K.batch_set_value(values)


def _stored_names(layers):
    """{name of a layer: name of its group} as far as the groups of a file tell."""
    stored = {}
    for place in layers:
        if len(stored) > 100_000:
            raise ValueError("Expected at most 100000 layers in a file.")
        own = reader.subgroup(layers, place)
        for holder in (own, reader.subgroup(own, "vars") if reader.has(own, "vars") else own):
            if "name" in holder.attrs:
                stored[as_text(holder.attrs["name"], "name")] = place
    return stored


def _where(group, path):
    """`path`, or where the weights of an RNN lie that has no cell of its own in the file."""
    if "/cell/" in path and not reader.has(group, path):
        other = path.replace("/cell/", "/")
        return other if reader.has(group, other) else path
    return path


def save(group, model):
    """Write all weights of `model` into an empty group."""
    _write(group, model, model.name)


def save_optimizer(group, model, variables):
    """Write the state of a model's optimizer, `variables` in the order of Keras 3."""
    own = group.create_group("optimizer/vars")
    own.attrs["name"] = snake_case(type(model.optimizer).__name__)
    for i, value in enumerate(K.batch_get_value(variables)):
        own.create_dataset(str(i), data=value)


def _write(group, layer, name):
    inner, own = parts(layer)
    place = group.create_group("vars")
    place.attrs["name"] = name
    for i, value in enumerate(K.batch_get_value(own)):
        place.create_dataset(str(i), data=value)
    for path, part in inner:
        _write(group.create_group(path), part, part.name)


def optimizer_state(group):
    """(data set paths of the optimizer's state, in order, group); empty without one."""
    if not reader.has(group, "optimizer/vars"):
        return []
    own = reader.subgroup(group, "optimizer/vars")
    count = 0
    while str(count) in own and count < 1_000_000:
        count += 1
    return [f"optimizer/vars/{i}" for i in range(count)]
