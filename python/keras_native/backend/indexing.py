"""Indexing of tensors with integers, slices, None, Ellipsis and integer tensors."""

import numpy as np

from .shapes import dimensions, expand_dims, integer, packed_shape
from .tensor import Tensor, as_tensor, cast_value, emit

_END = np.iinfo(np.int64).max


def getitem(x, key):
    """x[key]; each index tensor or array is applied along its own axis.

    Raises:
        IndexError: for too many indices or an index outside a known extent.
        TypeError: for what cannot index a tensor.
    """
    keys = _expanded(x, key if isinstance(key, tuple) else (key,))
    begin, end, strides = [], [], []
    # What is left to do to the sliced tensor, by axis from the right.
    steps = []
    axis = 0
    for k in keys:
        if k is None:
            steps.append(("new", axis, None))
            continue
        extent = x.shape[axis]
        b, e, s = 0, _END, 1
        if isinstance(k, slice):
            if any(isinstance(p, Tensor) for p in (k.start, k.stop, k.step)):
                part = _constant_slice(k)
                if part is None:
                    steps.append(("gather", axis, _range_of(x, axis, k)))
                else:
                    b, e, s = _bounds(part)
            else:
                b, e, s = _bounds(k)
        elif isinstance(k, (Tensor, np.ndarray, list)) and not _is_integer(k):
            steps.append(("gather", axis, _indices(k)))
        else:
            b = _position(k, extent, axis, x)
            e = b + 1 if b != -1 else _END
            steps.append(("drop", axis, None))
        begin.append(b), end.append(e), strides.append(s)
        axis += 1
    if any(begin) or any(e != _END for e in end) or any(s != 1 for s in strides):
        x = emit("slice", (x,), begin=begin, end=end, strides=strides)
    for kind, at, indices in reversed(steps):
        if kind == "new":
            x = expand_dims(x, at)
        elif kind == "drop":
            x = emit("squeeze", (x,), axis=at)
        else:
            x = emit("gather", (x, indices), axis=at)
    return x


def _expanded(x, keys):
    """The keys, one per axis of x and None for new ones, with the Ellipsis written out."""
    used = sum(k is not None and k is not Ellipsis for k in keys)
    if used > x.ndim:
        raise IndexError(f"Too many indices for a tensor of shape {x.shape}: got {used}")
    rest = (slice(None),) * (x.ndim - used)
    at = [i for i, k in enumerate(keys) if k is Ellipsis]
    if len(at) > 1:
        raise IndexError("An index can hold one Ellipsis ('...') only")
    if at:
        return keys[: at[0]] + rest + keys[at[0] + 1 :]
    return keys + rest


def _is_integer(k):
    return isinstance(k, np.ndarray) and k.ndim == 0


def _position(k, extent, axis, x):
    if isinstance(k, (bool, np.bool_)) or not hasattr(k, "__index__"):
        raise TypeError(
            "Tensors are indexed by integers, slices, None, '...' and integer tensors. "
            f"Received: {k!r} of type {type(k).__name__}"
        )
    k = k.__index__()
    if extent is not None and not -extent <= k < extent:
        raise IndexError(f"Index {k} is outside axis {axis} of a tensor of shape {x.shape}")
    return k


def _bounds(k):
    step = 1 if k.step is None else _whole(k.step)
    if step == 0:
        raise ValueError("Slice step cannot be zero")
    begin = (0 if step > 0 else -1) if k.start is None else _whole(k.start)
    end = (_END if step > 0 else -_END) if k.stop is None else _whole(k.stop)
    return begin, end, step


def _whole(v):
    if isinstance(v, (bool, np.bool_)) or not hasattr(v, "__index__"):
        raise TypeError(f"Slice bounds must be integers, integer tensors or None. Received: {v!r}")
    return v.__index__()


def _constant_slice(k):
    """The slice in plain integers where the graph knows its tensors, else None."""
    parts = [p if p is None else integer(p) for p in (k.start, k.stop, k.step)]
    return None if any(isinstance(p, Tensor) for p in parts) else slice(*parts)


def _range_of(x, axis, k):
    """Positions that a slice with tensor bounds selects: start, start + 1, …"""
    if k.step is not None and integer(k.step) != 1:
        raise ValueError("A slice whose bounds are tensors takes step 1 only")
    extent = dimensions(x)[axis]
    start = _from_left(0 if k.start is None else integer(k.start), extent)
    stop = extent if k.stop is None else _from_left(integer(k.stop), extent)
    return range_tensor(start, stop - start)


def _from_left(bound, extent):
    """A bound counted from the left; negative ones count from the right, as in Python."""
    if not isinstance(bound, Tensor):
        return bound + extent if bound < 0 else bound
    zero = as_tensor(np.int64(0))
    wrapped = emit("where", (bound < zero, bound + extent, bound))
    return emit("minimum", (wrapped, cast_value(as_tensor(extent), "int64")))


def range_tensor(start, count):
    """start, start + 1, … (`count` of them, int64); both may be scalar tensors."""
    ints, vector = packed_shape([count])
    if ints is not None:
        ones = as_tensor(np.ones(ints, np.int64))
    else:
        ones = emit("full", (vector,), value=1.0, dtype="int64")
    return emit("cumsum", (ones,), axis=0) + (start - 1)


def _indices(k):
    k = as_tensor(k)
    if k.dtype not in ("int32", "int64", "uint8"):
        raise TypeError(
            f"Index tensors must hold integers. Received: {k!r}. For masks use K.switch, or "
            "multiply by the mask."
        )
    return k
