"""How losses of samples, or of time steps, become one number."""

from .. import backend as K


class Reduction:
    """Names of the ways to reduce the losses of samples."""

    NONE = "none"
    SUM = "sum"
    SUM_OVER_BATCH_SIZE = "sum_over_batch_size"

    @classmethod
    def all(cls):
        return (cls.NONE, cls.SUM, cls.SUM_OVER_BATCH_SIZE)

    @classmethod
    def validate(cls, key):
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key. Expected one of {cls.all()}. Received: {key}")


def squeeze_or_expand_dimensions(y_pred, y_true=None, sample_weight=None):
    """Brings ranks that differ by one together: a last axis of size 1 is dropped or added.

    Returns:
        (y_pred, y_true, sample_weight), leaving out those that were not given.
    """
    if y_true is not None:
        difference = K.ndim(y_pred) - K.ndim(y_true)
        if difference == 1 and K.int_shape(y_pred)[-1] == 1:
            y_pred = K.squeeze(y_pred, -1)
        elif difference == -1 and K.int_shape(y_true)[-1] == 1:
            y_true = K.squeeze(y_true, -1)
    if sample_weight is None:
        return y_pred if y_true is None else (y_pred, y_true)
    weights_rank = K.ndim(sample_weight)
    if weights_rank:
        difference = weights_rank - K.ndim(y_pred)
        if K.ndim(y_pred) == 0 and weights_rank == 1:
            y_pred = K.expand_dims(y_pred, -1)
        elif difference == 1:
            sample_weight = K.squeeze(sample_weight, -1)
        elif difference == -1:
            sample_weight = K.expand_dims(sample_weight, -1)
    if y_true is None:
        return y_pred, sample_weight
    return y_pred, y_true, sample_weight


def broadcast_weights(values, sample_weight):
    """`sample_weight` with axes of size 1 added on the right, checked against `values`.

    Raises:
        ValueError: where the weights cannot be broadcast to the values.
    """
    values_shape, weights_shape = K.int_shape(values), K.int_shape(sample_weight)
    if weights_shape == values_shape:
        return sample_weight
    if len(weights_shape) > len(values_shape):
        raise ValueError(
            f"Weights can not be broadcast to values: expected at most {len(values_shape)} axes "
            f"(values {values_shape}). Received weights of shape: {weights_shape}"
        )
    for w, v in zip(weights_shape, values_shape, strict=False):
        if None not in (w, v) and w not in (1, v):
            raise ValueError(
                f"Weights can not be broadcast to values: values {values_shape}, weights "
                f"{weights_shape}"
            )
    for _ in range(len(values_shape) - len(weights_shape)):
        sample_weight = K.expand_dims(sample_weight, -1)
    return sample_weight


def reduce_weighted_loss(weighted_losses, reduction=Reduction.SUM_OVER_BATCH_SIZE):
    """The sum or the mean of all elements, or the losses themselves."""
    if reduction == Reduction.NONE:
        return weighted_losses
    if reduction == Reduction.SUM:
        return K.sum(weighted_losses)
    return K.mean(weighted_losses)


def compute_weighted_loss(
    losses, sample_weight=None, reduction=Reduction.SUM_OVER_BATCH_SIZE, name=None
):
    """Losses times weights, reduced; weights that are 0 still count in the mean.

    Raises:
        ValueError: for an unknown reduction or weights that do not fit.
    """
    Reduction.validate(reduction)
    if sample_weight is not None:
        if not K.is_tensor(sample_weight):
            sample_weight = K.constant(sample_weight)
        losses, sample_weight = squeeze_or_expand_dimensions(losses, None, sample_weight)
        sample_weight = K.cast(broadcast_weights(losses, sample_weight), K.dtype(losses))
        losses = losses * sample_weight
    return reduce_weighted_loss(losses, reduction)
