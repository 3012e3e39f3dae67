"""Activations of later generations of Keras, and those whose formula changed."""

from .. import backend as K


def silu(x):
    """x sigmoid(x)."""
    return x * K.sigmoid(x)


def gelu(x):
    """x times the normal distribution function of x."""
    return 0.5 * x * (1.0 + K.emit("erf", (x * 0.7071067811865476,)))


def mish(x):
    """x tanh(softplus(x))."""
    return x * K.tanh(K.softplus(x))


def relu6(x):
    """x between 0 and 6."""
    return K.clip(x, 0.0, 6.0)


def leaky_relu(x):
    """x above zero, 0.2 x below."""
    return K.relu(x, alpha=0.2)


def hard_sigmoid(x):
    """relu6(x + 3) / 6, as Keras 3 has it."""
    return K.clip(x + 3.0, 0.0, 6.0) / 6.0


def log_softmax(x):
    """Logarithm of the softmax over the last axis."""
    return K.emit("log_softmax", (x,), axis=-1)


def celu(x):
    """x above zero, exp(x) - 1 below."""
    return K.elu(x)


def hard_silu(x):
    """x relu6(x + 3) / 6."""
    return x * hard_sigmoid(x)


def hard_tanh(x):
    """x between -1 and 1."""
    return K.clip(x, -1.0, 1.0)


def squareplus(x):
    """(x + √(x² + 4)) / 2."""
    return (x + K.sqrt(K.square(x) + 4.0)) / 2.0


def sparse_plus(x):
    """x above 1, 0 below -1, (x + 1)² / 4 between."""
    middle = 0.25 * K.square(K.clip(x, -1.0, 1.0) + 1.0)
    return K.maximum(x, 1.0) - 1.0 + middle


def sparse_sigmoid(x):
    """(x + 1) / 2 between 0 and 1."""
    return K.clip(0.5 * (x + 1.0), 0.0, 1.0)


def tanh_shrink(x):
    """x - tanh(x)."""
    return x - K.tanh(x)


def hard_shrink(x):
    """x, 0 where it is between -0.5 and 0.5."""
    return K.switch(K.greater(K.abs(x), 0.5), x, K.zeros_like(x))


def soft_shrink(x):
    """x moved towards 0 by 0.5."""
    return K.sign(x) * K.maximum(K.abs(x) - 0.5, 0.0)


def log_sigmoid(x):
    """Logarithm of the sigmoid."""
    return -K.softplus(-x)


COMMON = {
    "silu": silu,
    "swish": silu,
    "gelu": gelu,
    "mish": mish,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
}
_KERAS_3 = {
    fn.__name__: fn
    for fn in (
        hard_sigmoid, celu, hard_silu, hard_tanh, squareplus, sparse_plus, sparse_sigmoid,
        tanh_shrink, hard_shrink, soft_shrink, log_sigmoid,
    )
}  # fmt: skip
BY_GENERATION = {
    "tf_keras": COMMON,
    "3": {**COMMON, **_KERAS_3, "hard_swish": hard_silu},
}
