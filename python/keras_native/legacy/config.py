"""Layer configurations of Keras 1 model files as configurations of today."""

from .hook import translate
from .table import CLASSES, METRICS, OBJECTS, TABLE


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
        old[key] = modern_object(value)
    if "input_dtype" in old:
        old.setdefault("dtype", old.pop("input_dtype"))
    return modern_name, translate(row, old, modern_name)


def modern_object(value):
    """{'name': 'MaxNorm', 'm': 2} -> {'class_name': 'MaxNorm', 'config': {'max_value': 2}}."""
    if not isinstance(value, dict) or value.get("name") not in OBJECTS:
        return value
    class_name, renamed = OBJECTS[value["name"]]
    config = {renamed.get(k, k): v for k, v in value.items() if k != "name"}
    return {"class_name": class_name, "config": config}


def other_spelling(metric):
    """'val_acc' for 'val_accuracy' and the other way round; None for other metrics."""
    head, joint, tail = metric.rpartition("_")
    return head + joint + METRICS[tail] if tail in METRICS else None
