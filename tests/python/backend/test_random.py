"""Random tensors: laws, seeds and dropout."""

import numpy as np
import pytest
from keras_native import backend as K

SIZE = (100, 300)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_laws(dtype):
    normal = K.eval(K.random_normal(SIZE, 1.0, 2.0, dtype))
    assert normal.dtype == dtype
    assert normal.mean() == pytest.approx(1, abs=0.06)
    assert normal.std() == pytest.approx(2, rel=0.02)
    uniform = K.eval(K.random_uniform(SIZE, -1.0, 3.0, dtype))
    assert uniform.min() >= -1
    assert uniform.max() < 3
    assert uniform.mean() == pytest.approx(1, abs=0.04)
    cut = K.eval(K.truncated_normal(SIZE, 0.0, 1.0, dtype))
    assert abs(cut).max() <= 2
    assert cut.std() == pytest.approx(0.8796, rel=0.02)
    coins = K.eval(K.random_binomial(SIZE, 0.3, dtype))
    assert set(np.unique(coins)) == {0, 1}
    assert coins.mean() == pytest.approx(0.3, abs=0.015)


def test_integers():
    x = K.eval(K.random_uniform(SIZE, 2, 6, dtype="int32"))
    assert x.dtype == "int32"
    assert sorted(np.unique(x)) == [2, 3, 4, 5]


def test_settings_by_tensors():
    """Layers and optimizers of others anneal noise by a variable, or give each column its own."""
    k = K.variable(3.0)
    normal = K.random_normal(SIZE, mean=k, stddev=K.sqrt(k + 1), dtype="float64")
    cut = K.truncated_normal(SIZE, k, k)
    uniform = K.random_uniform(SIZE, -k, np.arange(300))
    whole = K.random_uniform(SIZE, 1, k, dtype="int32")
    coins = K.random_binomial(SIZE, p=1 / k)
    values = K.function([], [normal, cut, uniform, whole, coins])
    normal, cut, uniform, whole, coins = values([])
    assert normal.dtype == "float64"
    assert normal.mean() == pytest.approx(3, abs=0.06)
    assert normal.std() == pytest.approx(2, rel=0.02)
    assert abs(cut - 3).max() <= 6
    assert uniform.min() >= -3
    assert np.all(uniform <= np.arange(300))
    assert uniform[:, 299].mean() == pytest.approx(148, abs=40)
    assert whole.dtype == "int32"
    assert sorted(np.unique(whole)) == [1, 2]
    assert coins.mean() == pytest.approx(1 / 3, abs=0.015)
    K.set_value(k, 1.0)
    assert values([])[4].min() == 1


@pytest.mark.parametrize("noise_shape", [None, (None, 1), (-1, 1)])
def test_dropout_by_a_variable(noise_shape):
    level, x = K.variable(0.25), K.placeholder((None, 300))
    y = K.dropout(x, level, noise_shape)
    f = K.function([x], [y, K.gradients(K.sum(y), x)[0]])
    for share in (0.25, 0.5, 0.0):
        K.set_value(level, share)
        y, slope = f([np.full((100, 300), 2.0)])
        assert set(np.unique(y)) <= {0, np.float32(2 / (1 - share))}
        assert np.mean(y == 0) == pytest.approx(share, abs=0.15 if noise_shape else 0.02)
        np.testing.assert_array_equal(y, 2 * slope)


def test_seeds():
    x = K.random_normal((4,), seed=3)
    first, second = K.eval(x), K.eval(x)
    assert not np.array_equal(first, second)
    again = K.random_normal((4,), seed=3)
    np.testing.assert_array_equal(K.eval(again), first)
    assert not np.array_equal(K.eval(K.random_normal((4,), seed=4)), first)
    np.random.seed(9)
    first = K.eval(K.random_normal((4,)))
    np.random.seed(9)
    np.testing.assert_array_equal(K.eval(K.random_normal((4,))), first)


def test_shape_by_tensor():
    x = K.placeholder((None, 3))
    f = K.function([x], [K.random_uniform(K.shape(x)), K.random_normal((K.shape(x)[0], 2))])
    for n in (2, 5):
        assert [y.shape for y in f([np.zeros((n, 3))])] == [(n, 3), (n, 2)]


def test_variables():
    v = K.random_uniform_variable((50, 60), -2, 2, seed=1)
    assert K.is_variable(v)
    assert abs(K.get_value(v)).max() <= 2
    np.testing.assert_array_equal(
        K.get_value(v), K.get_value(K.random_uniform_variable((50, 60), -2, 2, seed=1))
    )
    assert K.get_value(K.random_normal_variable((90, 90), 1, 0.1)).mean() == pytest.approx(
        1, abs=0.01
    )


def test_dropout():
    x = K.ones((200, 300))
    y = K.dropout(x, 0.25, seed=5)
    value = K.eval(y)
    kept = value != 0
    assert kept.mean() == pytest.approx(0.75, abs=0.01)
    np.testing.assert_allclose(value[kept], 1 / 0.75, rtol=1e-6)
    f = K.function([], [y, K.gradients(K.sum(y), x)[0]])
    for _ in range(2):
        value, grad = f([])
        np.testing.assert_array_equal(value, grad)  # x is 1: the same mask and scale
    assert not np.array_equal(f([])[0], value)
    assert K.dropout(x, 0) is x


def test_dropout_noise_shape():
    x = K.placeholder((None, 5, 4))
    y = K.dropout(x, 0.5, noise_shape=(None, 1, 4))
    z = K.dropout(x, 0.5, noise_shape=(K.shape(x)[0], 1, 1))
    a, b = K.function([x], [y, z])([np.ones((30, 5, 4))])
    assert (a == a[:, :1]).all()
    assert 0 < (a == 0).mean() < 1
    assert (b == b[:, :1, :1]).all()
    assert 0 < (b == 0).mean() < 1
    for level in (-0.1, 1.0, 2):
        with pytest.raises(ValueError, match="interval"):
            K.dropout(x, level)
