"""Metrics made of counts of right and wrong decisions."""

import numpy as np

from .. import backend as K
from ..utils.metrics_utils import (
    NEG_INF,
    ConfusionMatrix,
    parse_init_thresholds,
    update_confusion_matrix_variables,
)
from .base import Metric, divide_no_nan


class _ConfusionMatrixConditionCount(Metric):
    """One of the four counts, at one or several thresholds."""

    def __init__(self, confusion_matrix_cond, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self._confusion_matrix_cond = confusion_matrix_cond
        self.init_thresholds = thresholds
        self.thresholds = parse_init_thresholds(thresholds, default_threshold=0.5)
        self.accumulator = self.add_weight("accumulator", shape=(len(self.thresholds),))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the counts of a batch; targets are 0 or 1, predictions in [0, 1]."""
        return update_confusion_matrix_variables(
            {self._confusion_matrix_cond: self.accumulator},
            y_true,
            y_pred,
            thresholds=self.thresholds,
            sample_weight=sample_weight,
        )

    def result(self):
        return _scalar_if_one(self.accumulator, self.thresholds)

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


def _scalar_if_one(values, thresholds):
    return values[0] if len(thresholds) == 1 else K.identity(values)


class TruePositives(_ConfusionMatrixConditionCount):
    """Number of positives that were predicted positive."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(ConfusionMatrix.TRUE_POSITIVES, thresholds, name, dtype)


class TrueNegatives(_ConfusionMatrixConditionCount):
    """Number of negatives that were predicted negative."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(ConfusionMatrix.TRUE_NEGATIVES, thresholds, name, dtype)


class FalsePositives(_ConfusionMatrixConditionCount):
    """Number of negatives that were predicted positive."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(ConfusionMatrix.FALSE_POSITIVES, thresholds, name, dtype)


class FalseNegatives(_ConfusionMatrixConditionCount):
    """Number of positives that were predicted negative."""

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(ConfusionMatrix.FALSE_NEGATIVES, thresholds, name, dtype)


class _Rate(Metric):
    """True positives divided by themselves plus one other count.

    Arguments:
        thresholds: number or list in [0, 1]; 0.5 by default, none with `top_k`.
        top_k: counts the k largest predictions of each sample as positive.
        class_id: takes one class alone.
    """

    other: ConfusionMatrix
    other_name: str

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        default = 0.5 if top_k is None else NEG_INF
        self.thresholds = parse_init_thresholds(thresholds, default_threshold=default)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_weight("true_positives", shape=shape)
        setattr(self, self.other_name, self.add_weight(self.other_name, shape=shape))

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the counts of a batch; targets are 0 or 1, predictions in [0, 1]."""
        return update_confusion_matrix_variables(
            {
                ConfusionMatrix.TRUE_POSITIVES: self.true_positives,
                self.other: getattr(self, self.other_name),
            },
            y_true,
            y_pred,
            thresholds=self.thresholds,
            top_k=self.top_k,
            class_id=self.class_id,
            sample_weight=sample_weight,
        )

    def result(self):
        hits = self.true_positives
        rate = divide_no_nan(hits, hits + getattr(self, self.other_name))
        return _scalar_if_one(rate, self.thresholds)

    def get_config(self):
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_Rate):
    """Share of predicted positives that are positive."""

    other, other_name = ConfusionMatrix.FALSE_POSITIVES, "false_positives"


class Recall(_Rate):
    """Share of positives that are found."""

    other, other_name = ConfusionMatrix.FALSE_NEGATIVES, "false_negatives"


class MeanIoU(Metric):
    """Mean over classes of intersection over union, of integer targets and predictions."""

    def __init__(self, num_classes, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        shape = (num_classes, num_classes)
        self.total_cm = self.add_weight("total_confusion_matrix", shape=shape)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the pairs of a batch to the confusion matrix."""
        rows = K.one_hot(K.cast(K.flatten(y_true), "int32"), self.num_classes)
        columns = K.one_hot(K.cast(K.flatten(y_pred), "int32"), self.num_classes)
        if sample_weight is not None:
            rows = rows * K.expand_dims(K.flatten(K.cast(sample_weight, K.dtype(rows))))
        counts = K.dot(K.transpose(rows), columns)
        return K.update_add(self.total_cm, K.cast(counts, K.dtype(self.total_cm)))

    def result(self):
        matrix = self.total_cm
        hits = K.sum(matrix * K.constant(np.eye(self.num_classes), K.dtype(matrix)), axis=0)
        union = K.sum(matrix, axis=0) + K.sum(matrix, axis=1) - hits
        seen = K.sum(K.cast(K.not_equal(union, 0.0), K.dtype(matrix)))
        return divide_no_nan(K.sum(divide_no_nan(hits, union)), seen)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}
