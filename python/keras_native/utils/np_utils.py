"""Helpers on NumPy arrays: class vectors and normalization."""

import numpy as np

from ..legacy import accepts_keras1


@accepts_keras1
def to_categorical(y, num_classes=None, dtype="float32"):
    """Integer classes as one-hot rows.

    Args:
        y: integers from 0 to num_classes - 1, any shape; a last axis of length 1 is dropped.
        num_classes: length of the new last axis; None: the largest class + 1.
        dtype: of the result.
    Returns:
        Array of shape `y.shape + (num_classes,)`.
    Raises:
        ValueError: if a class is negative or not below `num_classes`.
    """
    y = np.asarray(y)
    shape = y.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    flat = y.astype("int64").ravel()
    if not num_classes:
        if not flat.size:
            raise ValueError("to_categorical: expected num_classes for an empty array of classes.")
        num_classes = int(flat.max()) + 1
    wrong = flat[(flat < 0) | (flat >= num_classes)]
    if wrong.size:
        raise ValueError(
            f"to_categorical: expected classes from 0 to {num_classes - 1}; received {wrong[0]}."
        )
    rows = np.zeros((flat.size, num_classes), dtype)
    rows[np.arange(flat.size), flat] = 1
    return rows.reshape(*shape, num_classes)


def normalize(x, axis=-1, order=2):
    """`x` divided by its norm of that order along `axis`; rows of zeros stay zero."""
    norm = np.atleast_1d(np.linalg.norm(x, order, axis))
    norm[norm == 0] = 1
    return np.asarray(x) / np.expand_dims(norm, axis)


def categorical_probas_to_classes(p):
    """Index of the largest probability in each row (Keras 1)."""
    return np.argmax(p, axis=1)


def probas_to_classes(y_pred):
    """Classes of predicted probabilities, one column or several (Keras 1)."""
    y_pred = np.asarray(y_pred)
    if y_pred.ndim > 1 and y_pred.shape[1] > 1:
        return categorical_probas_to_classes(y_pred)
    return (y_pred > 0.5).astype("int64").ravel()
