"""Optimizers in models: momentum that changes, rules written for Keras 1."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import constraints, optimizers


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


class HalfSteps(optimizers.Optimizer):
    """Goes half the way of another optimizer, whose plans come through a `K.update` of its own."""

    def __init__(self, optimizer):
        super().__init__()
        self.optimizer = optimizer

    def get_updates(self, loss, params):
        update, K.update = K.update, lambda x, new_x: (x, new_x)
        try:
            planned = self.optimizer.get_updates(loss, params)
        finally:
            K.update = update
        for i, made in enumerate(planned):
            if isinstance(made, tuple):
                x, new_x = made
                planned[i] = K.update(x, (x + new_x) / 2 if x in params else new_x)
        self.updates, self.weights = planned, self.optimizer.weights
        return planned


@pytest.mark.parametrize("name", "sgd rmsprop adagrad adadelta adam adamax nadam".split())
def test_an_optimizer_that_changes_what_another_one_plans(name):
    start = trained(optimizers.SGD(0.0))[0]
    whole = trained(optimizers.get(name))[0]
    half = trained(HalfSteps(optimizers.get(name)))[0]
    assert not np.array_equal(whole, start)
    np.testing.assert_allclose(half, (start + whole) / 2, rtol=1e-6)


def test_a_class_is_no_optimizer():
    with pytest.raises(ValueError, match=r"SGD.*write SGD\(\)"):
        optimizers.get(optimizers.SGD)
