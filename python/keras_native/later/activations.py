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


COMMON = {
    "silu": silu,
    "swish": silu,
    "gelu": gelu,
    "mish": mish,
    "relu6": relu6,
    "leaky_relu": leaky_relu,
    "log_softmax": log_softmax,
}
BY_GENERATION = {
    "tf_keras": COMMON,
    "3": {**COMMON, "hard_sigmoid": hard_sigmoid},
}
