"""Keras 1: functions that make variables of given shapes. Today: `initializers`."""

import numpy as np

from . import backend as K
from .utils.generic_utils import deserialize_keras_object


def get_fans(shape, dim_ordering="th"):
    """Numbers of inputs and outputs of a weight of that shape.

    Raises:
        ValueError: for an unknown ordering of a convolution kernel's axes.
    """
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) in (4, 5):
        if dim_ordering == "th":
            field = np.prod(shape[2:])
            return shape[1] * field, shape[0] * field
        if dim_ordering == "tf":
            field = np.prod(shape[:-2])
            return shape[-2] * field, shape[-1] * field
        raise ValueError(f"Invalid dim_ordering. Expected 'tf' or 'th'. Received: {dim_ordering!r}")
    root = np.sqrt(np.prod(shape))
    return root, root


def uniform(shape, scale=0.05, name=None, dim_ordering="th"):
    """Uniform in ±scale."""
    return K.random_uniform_variable(shape, -scale, scale, name=name)


def normal(shape, scale=0.05, name=None, dim_ordering="th"):
    """Normal of standard deviation `scale`."""
    return K.random_normal_variable(shape, 0.0, scale, name=name)


def lecun_uniform(shape, name=None, dim_ordering="th"):
    """Uniform in ±sqrt(3 / fan_in)."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return uniform(shape, np.sqrt(3.0 / fan_in), name)


def glorot_normal(shape, name=None, dim_ordering="th"):
    """Normal of variance 2 / (fan_in + fan_out)."""
    return normal(shape, np.sqrt(2.0 / sum(get_fans(shape, dim_ordering))), name)


def glorot_uniform(shape, name=None, dim_ordering="th"):
    """Uniform in ±sqrt(6 / (fan_in + fan_out))."""
    return uniform(shape, np.sqrt(6.0 / sum(get_fans(shape, dim_ordering))), name)


def he_normal(shape, name=None, dim_ordering="th"):
    """Normal of variance 2 / fan_in."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return normal(shape, np.sqrt(2.0 / fan_in), name)


def he_uniform(shape, name=None, dim_ordering="th"):
    """Uniform in ±sqrt(6 / fan_in)."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return uniform(shape, np.sqrt(6.0 / fan_in), name)


def orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    """A matrix with orthonormal rows or columns, times `scale`."""
    from .initializers import Orthogonal

    return K.variable(Orthogonal(gain=scale)(shape), name=name)


def identity(shape, scale=1, name=None, dim_ordering="th"):
    """The identity matrix, times `scale`.

    Raises:
        ValueError: for a shape that is not square.
    """
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"Identity matrix initialization needs a square shape. Received: {shape}")
    return K.variable(scale * np.identity(shape[0]), name=name)


def zero(shape, name=None, dim_ordering="th"):
    """Zeros."""
    return K.zeros(shape, name=name)


def one(shape, name=None, dim_ordering="th"):
    """Ones."""
    return K.ones(shape, name=name)


def get(identifier, **kwargs):
    """The function of that name (or the function itself)."""
    return deserialize_keras_object(
        identifier, module_objects=globals(), printable_module_name="initialization"
    )
