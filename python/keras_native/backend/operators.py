"""Python's operators on symbolic tensors: `a + b`, `x[:, 1]`, `a @ b`, `x.eval()`.

They stand apart from the tensor itself because indexing, products and evaluation are built on it.
"""

from .functions import eval as evaluate
from .indexing import getitem
from .linalg import matmul
from .session import Action, get_session
from .tensor import Tensor, as_tensor, binary, cast_value, divide, logical, power, unary
from .variables import Variable, set_value


def _both_ways(function, *args):
    """(x op y, y op x) of `function(*args, x, y)`."""

    def forward(self, other):
        return function(*args, self, other)

    def reflected(self, other):
        return function(*args, other, self)

    return forward, reflected


def _matmul(x, y):
    like = x if isinstance(x, Tensor) else y
    return matmul(as_tensor(x, like), as_tensor(y, like))


_BINARY = {
    "add": _both_ways(binary, "add"),
    "sub": _both_ways(binary, "sub"),
    "mul": _both_ways(binary, "mul"),
    "truediv": _both_ways(divide),
    "floordiv": _both_ways(binary, "floordiv"),
    "mod": _both_ways(binary, "mod"),
    "pow": (power, _both_ways(binary, "pow")[1]),
    "matmul": _both_ways(_matmul),
    "and": _both_ways(logical, "logical_and"),
    "or": _both_ways(logical, "logical_or"),
    "xor": _both_ways(logical, "logical_xor"),
}
# The others compare identity, so that tensors can be kept in lists and dictionaries.
_COMPARISONS = {"lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal"}


def _eval(self, feed_dict=None, session=None):
    """The value, of what depends on placeholders with what is fed."""
    return get_session().run(self, feed_dict) if feed_dict else evaluate(self)


def _initializer(self):
    """An operation that gives a layer's weight a first value again; other variables have none."""
    if self._made_by is None:
        raise AttributeError(f"Variable {self.name!r} has no initializer: no layer made it.")
    return Action(name="init", call=lambda: set_value(self, _first_value(self)))


def _first_value(variable):
    dtype = variable.stored_dtype
    value = variable._made_by(tuple(variable.shape), "float32" if dtype == "bfloat16" else dtype)
    return evaluate(value)


def _install():
    """Gives `Tensor` its operators."""
    for name, (forward, reflected) in _BINARY.items():
        setattr(Tensor, f"__{name}__", forward)
        setattr(Tensor, f"__r{name}__", reflected)
    for name, op in _COMPARISONS.items():
        setattr(Tensor, f"__{name}__", _both_ways(binary, op)[0])
    Tensor.__neg__ = lambda self: unary("neg", self)
    Tensor.__pos__ = lambda self: self
    Tensor.__abs__ = lambda self: unary("abs", self)
    Tensor.__invert__ = lambda self: unary("logical_not", cast_value(self, "bool"))
    Tensor.__getitem__ = getitem
    Tensor.eval = _eval
    Variable.initializer = property(_initializer)


_install()
