"""Initializers, regularizers, constraints and activations."""

import numpy as np
import pytest
from checks import check
from keras_native import activations, constraints, initializers, layers, regularizers
from keras_native import backend as K

SHAPES = [(200, 300), (3, 3, 40, 60), (5, 30, 70)]


def fans(shape):
    field = np.prod(shape[:-2])
    return shape[-2] * field, shape[-1] * field


VARIANCES = {
    "glorot_uniform": ("uniform", lambda i, o: 2 / (i + o)),
    "glorot_normal": ("truncated", lambda i, o: 2 / (i + o)),
    "he_uniform": ("uniform", lambda i, o: 2 / i),
    "he_normal": ("truncated", lambda i, o: 2 / i),
    "lecun_uniform": ("uniform", lambda i, o: 1 / i),
    "lecun_normal": ("truncated", lambda i, o: 1 / i),
    "random_uniform": ("uniform", lambda i, o: 0.05**2 / 3),
    "random_normal": ("normal", lambda i, o: 0.05**2),
    "truncated_normal": ("truncated", lambda i, o: (0.05 * 0.87962566) ** 2),
}


@pytest.mark.parametrize("name", sorted(VARIANCES))
@pytest.mark.parametrize("shape", SHAPES)
def test_distribution(name, shape):
    law, variance = VARIANCES[name]
    x = K.eval(initializers.get(name)(shape)).astype("float64")
    std = np.sqrt(variance(*fans(shape)))
    assert x.shape == shape
    assert abs(x.mean()) < 6 * std / np.sqrt(x.size)
    assert x.std() == pytest.approx(std, rel=0.03)
    limit = {"uniform": 3**0.5, "truncated": 2 / 0.87962566, "normal": 6.5}[law] * std
    assert abs(x).max() <= limit * (1 + 1e-6)
    if law != "normal":
        assert abs(x).max() > 0.98 * limit


def test_seeds():
    make = lambda: initializers.glorot_uniform(seed=7)  # noqa: E731
    a, b = make(), make()
    first = K.eval(a((3, 4)))
    np.testing.assert_array_equal(first, K.eval(b((3, 4))))
    assert not np.array_equal(first, K.eval(a((3, 4))))
    assert a.get_config()["seed"] == 7
    np.random.seed(5)
    first = K.eval(initializers.get("he_normal")((3, 4)))
    np.random.seed(5)
    np.testing.assert_array_equal(first, K.eval(initializers.get("he_normal")((3, 4))))


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (3, 2, 4)])
def test_orthogonal(shape):
    q = K.eval(initializers.Orthogonal(gain=2.0)(shape)).reshape(-1, shape[-1])
    gram = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-5)


def test_fixed_values():
    assert K.eval(initializers.get("zeros")((2,))).tolist() == [0, 0]
    assert K.eval(initializers.get("one")((2,))).tolist() == [1, 1]
    assert K.eval(initializers.Constant(3)((2,))).tolist() == [3, 3]
    assert K.eval(initializers.Constant([[1, 2]])((1, 2))).tolist() == [[1, 2]]
    np.testing.assert_array_equal(K.eval(initializers.Identity(2.0)((2, 3))), 2 * np.eye(2, 3))
    with pytest.raises(ValueError, match="2D"):
        initializers.Identity()((2, 2, 2))
    assert initializers.Zeros()((2,), dtype="int32").dtype == "int32"
    assert initializers.RandomNormal()((2,), dtype="float64").dtype == "float64"


INITIALIZERS = [
    initializers.Constant(2),
    initializers.RandomNormal(1.0, 2.0, 3),
    initializers.RandomUniform(1.0, 2.0, 3),
    initializers.TruncatedNormal(1.0, 2.0, 3),
    initializers.VarianceScaling(2.0, "fan_out", "uniform", 3),
    initializers.Orthogonal(2.0, 3),
    initializers.Identity(2.0),
]


@pytest.mark.parametrize("initializer", INITIALIZERS, ids=lambda i: type(i).__name__)
def test_initializer_config(initializer):
    again = initializers.deserialize(initializers.serialize(initializer))
    assert type(again) is type(initializer)
    assert again.get_config() == initializer.get_config()


def test_initializer_forms():
    assert isinstance(initializers.get(initializers.Ones), initializers.Ones)
    assert isinstance(initializers.get("GlorotUniform"), initializers.VarianceScaling)
    function = lambda shape, dtype=None: np.ones(shape)  # noqa: E731
    assert initializers.get(function) is function
    saved = {"class_name": "Zeros", "config": {"dtype": "float32"}}
    assert isinstance(initializers.get(saved), initializers.Zeros)
    with pytest.raises(ValueError, match="Unknown initializer"):
        initializers.get("nothing")
    with pytest.raises(ValueError, match="Could not interpret"):
        initializers.get(3)
    with pytest.raises(ValueError, match="scale"):
        initializers.VarianceScaling(scale=0.0)
    with pytest.raises(ValueError, match="mode"):
        initializers.VarianceScaling(mode="fan")
    with pytest.raises(ValueError, match="distribution"):
        initializers.VarianceScaling(distribution="cauchy")


