"""Weights of layers as HDF5 groups: one group per layer, one data set per weight.

The group holds attributes `layer_names`, `backend`, `keras_version`; the group of a layer holds
`weight_names`, which are paths of data sets in it (`dense_1/kernel:0`).
"""

import contextlib
import warnings

import numpy as np

from .. import backend as K
from . import reader
from .attributes import as_text, load_attributes_from_hdf5_group, save_attributes_to_hdf5_group
from .convert import preprocess_weights_for_loading

__all__ = [
    "load_weights_from_hdf5_group",
    "load_weights_from_hdf5_group_by_name",
    "preprocess_weights_for_loading",
    "save_weights_to_hdf5_group",
    "stored_layers",
    "written_with",
]

# What files say of their writer, so that Keras 2.3.1 and its kin take them as their own.
KERAS_VERSION = "2.3.1"
BACKEND = "tensorflow"


def stored_layers(model):
    """Layers of a model in the order of the file; branches joined by a Keras 1 Merge come flat."""
    return list(dict.fromkeys(_flat(model.layers)))  # a branch may be joined with itself


def _flat(layers):
    flat = []
    for layer in layers:
        if getattr(layer, "_joins_branches", False):
            for branch in layer.layers:
                flat += _flat(branch.layers if hasattr(branch, "layers") else [branch])
        flat.append(layer)
    return flat


def _own_weights(layer):
    return [] if getattr(layer, "_joins_branches", False) else layer.weights


def save_weights_to_hdf5_group(group, layers):
    """Write the weights of `layers` into an empty group."""
    save_attributes_to_hdf5_group(group, "layer_names", [layer.name for layer in layers])
    group.attrs["backend"] = BACKEND.encode()
    group.attrs["keras_version"] = KERAS_VERSION.encode()
    for layer in layers:
        weights = _own_weights(layer)
        write_arrays(group.create_group(layer.name), "weight_names", weights)


def write_arrays(group, attribute, variables):
    """Write variables as data sets under their names, made unique, and the names as attribute."""
    names, taken = [], set()
    for i, variable in enumerate(variables):
        name = unique = str(variable.name or f"param_{i}")
        number = 1
        while unique in taken:
            unique = f"{name}_{number}"
            number += 1
        taken.add(unique)
        names.append(unique)
    save_attributes_to_hdf5_group(group, attribute, names)
    for name, value in zip(names, K.batch_get_value(variables), strict=True):
        group.create_dataset(name, data=value)


def load_weights_from_hdf5_group(f, layers, reshape=False):
    """Set the weights of `layers` from a group, layer by layer in order.

    Layers without weights are left out on both sides. Nothing is set unless everything fits.

    Raises:
        ValueError: if the numbers of layers, weights, or their shapes differ.
    """
    version, backend = _writer(f)
    with_weights = [layer for layer in layers if _own_weights(layer)]
    names = [name for name in _layer_names(f) if _weight_names(f, name)]
    if len(names) != len(with_weights):
        raise ValueError(
            f"You are trying to load a weight file containing {len(names)} layers into a model "
            f"with {len(with_weights)} layers."
        )
    values = []
    for k, (name, layer) in enumerate(zip(names, with_weights, strict=True)):
        weights = _own_weights(layer)
        try:
            arrays = _read_layer(f, name, layer)
        except reader.TooLargeError as error:
            shapes = [K.int_shape(weight) for weight in weights]
            raise ValueError(
                f"Layer #{k} (named {layer.name!r} in the current model) has weights of shapes "
                f"{shapes}; those of layer {name!r} in the save file do not fit. {error}"
            ) from None
        arrays = preprocess_weights_for_loading(layer, arrays, version, backend, reshape=reshape)
        if len(arrays) != len(weights):
            raise ValueError(
                f"Layer #{k} (named {layer.name!r} in the current model) was found to correspond "
                f"to layer {name!r} in the save file. However the new layer {layer.name!r} expects "
                f"{len(weights)} weights, but the saved weights have {len(arrays)} elements."
            )
        for weight, value in zip(weights, arrays, strict=True):
            if K.int_shape(weight) != value.shape:
                raise ValueError(
                    f"Layer #{k} (named {layer.name!r}), weight {weight.name!r} has shape "
                    f"{K.int_shape(weight)}, but the saved weight has shape {value.shape}."
                )
        values += zip(weights, arrays, strict=True)
    K.batch_set_value(values)


