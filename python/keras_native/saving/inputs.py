"""The shape of the input of a Sequential whose file does not tell it.

Keras 2 left an `InputLayer` at the front out of what it wrote, and could then not load its own
file. The first kernel tells how many channels come in; what it does not tell stays unknown.
"""

from . import reader
from .attributes import load_attributes_from_hdf5_group

# Layers that a shape passes through.
_SAME = {
    "Activation", "ActivityRegularization", "AlphaDropout", "Dropout", "ELU", "GaussianDropout",
    "GaussianNoise", "LeakyReLU", "Masking", "ReLU", "Softmax", "SpatialDropout1D",
    "SpatialDropout2D", "SpatialDropout3D", "ThresholdedReLU",
}  # fmt: skip
_SEQUENCES = {"LSTM", "GRU", "SimpleRNN", "CuDNNLSTM", "CuDNNGRU", "Bidirectional",
              "TimeDistributed"}  # fmt: skip
_RANKS = {"Conv1D": 1, "Conv2D": 2, "Conv3D": 3}


def tell_input_shape(config, group):
    """Gives the first layer of a Sequential a `batch_input_shape` where it has none.

    Args:
        config: configuration of a model, changed in place.
        group: the file's weights, whose shapes tell.
    """
    layers = _layers(config)
    first, holder = (layers[0], None) if layers else (None, None)
    while first is not None and first.get("class_name") == "Sequential":
        holder = holder or first  # an inner model holds the weights of all its layers
        layers = _layers(first)
        first = layers[0] if layers else None
    if first is None or first.get("class_name") in ("InputLayer", "Model", "Merge", "Embedding"):
        return
    if {"batch_input_shape", "batch_shape"} & set(first["config"]):
        return
    for layer in layers:
        if layer.get("class_name") in _SAME:
            continue
        kernel = _first_shape(group, (holder or layer)["config"].get("name"))
        shape = _shape(layer, kernel) if kernel else None
        if shape:
            first["config"]["batch_input_shape"] = shape
        return


def _layers(config):
    """Configurations of the layers of a Sequential; empty for anything else."""
    own = config.get("config") if isinstance(config, dict) else None
    if not isinstance(config, dict) or config.get("class_name") != "Sequential":
        return []
    layers = own.get("layers") if isinstance(own, dict) else own
    good = isinstance(layers, list) and all(
        isinstance(layer, dict) and isinstance(layer.get("config"), (dict, list))
        for layer in layers
    )
    return layers if good and all(isinstance(x["config"], dict) for x in layers) else []


def _first_shape(group, name):
    """Shape of the first weight of a layer in the file; None without one."""
    if not isinstance(name, str) or not reader.has(group, name):
        return None
    place = reader.subgroup(group, name)
    names = load_attributes_from_hdf5_group(place, "weight_names")
    return getattr(reader.child(place, names[0]), "shape", None) if names else None


def _shape(layer, kernel):
    """Shape of a batch that a layer with such a kernel takes; None where that is not known."""
    name, own = layer.get("class_name"), layer["config"]
    if name == "Dense" and len(kernel) == 2:
        return [None, kernel[0]]
    if name in _SEQUENCES and len(kernel) == 2:
        return [None, None, kernel[0]]
    rank = _RANKS.get(name)
    if rank is None or len(kernel) != rank + 2:
        return None
    extents, channels = [None] * rank, kernel[-2]
    if own.get("data_format") == "channels_first":
        return [None, channels, *extents]
    return [None, *extents, channels]
