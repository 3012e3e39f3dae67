"""Activation functions by name."""

import warnings

from . import backend as K
from . import dialect
from .utils.generic_utils import deserialize_keras_object


def softmax(x, axis=-1):
    """exp(x) normalised to sum one along `axis`.

    Raises:
        ValueError: for a tensor of one axis.
    """
    if K.ndim(x) < 2:
        raise ValueError(
            f"Cannot apply softmax to a tensor that is 1D. Received shape: {K.int_shape(x)}"
        )
    return K.softmax(x, axis=axis)


def elu(x, alpha=1.0):
    """x above zero, alpha * (exp(x) - 1) below."""
    return K.elu(x, alpha)


def selu(x):
    """Scaled exponential linear unit; goes with 'lecun_normal' and AlphaDropout."""
    return K.selu(x)


def softplus(x):
    """log(exp(x) + 1)."""
    return K.softplus(x)


def softsign(x):
    """x / (|x| + 1)."""
    return K.softsign(x)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """x above `threshold`, alpha * (x - threshold) below it, at most `max_value`."""
    return K.relu(x, alpha=alpha, max_value=max_value, threshold=threshold)


def tanh(x):
    """Hyperbolic tangent."""
    return K.tanh(x)


def sigmoid(x):
    """1 / (1 + exp(-x))."""
    return K.sigmoid(x)


def hard_sigmoid(x):
    """clip(0.2 x + 0.5, 0, 1)."""
    return K.hard_sigmoid(x)


def exponential(x):
    """exp(x)."""
    return K.exp(x)


def linear(x):
    """x itself."""
    return x


def serialize(activation):
    """The name of an activation function."""
    return activation.__name__


def deserialize(name, custom_objects=None):
    """The activation function called `name`."""
    later = _of_later_generations().get(name) if isinstance(name, str) else None
    if later is not None and name not in (custom_objects or {}):
        return later
    return deserialize_keras_object(
        name,
        module_objects=globals(),
        custom_objects=custom_objects,
        printable_module_name="activation function",
    )


def _of_later_generations():
    """{name: function} where the model that is being made comes from a later Keras."""
    if dialect.current().optimizers != "later":
        return {}
    from .later.activations import BY_GENERATION

    return BY_GENERATION[dialect.current().generation]


def get(identifier):
    """A name, a function or None (linear) as an activation function.

    Raises:
        ValueError: for an unknown name or what is neither.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    if callable(identifier):
        _warn_of_layer(identifier)
        return identifier
    raise ValueError(f"Could not interpret activation function identifier: {identifier!r}")


def _warn_of_layer(activation):
    from .engine.base_layer import Layer

    if isinstance(activation, Layer):
        warnings.warn(
            f"Do not pass a layer instance (such as {type(activation).__name__}) as the activation "
            f"argument of another layer: its weights and settings are not saved with that layer. "
            f"Use it as a layer of its own.",
            stacklevel=4,
        )
