"""Symbolic tensors: a value of the graph, and how operands become tensors.

Python's operators are added in `operators`.
"""

import math
from typing import NamedTuple

import numpy as np

from .. import _core
from .common import floatx, numpy_floatx
from .dtypes import dtype_name, is_float, promoted
from .naming import scoped_name


class Dimension(int):
    """A known extent; code written for TensorFlow asks it for its `value`."""

    __slots__ = ()

    @property
    def value(self):
        return int(self)


class TensorShape(tuple):
    """A shape with the few methods that code written for TensorFlow calls on one."""

    __slots__ = ()

    def __getitem__(self, index):
        found = tuple.__getitem__(self, index)
        if found is None:
            return None
        return TensorShape(found) if isinstance(found, tuple) else Dimension(found)

    def as_list(self):
        return list(self)

    @property
    def ndims(self):
        return len(self)

    def is_fully_defined(self):
        return None not in self

    def num_elements(self):
        return None if None in self else math.prod(self)


class Operation(NamedTuple):
    """What code written for TensorFlow asks of `tensor.op`."""

    name: str
    type: str
    inputs: tuple


class Tensor:
    """A symbolic tensor: one value of the expression graph.

    Arithmetic broadcasts as in NumPy; scalars and arrays take the tensor's type. `==` compares
    identity, so that tensors can be kept in lists and dictionaries: use `K.equal` for elements.
    """

    __array_ufunc__ = None  # ndarray (op) Tensor asks Tensor
    __array_priority__ = 1000
    _uses_learning_phase = False

    def __init__(self, value, name=None):
        self._value = value
        if name is not None:
            self._name = name

    @property
    def shape(self):
        """Extents, None where unknown."""
        return TensorShape(self._value.shape)

    @property
    def dtype(self):
        return self._value.dtype

    @property
    def ndim(self):
        return len(self._value.shape)

    @property
    def name(self):
        name = self.__dict__.get("_name")
        return name if name is not None else f"{self._value.op}_{self._value.id}:0"

    def get_shape(self):
        return self.shape

    def set_shape(self, shape):
        """Tells extents that only the caller knows; they are checked when the graph runs.

        Args:
            shape: one extent per axis, None where it stays as it is.

        Raises:
            ValueError: a shape that cannot be this tensor's.
        """
        now = tuple(self.shape)
        given = tuple(None if d is None else int(d) for d in shape)
        if len(given) != len(now) or any(
            None not in (a, b) and a != b for a, b in zip(given, now, strict=False)
        ):
            raise ValueError(f"Tensor {self.name!r} of shape {now} cannot have the shape {given}.")
        merged = tuple(b if a is None else a for a, b in zip(given, now, strict=True))
        if merged != now and self._value.op != "placeholder":
            self._name = self.name
            self._value = _core.apply("ensure_shape", [self._value], {"shape": merged})[0]
            if hasattr(self, "_keras_shape"):
                self._keras_shape = merged

    @property
    def op(self):
        """What made it: `op.name` is the tensor's name without the number, `op.type` a kind,
        `op.inputs` what it was made of, as the logits of a softmax."""
        inputs = tuple(Tensor(value) for value in self._value.inputs)
        return Operation(self.name.partition(":")[0], self._value.op, inputs)

    def __repr__(self):
        return f"<{type(self).__name__} {self.name!r} shape={self.shape} dtype={self.dtype}>"

    def __bool__(self):
        raise TypeError(
            "A symbolic tensor has no truth value while the model is built. "
            "Use K.switch(condition, a, b), or K.eval(tensor) for its value."
        )

    def __iter__(self):
        raise TypeError(
            f"A symbolic tensor cannot be iterated over (shape {self.shape}). "
            "Index it, e.g. x[0], or use K.map_fn."
        )

    def __array__(self, dtype=None, copy=None):
        raise TypeError(
            f"A symbolic tensor {self.name!r} cannot become a NumPy array. Use K.eval(tensor), or "
            "K.function(inputs, outputs) where it depends on placeholders."
        )

    __hash__ = object.__hash__


def emit(op, inputs, name=None, **attrs):
    """Appends a node with one output; attributes that are None are left out."""
    values = [x._value for x in inputs]
    attrs = {k: v for k, v in attrs.items() if v is not None}
    return Tensor(_core.apply(op, values, attrs)[0], tensor_name(name))


def emit_all(op, inputs, **attrs):
    """As `emit`, for ops with several outputs."""
    values = [x._value for x in inputs]
    attrs = {k: v for k, v in attrs.items() if v is not None}
    return [Tensor(v) for v in _core.apply(op, values, attrs)]


def tensor_name(name):
    """The full name of a tensor that the user called `name`."""
    return None if name is None else scoped_name(name) + ":0"


