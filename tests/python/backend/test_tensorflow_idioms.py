"""What layers written for Keras on TensorFlow ask of tensors beside `keras.backend`."""

import json

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Input, Layer
from keras_native.models import Sequential


def test_shapes_answer_as_tensorflow_s():
    x = Input((5, 3))
    assert x.shape == x.get_shape() == (None, 5, 3) and json.dumps(x.shape) == "[null, 5, 3]"
    assert x.shape[1].value == 5 and x.get_shape()[-1].value == 3 and x.shape[0] is None
    assert x.shape.as_list() == [None, 5, 3] and x.shape[1:].as_list() == [5, 3]
    assert x.shape.ndims == 3 and type(x.shape[1] * 2) is int
    assert type(K.int_shape(x)) is tuple and type(K.int_shape(x)[1]) is int
    assert x.op.name == "input_1"


def test_logits_are_what_a_softmax_was_made_of():
    """Attacks on classifiers take their gradients from there."""
    model = Sequential([Dense(3, input_dim=2, activation="softmax")])
    (logits,) = model.output.op.inputs
    assert model.output.op.type == "softmax"
    slope = K.gradients(K.sum(logits[:, 1]), model.input)[0]
    x = np.array([[1.0, 2.0], [-3.0, 0.5]], "float32")
    kernel = model.get_weights()[0]
    found, slope = K.function([model.input], [logits, slope])([x])
    np.testing.assert_allclose(found, x @ kernel, rtol=1e-4, atol=1e-6)
    np.testing.assert_array_equal(slope, [kernel[:, 1]] * 2)


def test_variables_answer_as_tensorflow_s():
    v = K.variable(np.ones((2, 3)), name="w")
    assert v.op.name == "w" and v.shape.as_list() == [2, 3] and v.shape[0].value == 2
    assert v.value() is v and v.read_value() is v and v.initialized_value() is v


class Attention(Layer):
    """Sizes its output as code for TensorFlow does."""

    def build(self, input_shape):
        self.w = self.add_weight("w", (input_shape[-1], 1))
        super().build(input_shape)

    def call(self, x):
        weights = K.softmax(K.squeeze(K.dot(x, self.w), -1))
        out = K.batch_dot(weights, x, [1, 1])
        out = K.reshape(out, K.shape(out))

        out.set_shape((None, x.get_shape()[-1].value))
        return out

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])


def test_a_layer_written_so_trains():
    model = Sequential([Attention(input_shape=(5, 3)), Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.random.RandomState(0).rand(8, 5, 3), np.ones((8, 1))
    first = model.train_on_batch(x, y)
    for _ in range(20):
        last = model.train_on_batch(x, y)
    assert last < first


def test_set_shape_is_checked():
    x = K.placeholder(ndim=2, name="x")
    y = x * 2
    name = y.name
    y.set_shape((None, 4))
    assert K.int_shape(y) == (None, 4) and y.name == name
    assert K.function([x], [y])([np.ones((1, 4))])[0].shape == (1, 4)
    with pytest.raises(ValueError, match=r"expected shape \(None, 4\); got \(1, 3\)"):
        K.function([x], [y])([np.ones((1, 3))])
    for shape in [(None, 3), (None, None, 4)]:
        with pytest.raises(ValueError, match="cannot have the shape"):
            y.set_shape(shape)


class Counting:
    """A sequence that makes its items when asked for them."""

    def __len__(self):
        return 2

    def __getitem__(self, i):
        if i >= 2:
            raise IndexError(i)
        return type("Extent", (int,), {})(5000 + i)


def test_sequences_that_make_their_items():
    from keras_native import _core

    assert _core.placeholder(Counting(), "float32", "x").shape == (5000, 5001)
