"""Optimizers by name."""

from ..dialect import current
from ..utils.generic_utils import deserialize_keras_object, serialize_keras_object
from .base import Optimizer, clip_norm
from .loss_scale import LossScaleOptimizer
from .rules import SGD, Adadelta, Adagrad, Adam, Adamax, Nadam, RMSprop


class TFOptimizer(Optimizer):
    """Stood for an optimizer of TensorFlow; there is none here."""

    def __init__(self, optimizer):
        raise TypeError(
            "Optimizers of TensorFlow cannot run here. Use one of keras_native.optimizers, e.g. "
            f"Adam(learning_rate=0.001). Received: {optimizer!r}"
        )


sgd = SGD
rmsprop = RMSprop
adagrad = Adagrad
adadelta = Adadelta
adam = Adam
adamax = Adamax
nadam = Nadam

_BY_NAME = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adagrad": Adagrad,
    "adadelta": Adadelta,
    "adam": Adam,
    "adamax": Adamax,
    "nadam": Nadam,
}
# As tf_keras names its loss scaling in files, too.
_SCALING = {"LossScaleOptimizer", "LossScaleOptimizerV1", "LossScaleOptimizerV3"}


def serialize(optimizer):
    """{'class_name', 'config'} of an optimizer."""
    return serialize_keras_object(optimizer)


def deserialize(config, custom_objects=None):
    """The optimizer that `config` describes; class names are taken in any case."""
    name = config.get("class_name") if isinstance(config, dict) else None
    dialect = current()
    if name in _SCALING and name not in (custom_objects or {}):
        return LossScaleOptimizer.from_config(config["config"], custom_objects)
    if isinstance(config, str) and dialect.optimizers == "later":  # as it was given to `compile`
        config, name = {"class_name": config, "config": {"is_legacy_optimizer": False}}, config
    later = dialect.optimizers == "later" and not _is_of_keras_2(config)
    if later and name not in (custom_objects or {}):
        from ..later.optimizers import from_config

        return from_config(config, dialect.generation)
    if isinstance(name, str) and name.lower() in _BY_NAME:
        config = {**config, "class_name": name.lower()}
    return deserialize_keras_object(
        config,
        module_objects=_BY_NAME,
        custom_objects=custom_objects,
        printable_module_name="optimizer",
    )


def _is_of_keras_2(config):
    """Whether an optimizer from here was described, which a loaded model can be compiled with too.

    Those of TensorFlow with a `decay` have a name as well.
    """
    own = config.get("config") if isinstance(config, dict) else None
    return (
        isinstance(own, dict) and "decay" in own and not {"name", "is_legacy_optimizer"} & set(own)
    )


def get(identifier):
    """A name, a config or an optimizer as an optimizer.

    Raises:
        ValueError: for an unknown name or what is none of these.
    """
    if isinstance(identifier, Optimizer):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    is_class = isinstance(identifier, type)
    if hasattr(identifier, "get_updates") and not is_class:  # a user's class of the same form
        return identifier
    hint = f" (a class: write {identifier.__name__}())" if is_class else ""
    raise ValueError(f"Could not interpret optimizer identifier: {identifier!r}{hint}")


def optimizer_from_config(config, custom_objects=None):
    """Keras 1 name of `deserialize`."""
    return deserialize(config, custom_objects)
