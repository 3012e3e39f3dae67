"""Elementwise functions and operators against NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import activations
from keras_native import backend as K

rng = np.random.RandomState(3)
X = rng.normal(size=(3, 4))
POSITIVE = rng.uniform(0.3, 2.0, size=(3, 4))
Y = rng.normal(size=(3, 4))

UNARY = {
    "abs": (np.abs, X),
    "square": (np.square, X),
    "sqrt": (np.sqrt, POSITIVE),
    "exp": (np.exp, X),
    "log": (np.log, POSITIVE),
    "sin": (np.sin, X),
    "cos": (np.cos, X),
    "tanh": (np.tanh, X),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), X),
    "hard_sigmoid": (lambda x: np.clip(0.2 * x + 0.5, 0, 1), 3 * X),
    "sign": (np.sign, X),
    "round": (np.round, 3 * X),
    "softplus": (lambda x: np.log1p(np.exp(x)), X),
    "softsign": (lambda x: x / (1 + np.abs(x)), X),
    "relu": (lambda x: np.maximum(x, 0), X),
    "elu": (lambda x: np.where(x > 0, x, np.expm1(x)), X),
    "selu": (
        lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x)),
        X,
    ),
}


@pytest.mark.parametrize("name", sorted(UNARY))
@pytest.mark.parametrize("unknown", [False, True])
def test_unary(float64, name, unknown):
    reference, x = UNARY[name]
    check(getattr(K, name), reference, x, unknown=unknown)


BINARY = {
    "maximum": np.maximum,
    "minimum": np.minimum,
}


@pytest.mark.parametrize("name", sorted(BINARY))
@pytest.mark.parametrize("shape", [(3, 4), (4,), (3, 1), (1,), ()])
def test_binary_broadcasts(float64, name, shape):
    y = rng.normal(size=shape)
    check(getattr(K, name), BINARY[name], X, y)
    check(getattr(K, name), BINARY[name], y, X)


OPERATORS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: abs(a) ** b,
}


@pytest.mark.parametrize("name", sorted(OPERATORS))
@pytest.mark.parametrize("shape", [(3, 4), (4,), (3, 1), (2, 1, 1), ()])
def test_operators_broadcast(float64, name, shape):
    y = rng.uniform(0.5, 2, size=shape)
    check(OPERATORS[name], OPERATORS[name], X, y)


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_operators_take_scalars_and_arrays(float64, name):
    f = OPERATORS[name]
    check(lambda x: f(x, 2), lambda x: f(x, 2), X)
    check(lambda x: f(2.5, x), lambda x: f(2.5, x), POSITIVE)
    check(lambda x: f(x, Y[0] ** 2), lambda x: f(x, Y[0] ** 2), X)
    check(lambda x: f(Y, x), lambda x: f(Y, x), POSITIVE)


@pytest.mark.parametrize(
    ("f", "ints"),
    [
        (lambda a, b: a // b, True),
        (lambda a, b: a % b, True),
        (lambda a, b: a // b, False),
        (lambda a, b: a % b, False),
    ],
)
def test_floor_division(float64, f, ints):
    a = np.array([[7, -7, 5], [3, -2, 9]], "int32" if ints else "float64")
    b = np.array([2, 3, -4], a.dtype)
    check(f, f, a, b, grad=False)


COMPARISONS = {
    "equal": np.equal,
    "not_equal": np.not_equal,
    "less": np.less,
    "less_equal": np.less_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "lesser": np.less,
    "lesser_equal": np.less_equal,
}


@pytest.mark.parametrize("name", sorted(COMPARISONS))
def test_comparisons(name):
    a = np.array([[1, 2], [3, 4]], "float32")
    y = check(getattr(K, name), COMPARISONS[name], a, np.float32([2, 2]), grad=False)
    assert y.dtype == "bool"
    check(lambda x: getattr(K, name)(x, 2), lambda x: COMPARISONS[name](x, 2), a, grad=False)


def test_comparison_operators():
    a = np.array([1.0, 2.0, 3.0], "float32")
    for f in (lambda x: x < 2, lambda x: x <= 2, lambda x: x > 2, lambda x: x >= 2):
        check(f, f, a, grad=False)
    both = lambda x: (x > 1) & (x < 3)  # noqa: E731
    check(both, both, a, grad=False)
    check(lambda x: ~(x > 1) | (x > 2), lambda x: ~(x > 1) | (x > 2), a, grad=False)


@pytest.mark.parametrize("bounds", [(-0.5, 0.5), (None, 0.3), (0.1, None), (0.5, -0.5)])
def test_clip(float64, bounds):
    low, high = bounds
    if None not in bounds and high < low:
        high = low
    check(lambda x: K.clip(x, *bounds), lambda x: np.clip(x, low, high), X)


def test_clip_by_arrays_and_tensors(float64):
    low, high = np.full(X.shape, -0.5), np.linspace(0, 1, X.shape[-1])
    check(lambda x: K.clip(x, low, high), lambda x: np.clip(x, low, high), X)
    check(lambda x: K.clip(x, low, K.constant(high)), lambda x: np.clip(x, low, high), X)


@pytest.mark.parametrize("exponent", [2, 1, 0.5, 3, -1.5, 2.0])
def test_pow(float64, exponent):
    check(lambda x: K.pow(x, exponent), lambda x: x**exponent, POSITIVE)
    check(lambda x: x**exponent, lambda x: x**exponent, POSITIVE)


RELU_CASES = [
    dict(alpha=0.2),
    dict(max_value=0.6),
    dict(max_value=6),
    dict(alpha=0.2, max_value=0.6),
    dict(threshold=0.3),
    dict(alpha=0.1, threshold=0.3),
    dict(alpha=0.1, threshold=0.3, max_value=0.9),
]


@pytest.mark.parametrize("kwargs", RELU_CASES)
def test_relu(float64, kwargs):
    def reference(x, alpha=0.0, max_value=None, threshold=0.0):
        above = np.where(x > threshold, x, 0)
        if max_value is not None:
            above = np.clip(above, 0, max_value)
        return above - alpha * np.maximum(threshold - x, 0)

    check(lambda x: K.relu(x, **kwargs), lambda x: reference(x, **kwargs), X)


@pytest.mark.parametrize("axis", [-1, 0, 1])
def test_softmax(float64, axis):
    def reference(x):
        e = np.exp(x - x.max(axis, keepdims=True))
        return e / e.sum(axis, keepdims=True)

    check(lambda x: K.softmax(x, axis), reference, X)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_l2_normalize(float64, axis):
    def reference(x):
        return x / np.sqrt(np.square(x).sum(axis, keepdims=True))

    check(lambda x: K.l2_normalize(x, axis), reference, X)


def test_cast_and_types():
    x = K.placeholder((2, 2))
    n = K.placeholder((2, 2), dtype="int32")
    b = K.placeholder((2, 2), dtype="bool")
    assert (x + n).dtype == "float32"
    assert (n + 1).dtype == "int32"
    assert (n + 0.5).dtype == "float32"
    assert (n / 2).dtype == "float32"
    assert (b * x).dtype == "float32"
    assert (b + b).dtype == "int32"
    assert (x * np.float64(2)).dtype == "float32"
    assert (np.ones(2) * x).dtype == "float32"
    assert K.cast(x, "int64").dtype == "int64"
    assert K.cast(x, np.float64).dtype == "float64"
    assert K.cast(x, "float32") is x
    assert K.cast_to_floatx([1, 2]).dtype == "float32"
    with pytest.raises(TypeError, match="Unsupported dtype"):
        K.cast(x, "complex64")


def test_gradient_of_gradient(float64):
    x = K.placeholder((3,))
    y = K.sum(K.pow(x, 3) * K.exp(x))
    first = K.gradients(y, x)[0]
    second = K.gradients(K.sum(first), x)[0]
    a = np.array([0.5, -1.0, 2.0])
    expected = np.exp(a) * (a**3 + 6 * a**2 + 6 * a)
    np.testing.assert_allclose(K.function([x], [second])([a])[0], expected)


def test_stop_gradient(float64):
    x = K.placeholder((3,))
    g = K.gradients(K.sum(x * K.stop_gradient(x)), x)[0]
    np.testing.assert_allclose(K.function([x], [g])([np.arange(3.0)])[0], np.arange(3.0))
    assert K.gradients(K.sum(K.stop_gradient(x)), x) == [None]


@pytest.mark.parametrize(
    "function, slope",
    [
        (K.relu, 0),
        (lambda x: K.relu(x, alpha=0.2), 0.2),
        (K.elu, 1),
        (lambda x: K.elu(x, 0.5), 0.5),
        (activations.selu, 1.7580993),
        (K.abs, 0),
    ],
)
def test_slope_at_zero_is_that_of_keras_2_on_tensorflow(function, slope):
    # Zero is common: an empty corner of an image under a layer whose bias is still zero.
    x = K.variable([0.0, -0.0] * 20)
    (gradient,) = K.gradients(K.sum(function(x)), [x])
    np.testing.assert_allclose(K.eval(gradient), np.full(40, slope), rtol=1e-6)


def test_elu_without_its_negative_part():
    x = K.variable([-2.0, 0.0, 3.0])
    (gradient,) = K.gradients(K.sum(K.elu(x, 0)), [x])
    assert K.eval(gradient).tolist() == [0, 0, 1]
