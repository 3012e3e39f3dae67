"""The learning phase and branches."""

import numpy as np

from .. import _core
from .math import where
from .naming import reset_uids
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


def get_session():
    raise RuntimeError(
        "There is no TensorFlow session underneath. Use K.function(inputs, outputs) to compute "
        "tensors, K.eval(tensor) where nothing has to be fed, and K.get_value / K.set_value for "
        "variables."
    )


def set_session(session):
    """Takes a session of `legacy.tensorflow`, whose options were applied when it was made.

    Raises:
        RuntimeError: for one of TensorFlow.
    """
    if hasattr(getattr(session, "config", None), "gpu_options"):
        return
    raise RuntimeError(
        "There is no TensorFlow session underneath, so none can be set. GPU memory is configured "
        "by keras_native.config.set_memory_limit and set_memory_growth, threads by the environment "
        "variable KERAS_NATIVE_NUM_THREADS."
    )


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
    return where(condition, a, b)


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
