"""Keras 1's module `keras.initializations`: functions from a shape to a variable."""

import math

import numpy as np

from .. import backend as K
from .. import initializers


def get_fans(shape, dim_ordering="th"):
    """(inputs, outputs) of one unit of a weight of that shape."""
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) in (3, 4, 5):
        if dim_ordering == "th" and len(shape) > 3:
            field = math.prod(shape[2:])
            return shape[1] * field, shape[0] * field
        field = math.prod(shape[:-2])
        return shape[-2] * field, shape[-1] * field
    fan = math.sqrt(math.prod(shape))
    return fan, fan


def uniform(shape, scale=0.05, name=None, dim_ordering="th"):
    """Uniform from -scale to scale."""
    return K.random_uniform_variable(shape, -scale, scale, name=name)


def normal(shape, scale=0.05, name=None, dim_ordering="th"):
    """Normal with standard deviation `scale`."""
    return K.random_normal_variable(shape, 0.0, scale, name=name)


def lecun_uniform(shape, name=None, dim_ordering="th"):
    """Uniform with limit sqrt(3 / inputs)."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return uniform(shape, math.sqrt(3.0 / fan_in), name=name)


def glorot_normal(shape, name=None, dim_ordering="th"):
    """Normal with variance 2 / (inputs + outputs)."""
    return normal(shape, math.sqrt(2.0 / sum(get_fans(shape, dim_ordering))), name=name)


def glorot_uniform(shape, name=None, dim_ordering="th"):
    """Uniform with variance 2 / (inputs + outputs)."""
    return uniform(shape, math.sqrt(6.0 / sum(get_fans(shape, dim_ordering))), name=name)


def he_normal(shape, name=None, dim_ordering="th"):
    """Normal with variance 2 / inputs."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return normal(shape, math.sqrt(2.0 / fan_in), name=name)


def he_uniform(shape, name=None, dim_ordering="th"):
    """Uniform with variance 2 / inputs."""
    fan_in, _ = get_fans(shape, dim_ordering)
    return uniform(shape, math.sqrt(6.0 / fan_in), name=name)


def orthogonal(shape, scale=1.1, name=None, dim_ordering="th"):
    """Orthogonal rows or columns, times `scale`."""
    flat = (shape[0], math.prod(shape[1:]))
    u, _, v = np.linalg.svd(np.random.normal(0.0, 1.0, flat), full_matrices=False)
    return K.variable(scale * (u if u.shape == flat else v).reshape(shape), name=name)


def identity(shape, scale=1, name=None, dim_ordering="th"):
    """The identity matrix, times `scale`."""
    if len(shape) != 2 or shape[0] != shape[1]:
        raise ValueError(f"identity: expected a square shape; received {shape}.")
    return K.variable(scale * np.identity(shape[0]), name=name)


def zero(shape, name=None, dim_ordering="th"):
    """Zeros."""
    return K.zeros(shape, name=name)


def one(shape, name=None, dim_ordering="th"):
    """Ones."""
    return K.ones(shape, name=name)


def get(identifier, **kwargs):
    """The function of a name; a callable stays; other names are those of `initializers`."""
    if callable(identifier):
        return identifier
    own = globals().get(identifier) if isinstance(identifier, str) else None
    if callable(own) and identifier not in ("get", "get_fans"):
        return (lambda shape, **options: own(shape, **{**kwargs, **options})) if kwargs else own
    return initializers.get(identifier)
