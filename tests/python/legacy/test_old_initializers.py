"""Initializers as Keras 1 had them: functions of a shape that know no dtype."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import initializations, layers
from keras_native.engine.topology import Layer
from keras_native.models import Sequential

pytestmark = pytest.mark.filterwarnings("ignore::keras_native.legacy.hook.Keras1SpellingWarning")


class Scaled(Layer):
    """A layer as the guide of Keras 1 wrote it."""

    def __init__(self, output_dim, init="uniform", **kwargs):
        self.output_dim = output_dim
        self.init = initializations.get(init)
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.W = self.add_weight(
            (input_shape[1], self.output_dim), initializer=self.init, name=f"{self.name}_W"
        )
        self.seen = K.zeros((3,))
        self.non_trainable_weights = [self.seen]
        self.built = True

    def call(self, x, mask=None):
        return K.dot(x, self.W)

    def get_output_shape_for(self, input_shape):
        return (input_shape[0], self.output_dim)


def counted(shape, name=None):
    return K.variable(np.arange(np.prod(shape)).reshape(shape), name=name)


def test_own_layer_with_initializations():
    model = Sequential([Scaled(3, input_shape=(4,))])
    w, seen = model.get_weights()
    assert w.shape == (4, 3) and w.dtype == np.float32
    assert 0 < np.abs(w).max() <= 0.05
    assert len(model.trainable_weights) == 1 and seen.shape == (3,)
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 4)), np.ones((2, 3)))
    assert (model.get_weights()[0] != w).all()


@pytest.mark.parametrize(
    "make, input_shape",
    [
        (lambda: layers.Dense(3, init=counted), (None, 4)),
        (lambda: layers.LSTM(2, init=counted, bias_initializer=counted), (None, 4, 3)),
        (lambda: layers.SimpleRNN(2, init=counted), (None, 4, 3)),
        (lambda: layers.Embedding(5, 2, init=counted), (None, 4)),
        (lambda: layers.Convolution1D(2, 3, init=counted), (None, 4, 3)),
    ],
)
def test_own_function(make, input_shape):
    layer = make()
    layer.build(input_shape)
    first = layer.get_weights()[0]
    np.testing.assert_array_equal(first.ravel(), np.arange(first.size))


def test_volumes_given_back_as_keras_1_wrote_it():
    layer = layers.Deconvolution3D(
        2, 3, 3, 3, output_shape=(None, 6, 6, 6, 2), subsample=(2, 2, 2), border_mode="same"
    )
    model = Sequential([layers.InputLayer((3, 3, 3, 1)), layer])
    assert model.output_shape == (None, 6, 6, 6, 2)
    assert (layer.kernel_size, layer.strides, layer.padding) == ((3, 3, 3), (2, 2, 2), "same")
    assert model.predict(np.ones((1, 3, 3, 3, 1))).shape == (1, 6, 6, 6, 2)
    again = layers.Conv3DTranspose.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
