"""Elementwise functions."""

import numpy as np

from .common import floatx
from .dtypes import dtype_name, is_float
from .tensor import (
    Tensor,
    as_tensor,
    binary,
    cast_value,
    emit,
    float_unary,
    logical,
    operands,
    power,
    unary,
)


def abs(x):
    """Absolute value."""
    return unary("abs", x)


def sign(x):
    """-1, 0 or 1 by the sign of each element."""
    return unary("sign", x)


def square(x):
    return unary("square", x)


def sqrt(x):
    """Square root; negative elements count as zero."""
    x = as_tensor(x)
    x = x if is_float(x.dtype) else cast_value(x, floatx())
    return emit("sqrt", (clip(x, 0.0, None),))


def exp(x):
    return float_unary("exp", x)


def log(x):
    """Natural logarithm."""
    return float_unary("log", x)


def sin(x):
    return float_unary("sin", x)


def cos(x):
    return float_unary("cos", x)


def tanh(x):
    return float_unary("tanh", x)


def sigmoid(x):
    return float_unary("sigmoid", x)


def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1)."""
    return float_unary("hard_sigmoid", x)


def round(x):
    """To the nearest integer, halves to even."""
    return unary("round", x)


def floor(x):
    return unary("floor", x)


def pow(x, a):
    """x to the power `a`, elementwise."""
    return power(x, a)


def clip(x, min_value, max_value):
    """Elements below `min_value` or above `max_value` are set to it; None leaves a side open."""
    x = as_tensor(x)
    if any(isinstance(bound, Tensor) or np.ndim(bound) > 0 for bound in (min_value, max_value)):
        x = x if min_value is None else maximum(x, min_value)
        return x if max_value is None else minimum(x, max_value)
    low = float("-inf") if min_value is None else float(min_value)
    high = float("inf") if max_value is None else float(max_value)
    return emit("clip", (x,), min=low, max=high if high >= low else low)


def maximum(x, y):
    return binary("maximum", x, y)


def minimum(x, y):
    return binary("minimum", x, y)


def equal(x, y):
    """Elementwise x == y, a tensor of booleans."""
    return binary("equal", x, y)


def not_equal(x, y):
    return binary("not_equal", x, y)


def greater(x, y):
    return binary("greater", x, y)


def greater_equal(x, y):
    return binary("greater_equal", x, y)


def less(x, y):
    return binary("less", x, y)


def less_equal(x, y):
    return binary("less_equal", x, y)


def logical_and(x, y):
    return logical("logical_and", x, y)


def logical_or(x, y):
    return logical("logical_or", x, y)


def logical_not(x):
    return emit("logical_not", (cast_value(as_tensor(x), "bool"),))


def cast(x, dtype):
    """`x` with elements of type `dtype`; the tensor itself where it has that type."""
    return cast_value(as_tensor(x), dtype_name(dtype))


def where(condition, x, y):
    """Elements of `x` where `condition` holds, of `y` elsewhere; all three broadcast."""
    condition = cast_value(as_tensor(condition), "bool")
    x, y = operands(x, y)
    return emit("where", (condition, x, y))


def identity(x, name=None):
    """A tensor with the same content."""
    return emit("identity", (as_tensor(x),), name)
