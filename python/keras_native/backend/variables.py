"""Variables, constants and placeholders, and reading and writing variables."""

import contextlib
import weakref

import numpy as np

from .. import _core
from . import bfloat16
from .autocast import as_read, autocast
from .drawn import DrawnTensor
from .dtypes import dtype_name
from .naming import scoped_name
from .sparse import dense
from .tensor import Tensor, TensorShape, as_tensor, cast_value


class _Initialization:
    manual = False


_alive: "weakref.WeakValueDictionary[int, Variable]" = weakref.WeakValueDictionary()


class _Pending:
    """New values that `control_dependencies` shows in place of the variables' own."""

    values: dict["Variable", object] | None = None


class Variable(Tensor):
    """A tensor that keeps its value from run to run: a weight, a slot, a metric's total."""

    _made_by = None  # the initializer of a layer's weight
    _autocasts = False  # whether it reads as the type that the layer around computes in

    def __init__(self, value, dtype=None, name=None, constraint=None):
        dtype = dtype_name(dtype)
        self._name = scoped_name(name or "Variable") + ":0"
        if isinstance(value, DrawnTensor) and value.dtype == dtype:
            self._variable = value.variable(self._name)
        else:
            self._variable = _core.Variable(_initial_array(value, dtype), self._name)
        self._read = self._variable.value
        _alive[self._read.id] = self
        self._keras_shape = self._variable.shape
        self._uses_learning_phase = False
        self.trainable = True
        self.constraint = constraint
        self._on_set = None  # called after `set_value`

    @property
    def _value(self):
        value = self._read
        if _Pending.values is not None:
            value = _Pending.values.get(self, value)
        return as_read(value) if self._autocasts else value

    @property
    def stored_dtype(self):
        """The type that the variable has in memory, whatever it reads as."""
        return self._read.dtype

    @property
    def shape(self):
        return TensorShape(self._keras_shape)

    @property
    def initial_value(self):
        return self._read

    def value(self):
        """The tensor that is read: the variable itself."""
        return self

    read_value = initialized_value = value

    def assign(self, value):
        """An update that sets the variable; as `K.update`."""
        return update(self, value)

    def assign_add(self, value):
        return update_add(self, value)

    def assign_sub(self, value):
        return update_sub(self, value)

    def load(self, value, session=None):
        set_value(self, value)

    def numpy(self):
        return get_value(self)

    def get_value(self, borrow=False, return_internal_type=False):
        """The value, as Theano's shared variables gave it."""
        return get_value(self)

    def set_value(self, new_value, borrow=False):
        """Sets the value, as of Theano's shared variables."""
        set_value(self, new_value)


class Update(Tensor):
    """The value a variable is to take at the end of a run; also usable as that tensor.

    Attributes:
        variable: the variable.
        increment: what is added to it, where the update says so; several of these add up.
        keeps: share of the increments before it that stays; below 1 where a moving average takes
            one step after the other.
    """

    keeps = 1.0

    def __init__(self, variable, value, increment=None):
        super().__init__(value)
        self.variable = variable
        self.increment = increment

    @property
    def _updates(self):
        return (self,)

    def joined(self, later):
        """Both updates of one variable as one: increments add up, else the later one counts."""
        if self.increment is None or later.increment is None:
            return later
        before = self.increment if later.keeps == 1.0 else self.increment * later.keeps
        total = before + later.increment
        return Update(self.variable, (self.variable + total)._value, total)


def _initial_array(value, dtype):
    value = dense(value)
    if isinstance(value, Tensor):
        value = get_value(value) if isinstance(value, Variable) else value.eval()
    try:
        array = np.asarray(value, order="C")  # the core copies it
        if array.dtype.kind not in "biufV" or array.dtype.names:
            raise ValueError(f"dtype {array.dtype}")
    except ValueError as error:
        raise ValueError(
            f"Expected numbers as the value of a variable. Received: {value!r}"
        ) from error
    if dtype == "bfloat16":
        return bfloat16.to_bits(array)
    return array.astype(dtype, copy=False)


def variable(value, dtype=None, name=None, constraint=None):
    """A variable that starts from `value` (array, number or tensor), of `floatx` by default."""
    if isinstance(value, Variable) and dtype is None:
        dtype = value.stored_dtype
    return Variable(value, dtype, name, constraint)


def variables_among(values):
    """The variables that graph values are, in the order they were made; all for None."""
    found = list(_alive.items())
    if values is not None:
        ids = {value.id for value in values if value.op == "variable"}
        found = [(i, v) for i, v in found if i in ids]
    return [v for _, v in sorted(found, key=lambda pair: pair[0])]


