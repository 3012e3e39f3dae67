"""(batch, time, …) or (time, batch, …) seen as (batch * time, …), and back."""

from .. import backend as K


def fold_time(x):
    """The first two axes of x as one."""
    return K.reshape(x, (-1, *_extents(x, 2)))


def unfold_time(x, like):
    """The first axis of x as two, of the extents they have in another tensor."""
    first, second = K.int_shape(like)[:2]
    if first is None and second is None:  # a batch may be empty: neither follows from the other
        first, second = K.shape(like)[0], K.shape(like)[1]
    first, second = (-1 if extent is None else extent for extent in (first, second))
    return K.reshape(x, (first, second, *_extents(x, 1)))


def _extents(x, first):
    """Extents of x from axis `first` on, as tensors where they are unknown."""
    shape = K.int_shape(x)[first:]
    if None not in shape:
        return shape
    actual = K.shape(x)
    return tuple(actual[first + i] if n is None else n for i, n in enumerate(shape))
