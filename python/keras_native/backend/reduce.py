"""Reductions over axes, and running sums along one."""

import numpy as np

from .common import floatx
from .dtypes import is_float
from .tensor import as_tensor, cast_value, emit


def axes_of(x, axis):
    """`axis` (None, an integer or several) as a list of axes of `x`, or None for all of them."""
    if axis is None:
        return None
    axes = list(axis) if isinstance(axis, (list, tuple, np.ndarray)) else [axis]
    for a in axes:
        if not isinstance(a, (int, np.integer)) or isinstance(a, bool):
            raise TypeError(f"Expected an integer axis or a list of them. Received: {axis!r}")
    return [int(a) for a in axes]


def _reduce(op, x, axis, keepdims):
    return emit(op, (x,), axes=axes_of(x, axis), keepdims=bool(keepdims))


def _number(x):
    x = as_tensor(x)
    return cast_value(x, floatx()) if x.dtype == "bool" else x


def _float(x):
    x = as_tensor(x)
    return x if is_float(x.dtype) else cast_value(x, floatx())


def max(x, axis=None, keepdims=False):
    """Largest element over `axis` (an integer, several, or None for all)."""
    return _reduce("max", as_tensor(x), axis, keepdims)


def min(x, axis=None, keepdims=False):
    """Smallest element over `axis`."""
    return _reduce("min", as_tensor(x), axis, keepdims)


def sum(x, axis=None, keepdims=False):
    """Sum over `axis`."""
    return _reduce("sum", _number(x), axis, keepdims)


def prod(x, axis=None, keepdims=False):
    """Product over `axis`."""
    return _reduce("prod", _number(x), axis, keepdims)


def mean(x, axis=None, keepdims=False):
    """Mean over `axis`; booleans count as 0 and 1."""
    return _reduce("mean", _float(x), axis, keepdims)


def var(x, axis=None, keepdims=False):
    """Variance (of the population) over `axis`."""
    return _reduce("var", _float(x), axis, keepdims)


def std(x, axis=None, keepdims=False):
    """Standard deviation (of the population) over `axis`."""
    return _reduce("std", _float(x), axis, keepdims)


def any(x, axis=None, keepdims=False):
    """Whether any element over `axis` is true (not zero)."""
    return _reduce("any", cast_value(as_tensor(x), "bool"), axis, keepdims)


def all(x, axis=None, keepdims=False):
    """Whether all elements over `axis` are true (not zero)."""
    return _reduce("all", cast_value(as_tensor(x), "bool"), axis, keepdims)


def logsumexp(x, axis=None, keepdims=False):
    """log(sum(exp(x))) over `axis`, without overflow."""
    return _reduce("logsumexp", _float(x), axis, keepdims)


def argmax(x, axis=-1):
    """Index (int64) of the largest element along `axis`; the first of equal ones."""
    return emit("argmax", (as_tensor(x),), axis=int(axis))


def argmin(x, axis=-1):
    """Index (int64) of the smallest element along `axis`."""
    return emit("argmin", (as_tensor(x),), axis=int(axis))


def cumsum(x, axis=0):
    """Running sum along `axis`."""
    return emit("cumsum", (_number(x),), axis=int(axis))


def cumprod(x, axis=0):
    """Running product along `axis`."""
    return emit("cumprod", (_number(x),), axis=int(axis))
