"""Metrics of Keras 1 that later versions dropped: batch-wise values of binary decisions."""

from .. import backend as K


def _counts(y_true, y_pred):
    """True positives, predicted positives and actual positives of a batch."""
    chosen = K.round(K.clip(y_pred, 0, 1))
    actual = K.round(K.clip(y_true, 0, 1))
    return K.sum(actual * chosen), K.sum(chosen), K.sum(actual)


def precision(y_true, y_pred):
    """Share of predicted positives that are positive."""
    hits, chosen, _ = _counts(y_true, y_pred)
    return hits / (chosen + K.epsilon())


def recall(y_true, y_pred):
    """Share of positives that are found."""
    hits, _, actual = _counts(y_true, y_pred)
    return hits / (actual + K.epsilon())


def fbeta_score(y_true, y_pred, beta=1):
    """Weighted harmonic mean of precision and recall; 0 where the batch has no positives.

    Raises:
        ValueError: for a negative beta.
    """
    if beta < 0:
        raise ValueError(f"The lowest choosable beta is zero (only precision). Received: {beta}")
    p, r = precision(y_true, y_pred), recall(y_true, y_pred)
    square = float(beta) ** 2
    score = (1 + square) * (p * r) / (square * p + r + K.epsilon())
    _, _, actual = _counts(y_true, y_pred)
    return K.switch(K.greater(actual, 0), score, K.zeros_like(score))


def fmeasure(y_true, y_pred):
    """Harmonic mean of precision and recall."""
    return fbeta_score(y_true, y_pred, beta=1)


def matthews_correlation(y_true, y_pred):
    """Matthews correlation coefficient."""
    hits, chosen, actual = _counts(y_true, y_pred)
    total = K.cast(K.size(y_true), K.dtype(hits))
    misses, false_alarms = actual - hits, chosen - hits
    rejected = total - actual - false_alarms
    numerator = hits * rejected - false_alarms * misses
    denominator = K.sqrt(chosen * actual * (rejected + false_alarms) * (rejected + misses))
    return numerator / (denominator + K.epsilon())


f1score = fscore = fmeasure
