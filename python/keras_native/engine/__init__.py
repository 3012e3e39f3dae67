"""Layers, graphs of layers, and training."""

from .._lazy import lazy

_NAMES = {
    "base_layer": ["InputSpec", "Layer"],
    "input_layer": ["Input", "InputLayer"],
    "training": ["Model"],
}
_MODULES = [
    "network",
    "saving",
    "sequential",
    "topology",
    "training_arrays",
    "training_generator",
    "training_utils",
]

_getattr, __dir__, __all__ = lazy(__name__, _NAMES, _MODULES)


def __getattr__(name):
    if name == "get_source_inputs":
        from ..utils.layer_utils import get_source_inputs

        return get_source_inputs
    return _getattr(name)
