"""Update rules against NumPy, settings, weights and configuration of optimizers."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import constraints, optimizers

STEPS = 5
EPS = 1e-7
START = [np.linspace(-1, 1, 6).reshape(2, 3), np.array([0.5, -0.25, 2.0])]


def gradients_at(t):
    rng = np.random.RandomState(100 + t)
    return [rng.normal(size=p.shape) for p in START]


def run(optimizer, steps=STEPS, params=None):
    """Parameters after `steps` updates with the gradients of `gradients_at`."""
    params = params or [K.variable(p) for p in START]
    feeds = [K.placeholder(p.shape) for p in START]
    loss = sum(K.sum(p * g) for p, g in zip(params, feeds, strict=True))
    step = K.function(feeds, [loss], optimizer.get_updates(loss, params))
    for t in range(steps):
        step(gradients_at(t))
    return K.batch_get_value(params)


def expected(rule, slots=2):
    """Parameters by `rule(p, g, t, slots)`: the new parameter; slots change in place."""
    result = []
    for i, start in enumerate(START):
        p, state = start.copy(), [np.zeros_like(start) for _ in range(slots)]
        for t in range(1, STEPS + 1):
            p = rule(p, gradients_at(t - 1)[i], t, state)
        result.append(p)
    return result


def sgd(lr=0.01, momentum=0.0, nesterov=False, decay=0.0):
    def rule(p, g, t, s):
        rate = lr / (1 + decay * (t - 1))
        s[0] = momentum * s[0] - rate * g
        return p + momentum * s[0] - rate * g if nesterov else p + s[0]

    return rule


def rmsprop(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g**2
    return p - 0.001 * g / (np.sqrt(s[0]) + EPS)


def adagrad(p, g, t, s):
    s[0] = s[0] + g**2
    return p - 0.01 * g / (np.sqrt(s[0]) + EPS)


def adadelta(p, g, t, s):
    s[0] = 0.95 * s[0] + 0.05 * g**2
    u = g * np.sqrt(s[1] + EPS) / np.sqrt(s[0] + EPS)
    s[1] = 0.95 * s[1] + 0.05 * u**2
    return p - u


def adam(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = 0.999 * s[1] + 0.001 * g**2
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return p - rate * s[0] / (np.sqrt(s[1]) + EPS)


def amsgrad(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = 0.999 * s[1] + 0.001 * g**2
    s[2] = np.maximum(s[2], s[1])
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return p - rate * s[0] / (np.sqrt(s[2]) + EPS)


def adamax(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = np.maximum(0.999 * s[1], np.abs(g))
    return p - 0.002 / (1 - 0.9**t) * s[0] / (s[1] + EPS)


def nadam(p, g, t, s):
    momentum = [0.9 * (1 - 0.5 * 0.96 ** (i * 0.004)) for i in range(1, t + 2)]
    schedule, following = np.prod(momentum[:t]), np.prod(momentum)
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = 0.999 * s[1] + 0.001 * g**2
    mean = (1 - momentum[t - 1]) * g / (1 - schedule) + momentum[t] * s[0] / (1 - following)
    return p - 0.002 * mean / (np.sqrt(s[1] / (1 - 0.999**t)) + EPS)


RULES = [
    (lambda: optimizers.SGD(), sgd()),
    (lambda: optimizers.SGD(0.1, momentum=0.9), sgd(0.1, 0.9)),
    (lambda: optimizers.SGD(lr=0.1, momentum=0.9, nesterov=True), sgd(0.1, 0.9, True)),
    (lambda: optimizers.SGD(0.1, decay=0.5), sgd(0.1, decay=0.5)),
    (lambda: optimizers.RMSprop(), rmsprop),
    (lambda: optimizers.Adagrad(), adagrad),
    (lambda: optimizers.Adadelta(), adadelta),
    (lambda: optimizers.Adam(), adam),
    (lambda: optimizers.Adam(amsgrad=True), amsgrad),
    (lambda: optimizers.Adamax(), adamax),
    (lambda: optimizers.Nadam(), nadam),
]


@pytest.mark.parametrize("case", range(len(RULES)))
def test_rule(float64, case):
    make, rule = RULES[case]
    for got, wanted in zip(run(make()), expected(rule, slots=3), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10)


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


# ------------------------------------------------------------ in models


def trained(optimizer, *actions, constraint=None):
    """Weights of a small model after a step, each action, and a step."""
    from keras_native.layers import Dense
    from keras_native.models import Sequential

    x, y = np.arange(8.0).reshape(4, 2) / 8, np.ones((4, 1))
    start = [np.array([[0.5], [-0.5]]), np.zeros(1)]
    model = Sequential([Dense(1, input_dim=2, weights=start, kernel_constraint=constraint)])
    model.compile(optimizer, "mse")
    model.train_on_batch(x, y)
    for action in actions:
        action(model)
        model.train_on_batch(x, y)
    return model.get_weights()


@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_that_is_set_later(nesterov):
    """Plain descent keeps no moments; they start when the momentum is set."""

    def push(model):
        K.set_value(model.optimizer.momentum, 0.9)

    def stay(model):
        pass

    # the first step goes by one optimizer, and what follows as by one that starts there
    def anew(model):
        model.compile(optimizers.SGD(0.1, momentum=0.9, nesterov=nesterov), "mse")

    found = trained(optimizers.SGD(0.1, nesterov=nesterov), push, stay)
    expected = trained(optimizers.SGD(0.1), anew, stay)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert not np.allclose(found[0], trained(optimizers.SGD(0.1), stay, stay)[0])


def test_momentum_by_a_callback():
    """The loop of fit goes on with the new rule, and the step counter too."""
    from keras_native.callbacks import LambdaCallback
    from keras_native.layers import Dense
    from keras_native.models import Sequential

    x, y = np.arange(8.0).reshape(4, 2) / 8, np.ones((4, 1))

    def run(momentum):
        optimizer = optimizers.SGD(0.1)
        model = Sequential([Dense(1, input_dim=2, kernel_initializer="ones")])
        model.compile(optimizer, "mse")
        action = LambdaCallback(
            on_epoch_begin=lambda epoch, logs: (
                epoch == 1 and K.set_value(optimizer.momentum, momentum)
            )
        )
        model.fit(x, y, epochs=4, verbose=0, callbacks=[action])
        assert optimizer.get_weights()[0] == 4
        return model.get_weights()[0]

    assert not np.allclose(run(0.9), run(0.0))


class Keras1Descent(optimizers.Optimizer):
    """As people wrote them for Keras 1."""

    def __init__(self, lr=0.1, **kwargs):
        super().__init__(**kwargs)
        self.__dict__.update(locals())
        self.lr = K.variable(lr)
        self.seen = None

    def get_updates(self, params, constraints, loss):
        grads = self.get_gradients(loss, params)
        self.seen = constraints
        self.updates = []
        for p, g in zip(params, grads, strict=True):
            new_p = p - self.lr * g
            if p in constraints:
                new_p = constraints[p](new_p)
            self.updates.append(K.update(p, new_p))
        return self.updates


def test_optimizers_written_for_keras_1():
    own, limit = Keras1Descent(), constraints.max_norm(0.3)
    found = trained(own, lambda model: None, constraint=limit)
    expected = trained(optimizers.SGD(0.1), lambda model: None, constraint=limit)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert list(own.seen.values()) == [limit]
    assert np.linalg.norm(found[0]) == pytest.approx(0.3, rel=1e-5)


def test_a_class_is_no_optimizer():
    with pytest.raises(ValueError, match=r"SGD.*write SGD\(\)"):
        optimizers.get(optimizers.SGD)
