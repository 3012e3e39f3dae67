"""Variables and tensors of given content."""

import numpy as np

from .drawn import filled
from .dtypes import array_dtype
from .movement import full
from .shapes import packed_shape
from .tensor import Tensor
from .variables import variable


def _is_static(shape):
    if isinstance(shape, Tensor):
        return False
    return not any(isinstance(d, Tensor) for d in _extents(shape))


def _extents(shape):
    return (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)


def _filled(shape, value, dtype, name):
    if isinstance(shape, Tensor):
        known = packed_shape(shape)[0]  # as K.shape of a variable has it
        shape = shape if known is None else known
    if _is_static(shape):
        return variable(filled(value, _extents(shape), array_dtype(dtype)), dtype, name)
    return full(shape, value, dtype, name)


def zeros(shape, dtype=None, name=None):
    """A variable of zeros; a tensor where `shape` holds tensors."""
    return _filled(shape, 0, dtype, name)


def ones(shape, dtype=None, name=None):
    """A variable of ones; a tensor where `shape` holds tensors."""
    return _filled(shape, 1, dtype, name)


def eye(size, dtype=None, name=None):
    """An identity matrix, as a variable; `size` may be (rows, columns)."""
    n, m = size if isinstance(size, (tuple, list)) else (size, size)
    return variable(np.eye(n, m, dtype=array_dtype(dtype)), dtype, name)
