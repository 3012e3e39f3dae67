"""First values of weights: the numbers of NumPy's generator, whichever way they are asked for."""

import tracemalloc

import numpy as np
import pytest
from keras_native import _core, initializers
from keras_native import backend as K

LARGE = 2_200_001  # more than threads share out, and odd
PIECE = 1 << 18  # elements with a generator of their own, where values are normal


def redrawn(rng, values):
    """Normal values with those beyond two deviations drawn again, all that are left at a time."""
    flat = values.reshape(-1)
    outside = np.flatnonzero(abs(flat) > 2)
    while outside.size:
        flat[outside] = rng.standard_normal(outside.size, dtype=values.dtype)
        outside = outside[abs(flat[outside]) > 2]
    return values


def normal(count, dtype, redraws):
    """Flat normal values piece by piece."""
    pieces = []
    for k, first in enumerate(range(0, count, PIECE)):
        rng = np.random.Generator(np.random.PCG64([7, 1]).jumped(k))
        values = rng.standard_normal(min(PIECE, count - first), dtype=dtype)
        pieces.append(redrawn(rng, values) if redraws else values)
    return np.concatenate([*pieces, np.empty(0, dtype)])


def plain(name, shape, dtype):
    """The values of `initializers.get(name)` with seed 7 at its first call, on one thread."""
    # NumPy's numbers, which filters of a convolution are counted in, ask for float64 in between.
    field = np.prod(shape[:-2]) if len(shape) > 2 else 1
    fan = (shape[-2] * field + shape[-1] * field) / 2
    if name == "glorot_uniform":
        limit = (3.0 * (1.0 / fan)) ** 0.5
        rng = np.random.default_rng([7, 1])
        return rng.random(shape, dtype=dtype) * (limit + limit) - limit
    values = normal(int(np.prod(shape)), dtype, name != "RandomNormal").reshape(shape)
    if name == "glorot_normal":
        return values * ((1.0 / fan) ** 0.5 / 0.87962566103423978)
    return values * 2.0 + 1.0


MAKERS = {
    "glorot_uniform": initializers.glorot_uniform,
    "glorot_normal": initializers.glorot_normal,
    "RandomNormal": lambda seed: initializers.RandomNormal(1.0, 2.0, seed),
    "TruncatedNormal": lambda seed: initializers.TruncatedNormal(1.0, 2.0, seed),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(3, 5), (1, LARGE), (3, 3, 7, 9), (0, 4)], ids=str)
@pytest.mark.parametrize("name", sorted(MAKERS))
def test_values_are_those_of_one_draw(name, shape, dtype):
    expected = plain(name, shape, dtype).astype(dtype)
    tensor = MAKERS[name](seed=7)(shape, dtype=dtype)
    assert (tensor.shape, tensor.dtype, tensor.ndim) == (shape, dtype, len(shape))
    variable = K.variable(tensor, dtype=dtype)
    for values in (K.get_value(variable), K.eval(tensor), K.eval(K.identity(tensor))):
        assert values.dtype == dtype
        np.testing.assert_array_equal(values, expected)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int32", "bool"])
def test_one_number(dtype):
    for value, name, make in ((0, "zeros", K.zeros), (1, "ones", K.ones)):
        tensor = initializers.get(name)((3, 0, 2), dtype=dtype)
        assert (tensor.shape, tensor.dtype) == ((3, 0, 2), dtype)
        for x in (make((3, 2), dtype), K.variable(initializers.get(name)((3, 2), dtype), dtype)):
            assert (x.shape, x.dtype) == ((3, 2), dtype)
            assert (np.asarray(K.get_value(x), "float32") == value).all()
    assert K.get_value(K.zeros(())) == 0


def test_other_types_are_cast():
    expected = plain("glorot_uniform", (3, 5), "float32")
    half = initializers.glorot_uniform(seed=7)((3, 5), dtype="float16")
    np.testing.assert_array_equal(K.eval(half), expected.astype("float16"))
    double = initializers.glorot_uniform(seed=7)((3, 5), dtype="float32")
    values = K.get_value(K.variable(double, dtype="float64"))
    np.testing.assert_array_equal(values, expected.astype("float64"))


@pytest.mark.parametrize("name", ["glorot_uniform", "glorot_normal"])
def test_values_are_drawn_into_the_variable(monkeypatch, name):
    monkeypatch.setattr(_core, "num_threads", lambda: 2)  # each has a piece of its own
    make = getattr(initializers, name)
    K.variable(make(seed=7)((1, 10)))
    tracemalloc.start()
    try:
        K.variable(make(seed=7)((LARGE // 1000, 4000)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < LARGE * 16 / 3


def test_a_variable_does_not_share_the_array_that_it_started_from():
    array = np.ones((3, 4), "float32")
    variable = K.variable(array)
    array[:] = 2
    assert (K.get_value(variable) == 1).all()
    K.get_value(variable)[:] = 3
    assert (K.get_value(variable) == 1).all()
