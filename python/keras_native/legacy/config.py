"""Layer configurations of Keras 1 model files as configurations of today."""

from .hook import translate
from .table import CLASSES, TABLE

_REGULARIZERS = {"L1L2Regularizer", "WeightRegularizer", "ActivityRegularizer"}


def modern_config(class_name, config):
    """(class name, config) as Keras 1 wrote them -> as they are written today.

    What is already of today stays as it is, so that the function may be applied to any file.
    """
    modern_name = CLASSES.get(class_name, class_name)
    row = TABLE.get(modern_name)
    if row is None:
        return modern_name, config
    old = dict(config)
    if modern_name != "Embedding":  # elsewhere batch_input_shape says it
        old.pop("input_dim", None)
        old.pop("input_length", None)
    for key, value in old.items():
        old[key] = modern_regularizer(value)
    if "input_dtype" in old:
        old.setdefault("dtype", old.pop("input_dtype"))
    return modern_name, translate(row, old, modern_name)


def modern_regularizer(value):
    """{'name': 'L1L2Regularizer', 'l1': …, 'l2': …} -> {'class_name': 'L1L2', 'config': …}."""
    if isinstance(value, dict) and value.get("name") in _REGULARIZERS:
        return {
            "class_name": "L1L2",
            "config": {"l1": value.get("l1", 0.0), "l2": value.get("l2", 0.0)},
        }
    return value
