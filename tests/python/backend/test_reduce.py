"""Reductions against NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(5)
X = rng.normal(size=(3, 4, 2))


def logsumexp(x, axis=None, keepdims=False):
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


REDUCTIONS = {
    "sum": np.sum,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "prod": np.prod,
    "var": np.var,
    "std": np.std,
    "logsumexp": logsumexp,
}


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), [1, 2], (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions(float64, name, axis, keepdims):
    wanted = tuple(axis) if isinstance(axis, list) else axis
    check(
        lambda x: getattr(K, name)(x, axis=axis, keepdims=keepdims),
        lambda x: REDUCTIONS[name](x, axis=wanted, keepdims=keepdims),
        X,
    )


@pytest.mark.parametrize("name", sorted(REDUCTIONS))
def test_reductions_of_unknown_shape(float64, name):
    check(
        lambda x: getattr(K, name)(x, axis=1),
        lambda x: REDUCTIONS[name](x, axis=1),
        X,
        unknown=True,
    )


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
def test_any_all(axis):
    x = np.array([[0.0, 1.0, 0.0], [2.0, 1.0, 3.0]], "float32")
    for name, reference in (("any", np.any), ("all", np.all)):
        y = check(
            lambda t, name=name: getattr(K, name)(t, axis=axis),
            lambda a, reference=reference: reference(a != 0, axis=axis),
            x,
            grad=False,
        )
        assert y.dtype == "bool"


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_arg(axis):
    x = np.array([[1, 5, 5], [7, 2, 7]], "float32")  # ties: the first counts
    assert (
        check(lambda t: K.argmax(t, axis), lambda a: a.argmax(axis), x, grad=False).dtype == "int64"
    )
    check(lambda t: K.argmin(t, axis), lambda a: a.argmin(axis), x, grad=False)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
def test_running(float64, name, axis):
    check(lambda x: getattr(K, name)(x, axis), lambda x: getattr(np, name)(x, axis), X)


def test_mean_of_other_types():
    b = np.array([True, False, True, True])
    y = check(K.mean, np.mean, b, grad=False, rtol=1e-6)
    assert y.dtype == "float32"
    check(K.sum, np.sum, np.arange(6, dtype="int32"), grad=False)
