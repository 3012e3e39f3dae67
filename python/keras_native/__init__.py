"""The classic Keras API on a small native engine."""

from ._lazy import lazy
from .legacy import paths as _paths

__version__ = "0.1.0"

_NAMES = {
    "engine.input_layer": ["Input"],
    "engine.sequential": ["Sequential"],
    "engine.training": ["Model"],
}
_MODULES = [
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "engine",
    "initializers",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "optimizers",
    "preprocessing",
    "regularizers",
    "utils",
    "wrappers",
]

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES, _MODULES)
_paths.install()
