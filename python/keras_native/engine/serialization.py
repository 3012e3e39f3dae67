"""Layers as configurations and back: names of one table, nothing is imported."""

from collections.abc import Mapping

from .. import dialect, registry
from ..legacy.config import modern_config
from ..utils.generic_utils import deserialize_keras_object, get_custom_objects

# Classes of other generations of Keras that `Model` stands for.
_MODELS = {"Model", "Functional", "Container", "Network"}


class _Classes(Mapping):
    """What a configuration may name: the layers of this package, and the models."""

    def __getitem__(self, name):
        if name == "Sequential":
            return registry.find("models", name)
        if name in _MODELS:
            return registry.find("models", "Model")
        found = registry.names("layers").get(name) or _of_later_generations().get(name)
        if not isinstance(found, type):
            raise KeyError(name)
        return found

    def __iter__(self):
        yield from (k for k, v in registry.names("layers").items() if isinstance(v, type))
        yield from ("Model", "Sequential")

    def __len__(self):
        return len(list(iter(self)))


def _of_later_generations():
    """{name: class} where the model that is being made comes from a later Keras."""
    if dialect.current().generation not in ("tf_keras", "3"):
        return {}
    return registry.find("later.layers", "TABLE")


_classes = _Classes()


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
    if isinstance(config, dict) and isinstance(config.get("class_name"), str):
        name = config["class_name"]
        own = {**get_custom_objects(), **(custom_objects or {})}
        if name not in own and isinstance(config.get("config"), dict):
            name, modern = modern_config(name, config["config"])
            config = {"class_name": name, "config": modern}
    return deserialize_keras_object(
        config,
        module_objects=_classes,
        custom_objects=custom_objects,
        printable_module_name="layer",
    )
