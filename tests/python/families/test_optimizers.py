"""Settings, weights and configuration of optimizers."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import constraints, optimizers
from optimizer_runs import START, STEPS, gradients_at, run

NAMES = ["sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam"]


@pytest.mark.parametrize("name", NAMES)
def test_state_goes_on(float64, name):
    """Weights of a run of 3 steps, set into a fresh optimizer, continue the run."""
    first = optimizers.get(name)
    params = [K.variable(p) for p in START]
    whole = run(optimizers.get(name))
    run(first, 3, params)
    second = optimizers.deserialize(optimizers.serialize(first))
    feeds = [K.placeholder(p.shape) for p in START]
    loss = sum(K.sum(p * g) for p, g in zip(params, feeds, strict=True))
    step = K.function(feeds, [loss], second.get_updates(loss, params))
    second.set_weights(first.get_weights())
    for t in range(3, STEPS):
        step(gradients_at(t))
    for got, wanted in zip(K.batch_get_value(params), whole, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10)
    with pytest.raises(ValueError, match="Length of the specified weight list"):
        second.set_weights([np.zeros(2)])


LAYOUT = {
    "sgd": ["iterations", "p", "p"],
    "rmsprop": ["iterations", "p", "p"],
    "adagrad": ["iterations", "p", "p"],
    "adadelta": ["iterations", "p", "p", "p", "p"],
    "adam": ["iterations", "p", "p", "p", "p", "one", "one"],
    "adamax": ["iterations", "p", "p", "p", "p"],
    "nadam": ["iterations", "scalar", "p", "p", "p", "p"],
}


@pytest.mark.parametrize("name", NAMES)
def test_layout_of_weights(name):
    optimizer = optimizers.get(name)
    run(optimizer, 2)
    weights = optimizer.get_weights()
    assert weights[0] == 2
    assert weights[0].dtype == "int64"
    shapes = iter([p.shape for p in START] * 2)
    wanted = {
        "iterations": lambda: (),
        "scalar": lambda: (),
        "one": lambda: (1,),
        "p": lambda: next(shapes),
    }
    assert [w.shape for w in weights] == [wanted[kind]() for kind in LAYOUT[name]]


@pytest.mark.parametrize("name", ["rmsprop", "adagrad", "adadelta", "nadam"])
def test_weights_of_older_files(name):
    optimizer = optimizers.get(name)
    run(optimizer, 2)
    weights = optimizer.get_weights()
    del weights[1 if name == "nadam" else 0]
    optimizer.set_weights(weights)
    if name == "nadam":
        assert optimizer.get_weights()[:2] == [2, 1.0]
    else:
        assert optimizer.get_weights()[0] == 0


def test_learning_rate():
    optimizer = optimizers.SGD(lr=0.5)
    assert K.get_value(optimizer.lr) == 0.5
    assert optimizer.lr is optimizer.learning_rate
    K.set_value(optimizer.lr, 0.25)
    assert K.get_value(optimizer.learning_rate) == 0.25
    optimizer.lr = 0.125
    assert K.get_value(optimizer.learning_rate) == 0.125
    optimizer.learning_rate = 1.0
    assert optimizer.get_config()["learning_rate"] == 1.0


def test_learning_rate_changes_while_training(float64):
    optimizer = optimizers.SGD(0.1)
    params = [K.variable(p) for p in START]
    feeds = [K.placeholder(p.shape) for p in START]
    loss = sum(K.sum(p * g) for p, g in zip(params, feeds, strict=True))
    step = K.function(feeds, [loss], optimizer.get_updates(loss, params))
    ones = [np.ones(p.shape) for p in START]
    step(ones)
    K.set_value(optimizer.lr, 0.01)
    step(ones)
    np.testing.assert_allclose(K.get_value(params[0]), START[0] - 0.11)


def test_clipping(float64):
    grads = gradients_at(0)
    norm = np.sqrt(sum((g**2).sum() for g in grads))

    def first_step(**kwargs):
        after = run(optimizers.SGD(1.0, **kwargs), 1)
        return [a - b for a, b in zip(START, after, strict=True)]

    for got, g in zip(first_step(clipnorm=0.5), grads, strict=True):
        np.testing.assert_allclose(got, g * 0.5 / norm)
    for got, g in zip(first_step(clipnorm=1000.0), grads, strict=True):
        np.testing.assert_allclose(got, g)
    for got, g in zip(first_step(clipvalue=0.3), grads, strict=True):
        np.testing.assert_allclose(got, np.clip(g, -0.3, 0.3))
    both = first_step(clipnorm=0.5, clipvalue=0.1)
    for got, g in zip(both, grads, strict=True):
        np.testing.assert_allclose(got, np.clip(g * 0.5 / norm, -0.1, 0.1))


def test_constraint(float64):
    params = [K.variable(p) for p in START]
    params[0].constraint = constraints.NonNeg()
    got = run(optimizers.Adam(0.1), 3, params)
    free = run(optimizers.Adam(0.1), 1)
    assert (got[0] >= 0).all()
    assert (free[0] < 0).any()
    assert (got[1] < 0).any()


CONFIGS = {
    "sgd": dict(learning_rate=0.5, momentum=0.25, decay=0.125, nesterov=True),
    "rmsprop": dict(learning_rate=0.5, rho=0.25, decay=0.125, epsilon=1e-3),
    "adagrad": dict(learning_rate=0.5, decay=0.125, epsilon=1e-3),
    "adadelta": dict(learning_rate=0.5, rho=0.25, decay=0.125, epsilon=1e-3),
    "adam": dict(
        learning_rate=0.5, beta_1=0.25, beta_2=0.75, decay=0.125, epsilon=1e-3, amsgrad=True
    ),
    "adamax": dict(learning_rate=0.5, beta_1=0.25, beta_2=0.75, decay=0.125, epsilon=1e-3),
    "nadam": dict(learning_rate=0.5, beta_1=0.25, beta_2=0.75, epsilon=1e-3, schedule_decay=0.1),
}


@pytest.mark.parametrize("name", NAMES)
def test_config(name):
    config = {**CONFIGS[name], "clipnorm": 1.0, "clipvalue": 0.5}
    optimizer = optimizers.deserialize({"class_name": name.upper(), "config": config})
    assert optimizer.get_config() == config
    assert optimizers.serialize(optimizer)["class_name"] == type(optimizer).__name__
    assert type(optimizer).from_config(config).get_config() == config


def test_get():
    optimizer = optimizers.Adam()
    assert optimizers.get(optimizer) is optimizer
    with pytest.raises(ValueError, match="Unknown optimizer"):
        optimizers.get("sgdd")
    with pytest.raises(ValueError, match="Could not interpret"):
        optimizers.get(3)
    with pytest.raises(TypeError, match="Unexpected keyword"):
        optimizers.SGD(rate=1)
    with pytest.raises(ValueError, match="clipnorm"):
        optimizers.SGD(clipnorm=-1.0)


def test_missing_gradient():
    v = K.variable(1.0)
    with pytest.raises(ValueError, match="`None` for gradient"):
        optimizers.SGD().get_updates(K.constant(2.0) * 1, [v])


def test_users_optimizer(float64):
    class Signs(optimizers.Optimizer):
        def __init__(self, lr=0.5, **kwargs):
            super().__init__(**kwargs)
            self.learning_rate = K.variable(lr)

        def get_updates(self, loss, params):
            grads = self.get_gradients(loss, params)
            self.updates = [
                K.update_sub(p, self.lr * K.sign(g)) for p, g in zip(params, grads, strict=True)
            ]
            return self.updates

    after = run(Signs(), 1)
    np.testing.assert_allclose(after[0], START[0] - 0.5 * np.sign(gradients_at(0)[0]))
