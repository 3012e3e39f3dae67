"""Shapes of tensors and ops that only change them."""

import numpy as np

from .. import _core
from .between import as_extents
from .tensor import Tensor, as_tensor, cast_value, emit, is_tensor


def shape(x):
    """The shape as an int32 vector tensor, complete at run time."""
    return cast_value(emit("shape_of", (as_tensor(x),)), "int32")


def int_shape(x):
    """The shape as a tuple of integers, None where unknown; None for what is no tensor."""
    known = getattr(x, "_keras_shape", None)
    if known is not None:
        return known
    known = getattr(x, "shape", None)
    return None if known is None else tuple(known)


def ndim(x):
    """Number of axes."""
    return len(x.shape)


def size(x, name=None):
    """Number of elements, as a scalar tensor."""
    return cast_value(emit("size_of", (as_tensor(x),), name), "int32")


def dtype(x):
    """'float32' and so on."""
    return x.dtype if is_tensor(x) else np.asarray(x).dtype.name


def dimensions(x):
    """Extents of `x`: integers where known, else scalar int64 tensors."""
    extents = list(x.shape)
    if None in extents:
        vector = emit("shape_of", (x,))
        for i, d in enumerate(extents):
            if d is None:
                extents[i] = _element(vector, i)
    return extents


def _element(vector, i):
    part = emit("slice", (vector,), begin=[i], end=[i + 1], strides=[1])
    return emit("squeeze", (part,), axis=0)


def known_ints(x):
    """What an integer tensor holds in every run: a list, None for elements that differ; or None."""
    return _core.known_ints(x._value)


def integer(d):
    """An extent as an int where the graph knows it, else as an int64 scalar tensor."""
    if isinstance(d, Tensor):
        known = known_ints(d)
        if known is not None and len(known) == 1 and known[0] is not None:
            return known[0]
        return cast_value(d, "int64")
    if isinstance(d, (str, bytes)) or not hasattr(d, "__int__") or int(d) != d:
        raise TypeError(f"Expected a whole number as an extent. Received: {d!r}")
    return int(d)


def packed_shape(extents):
    """Extents that may be tensors as what an op takes: (list of ints, None) or (None, vector)."""
    if isinstance(extents, Tensor):
        known = known_ints(extents)
        if known is not None and None not in known:
            return list(known), None
        return None, as_extents(cast_value(extents, "int64"))
    extents = [integer(d) for d in extents]
    if not any(isinstance(d, Tensor) for d in extents):
        return extents, None
    scalars = [
        emit("reshape", (d,), shape=[]) if isinstance(d, Tensor) else as_tensor(np.int64(d))
        for d in extents
    ]
    return None, as_extents(emit("stack", scalars, axis=0))


def reshape(x, shape):
    """`x` with another shape: integers (one may be -1) and scalar tensors, or a vector tensor.

    Raises:
        ValueError: where the numbers of elements cannot agree.
    """
    x = as_tensor(x)
    if not isinstance(shape, (Tensor, list, tuple, np.ndarray)):
        shape = (shape,)
    if isinstance(shape, (list, tuple)):
        shape = [-1 if d is None else d for d in shape]
    ints, vector = packed_shape(shape)
    if ints is not None:
        return emit("reshape", (x,), shape=ints)
    return emit("reshape", (x, vector))


def reshape_to(x, extents):
    """As `reshape` for extents of `dimensions`: a single unknown one costs no shape arithmetic."""
    if sum(isinstance(d, Tensor) for d in extents) == 1 and -1 not in _integers(extents):
        extents = [-1 if isinstance(d, Tensor) else d for d in extents]
    return reshape(x, extents)


def _integers(extents):
    return [d for d in extents if not isinstance(d, Tensor)]


def expand_dims(x, axis=-1):
    """Inserts an axis of size 1."""
    return emit("expand_dims", (as_tensor(x),), axis=int(axis))


def squeeze(x, axis):
    """Removes an axis of size 1; `axis` may be several."""
    x = as_tensor(x)
    if isinstance(axis, (list, tuple)):
        for a in sorted((int(a) % x.ndim for a in axis), reverse=True):
            x = emit("squeeze", (x,), axis=a)
        return x
    return emit("squeeze", (x,), axis=int(axis))


def flatten(x):
    """All elements as one vector."""
    return emit("reshape", (as_tensor(x),), shape=[-1])


def batch_flatten(x):
    """(batch, …) as (batch, elements of a sample)."""
    x = as_tensor(x)
    rest = x.shape[1:]
    if None not in rest:
        return reshape_to(x, [dimensions(x)[0], int(np.prod(rest, dtype=np.int64))])
    return reshape(x, [dimensions(x)[0], -1])


def get_variable_shape(x):
    """Keras 1 spelling of `int_shape`."""
    return int_shape(x)


def is_keras_tensor(x):
    """Whether `x` came out of a Keras layer (or `Input`).

    Raises:
        ValueError: where `x` is no tensor at all.
    """
    if not is_tensor(x):
        raise ValueError(
            "Unexpectedly found an instance of type `" + str(type(x)) + "`. "
            "Expected a symbolic tensor instance."
        )
    return hasattr(x, "_keras_history")