def is_tensor(x):
    """Whether `x` is a tensor of this backend (a variable is one)."""
    return isinstance(x, Tensor)


def cast_value(x, dtype):
    """The tensor itself where it has that type already."""
    return x if x.dtype == dtype else emit("cast", (x,), dtype=dtype)


def constant_tensor(array):
    """A constant of the array's own type."""
    array = np.asarray(array)
    dtype = dtype_name(array.dtype)
    if array.dtype.name != dtype:
        array = array.astype(dtype)
    result = Tensor(_core.constant(np.asarray(array, order="C")))
    result._array = array
    return result


def _type_of_operand(kind, like):
    """Type of an array of NumPy kind 'b', 'i', 'u' or 'f' beside a tensor of type `like`."""
    if kind == "f":
        return like if is_float(like) else floatx()
    if kind in "iu":
        return "int32" if like == "bool" else like
    return like


def as_tensor(x, like=None):
    """`x` (tensor, scalar, array, nested list) as a tensor; `like` is the other operand."""
    if isinstance(x, Tensor):
        return x
    if isinstance(x, (list, tuple)) and _holds_tensor(x):
        return emit("stack", _same_type([as_tensor(v, like) for v in x]), axis=0)
    try:
        array = np.asarray(x)
    except ValueError as error:  # ragged lists
        raise ValueError(f"Expected an array of numbers. Received: {x!r}") from error
    if array.dtype.kind not in "biuf":
        raise TypeError(
            f"Expected a tensor, a number or an array of numbers. Received: {x!r} "
            f"(of type {type(x).__name__})"
        )
    if like is not None:
        return _constant_of(array, _type_of_operand(array.dtype.kind, like.dtype))
    elif isinstance(x, (float, list, tuple)) and array.dtype.kind == "f":
        return _constant_of(array, floatx())
    elif isinstance(x, (int, list, tuple)) and array.dtype == np.int64:
        array = array.astype("int32")
    return constant_tensor(array)


def _constant_of(array, dtype):
    if dtype == "bfloat16":
        return cast_value(constant_tensor(array.astype("float32")), dtype)
    return constant_tensor(array.astype(dtype))


def _holds_tensor(items):
    return any(
        isinstance(v, Tensor) or (isinstance(v, (list, tuple)) and _holds_tensor(v)) for v in items
    )


def _same_type(tensors):
    dtype = tensors[0].dtype
    for t in tensors[1:]:
        dtype = promoted(dtype, t.dtype)
    return [cast_value(t, dtype) for t in tensors]


def cast_to_floatx(x):
    """A NumPy array (or whatever `np.asarray` takes) as an array of the default float type."""
    if isinstance(x, Tensor):
        return cast_value(x, floatx())
    return np.asarray(x, dtype=numpy_floatx())


def operands(x, y):
    """Both operands as tensors of one type."""
    if isinstance(x, Tensor):
        y = as_tensor(y, x)
    elif isinstance(y, Tensor):
        x = as_tensor(x, y)
    else:
        x, y = as_tensor(x), as_tensor(y)
    if x.dtype != y.dtype:
        dtype = promoted(x.dtype, y.dtype)
        x, y = cast_value(x, dtype), cast_value(y, dtype)
    return x, y


def unary(op, x, name=None, **attrs):
    return emit(op, (as_tensor(x),), name, **attrs)


def float_unary(op, x, **attrs):
    """An op that is defined on floats only: integers and booleans are cast first."""
    x = as_tensor(x)
    if not is_float(x.dtype):
        x = cast_value(x, floatx())
    return emit(op, (x,), **attrs)


_ARITHMETIC = frozenset(
    ("add", "sub", "mul", "floordiv", "mod", "pow", "maximum", "minimum", "squared_difference")
)


def binary(op, x, y):
    """One node over both operands, which broadcast; booleans count as integers in arithmetic."""
    x, y = operands(x, y)
    if x.dtype == "bool" and op in _ARITHMETIC:
        x, y = cast_value(x, "int32"), cast_value(y, "int32")
    return emit(op, (x, y))


def divide(x, y):
    """True division: integers are cast to the default float type."""
    x, y = operands(x, y)
    if not is_float(x.dtype):
        x, y = cast_value(x, floatx()), cast_value(y, floatx())
    return emit("div", (x, y))


def logical(op, x, y):
    x, y = operands(x, y)
    return emit(op, (cast_value(x, "bool"), cast_value(y, "bool")))


def power(x, exponent):
    """x ** exponent; the exponents that have an op of their own use it."""
    x = as_tensor(x)
    if isinstance(exponent, (int, float)) and not isinstance(exponent, bool):
        if exponent == 2:
            return emit("square", (x,))
        if exponent == 1:
            return x
        if exponent == 0.5 and is_float(x.dtype):
            return emit("sqrt", (x,))
    return binary("pow", x, exponent)
