"""Gradients written by hand: layers that turn them around for adversarial training."""

import types

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Input, Layer
from keras_native.legacy import tensorflow
from keras_native.legacy.tensorflow_tables import OPERATIONS
from keras_native.models import Model

tf = types.SimpleNamespace(**OPERATIONS)


def by_name(x, factor):
    name = f"Reversal{np.random.randint(1 << 30)}"

    @tf.RegisterGradient(name)
    def _flip(op, grad):
        return [tf.negative(grad) * factor]

    with K.get_session().graph.gradient_override_map({"Identity": name}):
        return tf.identity(x)


def by_decorator(x, factor):
    @tf.custom_gradient
    def reverse(x):
        return tf.identity(x), lambda dy: -dy * factor

    return reverse(x)


@pytest.mark.parametrize("reverse", [by_name, by_decorator])
@pytest.mark.parametrize("factor", [2.0, K.variable(2.0)])
def test_a_layer_turns_gradients_around(reverse, factor):
    class Reversal(Layer):
        def call(self, x):
            return reverse(x, factor)

    x = Input((3,))
    features = Dense(2)(x)
    turned = Model(x, Dense(1)(Reversal()(features)))
    plain = Model(x, turned.layers[-1](features))
    data = np.random.RandomState(0).rand(4, 3)
    np.testing.assert_allclose(turned.predict(data), plain.predict(data), rtol=1e-5)
    weights = plain.trainable_weights
    one, other = (
        K.function([x], K.gradients(K.sum(K.square(m.output)), weights))([data])
        for m in (turned, plain)
    )
    for i, factor_wanted in enumerate((-2, -2, 1, 1)):
        np.testing.assert_allclose(one[i], factor_wanted * other[i], rtol=1e-4, atol=1e-5)


def test_what_is_no_multiple_is_refused():
    with pytest.raises(ValueError, match="multiples of what comes in"):
        tf.custom_gradient(lambda x: (x * 1, lambda dy: tf.clip_by_value(dy, -1.0, 1.0)))(
            K.placeholder((None,))
        )
    with pytest.raises(ValueError, match="of the argument's shape"):
        tf.custom_gradient(lambda x: (K.sum(x), lambda dy: dy))(K.placeholder((None,)))
    graph = tensorflow.get_default_graph()
    with (
        pytest.raises(ValueError, match="'Relu'"),
        graph.gradient_override_map({"Relu": "GuidedBackProp"}),
    ):
        pass
