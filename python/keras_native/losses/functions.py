"""Losses as functions of (y_true, y_pred): one value per sample, or per sample and time step."""

from .. import backend as K
from .. import dialect


def _pair(y_true, y_pred):
    """Both as tensors, the targets of the predictions' type."""
    if not K.is_tensor(y_pred):
        y_pred = K.constant(y_pred)
    if not K.is_tensor(y_true):
        y_true = K.constant(y_true, dtype=K.dtype(y_pred))
    return K.cast(y_true, K.dtype(y_pred)), y_pred


def _crossentropy(kind, *args, **kwargs):
    """The backend's function in today's order of arguments."""
    return getattr(K, f"{kind}_crossentropy").__wrapped__(*args, **kwargs)


def mean_squared_error(y_true, y_pred):
    """Mean of (y_pred - y_true)² over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    return K.mean(K.square(y_pred - y_true), axis=-1)


def mean_absolute_error(y_true, y_pred):
    """Mean of |y_pred - y_true| over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    return K.mean(K.abs(y_pred - y_true), axis=-1)


def mean_absolute_percentage_error(y_true, y_pred):
    """100 times the mean of |y_true - y_pred| / |y_true| over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    diff = K.abs((y_true - y_pred) / K.clip(K.abs(y_true), K.epsilon(), None))
    return 100.0 * K.mean(diff, axis=-1)


def mean_squared_logarithmic_error(y_true, y_pred):
    """Mean of (log(y_pred + 1) - log(y_true + 1))² over the last axis; negatives count as 0."""
    y_true, y_pred = _pair(y_true, y_pred)
    first = K.log(K.clip(y_pred, K.epsilon(), None) + 1.0)
    second = K.log(K.clip(y_true, K.epsilon(), None) + 1.0)
    return K.mean(K.square(first - second), axis=-1)


def _signed(y_true):
    """Targets 0 and 1 as -1 and 1; others as they are."""
    binary = K.all(K.logical_or(K.equal(y_true, 0.0), K.equal(y_true, 1.0)))
    return K.switch(binary, 2.0 * y_true - 1.0, y_true)


def squared_hinge(y_true, y_pred):
    """Mean of max(1 - y_true y_pred, 0)² over the last axis; targets are -1 or 0, and 1."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = _signed(y_true)
    return K.mean(K.square(K.maximum(1.0 - y_true * y_pred, 0.0)), axis=-1)


def hinge(y_true, y_pred):
    """Mean of max(1 - y_true y_pred, 0) over the last axis; targets are -1 or 0, and 1."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = _signed(y_true)
    return K.mean(K.maximum(1.0 - y_true * y_pred, 0.0), axis=-1)


def categorical_hinge(y_true, y_pred):
    """max(0, 1 + best score of a wrong class - score of the right class)."""
    y_true, y_pred = _pair(y_true, y_pred)
    right = K.sum(y_true * y_pred, axis=-1)
    wrong = K.max((1.0 - y_true) * y_pred, axis=-1)
    return K.maximum(0.0, wrong - right + 1.0)


def logcosh(y_true, y_pred):
    """Mean of log(cosh(y_pred - y_true)) over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    x = y_pred - y_true
    # log(cosh(x)) without the overflow of cosh
    return K.mean(x + K.softplus(-2.0 * x) - 0.6931471805599453, axis=-1)


def huber_loss(y_true, y_pred, delta=1.0):
    """Per element: half the square of errors up to `delta`, linear beyond."""
    y_true, y_pred = _pair(y_true, y_pred)
    error = K.abs(y_pred - y_true)
    quadratic = K.minimum(error, delta)
    return 0.5 * K.square(quadratic) + delta * (error - quadratic)


def _smoothed(y_true, share, rest):
    """Targets moved towards `rest` by `share`, a number or a scalar tensor."""
    if not K.is_tensor(share) and share == 0:
        return y_true
    return y_true * (1.0 - share) + share * rest


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0):
    """Cross-entropy of one-hot targets and class probabilities (or logits)."""
    y_true, y_pred = _pair(y_true, y_pred)
    classes = K.int_shape(y_pred)[-1]
    if classes is None:
        classes = K.cast(K.shape(y_pred)[-1], K.dtype(y_pred))
    y_true = _smoothed(y_true, label_smoothing, 1.0 / classes)
    return _crossentropy("categorical", y_true, y_pred, from_logits=from_logits)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, axis=-1):
    """Cross-entropy of integer targets and class probabilities (or logits)."""
    if not K.is_tensor(y_pred):
        y_pred = K.constant(y_pred)
    return _crossentropy("sparse_categorical", y_true, y_pred, from_logits=from_logits, axis=axis)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0):
    """Mean over the last axis of the cross-entropies of independent probabilities."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = _smoothed(y_true, label_smoothing, 0.5)
    return K.mean(_crossentropy("binary", y_true, y_pred, from_logits=from_logits), axis=-1)


def kullback_leibler_divergence(y_true, y_pred):
    """Sum of y_true log(y_true / y_pred) over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = K.clip(y_true, K.epsilon(), 1)
    y_pred = K.clip(y_pred, K.epsilon(), 1)
    return K.sum(y_true * K.log(y_true / y_pred), axis=-1)


def poisson(y_true, y_pred):
    """Mean of y_pred - y_true log(y_pred) over the last axis."""
    y_true, y_pred = _pair(y_true, y_pred)
    return K.mean(y_pred - y_true * K.log(y_pred + K.epsilon()), axis=-1)


def cosine_proximity(y_true, y_pred, axis=-1):
    """Minus the cosine of the angle between targets and predictions."""
    y_true, y_pred = _pair(y_true, y_pred)
    y_true = K.l2_normalize(y_true, axis=axis)
    y_pred = K.l2_normalize(y_pred, axis=axis)
    if dialect.current().losses == "keras1":
        return -K.mean(y_true * y_pred, axis=axis)
    return -K.sum(y_true * y_pred, axis=axis)


mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
kld = KLD = kullback_leibler_divergence
cosine_similarity = cosine = cosine_proximity
