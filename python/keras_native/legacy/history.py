"""Names of metrics in the History that a fit in Keras 1's spelling returns."""

from .table import METRICS


def keras1_history(result, callbacks):
    """'accuracy' as 'acc', and no 'lr' from LearningRateScheduler, which wrote none then.

    Args:
        result: what fit returned, changed in place.
        callbacks: those that fit was given.
    Returns:
        `result`.
    """
    history = getattr(result, "history", None)
    if not isinstance(history, dict):
        return result
    others = {type(callback).__name__ for callback in callbacks or []}
    if "LearningRateScheduler" in others and "ReduceLROnPlateau" not in others:
        history.pop("lr", None)
    for name in list(history):
        head, joint, tail = name.rpartition("_")
        if tail == "accuracy" and head in ("", "val"):
            history[head + joint + METRICS[tail]] = history.pop(name)
    return result