def load_weights_from_hdf5_group_by_name(f, layers, skip_mismatch=False, reshape=False):
    """Set the weights of the layers whose name the group knows.

    Args:
        skip_mismatch: warn of weights that do not fit and leave them, instead of raising.
    Raises:
        ValueError: if numbers or shapes of weights differ.
    """
    version, backend = _writer(f)
    by_name = {}
    for layer in layers:
        by_name.setdefault(layer.name, []).append(layer)
    values = []
    for k, name in enumerate(_layer_names(f)):
        for layer in by_name.get(name, []):
            problems, pairs = _match(f, name, layer, version, backend, reshape)
            if problems and not skip_mismatch:
                raise ValueError(f"Layer #{k} (named {layer.name!r}): {problems[0]}")
            for problem in problems:
                warnings.warn(
                    f"Skipping loading of weights for layer {layer.name} due to {problem}",
                    stacklevel=3,
                )
            values += pairs
    K.batch_set_value(values)


def _match(f, name, layer, version, backend, reshape):
    """(what does not fit, pairs of variable and value that do) for one layer."""
    weights = _own_weights(layer)
    try:
        arrays = _read_layer(f, name, layer)
        arrays = preprocess_weights_for_loading(layer, arrays, version, backend, reshape=reshape)
    except reader.TooLargeError as error:  # another layer than the one that was stored
        stored = _weight_names(f, name)
        if len(stored) != len(weights):
            return [_other_number(weights, stored)], []
        return [f"mismatch in shape. {error}"], []
    if len(arrays) != len(weights):
        return [_other_number(weights, arrays)], []
    problems, pairs = [], []
    for weight, value in zip(weights, arrays, strict=True):
        shape = K.int_shape(weight)
        if shape == value.shape:
            pairs.append((weight, value))
        else:
            problems.append(f"mismatch in shape of {weight.name} ({shape} vs {value.shape}).")
    return problems, pairs


def _other_number(weights, stored):
    return (
        f"mismatch in number of weights: the layer expects {len(weights)} weights, but the saved "
        f"weights have {len(stored)} elements."
    )


_told_backend = None


@contextlib.contextmanager
def written_with(backend):
    """Inside, files are read as if their Keras had run on `backend`, whatever they say.

    Theano turned convolution kernels over. Files of Keras 2 say so, those of Keras 1 do not:

        with keras_native.saving.written_with("theano"):
            model.load_weights("vgg16_weights.h5")

    Args:
        backend: 'theano', 'tensorflow' or 'cntk'; None: what the files say.
    """
    global _told_backend
    if backend not in (None, "theano", "tensorflow", "cntk"):
        raise ValueError(f"Expected 'theano', 'tensorflow' or 'cntk'; received {backend!r}.")
    before, _told_backend = _told_backend, backend
    try:
        yield
    finally:
        _told_backend = before


def _writer(f):
    """(keras_version, backend) that wrote the group. Keras 1 did not say so."""
    version = (
        as_text(f.attrs["keras_version"], "keras_version") if "keras_version" in f.attrs else "1"
    )
    backend = as_text(f.attrs["backend"], "backend") if "backend" in f.attrs else None
    return version, _told_backend or backend


def _layer_names(f):
    names = load_attributes_from_hdf5_group(f, "layer_names")
    if len(set(names)) != len(names):
        raise ValueError("The file lists a layer name twice.")
    return names


def _weight_names(f, layer_name):
    group = reader.subgroup(f, layer_name)
    return load_attributes_from_hdf5_group(group, "weight_names")


def _read_layer(f, name, layer):
    """Arrays of one layer; together no more values than the layer can make use of."""
    held = sum(int(np.prod(K.int_shape(w))) for w in layer.weights)
    budget = reader.Budget(2 * held + 64)  # CuDNN layers have their biases twice
    group = reader.subgroup(f, name)
    return [reader.array(group, weight, budget) for weight in _weight_names(f, name)]
