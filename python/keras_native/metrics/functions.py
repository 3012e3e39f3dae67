"""Metrics as functions of (y_true, y_pred): one value per sample."""

from .. import backend as K
from ..losses import cosine_proximity as _cosine_proximity


def _tensors(y_true, y_pred):
    y_pred = y_pred if K.is_tensor(y_pred) else K.constant(y_pred)
    y_true = y_true if K.is_tensor(y_true) else K.constant(y_true)
    return y_true, y_pred


def accuracy(y_true, y_pred):
    """1 where target and prediction are equal, else 0."""
    y_true, y_pred = _tensors(y_true, y_pred)
    return K.cast(K.equal(K.cast(y_true, K.dtype(y_pred)), y_pred), K.wide_floatx())


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """Share of the last axis where the prediction falls on the target's side of `threshold`."""
    y_true, y_pred = _tensors(y_true, y_pred)
    if threshold != 0.5:
        y_pred = K.cast(K.greater(y_pred, threshold), K.dtype(y_pred))
    return K.mean(K.equal(K.cast(y_true, K.dtype(y_pred)), K.round(y_pred)), axis=-1)


def categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is at the largest target, else 0."""
    y_true, y_pred = _tensors(y_true, y_pred)
    same = K.equal(K.argmax(y_true, axis=-1), K.argmax(y_pred, axis=-1))
    return K.cast(same, K.wide_floatx())


def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is at the target's index, else 0."""
    y_true, y_pred = _tensors(y_true, y_pred)
    if K.ndim(y_true) == K.ndim(y_pred):  # (…, 1) to (…)
        y_true = K.squeeze(y_true, -1)
    return K.cast(K.equal(K.cast(y_true, "int64"), K.argmax(y_pred, axis=-1)), K.wide_floatx())


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the target is among the `k` largest predictions, else 0."""
    y_true, y_pred = _tensors(y_true, y_pred)
    return _in_top(K.argmax(y_true, axis=-1), y_pred, k)


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the target's index is among the `k` largest predictions, else 0."""
    y_true, y_pred = _tensors(y_true, y_pred)
    return _in_top(y_true, y_pred, k)


def _in_top(classes, y_pred, k):
    if K.ndim(y_pred) != 2:
        y_pred = K.reshape(y_pred, (-1, K.int_shape(y_pred)[-1]))
    classes = K.cast(K.flatten(classes), "int32")
    return K.cast(K.in_top_k(y_pred, classes, k), K.wide_floatx())


def cosine_proximity(y_true, y_pred, axis=-1):
    """Cosine of the angle between targets and predictions."""
    return -_cosine_proximity(y_true, y_pred, axis=axis)


cosine_similarity = cosine = cosine_proximity
