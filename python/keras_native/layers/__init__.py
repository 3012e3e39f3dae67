"""All layers; each module is loaded when one of its layers is first asked for."""

import sys
from collections.abc import Mapping

from .._lazy import lazy
from ..legacy.table import CLASSES

_NAMES = {
    "..engine.base_layer": ["InputSpec", "Layer"],
    "..engine.input_layer": ["Input", "InputLayer"],
    "..legacy.layers": [
        "Highway",
        "MaxoutDense",
        "Merge",
        "ParametricSoftplus",
        "SReLU",
        "TimeDistributedDense",
    ],
    "advanced_activations": [
        "ELU",
        "LeakyReLU",
        "PReLU",
        "ReLU",
        "Softmax",
        "ThresholdedReLU",
    ],
    "core": [
        "Activation",
        "ActivityRegularization",
        "Dense",
        "Dropout",
        "Flatten",
        "Lambda",
        "Masking",
        "Permute",
        "RepeatVector",
        "Reshape",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    ],
    "embeddings": ["Embedding"],
    "merge": [
        "Add",
        "Average",
        "Concatenate",
        "Dot",
        "Maximum",
        "Minimum",
        "Multiply",
        "Subtract",
        "add",
        "average",
        "concatenate",
        "dot",
        "maximum",
        "minimum",
        "multiply",
        "subtract",
    ],
    "noise": ["AlphaDropout", "GaussianDropout", "GaussianNoise"],
    "normalization": ["BatchNormalization"],
}
_MODELS = {"..engine.sequential": "Sequential", "..engine.training": "Model"}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES, aliases=CLASSES)
__all__ += ["deserialize", "merge", "serialize"]


class _Registry(Mapping):
    """Classes that a configuration may name."""

    def __getitem__(self, name):
        for module, model in _MODELS.items():
            if name in (model, *_MODEL_NAMES.get(model, ())):
                import importlib

                return getattr(importlib.import_module(module, __name__), model)
        found = getattr(sys.modules[__name__], name, None) if name in __all__ else None
        if not isinstance(found, type):
            raise KeyError(name)
        return found

    def __iter__(self):
        yield from __all__
        yield from _MODELS.values()

    def __len__(self):
        return len(__all__) + len(_MODELS)


_MODEL_NAMES = {"Model": ("Functional", "Container", "Network")}
_registry = _Registry()


def serialize(layer):
    """{'class_name', 'config'} of a layer."""
    return {"class_name": layer.__class__.__name__, "config": layer.get_config()}


def deserialize(config, custom_objects=None):
    """The layer (or model) of a configuration, in today's or in Keras 1's spelling.

    Args:
        config: {'class_name', 'config'}.
        custom_objects: {name: class or function} for what is not of this package.
    Raises:
        ValueError: if a name is unknown.
    """
    from ..legacy.config import modern_config
    from ..utils.generic_utils import deserialize_keras_object, get_custom_objects

    if isinstance(config, dict) and isinstance(config.get("class_name"), str):
        name = config["class_name"]
        if name not in (custom_objects or {}) and name not in get_custom_objects():
            name, modern = modern_config(name, config.get("config"))
            config = {"class_name": name, "config": modern}
    return deserialize_keras_object(
        config,
        module_objects=_registry,
        custom_objects=custom_objects,
        printable_module_name="layer",
    )
