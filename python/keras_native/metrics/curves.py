"""Metrics of all four counts at many thresholds: areas under curves, and points on them."""

from .. import backend as K
from .. import dialect
from ..utils.generic_utils import to_list
from ..utils.metrics_utils import (
    AUCCurve,
    AUCSummationMethod,
    ConfusionMatrix,
    assert_thresholds_range,
    update_confusion_matrix_variables,
)
from .base import Metric, divide_no_nan


def _inner_thresholds(num_thresholds):
    """`num_thresholds` - 2 numbers evenly between 0 and 1."""
    return [(i + 1) / (num_thresholds - 1) for i in range(num_thresholds - 2)]


def _spanning(thresholds):
    """The thresholds between one below all scores and one above them."""
    return [0.0 - K.epsilon(), *thresholds, 1.0 + K.epsilon()]


class _AllCounts(Metric):
    """Base of metrics that look at all four counts at many thresholds."""

    def _make_counts(self):
        shape = (len(self.thresholds),)
        self.true_positives = self.add_weight("true_positives", shape=shape)
        self.true_negatives = self.add_weight("true_negatives", shape=shape)
        self.false_positives = self.add_weight("false_positives", shape=shape)
        self.false_negatives = self.add_weight("false_negatives", shape=shape)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the counts of a batch; targets are 0 or 1, predictions in [0, 1]."""
        return update_confusion_matrix_variables(
            {
                ConfusionMatrix.TRUE_POSITIVES: self.true_positives,
                ConfusionMatrix.TRUE_NEGATIVES: self.true_negatives,
                ConfusionMatrix.FALSE_POSITIVES: self.false_positives,
                ConfusionMatrix.FALSE_NEGATIVES: self.false_negatives,
            },
            y_true,
            y_pred,
            thresholds=self.thresholds,
            sample_weight=sample_weight,
        )

    def _sensitivity(self):
        return divide_no_nan(self.true_positives, self.true_positives + self.false_negatives)

    def _specificity(self):
        return divide_no_nan(self.true_negatives, self.true_negatives + self.false_positives)


class SensitivitySpecificityBase(_AllCounts):
    """One of sensitivity and specificity where the other is nearest to a given value."""

    def __init__(self, value, num_thresholds=200, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        if num_thresholds <= 0:
            raise ValueError(f"`num_thresholds` must be > 0. Received: {num_thresholds}")
        self.value = value
        # Later generations take the best among the thresholds that reach the value.
        self._reaching = dialect.current().optimizers == "later"
        if num_thresholds == 1:
            self.thresholds = [0.5]
        else:
            # A score of zero is below all of them, as in Keras; those of AUC span it.
            self.thresholds = [0.0, *_inner_thresholds(num_thresholds), 1.0]
        self._make_counts()

    def _at_nearest(self, given, wanted):
        if self._reaching:
            reached = K.greater_equal(given, self.value)
            return K.max(K.switch(reached, wanted, K.zeros_like(wanted)))
        index = K.argmin(K.abs(given - self.value), axis=0)
        return K.gather(wanted, index)


def _in_unit_interval(value, name):
    if value < 0 or value > 1:
        raise ValueError(f"`{name}` must be in the range [0, 1]. Received: {value}")
    return value


class SensitivityAtSpecificity(SensitivitySpecificityBase):
    """Sensitivity at the threshold whose specificity is nearest to the given one."""

    def __init__(self, specificity, num_thresholds=200, name=None, dtype=None):
        self.specificity = _in_unit_interval(specificity, "specificity")
        self.num_thresholds = num_thresholds
        super().__init__(specificity, num_thresholds=num_thresholds, name=name, dtype=dtype)

    def result(self):
        return self._at_nearest(self._specificity(), self._sensitivity())

    def get_config(self):
        config = {"num_thresholds": self.num_thresholds, "specificity": self.specificity}
        return {**super().get_config(), **config}


class SpecificityAtSensitivity(SensitivitySpecificityBase):
    """Specificity at the threshold whose sensitivity is nearest to the given one."""

    def __init__(self, sensitivity, num_thresholds=200, name=None, dtype=None):
        self.sensitivity = _in_unit_interval(sensitivity, "sensitivity")
        self.num_thresholds = num_thresholds
        super().__init__(sensitivity, num_thresholds=num_thresholds, name=name, dtype=dtype)

    def result(self):
        return self._at_nearest(self._sensitivity(), self._specificity())

    def get_config(self):
        config = {"num_thresholds": self.num_thresholds, "sensitivity": self.sensitivity}
        return {**super().get_config(), **config}


class AUC(_AllCounts):
    """Area under the ROC or the precision-recall curve, summed over thresholds.

    Arguments:
        num_thresholds: at least 2.
        curve: 'ROC' or 'PR'.
        summation_method: 'interpolation', 'minoring' or 'majoring'.
        thresholds: in place of evenly spaced ones; 0 and 1 are added.
    """

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
    ):
        self.curve = curve if isinstance(curve, AUCCurve) else AUCCurve.from_str(curve)
        self.summation_method = (
            summation_method
            if isinstance(summation_method, AUCSummationMethod)
            else AUCSummationMethod.from_str(summation_method)
        )
        super().__init__(name=name, dtype=dtype)
        if thresholds is not None:
            thresholds = sorted(to_list(thresholds, allow_tuple=True))
            assert_thresholds_range(thresholds)
        elif num_thresholds <= 1:
            raise ValueError(f"`num_thresholds` must be > 1. Received: {num_thresholds}")
        else:
            thresholds = _inner_thresholds(num_thresholds)
        self.thresholds = _spanning(thresholds)
        self.num_thresholds = len(self.thresholds)
        self._make_counts()

    def result(self):
        if self.curve is AUCCurve.PR and self.summation_method is AUCSummationMethod.INTERPOLATION:
            return self.interpolate_pr_auc()
        recall = self._sensitivity()
        if self.curve is AUCCurve.ROC:
            x = divide_no_nan(self.false_positives, self.false_positives + self.true_negatives)
            y = recall
        else:
            x = recall
            y = divide_no_nan(self.true_positives, self.true_positives + self.false_positives)
        left, right = y[:-1], y[1:]
        if self.summation_method is AUCSummationMethod.INTERPOLATION:
            heights = (left + right) / 2.0
        elif self.summation_method is AUCSummationMethod.MINORING:
            heights = K.minimum(left, right)
        else:
            heights = K.maximum(left, right)
        return K.sum((x[:-1] - x[1:]) * heights)

    def interpolate_pr_auc(self):
        """Area under the precision-recall curve, counts being interpolated between thresholds.

        Between two thresholds, true positives are taken to grow linearly with all predicted
        positives, which makes precision a hyperbola (Davis and Goadrich, 2006).
        """
        hits = self.true_positives
        chosen = hits + self.false_positives
        d_hits, d_chosen = hits[:-1] - hits[1:], chosen[:-1] - chosen[1:]
        slope = divide_no_nan(d_hits, K.maximum(d_chosen, 0.0))
        intercept = hits[1:] - slope * chosen[1:]
        ratio = K.where(
            K.logical_and(chosen[:-1] > 0, chosen[1:] > 0),
            divide_no_nan(chosen[:-1], K.maximum(chosen[1:], 0.0)),
            K.ones_like(chosen[1:]),
        )
        area = slope * (d_hits + intercept * K.log(ratio))
        positives = K.maximum(hits[1:] + self.false_negatives[1:], 0.0)
        return K.sum(divide_no_nan(area, positives))

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve.value,
            "summation_method": self.summation_method.value,
            # the thresholds between the two that every curve has
            "thresholds": self.thresholds[1:-1],
        }
