"""Attributes of layers by their names in Keras 1, for scripts that read them."""

from .table import TABLE

_VARIABLES = {
    "W": ("kernel", "embeddings"),
    "U": ("recurrent_kernel",),
    "b": ("bias",),
    "running_mean": ("moving_mean",),
    "running_std": ("moving_variance",),
}
# What was public until Keras 2.1.
_GRAPH = {
    **{
        name: "_" + name
        for name in (
            "inbound_nodes outbound_nodes input_layers output_layers nodes_by_depth "
            "layers_by_depth initial_weights"
        ).split()
    },
    "container_nodes": "_network_nodes",
}
_FIRST_OF = ("filter_length", "subsample_length", "pool_length", "stride")  # of a tuple today


def _todays_value(layer, name):
    """The value and whether there is one."""
    if name in _GRAPH and hasattr(layer, _GRAPH[name]):
        return getattr(layer, _GRAPH[name]), True
    for holder in (layer, layer.__dict__.get("cell")):
        for today in _VARIABLES.get(name, ()):
            if hasattr(holder, today):
                return getattr(holder, today), True
    for cls in type(layer).__mro__:
        row = TABLE.get(cls.__name__)
        if row is None:
            continue
        today = row.names.get(name)
        if today and hasattr(layer, today):
            value = getattr(layer, today)
            return (value[0] if name in _FIRST_OF else value), True
        for today, parts in row.joined.items():
            if name in parts and hasattr(layer, today):
                return getattr(layer, today)[parts.index(name)], True
    return None, False


class OldAttributes:
    """Mixin of `Layer`: `layer.W` is its kernel, `layer.nb_filter` its number of filters."""

    def __getattr__(self, name):
        if hasattr(type(self), name):  # a property that failed says itself why
            return object.__getattribute__(self, name)
        value, found = (None, False) if name.startswith("_") else _todays_value(self, name)
        if not found:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return value
