"""Numbers of NumPy's generators as tensors: the same ones for a seed, on any number of threads.

`seeds` is an `np.random.SeedSequence`, shapes are tuples or a single extent. Uniform numbers are
one sequence; normal ones, of which each takes its own number of steps, have one for each piece.
"""

import numpy as np

from .common import floatx
from .drawn import PIECE, DrawnTensor
from .drawn import filled as drawn_filled
from .dtypes import dtype_name
from .placeholders import constant


def filled(value, shape, dtype):
    """A tensor of one number."""
    if dtype_name(dtype) == "bfloat16":
        return constant(value, shape=shape, dtype=dtype)
    return drawn_filled(value, _extents(shape), dtype_name(dtype), "Const")


def uniform(seeds, shape, low, high, dtype):
    """Uniform in [low, high)."""
    drawn = _drawn(dtype)
    per_step = 8 // np.dtype(drawn).itemsize  # numbers that a step of the generator gives

    def draw(first, last):
        bits = np.random.PCG64(seeds)
        bits.advance(first // per_step)
        values = np.random.Generator(bits).random(last - first, dtype=drawn)
        return _scaled(values, high - low, low)

    return _tensor(draw, shape, dtype)


def normal(seeds, shape, stddev, dtype, mean=None):
    """Normal values."""
    drawn = _drawn(dtype)

    def draw(first, last):
        values = _of_piece(seeds, first).standard_normal(last - first, dtype=drawn)
        return _scaled(values, stddev, mean)

    return _tensor(draw, shape, dtype)


def truncated_normal(seeds, shape, stddev, dtype, mean=None):
    """Normal values; those beyond two deviations are drawn again."""
    drawn = _drawn(dtype)

    def draw(first, last):
        rng = _of_piece(seeds, first)
        values = rng.standard_normal(last - first, dtype=drawn)
        outside = np.flatnonzero((values > 2) | (values < -2))
        while outside.size:
            again = rng.standard_normal(outside.size, dtype=drawn)
            values[outside] = again
            outside = outside[np.abs(again) > 2]
        return _scaled(values, stddev, mean)

    return _tensor(draw, shape, dtype)


def _of_piece(seeds, first):
    """The generator of the piece that begins at element `first`."""
    return np.random.Generator(np.random.PCG64(seeds).jumped(first // PIECE))


def _drawn(dtype):
    """NumPy draws float32 and float64; other types are cast from the former."""
    return np.float64 if (dtype or floatx()) == "float64" else np.float32


def _scaled(values, factor, offset=None):
    """values * factor + offset, in the place of `values` where NumPy keeps their type."""
    for operate, operand in ((np.multiply, factor), (np.add, offset)):
        if operand is not None:
            kept = np.result_type(values, operand) == values.dtype
            values = operate(values, operand, out=values if kept else None)
    return values


def _tensor(draw, shape, dtype):
    """A tensor of the elements that `draw(first, last)` gives."""
    shape, dtype = _extents(shape), dtype_name(dtype)
    if dtype in ("float32", "float64"):
        return DrawnTensor(draw, shape, dtype, "Const")
    return constant(DrawnTensor(draw, shape, "float32").drawn(), dtype=dtype)


def _extents(shape):
    return (shape,) if isinstance(shape, (int, np.integer)) else tuple(shape)
