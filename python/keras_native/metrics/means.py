"""Metrics that are weighted means of a function of targets and predictions."""

from .. import backend as K
from .. import losses as f
from ..utils.losses_utils import squeeze_or_expand_dimensions
from . import functions as m
from .base import Mean, MeanMetricWrapper


class RootMeanSquaredError(Mean):
    """Root of the weighted mean of squared errors."""

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the squared errors of a batch."""
        y_pred, y_true = K.cast(y_pred, self.dtype), K.cast(y_true, self.dtype)
        y_pred, y_true = squeeze_or_expand_dimensions(y_pred, y_true=y_true)
        return super().update_state(K.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self):
        return K.sqrt(super().result())


class MeanSquaredError(MeanMetricWrapper):
    """Mean of squared errors."""

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(f.mean_squared_error, name, dtype=dtype)


class MeanAbsoluteError(MeanMetricWrapper):
    """Mean of absolute errors."""

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(f.mean_absolute_error, name, dtype=dtype)


class MeanAbsolutePercentageError(MeanMetricWrapper):
    """Mean of absolute errors in percent of the targets."""

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(f.mean_absolute_percentage_error, name, dtype=dtype)


class MeanSquaredLogarithmicError(MeanMetricWrapper):
    """Mean of squared errors of log(1 + x)."""

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(f.mean_squared_logarithmic_error, name, dtype=dtype)


class Hinge(MeanMetricWrapper):
    """Mean of margins that are missed."""

    def __init__(self, name="hinge", dtype=None):
        super().__init__(f.hinge, name, dtype=dtype)


class SquaredHinge(MeanMetricWrapper):
    """Mean of squared margins that are missed."""

    def __init__(self, name="squared_hinge", dtype=None):
        super().__init__(f.squared_hinge, name, dtype=dtype)


class CategoricalHinge(MeanMetricWrapper):
    """Margin between the right class and the best wrong one."""

    def __init__(self, name="categorical_hinge", dtype=None):
        super().__init__(f.categorical_hinge, name, dtype=dtype)


class LogCoshError(MeanMetricWrapper):
    """Mean of log(cosh(error))."""

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(f.logcosh, name, dtype=dtype)


class Poisson(MeanMetricWrapper):
    """Mean of y_pred - y_true log(y_pred)."""

    def __init__(self, name="poisson", dtype=None):
        super().__init__(f.poisson, name, dtype=dtype)


class KLDivergence(MeanMetricWrapper):
    """Kullback-Leibler divergence of distributions."""

    def __init__(self, name="kullback_leibler_divergence", dtype=None):
        super().__init__(f.kullback_leibler_divergence, name, dtype=dtype)


class CosineSimilarity(MeanMetricWrapper):
    """Cosine of the angle between targets and predictions."""

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(m.cosine_proximity, name, dtype=dtype, axis=axis)


class Accuracy(MeanMetricWrapper):
    """Share of predictions that equal their targets."""

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(m.accuracy, name, dtype=dtype)


class BinaryAccuracy(MeanMetricWrapper):
    """Share of predictions on the target's side of `threshold`."""

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(m.binary_accuracy, name, dtype=dtype, threshold=threshold)


class CategoricalAccuracy(MeanMetricWrapper):
    """Share of one-hot targets that are predicted."""

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(m.categorical_accuracy, name, dtype=dtype)


class SparseCategoricalAccuracy(MeanMetricWrapper):
    """Share of integer targets that are predicted."""

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(m.sparse_categorical_accuracy, name, dtype=dtype)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of one-hot targets among the `k` best predictions."""

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(m.top_k_categorical_accuracy, name, dtype=dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """Share of integer targets among the `k` best predictions."""

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None):
        super().__init__(m.sparse_top_k_categorical_accuracy, name, dtype=dtype, k=k)


class BinaryCrossentropy(MeanMetricWrapper):
    """Cross-entropy of independent probabilities."""

    def __init__(
        self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        super().__init__(
            f.binary_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class CategoricalCrossentropy(MeanMetricWrapper):
    """Cross-entropy of one-hot targets."""

    def __init__(
        self, name="categorical_crossentropy", dtype=None, from_logits=False, label_smoothing=0
    ):
        super().__init__(
            f.categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """Cross-entropy of integer targets."""

    def __init__(
        self, name="sparse_categorical_crossentropy", dtype=None, from_logits=False, axis=-1
    ):
        super().__init__(
            f.sparse_categorical_crossentropy, name, dtype=dtype, from_logits=from_logits, axis=axis
        )
