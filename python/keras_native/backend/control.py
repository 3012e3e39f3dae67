"""The learning phase and branches."""

import numpy as np

from .. import _core
from .between import calls_below
from .indexing import range_tensor
from .math import where
from .movement import full
from .naming import reset_uids
from .shapes import dimensions, integer, reshape
from .tensor import Tensor, as_tensor, cast_value, emit, operands


class _Phase:
    fixed: int | None = None
    tensor: Tensor | None = None


def learning_phase():
    """0 (test) or 1 (training) where `set_learning_phase` fixed it, else a tensor."""
    if _Phase.fixed is not None:
        return _Phase.fixed
    if _Phase.tensor is None:
        _Phase.tensor = Tensor(_core.learning_phase(), "keras_learning_phase:0")
        _Phase.tensor._uses_learning_phase = True
    return _Phase.tensor


def set_learning_phase(value):
    """Fixes the learning phase of what is built from now on."""
    if value not in (0, 1):
        raise ValueError(f"Expected learning phase to be 0 or 1. Received: {value!r}")
    _Phase.fixed = int(value)


def is_learning_phase(x):
    """Whether `x`, among the inputs of a function, stands for the learning phase."""
    if isinstance(x, Tensor):
        return x._value.op == "learning_phase"
    return isinstance(x, (int, bool, np.integer))


def clear_session():
    """Forgets names, counters and the learning phase; models that exist keep working."""
    _Phase.fixed = None
    reset_uids()


def _called(x):
    return x() if callable(x) else x


def in_train_phase(x, alt, training=None):
    """`x` while training, `alt` otherwise; either may be a function without arguments.

    `training` is 0 or 1, a boolean tensor, or None for the learning phase.
    """
    if training is None:
        training = learning_phase()
    if isinstance(training, Tensor):
        result = _select(training, _called(x), _called(alt))
        result._uses_learning_phase = True
        return result
    return _called(x) if training in (1, True) else _called(alt)


def in_test_phase(x, alt, training=None):
    """`x` while testing, `alt` while training."""
    return in_train_phase(alt, x, training=training)


def _select(condition, a, b):
    """`a` where the boolean scalar holds, else `b`, as a tensor of its own."""
    a, b = operands(a, b)
    if condition._value.op == "learning_phase" and len(a.shape) == len(b.shape):
        return emit("select_phase", (condition, a, b))
    if tuple(a.shape) != tuple(b.shape) and calls_below([a._value, b._value]):
        return _whole_branch(condition, a, b)
    return where(condition, a, b)


def _whole_branch(condition, a, b):
    """One of two tensors, either of which may be empty where the other is not.

    Each is laid out in the shape of the one that counts; the one that does not count is zeros.
    """
    rank = max(a.ndim, b.ndim)
    a, b = (reshape(x, [1] * (rank - x.ndim) + dimensions(x)) if x.ndim < rank else x
            for x in (a, b))  # fmt: skip
    extents = where(condition, emit("shape_of", (a,)), emit("shape_of", (b,)))
    count = integer(emit("prod", (extents,)))
    places = range_tensor(0, count)

    def laid_out(x, counts):
        flat = emit("concat", [emit("reshape", (x,), shape=[-1]), full([1], 0, x.dtype)], axis=0)
        at = where(counts, places, emit("size_of", (x,)))
        return reshape(emit("gather", (flat, at), axis=0), extents)

    return where(condition, laid_out(a, condition), laid_out(b, emit("logical_not", (condition,))))


def switch(condition, then_expression, else_expression):
    """`then_expression` where `condition` holds, else `else_expression`; either may be callable.

    A condition of lower rank than the expressions is extended with axes on the right, so that a
    condition of shape (batch,) chooses whole rows.

    Raises:
        ValueError: where the condition has more axes than the expressions.
    """
    then_expression, else_expression = _called(then_expression), _called(else_expression)
    if not isinstance(condition, Tensor) and np.ndim(condition) == 0:
        return as_tensor(then_expression if condition else else_expression)
    condition = as_tensor(condition)
    if condition.ndim == 0:
        return _select(condition, then_expression, else_expression)
    then_expression, else_expression = operands(then_expression, else_expression)
    rank = max(then_expression.ndim, else_expression.ndim)
    if condition.ndim > rank:
        raise ValueError(
            "Rank of `condition` should be less than or equal to rank of `then_expression` and "
            f"`else_expression`. Received: condition {condition.shape}, then "
            f"{then_expression.shape}, else {else_expression.shape}"
        )
    condition = cast_value(condition, "bool")
    for _ in range(rank - condition.ndim):
        condition = emit("expand_dims", (condition,), axis=-1)
    return where(condition, then_expression, else_expression)


def symbolic(func):
    """Decorator of old code: every function is symbolic here."""
    return func


def eager(func):
    """Decorator of old code; returns the function."""
    return func
