"""Functions of the backend in the spelling of Keras 1, and what custom layers lean on."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.engine.training import collect_trainable_weights
from keras_native.layers import Dense, Embedding
from keras_native.legacy.hook import Keras1SpellingWarning
from keras_native.models import Sequential

IMAGES = np.arange(32.0).reshape(1, 4, 4, 2)


@pytest.mark.parametrize(
    "then,now",
    [
        (lambda x: K.expand_dims(x, dim=1), lambda x: K.expand_dims(x, 1)),
        (lambda x: K.one_hot(x[0, 0, 0], nb_classes=4), lambda x: K.one_hot(x[0, 0, 0], 4)),
        (
            lambda x: K.resize_images(X=x, height_factor=2, width_factor=2, dim_ordering="tf"),
            lambda x: K.resize_images(x, 2, 2, "channels_last"),
        ),
        (
            lambda x: K.pool2d(x, (2, 2), border_mode="same", dim_ordering="th", pool_mode="avg"),
            lambda x: K.pool2d(x, (2, 2), (1, 1), "same", "channels_first", "avg"),
        ),
        (
            lambda x: K.conv2d(x, K.ones((2, 2, 2, 3)), border_mode="same", image_shape=None),
            lambda x: K.conv2d(x, K.ones((2, 2, 2, 3)), padding="same"),
        ),
    ],
)
def test_arguments(then, now):
    with pytest.warns(Keras1SpellingWarning):
        found = K.eval(then(K.constant(IMAGES)))
    np.testing.assert_array_equal(found, K.eval(now(K.constant(IMAGES))))


def test_spread_of_random_values():
    with pytest.warns(Keras1SpellingWarning):
        x = K.random_normal((1000,), mean=1.0, std=0.0)
    assert (K.eval(x) == 1).all()


def test_classes_may_be_an_extent():
    table, x = K.variable(np.zeros((3, 2))), K.placeholder((None, None))
    found = K.function([x], [K.one_hot(K.argmax(x, -1), K.shape(x)[1])])([np.eye(3)])[0]
    np.testing.assert_array_equal(found, np.eye(3))
    assert K.is_variable(K.zeros(K.shape(table))) and K.is_variable(K.ones(K.shape(table)))


def test_initializers_with_a_name():
    """Keras 1 called init(shape, name=…)."""
    with pytest.warns(Keras1SpellingWarning):
        layer = Dense(2, init=lambda shape, name: K.variable(np.full(shape, 7.0), name=name))
    model = Sequential([layer])
    model.build((None, 3))
    assert (layer.get_weights()[0] == 7).all()
    assert collect_trainable_weights(model) == model.trainable_weights


class TiedEmbedding(Embedding):
    """Looks up, or multiplies by its table: what its outputs are is known after the call."""

    def call(self, inputs, mode="embedding"):
        self._mode = mode
        return super().call(inputs) if mode == "embedding" else K.dot(inputs, self.embeddings)

    def compute_output_shape(self, input_shape):
        if self._mode == "embedding":
            return super().compute_output_shape(input_shape)
        return (*input_shape[:-1], self.output_dim)


def test_a_shape_that_depends_on_the_call():
    model = Sequential([TiedEmbedding(5, 3, input_length=4)])
    assert model.predict(np.zeros((2, 4))).shape == (2, 4, 3)
