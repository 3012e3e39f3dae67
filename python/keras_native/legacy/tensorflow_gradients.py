"""Gradients written by hand that are multiples of what comes in, as where domains adversarially
learn: `tf.custom_gradient`, and `tf.RegisterGradient` for `tf.identity`.

Gradients follow from the operations here. A multiple is one of them: with s = c x, the value
y + (s - s) has the gradient c, where one s counts as constant.
"""

import contextlib
import types

import numpy as np

from .. import backend as K
from ..backend.between import reached

_by_name = {}
_identity = []  # names of gradients that tf.identity has now, the innermost last


def RegisterGradient(op_type):
    """Decorator: the function is the gradient called `op_type`."""

    def register(function):
        _by_name[op_type] = function
        return function

    return register


@contextlib.contextmanager
def gradient_override_map(op_type_map):
    """Inside, `tf.identity` has a gradient that was registered.

    Raises:
        ValueError: for other operations, whose gradients are their own.
    """
    if set(op_type_map) != {"Identity"}:
        raise ValueError(
            "gradient_override_map expected {'Identity': name}: other operations have their own "
            f"gradients here. Received: {op_type_map}"
        )
    _identity.append(op_type_map["Identity"])
    try:
        yield
    finally:
        _identity.pop()


def identity(input):
    """The same values, with the gradient of the open `gradient_override_map`."""
    if not _identity:
        return K.identity(input)
    op = types.SimpleNamespace(inputs=[input], outputs=[input], type="Identity")
    return _with_factor(input, input, lambda grad: _by_name[_identity[-1]](op, grad))


def custom_gradient(f):
    """Decorator: `f(x)` returns its value and the function that makes its gradient."""

    def wrapped(x):
        x = K.as_tensor(x)
        y, grad = f(x)
        if tuple(y.shape) != tuple(x.shape):
            raise ValueError(
                "tensorflow.custom_gradient expected a value of the argument's shape "
                f"{tuple(x.shape)}; got {tuple(y.shape)}."
            )
        return _with_factor(x, y, grad)

    return wrapped


def _with_factor(x, y, grad):
    """`y` with the gradient by `x` that `grad` gives."""
    _require_multiple(grad)
    factor = _first(grad(K.ones_like(x)))
    scaled = x * K.stop_gradient(factor)
    return K.stop_gradient(y - scaled) + scaled


def _first(result):
    return result[0] if isinstance(result, (list, tuple)) else result


def _require_multiple(grad):
    """Raises ValueError where a gradient is not a multiple of what comes in, by a few values."""
    given = np.array([1.0, -2.0, 0.5, 30.0])
    found = _first(grad(K.constant(given)))
    if any(v.op == "placeholder" for v in reached([found._value])):
        return  # a factor that is fed, as one that grows while training
    found = K.eval(found)
    if np.shape(found) != given.shape or not np.allclose(found, found[0] * given):
        raise ValueError(
            "Gradients written by hand have to be multiples of what comes in; from "
            f"{given.tolist()} this one made {np.asarray(found).tolist()}."
        )
