"""Arguments that many layers have in common: initializers, regularizers, constraints, sizes."""

from .. import activations, constraints, initializers, regularizers

_MODULES = {
    "activation": activations,
    "initializer": initializers,
    "regularizer": regularizers,
    "constraint": constraints,
}


def _module(name):
    return _MODULES[name.rpartition("_")[2]]


def set_objects(layer, **arguments):
    """Set attributes of a layer: names, configurations or functions become what they stand for.

    Args:
        **arguments: `activation`, or anything that ends in `_initializer`, `_regularizer` or
            `_constraint`.
    """
    for name, value in arguments.items():
        setattr(layer, name, _module(name).get(value))


def objects_config(layer, *names):
    """{name: configuration} of attributes that `set_objects` has set."""
    return {name: _module(name).serialize(getattr(layer, name)) for name in names}


def known_extent(layer, input_shape, axis):
    """Extent of one axis of a layer's input.

    Raises:
        ValueError: if it is unknown.
    """
    extent = input_shape[axis]
    if extent is None:
        raise ValueError(
            f"Layer {layer.name!r}: the channel dimension of the inputs should be defined; axis "
            f"{axis} of shape {input_shape} is not."
        )
    return extent


def channel_axis(data_format):
    """1 or -1."""
    return 1 if data_format == "channels_first" else -1


def spatial_extents(shape, data_format):
    """The part of a shape between batch and channels."""
    return tuple(shape[2:] if data_format == "channels_first" else shape[1:-1])


def full_shape(batch, extents, channels, data_format):
    """Shape of a batch from its parts."""
    if data_format == "channels_first":
        return (batch, channels, *extents)
    return (batch, *extents, channels)
