"""Several outputs, and weights of samples, classes, time steps and outputs."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import dialect
from keras_native.layers import Dense, Input, Masking
from keras_native.models import Model
from keras_native.optimizers import SGD


def two_outputs(**compiled):
    x = Input(shape=(3,))
    model = Model(x, [Dense(1, name="p")(x), Dense(2, name="q")(x)])
    settings = {"loss": "mse", **compiled}
    model.compile(SGD(learning_rate=0.0), **settings)
    return model


def arrays(n=6):
    return np.random.rand(n, 3), np.random.rand(n, 1), np.random.rand(n, 2)


def squared(model, x, y, z):
    p, q = model.predict(x)
    return ((p - y) ** 2).mean(axis=1), ((q - z) ** 2).mean(axis=1)


@pytest.mark.parametrize(
    ("loss", "names"),
    [
        ("mse", ["loss", "p_loss", "q_loss"]),
        (["mse", "mae"], ["loss", "p_loss", "q_loss"]),
        ({"p": "mse", "q": "mae"}, ["loss", "p_loss", "q_loss"]),
        (["mse", None], ["loss", "p_loss"]),
    ],
)
def test_losses_by_output(loss, names):
    model = two_outputs(loss=loss)
    assert model.metrics_names == names
    x, y, z = arrays()
    targets = [y, z] if len(names) == 3 else y
    values = model.evaluate(x, targets, verbose=0)
    assert values[0] == pytest.approx(sum(values[1:]), rel=1e-5)


def test_an_output_missing_from_a_dict_of_losses_warns():
    with pytest.warns(UserWarning, match='"q" missing from loss dictionary'):
        model = two_outputs(loss={"p": "mse"})
    x, y, _ = arrays()
    assert len(model.test_on_batch(x, y)) == 2


@pytest.mark.parametrize("weights", [[0.5, 3.0], {"p": 0.5, "q": 3.0}])
def test_loss_weights(weights):
    model = two_outputs(loss_weights=weights)
    x, y, z = arrays()
    total, p, q = model.evaluate(x, {"p": y, "q": z}, verbose=0)
    assert total == pytest.approx(0.5 * p + 3 * q, rel=1e-5)
    plain = squared(model, x, y, z)
    assert (p, q) == pytest.approx((plain[0].mean(), plain[1].mean()), rel=1e-5)


@pytest.mark.parametrize(
    ("metrics", "names"),
    [
        (["mae"], ["p_mae", "q_mae"]),
        ([["mae"], ["mse", "mae"]], ["p_mae", "q_mse", "q_mae"]),
        ({"q": ["mae", "acc"]}, ["q_mae", "q_acc"]),
        ({"p": "mae"}, ["p_mae"]),
    ],
)
def test_metrics_by_output(metrics, names):
    model = two_outputs(metrics=metrics)
    assert model.metrics_names == ["loss", "p_loss", "q_loss", *names]
    x, y, z = arrays()
    logs = model.fit(x, [y, z], verbose=0).history
    assert sorted(logs) == sorted(model.metrics_names)


def test_equal_names_get_numbers():
    model = two_outputs(metrics=["mae"], weighted_metrics=["mae"])
    assert model.metrics_names[3:] == ["p_mae", "p_mae_1", "q_mae", "q_mae_1"]


@pytest.mark.parametrize("form", ["list", "dict"])
def test_sample_weights_by_output(form):
    model = two_outputs(weighted_metrics=["mae"])
    x, y, z = arrays()
    u, v = np.random.rand(6), np.random.rand(6)
    weights = [u, v] if form == "list" else {"p": u, "q": v}
    values = model.test_on_batch(x, [y, z], sample_weight=weights)
    p, q = squared(model, x, y, z)
    np.testing.assert_allclose(values[1:3], [(p * u).mean(), (q * v).mean()], rtol=1e-4)
    mae = np.abs(model.predict(x)[0] - y)[:, 0]
    assert values[3] == pytest.approx((mae * u).sum() / u.sum(), rel=1e-4)
    only_p = model.test_on_batch(x, [y, z], sample_weight={"p": u})
    np.testing.assert_allclose(only_p[1:3], [(p * u).mean(), q.mean()], rtol=1e-4)


def single(loss="mse", units=1, **compiled):
    x = Input(shape=(3,))
    model = Model(x, Dense(units, activation="softmax" if units > 1 else None)(x))
    model.compile(SGD(learning_rate=0.0), loss, **compiled)
    return model


@pytest.mark.parametrize("dense", [True, False])
def test_class_weights(dense):
    loss = "categorical_crossentropy" if dense else "sparse_categorical_crossentropy"
    model = single(loss, 3)
    x, classes = np.random.rand(9, 3), np.arange(9) % 3
    weight = {0: 1.0, 1: 5.0, 2: 0.0}
    y = np.eye(3)[classes] if dense else classes
    by_class = model.train_on_batch(x, y, class_weight=weight)
    by_sample = model.train_on_batch(x, y, sample_weight=np.array([1.0, 5.0, 0.0] * 3))
    assert by_class == pytest.approx(by_sample, rel=1e-6)
    history = model.fit(x, y, class_weight=weight, verbose=0, batch_size=9)
    assert history.history["loss"][0] == pytest.approx(float(by_class), rel=1e-5)
    with pytest.raises(ValueError, match=r"classes \{2\} exist in the data"):
        model.fit(x, y, class_weight={0: 1.0, 1: 2.0}, verbose=0)


def test_weights_of_classes_and_samples_multiply():
    model = single("binary_crossentropy")
    x, y, w = np.random.rand(4, 3), np.array([0, 1, 0, 1]), np.arange(4.0)
    both = model.train_on_batch(x, y, sample_weight=w, class_weight={0: 2.0, 1: 3.0})
    assert both == pytest.approx(
        model.train_on_batch(x, y, sample_weight=w * np.array([2, 3, 2, 3])), rel=1e-6
    )


def test_optimizer_state_survives_the_first_weights():
    x = Input(shape=(3,))
    results = []
    for weighted in (False, True):
        model = Model(x, Dense(1, kernel_initializer="ones")(x))
        model.compile(SGD(learning_rate=0.1, momentum=0.9), "mse")
        data, target = np.ones((4, 3)), np.zeros((4, 1))
        model.train_on_batch(data, target)
        model.train_on_batch(data, target, sample_weight=np.ones(4) if weighted else None)
        model.train_on_batch(data, target)
        results.append((model.get_weights()[0], model.optimizer.get_weights()))
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=1e-5)
    assert results[1][1][0] == 3  # steps


def temporal():
    x = Input(shape=(5, 3))
    model = Model(x, Dense(2)(Masking(0.0)(x)))
    model.compile(SGD(learning_rate=0.0), "mse", sample_weight_mode="temporal")
    return model


def test_weights_of_time_steps_and_masks():
    model = temporal()
    x, y = np.random.rand(4, 5, 3), np.random.rand(4, 5, 2)
    x[0, 2:] = 0
    error = ((model.predict(x) - y) ** 2).mean(axis=2)
    mask = np.ones((4, 5))
    mask[0, 2:] = 0
    assert model.test_on_batch(x, y) == pytest.approx((error * mask).mean(), rel=1e-4)
    w = np.random.rand(4, 5)
    weighted = model.test_on_batch(x, y, sample_weight=w)
    assert weighted == pytest.approx((error * mask * w).mean(), rel=1e-4)
    with pytest.raises(ValueError, match="2D sample_weight"):
        model.test_on_batch(x, y, sample_weight=np.ones(4))
    with pytest.raises(ValueError, match='sample_weight_mode="temporal" in compile'):
        single().test_on_batch(np.ones((4, 3)), np.ones((4, 1)), sample_weight=w)


def test_own_loss_sees_one_hot_and_anything_else():
    x = Input(shape=(3,))
    model = Model(x, Dense(2)(x))
    model.compile("sgd", lambda t, p: K.square(K.sum(p, axis=-1) - K.sum(t, axis=-1)))
    assert np.isfinite(model.train_on_batch(np.ones((4, 3)), np.ones((4, 7))))


def test_models_of_keras1_leave_out_what_has_no_weight():
    x = Input(shape=(5, 3))
    with dialect.use(dialect.KERAS_1):
        model = Model(x, Dense(2)(Masking(0.0)(x)))
    model.compile(SGD(learning_rate=0.0), "mse")
    data, y = np.random.rand(4, 5, 3), np.random.rand(4, 5, 2)
    data[0, 2:] = 0
    error = ((model.predict(data) - y) ** 2).mean(axis=2)
    mask = np.ones((4, 5))
    mask[0, 2:] = 0
    assert model.test_on_batch(data, y) == pytest.approx(error[mask == 1].mean(), rel=1e-4)
    weight = np.array([0.0, 1.0, 2.0, 0.0])
    per_sample = (error * mask / mask.mean()).mean(axis=1)
    expected = (per_sample * weight).sum() / 2
    assert model.test_on_batch(data, y, sample_weight=weight) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", ["auto", "balanced"])
def test_names_of_class_weights_are_ignored_aloud(name):
    """Old scripts have them; Keras took dicts only, and left these out without a word."""
    x = Input(shape=(3,))
    model = Model(x, Dense(2, activation="softmax")(x))
    model.compile(SGD(learning_rate=0.0), "categorical_crossentropy")
    data = np.random.rand(4, 3), np.eye(2)[[0, 1, 1, 1]]
    with pytest.warns(UserWarning, match="no effect"):
        loss = model.fit(*data, class_weight=name, verbose=0).history["loss"][0]
    assert loss == pytest.approx(model.evaluate(*data, verbose=0), rel=1e-5)


def test_class_weights_without_the_name_of_an_output_are_ignored_aloud():
    """As Keras 2.3.1 did, without a word."""
    x = Input(shape=(3,))
    model = Model(x, [Dense(2, activation="softmax")(x), Dense(1)(x)])
    model.compile(SGD(learning_rate=0.0), ["categorical_crossentropy", "mse"])
    data = np.random.rand(4, 3), [np.eye(2)[[0, 1, 1, 1]], np.ones((4, 1))]
    with pytest.warns(UserWarning, match="no effect"):
        loss = model.fit(*data, class_weight={0: 1.0, 1: 9.0}, verbose=0).history["loss"][0]
    assert loss == pytest.approx(model.evaluate(*data, verbose=0)[0], rel=1e-5)
