"""The optimizers of TensorFlow 2 and Keras 3: their rules, and their state in their order."""

from .adam import Adam, Adamax, AdamW, Lamb, Nadam
from .base import LaterOptimizer
from .gradients import SGD, Adadelta, Adagrad, RMSprop
from .others import Adafactor, Ftrl, Lion

TABLE = {
    cls.__name__.lower(): cls
    for cls in (
        SGD, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Nadam, Ftrl, Lion, Lamb, Adafactor,
    )
}  # fmt: skip


def from_config(config, generation):
    """The optimizer that a file of tf.keras ('tf_keras') or Keras 3 ('3') describes.

    Raises:
        ValueError: for an unknown name or a malformed configuration.
    """
    name, own = config.get("class_name"), config.get("config")
    if not isinstance(name, str) or not isinstance(own, dict):
        raise ValueError("Improper config of optimizer: expected 'class_name' and 'config'.")
    cls = TABLE.get(name.rpartition(">")[2].lower())
    if cls is None:
        raise ValueError(f"Unknown optimizer: {name!r}.")
    legacy = own.get("is_legacy_optimizer", "is_legacy_optimizer" not in own)
    layout = "legacy" if generation == "tf_keras" and legacy else generation
    return cls(layout=layout, **own)
