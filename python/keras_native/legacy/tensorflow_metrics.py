"""`tensorflow.metrics`: (value, update) over all that was seen since the local variables were made.

The value is that of what was seen before, the update that with the batch at hand (of `mean_iou` the
counts). Variables are updated by `Session.run` of the update, and by training and evaluation where
a metric function of Keras makes them.
"""

import weakref

import numpy as np

from .. import backend as K
from ..backend.session import Action
from ..utils.metrics_utils import AUCCurve
from . import tensorflow_ops as ops

_locals: "weakref.WeakSet[K.Variable]" = weakref.WeakSet()
_EPSILON = 1e-6  # of areas under curves


def _sum(batch):
    """(a local variable, the same after `batch` is added to it)."""
    kept = K.variable(np.zeros(batch.shape), K.dtype(batch), "local")
    kept.trainable = False
    _locals.add(kept)
    return kept, K.update_add(kept, batch)


def local_variables_initializer():
    """An operation that starts all metrics made so far anew."""
    kept = list(_locals)

    def start():
        for variable in kept:
            K.set_value(variable, np.zeros(variable.shape))

    return Action(name="init", call=start)


def _both(result, *sums):
    """(value of what was seen so far, value with the batch at hand)."""
    before, after = zip(*sums, strict=True)
    value = result(*after)
    value._updates = after
    return result(*before), value


def _flat(x, dtype):
    return K.cast(K.flatten(ops.as_tensor(x)), dtype)


def mean(values, weights=None):
    """Mean of all values."""
    values = K.cast(ops.as_tensor(values), "float32")
    weights = K.ones_like(values) if weights is None else K.cast(weights, "float32")
    weights = weights + K.zeros_like(values)
    return _both(_ratio, _sum(K.sum(values * weights)), _sum(K.sum(weights)))


def accuracy(labels, predictions, weights=None):
    """Share of predictions that are right."""
    right = K.equal(_flat(labels, "float32"), _flat(predictions, "float32"))
    return mean(K.cast(right, "float32"), weights)


def mean_squared_error(labels, predictions, weights=None):
    """Mean of squared differences."""
    return mean(K.square(predictions - labels), weights)


def mean_absolute_error(labels, predictions, weights=None):
    """Mean of absolute differences."""
    return mean(K.abs(predictions - labels), weights)


def _ratio(part, whole):
    return K.where(whole > 0, part / K.maximum(whole, 1e-30), 0.0)


def precision(labels, predictions):
    """Share of positive predictions that are right."""
    true, found = (K.cast(_flat(x, "bool"), "float32") for x in (labels, predictions))
    return _both(_ratio, _sum(K.sum(true * found)), _sum(K.sum(found)))


def recall(labels, predictions):
    """Share of positives that are found."""
    true, found = (K.cast(_flat(x, "bool"), "float32") for x in (labels, predictions))
    return _both(_ratio, _sum(K.sum(true * found)), _sum(K.sum(true)))


def auc(labels, predictions, weights=None, num_thresholds=200, curve="ROC",
        summation_method="trapezoidal"):  # fmt: skip
    """Area under a curve of points at thresholds."""
    if summation_method != "trapezoidal":
        raise ValueError(
            f"tensorflow.metrics.auc expected 'trapezoidal'; received {summation_method!r}."
        )
    inner = np.arange(1, num_thresholds - 1) / (num_thresholds - 1)
    thresholds = K.constant(np.concatenate([[-1e-7], inner, [1 + 1e-7]])[:, None])
    true = K.cast(_flat(labels, "bool"), "float32")
    found = K.cast(K.greater(_flat(predictions, "float32"), thresholds), "float32")
    weights = K.ones_like(true) if weights is None else _flat(weights, "float32")
    counts = [t * f * weights for t in (true, 1 - true) for f in (found, 1 - found)]
    is_roc = AUCCurve.from_str(curve) == AUCCurve.ROC

    def area(tp, fn, fp, tn):
        recalled = (tp + _EPSILON) / (tp + fn + _EPSILON)
        if is_roc:
            x, y = fp / (fp + tn + _EPSILON), recalled
        else:
            x, y = recalled, (tp + _EPSILON) / (tp + fp + _EPSILON)
        return K.sum((x[:-1] - x[1:]) * (y[:-1] + y[1:]) / 2.0)

    return _both(area, *(_sum(K.sum(c, axis=1)) for c in counts))


def mean_iou(labels, predictions, num_classes, weights=None):
    """(intersection over union, averaged over the classes that occur; pairs counted)."""
    true, found = (K.one_hot(_flat(x, "int32"), num_classes) for x in (labels, predictions))
    if weights is not None:
        true = true * K.expand_dims(_flat(weights, "float32"), -1)
    kept, seen = _sum(K.dot(K.transpose(true), found))
    both = K.sum(kept * K.constant(np.eye(num_classes)), axis=0)
    either = K.sum(kept, axis=0) + K.sum(kept, axis=1) - both
    occurs = K.greater(either, 0.0)
    share = K.sum(both / K.where(occurs, either, K.ones_like(either)))
    return share / K.maximum(K.sum(K.cast(occurs, "float32")), 1.0), seen


NAMES = {
    function.__name__: function
    for function in (
        mean, accuracy, mean_squared_error, mean_absolute_error, precision, recall, auc, mean_iou,
    )
}  # fmt: skip
