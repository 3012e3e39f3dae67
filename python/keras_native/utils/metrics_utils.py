"""Confusion counts at thresholds, and names of the settings of metrics."""

import enum

import numpy as np

from .. import backend as K
from .generic_utils import to_list
from .losses_utils import broadcast_weights, squeeze_or_expand_dimensions

NEG_INF = -1e10


class Reduction:
    """How a metric joins values: their sum, their mean, or their weighted mean."""

    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    WEIGHTED_MEAN = "weighted_mean"


class ConfusionMatrix(enum.Enum):
    """The four counts of a binary decision."""

    TRUE_POSITIVES = "tp"
    FALSE_POSITIVES = "fp"
    TRUE_NEGATIVES = "tn"
    FALSE_NEGATIVES = "fn"


class AUCCurve(enum.Enum):
    """The curve whose area is taken."""

    ROC = "ROC"
    PR = "PR"

    @staticmethod
    def from_str(key):
        if key in ("pr", "PR"):
            return AUCCurve.PR
        if key in ("roc", "ROC"):
            return AUCCurve.ROC
        raise ValueError(f"Invalid AUC curve value: expected 'ROC' or 'PR'. Received: {key!r}")


class AUCSummationMethod(enum.Enum):
    """How the area between two thresholds is estimated."""

    INTERPOLATION = "interpolation"
    MAJORING = "majoring"
    MINORING = "minoring"

    @staticmethod
    def from_str(key):
        for method in AUCSummationMethod:
            if key in (method.value, method.value.capitalize()):
                return method
        raise ValueError(
            "Invalid AUC summation method: expected 'interpolation', 'majoring' or 'minoring'. "
            f"Received: {key!r}"
        )


def assert_thresholds_range(thresholds):
    """Raises ValueError for thresholds outside [0, 1]."""
    invalid = [t for t in thresholds or () if t is None or t < 0 or t > 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Invalid values: {invalid}")


def parse_init_thresholds(thresholds, default_threshold=0.5):
    """Thresholds as a list, the default where there are none."""
    if thresholds is not None:
        assert_thresholds_range(to_list(thresholds))
    return to_list(default_threshold if thresholds is None else thresholds)


def filter_top_k(x, k):
    """`x` with all but the `k` largest of each last axis set to a very small number."""
    classes = K.int_shape(x)[-1]
    _, top = K.top_k(x, k)
    mask = K.sum(K.one_hot(top, classes), axis=-2)
    return x * mask + NEG_INF * (1.0 - mask)


def weighted_assign_add(label, pred, weights, var):
    """Adds to `var`, per row, the (weighted) number of columns where both are true."""
    both = K.cast(K.logical_and(label, pred), K.dtype(var))
    if weights is not None:
        both = both * weights
    return K.update_add(var, K.sum(both, axis=1))


def update_confusion_matrix_variables(
    variables_to_update,
    y_true,
    y_pred,
    thresholds=0.5,
    top_k=None,
    class_id=None,
    sample_weight=None,
):
    """Updates that add the counts of a batch to variables of shape (thresholds,).

    Arguments:
        variables_to_update: {ConfusionMatrix member: variable}.
        y_true, y_pred: targets (0 or 1) and scores of one shape.
        thresholds: number or list; a score above it counts as positive.
        top_k: counts only the k largest scores as candidates.
        class_id: takes this column alone.
        sample_weight: weights that broadcast to the targets.

    Returns:
        list of updates.
    """
    if variables_to_update is None:
        return []
    if not any(key for key in variables_to_update if isinstance(key, ConfusionMatrix)):
        raise ValueError(
            f"Please provide at least one valid confusion matrix variable to update. Expected keys "
            f"among {list(ConfusionMatrix)}. Received: {list(variables_to_update)}"
        )
    y_true, y_pred = K.cast(y_true, K.wide_floatx()), K.cast(y_pred, K.wide_floatx())
    if sample_weight is None:
        y_pred, y_true = squeeze_or_expand_dimensions(y_pred, y_true=y_true)
    else:
        sample_weight = K.cast(sample_weight, K.wide_floatx())
        y_pred, y_true, sample_weight = squeeze_or_expand_dimensions(
            y_pred, y_true=y_true, sample_weight=sample_weight
        )
    if top_k is not None:
        y_pred = filter_top_k(y_pred, top_k)
    if class_id is not None:
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
        if sample_weight is not None and K.ndim(sample_weight) == K.ndim(y_true) + 1:
            sample_weight = K.squeeze(sample_weight, -1)
    # Rows are thresholds, columns are elements of the batch.
    limits = K.constant(np.reshape(thresholds, (-1, 1)))
    positive = K.reshape(K.greater(y_true, 0.5), (1, -1))
    chosen = K.greater(K.reshape(y_pred, (1, -1)), limits)
    weights = None
    if sample_weight is not None:
        weights = broadcast_weights(y_pred, sample_weight) * K.ones_like(y_pred)
        weights = K.reshape(weights, (1, -1))
    sides = {
        ConfusionMatrix.TRUE_POSITIVES: (positive, chosen),
        ConfusionMatrix.FALSE_NEGATIVES: (positive, K.logical_not(chosen)),
        ConfusionMatrix.TRUE_NEGATIVES: (K.logical_not(positive), K.logical_not(chosen)),
        ConfusionMatrix.FALSE_POSITIVES: (K.logical_not(positive), chosen),
    }
    return [
        weighted_assign_add(*sides[key], weights, var) for key, var in variables_to_update.items()
    ]


def update_state_wrapper(update_state_fn):
    """Decorator of old code: metrics collect the updates of `update_state` by themselves."""
    return update_state_fn


def result_wrapper(result_fn):
    """Decorator of old code; returns the function."""
    return result_fn
