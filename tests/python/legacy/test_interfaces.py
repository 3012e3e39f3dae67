"""`keras.legacy.interfaces`: what optimizers and layers copied from Keras 2 decorate with."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Layer
from keras_native.legacy import interfaces
from keras_native.models import Sequential
from keras_native.optimizers import SGD, Adam, Optimizer


class Descent(Optimizer):
    """As a custom optimizer of the Keras 2 days is written."""

    def __init__(self, lr=0.1, **kwargs):
        super().__init__(**kwargs)
        self.lr = K.variable(lr, name="lr")

    @interfaces.legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_sub(p, self.lr * g) for p, g in zip(params, grads, strict=True)]
        return self.updates


def test_a_custom_optimizer_trains():
    model = Sequential([Dense(1, input_dim=2, kernel_initializer="ones")])
    model.compile(Descent(0.1), "mse")
    twin = Sequential([Dense(1, input_dim=2, kernel_initializer="ones")])
    twin.compile(SGD(0.1), "mse")
    x, y = np.ones((4, 2)), np.zeros((4, 1))
    assert model.train_on_batch(x, y) == pytest.approx(twin.train_on_batch(x, y))
    np.testing.assert_allclose(model.get_weights()[0], twin.get_weights()[0], rtol=1e-6)


@pytest.mark.parametrize("make", [Descent, Adam])
def test_updates_are_asked_for_as_keras_1_and_2_do(make):
    optimizer, w = make(lr=0.1), K.variable(np.ones((2, 1)))
    loss = K.sum(K.square(w))
    ways = [
        lambda: optimizer.get_updates([w], [], loss),
        lambda: optimizer.get_updates([w], {}, loss=loss),
        lambda: optimizer.get_updates(params=[w], constraints={}, loss=loss),
        lambda: optimizer.get_updates(loss, [w]),
        lambda: optimizer.get_updates(params=[w], loss=loss),
    ]
    for way in ways:
        before = K.get_value(w)
        K.function([], [loss], updates=way())([])
        assert (K.get_value(w) < before).all()


class Scale(Layer):
    @interfaces.legacy_dense_support
    def __init__(self, units, kernel_initializer="zeros", **kwargs):
        super().__init__(**kwargs)
        self.units, self.kernel_initializer = units, kernel_initializer


def test_a_layer_takes_both_spellings():
    assert Scale(3, kernel_initializer="ones").kernel_initializer == "ones"
    with pytest.warns(interfaces.Keras1SpellingWarning, match=r"Scale\(units=3, kernel_init"):
        layer = Scale(output_dim=3, init="ones")
    assert (layer.units, layer.kernel_initializer) == (3, "ones")


def test_an_interface_of_ones_own():
    @interfaces.generate_legacy_interface(
        ["self", "rate"],
        conversions=[("p", "rate")],
        value_conversions={"mode": {"old": "new"}},
        object_type="method",
    )
    def method(self, rate=None, mode="new"):
        return rate, mode

    with pytest.warns(interfaces.Keras1SpellingWarning, match="`p` is `rate`"):
        assert method(None, p=3, mode="old") == (3, "new")
    with pytest.raises(TypeError, match="only the latter"):
        method(None, p=3, rate=4)
    with pytest.raises(TypeError, match="only 2 positional"):
        method(None, 3, "new", 5)


@pytest.mark.parametrize("name", sorted(interfaces._ROWS))
def test_all_decorators_of_keras_are_there(name):
    decorated = getattr(interfaces, name)(lambda self, *args, **kwargs: kwargs)
    assert decorated(None, name="a") == {"name": "a"}
