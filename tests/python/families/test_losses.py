"""Loss functions with their gradients, loss objects and their reductions, against NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import backend as K
from keras_native import losses, objectives

rng = np.random.RandomState(31)
T, P = rng.uniform(0.1, 0.9, size=(2, 4, 3))
SIGNS = np.where(rng.normal(size=(4, 3)) > 0, 1.0, -1.0)
ONE_HOT = np.eye(3)[[0, 2, 1, 1]]
SOFT = P / P.sum(-1, keepdims=True)
EPS = 1e-7


def unit(x):
    return x / np.sqrt((x**2).sum(-1, keepdims=True))


def mean(x):
    return x.mean(-1)


FUNCTIONS = {
    "mean_squared_error": (lambda t, p: mean((p - t) ** 2), T, 3 * P),
    "mean_absolute_error": (lambda t, p: mean(abs(p - t)), T, 3 * P),
    "mean_absolute_percentage_error": (lambda t, p: 100 * mean(abs((t - p) / t)), T, P),
    "mean_squared_logarithmic_error": (lambda t, p: mean((np.log1p(p) - np.log1p(t)) ** 2), T, P),
    "hinge": (lambda t, p: mean(np.maximum(1 - t * p, 0)), SIGNS, 3 * P),
    "squared_hinge": (lambda t, p: mean(np.maximum(1 - t * p, 0) ** 2), SIGNS, 3 * P),
    "categorical_hinge": (
        lambda t, p: np.maximum(0, ((1 - t) * p).max(-1) - (t * p).sum(-1) + 1),
        ONE_HOT,
        3 * P,
    ),
    "logcosh": (lambda t, p: mean(np.log(np.cosh(p - t))), T, 5 * P),
    "huber_loss": (
        lambda t, p: np.where(abs(p - t) < 1, (p - t) ** 2 / 2, abs(p - t) - 0.5),
        T,
        5 * P,
    ),
    "categorical_crossentropy": (lambda t, p: -(t * np.log(p)).sum(-1), T, SOFT),
    "binary_crossentropy": (
        lambda t, p: -mean(t * np.log(p + EPS) + (1 - t) * np.log(1 - p + EPS)),
        T,
        P,
    ),
    "kullback_leibler_divergence": (lambda t, p: (t * np.log(t / p)).sum(-1), T, P),
    "poisson": (lambda t, p: mean(p - t * np.log(p + EPS)), T, P),
    "cosine_proximity": (lambda t, p: -(unit(t) * unit(p)).sum(-1), T, P),
}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
@pytest.mark.parametrize("unknown", [False, True])
def test_function(float64, name, unknown):
    reference, t, p = FUNCTIONS[name]
    loss = losses.get(name)
    assert loss is getattr(losses, name) is getattr(objectives, name)
    if unknown and name in ("mean_absolute_percentage_error", "hinge", "squared_hinge"):
        check(lambda p: loss(K.constant(t), p), lambda p: reference(t, p), p, unknown=True)
    else:
        # targets are data: no gradient is wanted, and hinge takes none at its switch
        check(lambda p: loss(K.constant(t), p), lambda p: reference(t, p), p)


def test_sparse_categorical_crossentropy(float64):
    classes = np.array([[0], [2], [1], [1]])
    check(
        lambda p: losses.sparse_categorical_crossentropy(K.constant(classes), p),
        lambda p: -np.log(np.take_along_axis(p / p.sum(-1, keepdims=True), classes, -1))[:, 0],
        SOFT,
    )


def test_hinge_of_zeros_and_ones():
    y, p = K.constant((SIGNS + 1) / 2), K.constant(P)
    for loss in (losses.hinge, losses.squared_hinge):
        wanted = K.eval(loss(K.constant(SIGNS), p))
        np.testing.assert_allclose(K.eval(loss(y, p)), wanted, rtol=1e-6)


def test_label_smoothing(float64):
    smooth = 0.8 * ONE_HOT + 0.2 / 3
    got = K.eval(losses.categorical_crossentropy(ONE_HOT, SOFT, label_smoothing=0.2))
    np.testing.assert_allclose(got, -(smooth * np.log(SOFT)).sum(-1))
    smooth = 0.8 * ONE_HOT + 0.1
    got = K.eval(losses.binary_crossentropy(ONE_HOT, P, label_smoothing=0.2))
    np.testing.assert_allclose(got, K.eval(losses.binary_crossentropy(smooth, P)))


def test_aliases():
    for short, name in (
        ("mse", "mean_squared_error"),
        ("MAE", "mean_absolute_error"),
        ("mape", "mean_absolute_percentage_error"),
        ("MSLE", "mean_squared_logarithmic_error"),
        ("kld", "kullback_leibler_divergence"),
        ("cosine", "cosine_proximity"),
    ):
        assert losses.get(short) is losses.get(name)


CLASSES = {
    "MeanSquaredError": "mean_squared_error",
    "MeanAbsoluteError": "mean_absolute_error",
    "MeanAbsolutePercentageError": "mean_absolute_percentage_error",
    "MeanSquaredLogarithmicError": "mean_squared_logarithmic_error",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SquaredHinge": "squared_hinge",
    "Hinge": "hinge",
    "CategoricalHinge": "categorical_hinge",
    "Poisson": "poisson",
    "LogCosh": "logcosh",
    "KLDivergence": "kullback_leibler_divergence",
    "Huber": "huber_loss",
}


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_object(float64, name):
    _, t, p = FUNCTIONS[CLASSES[name]]
    values = K.eval(losses.get(CLASSES[name])(t, p))
    cls, w = getattr(losses, name), rng.uniform(size=4)
    weights = w[:, None] if values.ndim == 2 else w

    def value(reduction, weight=None):
        return K.eval(cls(reduction=reduction)(K.constant(t), K.constant(p), sample_weight=weight))

    np.testing.assert_allclose(value("none"), values)
    np.testing.assert_allclose(value("sum"), values.sum())
    np.testing.assert_allclose(value("sum_over_batch_size"), values.mean())
    np.testing.assert_allclose(value("none", w), values * weights)
    np.testing.assert_allclose(value("sum", w), (values * weights).sum())
    np.testing.assert_allclose(value("sum_over_batch_size", w), (values * weights).mean())
    np.testing.assert_allclose(value("sum", 2.0), 2 * values.sum())
    loss = cls(reduction="sum", name="mine")
    again = losses.deserialize(losses.serialize(loss))
    assert type(again) is cls
    assert again.get_config() == loss.get_config()


def test_errors():
    with pytest.raises(ValueError, match="Did you mean"):
        losses.get("mean_squared_eror")
    with pytest.raises(ValueError, match="Could not interpret"):
        losses.get(3)
    with pytest.raises(ValueError, match="Reduction"):
        losses.MeanSquaredError(reduction="average")(K.constant(T), K.constant(P))
    assert losses.get(None) is None
    assert losses.is_categorical_crossentropy("categorical_crossentropy")
    assert losses.is_categorical_crossentropy(losses.CategoricalCrossentropy())
    assert not losses.is_categorical_crossentropy(losses.mse)


def test_users_loss(float64):
    class Cubic(losses.Loss):
        def call(self, y_true, y_pred):
            return K.mean(K.pow(K.abs(y_pred - y_true), 3), axis=-1)

    check(lambda p: Cubic()(K.constant(T), p), lambda p: (abs(p - T) ** 3).mean(), P)
