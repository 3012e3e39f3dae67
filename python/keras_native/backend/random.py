"""Random tensors. A seed of None draws one from NumPy: `np.random.seed` fixes everything."""

import numpy as np

from .common import floatx
from .dtypes import dtype_name, is_float
from .shapes import known_ints, packed_shape, shape
from .tensor import Tensor, as_tensor, cast_value, emit
from .variables import variable


def new_seed(seed=None):
    """The seed itself, or one drawn from NumPy's generator."""
    return int(np.random.randint(10_000_000) if seed is None else seed)


def _draw(op, shape, dtype, seed, **attrs):
    ints, vector = packed_shape(shape)
    inputs = () if vector is None else (vector,)
    wanted = dtype_name(dtype)
    drawn = wanted if wanted in ("float32", "float64") else "float32"
    x = emit(op, inputs, shape=ints, dtype=drawn, seed=new_seed(seed), **attrs)
    return cast_value(x, wanted)


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal values; new ones at every run. `mean` and `stddev` may be tensors."""
    if _any_tensor(mean, stddev):
        return _affine(random_normal(shape, dtype=dtype, seed=seed), stddev, mean)
    return _draw("random_normal", shape, dtype, seed, mean=float(mean), stddev=float(stddev))


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Uniform values in [minval, maxval), numbers or tensors; integers for a `dtype` of these."""
    wanted = dtype_name(dtype)
    if not is_float(wanted):
        x = random_uniform(shape, minval, maxval, "float64", seed)
        return cast_value(emit("floor", (x,)), wanted)
    if _any_tensor(minval, maxval):
        low, high = (cast_value(as_tensor(v), wanted) for v in (minval, maxval))
        return _affine(random_uniform(shape, dtype=wanted, seed=seed), high - low, low)
    return _draw("random_uniform", shape, wanted, seed, low=float(minval), high=float(maxval))


def random_binomial(shape, p=0.0, dtype=None, seed=None):
    """1 with probability `p`, a number or a tensor, else 0."""
    if _any_tensor(p):
        return cast_value(_chance(shape, p, seed), dtype_name(dtype))
    x = _draw("random_bernoulli", shape, floatx(), seed, p=float(p))
    return cast_value(x, dtype_name(dtype))


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Normal values, drawn again where they are more than two deviations off."""
    if _any_tensor(mean, stddev):
        return _affine(truncated_normal(shape, dtype=dtype, seed=seed), stddev, mean)
    return _draw("truncated_normal", shape, dtype, seed, mean=float(mean), stddev=float(stddev))


def _any_tensor(*settings):
    return any(isinstance(s, Tensor) or np.ndim(s) for s in settings)


def _affine(x, factor, offset):
    """x * factor + offset, where these may be tensors of other types."""
    factor, offset = (cast_value(as_tensor(v), x.dtype) for v in (factor, offset))
    return x * factor + offset


def _chance(shape, p, seed):
    """Which elements are to be 1, each with the probability that the tensor `p` gives it."""
    drawn = _draw("random_uniform", shape, "float32", seed, low=0.0, high=1.0)
    return emit("less", (drawn, cast_value(as_tensor(p), "float32")))


def random_uniform_variable(shape, low, high, dtype=None, name=None, seed=None):
    """A variable of values uniform in [low, high)."""
    rng = np.random.RandomState(new_seed(seed))
    return variable(rng.uniform(low, high, tuple(shape)), dtype, name)


def random_normal_variable(shape, mean, scale, dtype=None, name=None, seed=None):
    """A variable of normal values."""
    rng = np.random.RandomState(new_seed(seed))
    return variable(rng.normal(mean, scale, tuple(shape)), dtype, name)


def dropout(x, level, noise_shape=None, seed=None):
    """Sets a share `level` of the elements to zero and scales the rest by 1 / (1 - level).

    Arguments:
        level: a number, or a scalar tensor, whose value is not checked.
        noise_shape: extents along which elements are dropped independently; None (or -1) stands
            for the extent of `x`, 1 for dropping along that axis together.

    Raises:
        ValueError: for a level outside [0, 1).
    """
    x = as_tensor(x)
    if isinstance(level, Tensor):
        return _dropped(x, cast_value(level, x.dtype), noise_shape, seed)
    if not 0.0 <= float(level) < 1.0:
        raise ValueError(f"Dropout level must be in interval [0, 1). Received: {level}")
    if level == 0:
        return x
    if noise_shape is not None:
        noise_shape, vector = packed_shape([-1 if d is None else d for d in _listed(noise_shape)])
        if vector is not None:
            noise_shape = [d if d == 1 else -1 for d in _known(vector)]
    return emit("dropout", (x,), rate=float(level), seed=new_seed(seed), noise_shape=noise_shape)


def _dropped(x, level, noise_shape, seed):
    """Dropout of a share that only the run tells."""
    own = shape(x)
    extents = _listed(own if noise_shape is None else noise_shape)
    extents = [own[i] if d in (None, -1) else d for i, d in enumerate(extents)]
    kept = cast_value(_chance(extents, 1.0 - level, seed), x.dtype)
    return x * kept / (1.0 - level)


def _listed(extents):
    if isinstance(extents, Tensor):
        return [extents[i] for i in range(extents.shape[0])]
    return list(extents)


def _known(vector):
    """Extents of a shape vector, -1 where only the run will tell: those follow `x`."""
    known = known_ints(vector) or [None] * vector.shape[0]
    return [-1 if d is None else d for d in known]
