"""Layers, graphs of layers, and training."""

from .._lazy import lazy
from ..legacy.paths import moved

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

_own, __dir__, __all__ = lazy(__name__, _NAMES, _MODULES)
_moved = moved(__name__)


def __getattr__(name):
    return _own(name) if name in __all__ or name in _MODULES else _moved(name)