W = np.random.RandomState(37).normal(size=(4, 3))


def test_regularizers(float64):
    for regularizer, reference in (
        (regularizers.l1(0.1), lambda w: 0.1 * abs(w).sum()),
        (regularizers.l2(0.2), lambda w: 0.2 * (w**2).sum()),
        (regularizers.l1_l2(0.1, 0.2), lambda w: 0.1 * abs(w).sum() + 0.2 * (w**2).sum()),
        (regularizers.get("l2"), lambda w: 0.01 * (w**2).sum()),
    ):
        check(regularizer, reference, W)
    assert regularizers.L1L2()(K.constant(W)) == 0.0
    largest = np.linalg.eigvalsh(W.T @ W).max()
    value = K.eval(regularizers.EigenvalueRegularizer(0.5)(K.constant(W)))
    assert value == pytest.approx(0.5 * np.sqrt(largest), rel=0.02)


def test_regularizer_forms():
    both = regularizers.l1_l2(0.5, 0.25)
    assert (both.l1, both.l2) == (0.5, 0.25) and both.l2.dtype == K.floatx()  # arrays, as they were
    assert regularizers.serialize(both) == {
        "class_name": "L1L2",
        "config": {"l1": 0.5, "l2": 0.25},
    }
    assert regularizers.get(regularizers.serialize(both)).get_config() == both.get_config()
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.5}}).l2 == 0.5
    assert regularizers.get(None) is None
    with pytest.raises(ValueError, match="Unknown regularizer"):
        regularizers.get("l3")
    with pytest.raises(ValueError, match="Could not interpret"):
        regularizers.get(0.1)


def norms(w, axis):
    return np.sqrt((w**2).sum(axis, keepdims=True))


@pytest.mark.parametrize("axis", [0, 1, [0, 1]])
def test_constraints(float64, axis):
    at = tuple(axis) if isinstance(axis, list) else axis
    eps = 1e-7
    for constraint, reference in (
        (
            constraints.MaxNorm(1.5, axis=axis),
            lambda w: w * np.clip(norms(w, at), 0, 1.5) / (eps + norms(w, at)),
        ),
        (constraints.UnitNorm(axis=axis), lambda w: w / (eps + norms(w, at))),
        (
            constraints.MinMaxNorm(0.5, 1.0, 0.75, axis=axis),
            lambda w: (
                w
                * (0.75 * np.clip(norms(w, at), 0.5, 1.0) + 0.25 * norms(w, at))
                / (eps + norms(w, at))
            ),
        ),
        (constraints.NonNeg(), lambda w: np.maximum(w, 0)),
    ):
        check(constraint, reference, W, grad=False)
        again = constraints.deserialize(constraints.serialize(constraint))
        assert type(again) is type(constraint)
        assert again.get_config() == constraint.get_config()


def test_constraint_forms():
    assert constraints.get(None) is None
    assert isinstance(constraints.get("non_neg"), constraints.NonNeg)
    assert constraints.get("max_norm").max_value == 2
    with pytest.warns(UserWarning, match="max_value"):
        assert constraints.maxnorm(m=3).max_value == 3
    with pytest.raises(ValueError, match="Unknown constraint"):
        constraints.get("positive")
    with pytest.raises(ValueError, match="Could not interpret"):
        constraints.get(3)


def test_activations():
    x = K.placeholder((2, 3))
    for name in (
        "softmax elu selu softplus softsign relu tanh sigmoid hard_sigmoid exponential linear"
    ).split():
        f = activations.get(name)
        assert f is getattr(activations, name)
        assert activations.serialize(f) == name
        assert K.int_shape(f(x)) == (2, 3)
    assert activations.get(None) is activations.linear
    assert activations.get(K.tanh) is K.tanh
    with pytest.raises(ValueError, match="1D"):
        activations.softmax(K.placeholder((3,)))
    with pytest.raises(ValueError, match="Unknown activation function"):
        activations.get("swosh")
    with pytest.raises(ValueError, match="Could not interpret"):
        activations.get(3)


def test_a_layer_as_an_activation_works_with_a_warning():
    with pytest.warns(UserWarning, match="Do not pass a layer instance .such as LeakyReLU"):
        layer = layers.Dense(2, activation=layers.LeakyReLU(0.5))
    out = K.eval(layer(layers.Input(batch_shape=(1, 2), tensor=K.constant([[1.0, -1.0]]))))
    kernel = layer.get_weights()[0]
    plain = np.array([[1.0, -1.0]]) @ kernel
    np.testing.assert_allclose(out, np.where(plain > 0, plain, 0.5 * plain), rtol=1e-5)
