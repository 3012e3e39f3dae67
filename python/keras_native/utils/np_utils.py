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


# ---------------------------------------------------------------- of Keras 1


def accuracy(p, y):
    """Share of equal elements (Keras 1)."""
    return float(np.mean(np.asarray(p) == np.asarray(y)))


def binary_logloss(p, y):
    """Mean binary cross-entropy of probabilities `p` for classes `y` (Keras 1)."""
    p, y = np.clip(p, 1e-15, 1 - 1e-15), np.asarray(y)
    return float(-np.sum(y * np.log(p) + (1 - y) * np.log1p(-p)) / len(y))


def multiclass_logloss(p, y):
    """Mean of -log(probability of the true class), rows of `p` for classes `y` (Keras 1)."""
    p = np.asarray(p)
    return float(-np.mean(np.log([p[i, c] for i, c in enumerate(np.asarray(y).ravel())])))


def conv_input_length(output_length, filter_size, border_mode, stride):
    """Length before a convolution (Keras 1)."""
    from . import conv_utils

    return conv_utils.conv_input_length(output_length, filter_size, border_mode, stride)


def conv_output_length(input_length, filter_size, border_mode, stride, dilation=1):
    """Length after a convolution (Keras 1)."""
    from . import conv_utils

    return conv_utils.conv_output_length(
        input_length, filter_size, border_mode, stride, dilation=dilation
    )


def convert_kernel(kernel, dim_ordering=None):
    """A kernel between Theano's and TensorFlow's conventions (Keras 1).

    Args:
        dim_ordering: "th" for kernels (out, in, rows, columns), "tf" for (…, in, out); None: that
            of the image data format.
    """
    from .. import backend as K
    from . import conv_utils

    first = {"th": True, "tf": False}.get(dim_ordering, K.image_data_format() == "channels_first")
    if not first:
        return conv_utils.convert_kernel(kernel)
    return np.copy(np.flip(kernel, tuple(range(2, np.ndim(kernel)))))
