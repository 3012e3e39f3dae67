"""(batch, time, …) seen as (batch * time, …), and back."""

from .. import backend as K


def fold_time(x):
    """(batch, time, …) as (batch * time, …)."""
    return K.reshape(x, (-1, *_extents(x, 2)))


def unfold_time(x, like):
    """(batch * time, …) as (batch, time, …), with batch and time of another tensor."""
    batch, time = K.int_shape(like)[:2]
    if time is None:
        time = K.shape(like)[1]
    return K.reshape(x, (batch or -1, time, *_extents(x, 1)))


def _extents(x, first):
    """Extents of x from axis `first` on, as tensors where they are unknown."""
    shape = K.int_shape(x)[first:]
    if None not in shape:
        return shape
    actual = K.shape(x)
    return tuple(actual[first + i] if n is None else n for i, n in enumerate(shape))
