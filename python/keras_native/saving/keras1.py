"""What is particular to files of Keras 1."""

from ..legacy.layouts import layout_of, old_shapes
from . import reader
from .attributes import as_text, load_attributes_from_hdf5_group
from .weights import stored_layers

_MAX_DEPTH = 100  # of models inside models


def is_writer(f):
    """Whether Keras 1 wrote the file."""
    version = (
        as_text(f.attrs["keras_version"], "keras_version") if "keras_version" in f.attrs else "1"
    )
    return version.startswith("1")


def state_in_model_order(f, model, state):
    """Optimizer state as this package holds it.

    Keras 1 sorted the trained weights by name, so that every run of slots in its files (all first
    moments, all second moments, …) follows the names that the weights have in the file; the slots
    have the shapes that the weights had then.
    """
    trained = list(model._collected_trainable_weights)
    stored = _trained_in_file(f, model, {id(weight) for weight in trained})
    names = [name for _, _, own in stored for name in own]
    held = {id(weight) for _, weights, _ in stored for weight in weights}
    if not trained or held != {id(weight) for weight in trained}:
        return state
    places = {name: place for place, name in enumerate(sorted(names))}
    head = next((i for i, a in enumerate(state) if a.ndim), 0)  # step counters are scalars
    if (len(state) - head) % len(names):
        return state
    result = list(state[:head])
    for first in range(head, len(state), len(names)):
        slots = {}
        for layer, weights, own in stored:
            arrays = [state[first + places[name]] for name in own]
            layout = layout_of(layer)
            if layout is not None and len(weights) == len(layer.weights):
                arrays = layout.modern(layer, arrays)
            slots.update((id(w), a) for w, a in zip(weights, arrays, strict=True))
        result += [slots[id(weight)] for weight in trained]
    return result


def _trained_in_file(f, model, trained):
    """(layer, its trained weights, their names in the file) for layers stored one by one."""
    group = reader.subgroup(f, "model_weights")
    listed = [
        load_attributes_from_hdf5_group(reader.subgroup(group, name), "weight_names")
        for name in load_attributes_from_hdf5_group(group, "layer_names")
    ]
    listed = [names for names in listed if names]
    layers = [layer for layer in stored_layers(model) if layer.weights]
    layers = [layer for layer in layers if not getattr(layer, "_joins_branches", False)]
    result = []
    for layer, names in zip(layers, listed, strict=False):
        weights = [weight for weight in layer.weights if id(weight) in trained]
        if len(names) == len(layer.weights):
            names = [
                name
                for weight, name in zip(layer.weights, names, strict=True)
                if id(weight) in trained
            ]
        elif len(names) != len(old_shapes(layer)) or len(weights) != len(layer.weights):
            continue
        if weights:
            result.append((layer, weights, names))
    return result


def tell_shared_axes(config, group):
    """Adds `shared_axes` to the PReLU layers of a configuration, which Keras 1 left out.

    Args:
        config: configuration of a model, changed in place.
        group: the file's weights, whose shapes tell.
    """
    for layer in _layers(config, 0):
        own = layer["config"]
        if layer.get("class_name") != "PReLU" or "shared_axes" in own:
            continue
        name = own.get("name")
        if not isinstance(name, str) or not reader.has(group, name):
            continue
        place = reader.subgroup(group, name)
        names = load_attributes_from_hdf5_group(place, "weight_names")
        shape = reader.child(place, names[0]).shape if len(names) == 1 else None
        if shape:
            own["shared_axes"] = [axis for axis, n in enumerate(shape, 1) if n == 1] or None


# Layers whose configurations left out where the channels are.
_SILENT = {
    f"{name}{rank}D"
    for name in ("ZeroPadding", "Cropping", "UpSampling", "SpatialDropout")
    for rank in (2, 3)
}


def tell_dim_ordering(config):
    """Adds `dim_ordering` to layers that left it out, if all others of the model agree on one.

    Args:
        config: configuration of a model of Keras 1, changed in place.
    """
    found = [layer for layer in _layers(config, 0) if isinstance(layer["config"], dict)]
    said = {str(layer["config"].get("dim_ordering")) for layer in found} & {"th", "tf"}
    if len(said) != 1:
        return
    (ordering,) = said
    for layer in found:
        if layer.get("class_name") in _SILENT and "data_format" not in layer["config"]:
            layer["config"].setdefault("dim_ordering", ordering)


def _layers(config, depth):
    """Configurations of the layers of a model and of those inside it."""
    own = config.get("config") if isinstance(config, dict) else None
    inner = own.get("layers") if isinstance(own, dict) else own
    found = [x for x in inner if isinstance(x, dict)] if isinstance(inner, list) else []
    for layer in found if depth < _MAX_DEPTH else ():
        if isinstance(layer.get("config"), dict):
            yield layer
        yield from _layers(layer, depth + 1)