def is_variable(x):
    return isinstance(x, Variable)


def get_value(x):
    """The variable's present value: a NumPy array of its own, or a number where it has no axes."""
    if isinstance(x, Variable):
        array = x._variable.read()
        if x.stored_dtype == "bfloat16":
            array = bfloat16.from_bits(array)
        return array if array.ndim else array[()]
    if isinstance(x, Tensor):
        return x.eval()
    raise TypeError(f"Expected a variable. Received: {x!r}")


def batch_get_value(ops):
    """Values of several variables (or tensors)."""
    return [get_value(x) for x in ops]


def set_value(x, value):
    """Sets the variable's value; shapes must agree."""
    if not isinstance(x, Variable):
        raise TypeError(f"Expected a variable. Received: {x!r}")
    array = np.asarray(value)
    if array.dtype.kind not in "biufV":
        raise TypeError(
            f"Cannot set variable {x.name!r}: expected numbers. Received an array of dtype "
            f"{array.dtype}"
        )
    dtype = x.stored_dtype
    if dtype == "bfloat16":
        array = bfloat16.to_bits(array)
    array = np.asarray(array, dtype=dtype if dtype != "bfloat16" else None, order="C")
    if array.shape != x.shape:
        raise ValueError(
            f"Cannot set variable {x.name!r}: expected an array of shape {x.shape}. "
            f"Received shape: {array.shape}"
        )
    x._variable.write(array)
    if x._on_set is not None:
        x._on_set()


def batch_set_value(tuples):
    """Sets several variables, given as (variable, value) pairs."""
    for x, value in tuples:
        set_value(x, value)


def count_params(x):
    """Number of elements of a variable or of a tensor of known shape."""
    return int(np.prod(x.shape))


def manual_variable_initialization(value):
    """Kept for old scripts: variables have their initial value as soon as they are made."""
    _Initialization.manual = value


_collectors: list[list] = []


@contextlib.contextmanager
def collect_updates():
    """Yields a list that receives every update made inside."""
    collector = []
    _collectors.append(collector)
    try:
        yield collector
    finally:
        _collectors.pop()


def update(x, new_x):
    """Sets variable `x` to `new_x` at the end of the run that includes this update."""
    if not isinstance(x, Variable):
        raise TypeError(f"Expected a variable to update. Received: {x!r}")
    value = _checked(x, cast_value(as_tensor(new_x, x), x.stored_dtype))
    return _recorded(Update(x, value._value))


def _checked(x, value):
    if len(value.shape) != len(x.shape) or any(
        a is not None and a != b for a, b in zip(value.shape, x.shape, strict=True)
    ):
        raise ValueError(
            f"Cannot update variable {x.name!r} of shape {x.shape} with a tensor of shape "
            f"{value.shape}"
        )
    return value


def _recorded(made):
    for collector in _collectors:
        collector.append(made)
    return made


def update_add(x, increment):
    """Adds `increment` to variable `x` at the end of the run."""
    return _incremented(x, increment)


def update_sub(x, decrement):
    """Subtracts `decrement` from variable `x` at the end of the run."""
    return _incremented(x, -as_tensor(decrement, x))


def moving_average_update(x, value, momentum):
    """Moves variable `x` towards `value`: x * momentum + value * (1 - momentum)."""
    with autocast(None):
        return update_sub(x, (x - value) * (1.0 - momentum))


def _incremented(x, increment):
    if not isinstance(x, Variable):
        raise TypeError(f"Expected a variable to update. Received: {x!r}")
    increment = cast_value(as_tensor(increment, x), x.stored_dtype)
    with autocast(None):
        value = _checked(x, x + increment)
    return _recorded(Update(x, value._value, increment))


def _flat(items):
    if not isinstance(items, (list, tuple)):
        return [items]
    return [leaf for item in items for leaf in _flat(item)]


class control_dependencies:
    """Inside, variables read as the values that the given updates will give them.

    Tensors that depend on the updates this way carry no order of execution: pass the updates to
    `K.function` too.
    """

    def __init__(self, control_inputs):
        self._values = {
            u.variable: u._value for u in _flat(control_inputs) if isinstance(u, Update)
        }

    def __enter__(self):
        self._outer = _Pending.values
        _Pending.values = {**(self._outer or {}), **self._values}
        return self

    def __exit__(self, *exc):
        _Pending.values = self._outer
