"""Recurrent layers that old code derives from `Recurrent`."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Input, InputSpec, Masking, Recurrent
from keras_native.layers.convolutional_recurrent import ConvRecurrent2D
from keras_native.models import Model, Sequential
from layer_test import layer_test

X = np.random.RandomState(3).uniform(-1, 1, (4, 5, 3)).astype("float32")


class Sum(Recurrent):
    """h' = x · kernel + h + 1, the 1 being a constant."""

    def __init__(self, units, **kwargs):
        self.units = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        shape = input_shape[0] if isinstance(input_shape, list) else input_shape
        self.kernel = self.add_weight("kernel", (shape[-1], self.units), initializer="uniform")
        self.input_spec = [InputSpec(shape=(shape[0] if self.stateful else None, None, shape[2]))]
        self.states = [None]
        if self.stateful:
            self.reset_states()
        self.built = True

    def preprocess_input(self, inputs, training=None):
        return K.dot(inputs, self.kernel)

    def get_constants(self, inputs):  # Keras 1 had no `training`
        return [K.constant(1.0)]

    def step(self, inputs, states):
        h = inputs + states[0] + states[1]
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@pytest.mark.parametrize("kwargs", [{}, {"return_sequences": True}, {"go_backwards": True}])
def test_derived_layer(kwargs):
    layer_test(Sum, {"units": 2, **kwargs}, (3, 4, 5), custom_objects={"Sum": Sum})


def test_values_masks_and_states():
    layer = Sum(2, return_sequences=True)
    x, state = Input((5, 3)), Input((2,))
    model = Model([x, state], layer(Masking()(x), initial_state=state))
    data = X * np.array([1, 1, 0, 1, 0])[None, :, None]
    got = model.predict([data, np.ones((4, 2))])
    added = data @ layer.get_weights()[0] + np.array([1, 1, 0, 1, 0])[None, :, None]
    np.testing.assert_allclose(got, 1 + np.cumsum(added, axis=1), rtol=1e-5, atol=1e-6)


def test_stateful():
    model = Sequential([Sum(2, stateful=True, batch_input_shape=(4, 5, 3))])
    first = model.predict(X, batch_size=4)
    np.testing.assert_allclose(model.predict(X, batch_size=4), 2 * first, rtol=1e-5)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X, batch_size=4), first)


@pytest.mark.filterwarnings("ignore::keras_native.legacy.hook.Keras1SpellingWarning")
def test_keras1_spelling():
    layer = Sum(2, consume_less="mem", input_dim=3, input_length=5)
    assert layer.implementation == 1 and layer.batch_input_shape == (None, 5, 3)


def test_over_images():
    class Counting(ConvRecurrent2D):
        def build(self, input_shape):
            self.input_spec = [InputSpec(shape=input_shape)]
            self.states = [None]
            self.built = True

        def step(self, inputs, states):
            h = states[0] + 1
            return h, [h]

    layer = Counting(2, (3, 2), return_sequences=True)
    x = Input((3, 5, 6, 1))
    got = Model(x, layer(x)).predict(np.zeros((2, 3, 5, 6, 1)))
    assert got.shape == (2, 3, 3, 5, 2) == layer.compute_output_shape((2, 3, 5, 6, 1))
    np.testing.assert_array_equal(got[0, :, 0, 0, 0], [1, 2, 3])
