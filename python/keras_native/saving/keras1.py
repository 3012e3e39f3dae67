"""What is particular to files of Keras 1."""

from . import reader
from .attributes import as_text, load_attributes_from_hdf5_group
from .weights import stored_layers


def is_writer(f):
    """Whether Keras 1 wrote the file."""
    version = (
        as_text(f.attrs["keras_version"], "keras_version") if "keras_version" in f.attrs else "1"
    )
    return version.startswith("1")


def state_in_model_order(f, model, state):
    """Optimizer state in the order of the model's trainable weights.

    Keras 1 sorted the trained weights by name, so that every run of slots in its files (all first
    moments, all second moments, …) follows the names that the weights have in the file.
    """
    trained = list(model._collected_trainable_weights)
    names = _names_in_file(f, model)
    if not trained or any(id(weight) not in names for weight in trained):
        return state
    order = sorted(range(len(trained)), key=lambda i: names[id(trained[i])])
    head = len(state) % len(trained)  # the step counter, where there is one
    result = list(state)
    for first in range(head, len(state), len(trained)):
        for position, i in enumerate(order):
            result[first + i] = state[first + position]
    return result


def _names_in_file(f, model):
    """{id of a variable: its name in the file}, for layers stored weight by weight."""
    group = reader.subgroup(f, "model_weights")
    listed = [
        load_attributes_from_hdf5_group(reader.subgroup(group, name), "weight_names")
        for name in load_attributes_from_hdf5_group(group, "layer_names")
    ]
    stored = [names for names in listed if names]
    layers = [layer for layer in stored_layers(model) if layer.weights]
    layers = [layer for layer in layers if not getattr(layer, "_joins_branches", False)]
    return {
        id(weight): name
        for layer, names in zip(layers, stored, strict=False)
        if len(layer.weights) == len(names)
        for weight, name in zip(layer.weights, names, strict=True)
    }
