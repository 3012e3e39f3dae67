"""Constants and inputs of a graph."""

import numpy as np

from .. import _core
from .dtypes import dtype_name
from .tensor import Tensor, cast_value, constant_tensor, tensor_name


def constant(value, dtype=None, shape=None, name=None):
    """A constant tensor; with `shape`, the value is broadcast or reshaped to it."""
    array = np.asarray(value.eval() if isinstance(value, Tensor) else value)
    if array.dtype.kind not in "biufV":
        raise TypeError(f"Expected numbers as the value of a constant. Received: {value!r}")
    dtype = dtype_name(dtype)
    array = array.astype("float32" if dtype == "bfloat16" else dtype)
    if shape is not None:
        shape = (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
        if array.size == 1:
            array = np.full(shape, array.reshape(()), array.dtype)
        else:
            array = array.reshape(shape)
    result = cast_value(constant_tensor(array), dtype)
    result._name = tensor_name(name or "Const")
    return result


def placeholder(shape=None, ndim=None, dtype=None, sparse=False, name=None):
    """An input of the graph; `shape` may hold None, or `ndim` alone gives the rank.

    Tensors are dense, also with `sparse`; sparse matrices may be fed to any.

    Raises:
        ValueError: where neither `shape` nor `ndim` is given.
    """
    if shape is None:
        if ndim is None:
            raise ValueError("Expected `shape` or `ndim` of the placeholder. Received neither.")
        shape = (None,) * ndim
    shape = tuple(None if d is None else _extent(d, shape) for d in shape)
    full_name = tensor_name(name or "Placeholder")
    dtype = dtype_name(dtype)
    fed = "float32" if dtype == "bfloat16" else dtype
    x = Tensor(_core.placeholder(shape, fed, full_name), full_name)
    if dtype != fed:
        feed, x = x, Tensor(cast_value(x, dtype)._value, full_name)
        x._fed_as = feed
    x._keras_shape = shape
    x._uses_learning_phase = False
    return x


def _extent(d, shape):
    if isinstance(d, (bool, float)) or not isinstance(d, (int, np.integer)) or not 0 <= d < 1 << 62:
        raise ValueError(f"Expected a shape of non-negative integers and None. Received: {shape}")
    return int(d)


def is_placeholder(x):
    return isinstance(x, Tensor) and getattr(x, "_fed_as", x)._value.op == "placeholder"
