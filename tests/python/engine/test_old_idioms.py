"""What scripts did to the insides of models: cut tops off, call step functions, give scalars."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Dropout, Input, Lambda, Layer
from keras_native.models import Model, Sequential
from keras_native.optimizers import SGD

X = np.random.RandomState(0).rand(8, 2).astype("float32")
Y = np.random.RandomState(1).rand(8, 1).astype("float32")


def three_layers():
    x = Input((2,))
    return Model(x, Dense(1)(Dense(4)(Dense(3)(x))))


def test_the_top_is_cut_off_by_hand():
    model = three_layers()
    body = Model(model.input, model.layers[-2].output)
    model.layers.pop()
    model.outputs = [model.layers[-1].output]
    model.layers[-1].outbound_nodes = []
    assert model.layers[-1].outbound_nodes == [] and len(model.layers) == 3
    top = Dense(2, kernel_initializer="ones")(model.layers[-1].output)
    out = Model(model.input, top).predict(X)
    np.testing.assert_allclose(out[:, 0], body.predict(X).sum(axis=1), rtol=1e-4, atol=1e-5)


def test_step_functions_take_weights_and_the_learning_phase():
    model, twin = three_layers(), three_layers()
    twin.set_weights(model.get_weights())
    weights = np.arange(8.0)
    for each in (model, twin):
        each.compile("adam", "mse", metrics=["mae"])
    model._make_test_function()
    assert model.test_function([X, Y, weights])[0] == pytest.approx(
        float(twin.test_on_batch(X, Y, sample_weight=weights)[0]), rel=1e-5
    )
    model._make_train_function()
    model.train_function([X, Y])
    model.train_function([X, Y, weights])
    model.train_function([X, Y])
    twin.train_on_batch(X, Y)
    twin.train_on_batch(X, Y, sample_weight=weights)
    twin.train_on_batch(X, Y)
    for one, other in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_predictions_with_the_learning_phase():
    x = Input((2,))
    model = Model(x, Dropout(0.5, seed=1)(x))
    model._make_predict_function()
    np.testing.assert_array_equal(model.predict_function([X, 0])[0], X)
    np.testing.assert_array_equal(model.predict_function([X])[0], X)
    assert (model.predict_function([X, 1])[0] == 0).any()


def test_a_layer_may_compute_the_loss_as_a_scalar():
    """Its declared shape has a batch axis, and a target that the loss leaves out is fed for it."""
    x = Input((2,))
    y = Dense(2, kernel_initializer="ones")(x)
    loss = Lambda(lambda q: K.mean(K.square(q)), output_shape=(1,), name="loss")(y)
    model = Model(x, loss)
    model.compile("sgd", {"loss": lambda target, value: value})
    assert model.output_shape == (None, 1)
    expected = np.square(X.sum(axis=1)).mean()
    assert model.train_on_batch(X, np.zeros((8, 1))) == pytest.approx(expected, rel=1e-5)
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(X, np.zeros((8, 1))))


class FirstOfTwo(Layer):
    """Says of itself, as many do, the shapes of what it takes."""

    def call(self, inputs):
        return inputs[0] * 2.0

    def compute_output_shape(self, input_shape):
        return input_shape


def test_more_shapes_declared_than_given():
    a, b = Input((None, 2)), Input((None,))
    y = FirstOfTwo()([a, b])
    assert K.int_shape(y) == (None, None, 2)
    x = X.reshape(2, 4, 2)
    np.testing.assert_array_equal(Model([a, b], y).predict([x, x[..., 0]]), 2 * x)


def test_several_outputs_are_told_from_one_by_a_length():
    for model, several in ((three_layers(), False), (Model(a := Input((2,)), [a, a]), True)):
        assert (hasattr(model.output, "__len__") and len(model.output) > 1) == several


def test_outputs_are_looked_up_by_name():
    model = Sequential([Dense(3, input_dim=2), Dense(3, activation="relu"), Dropout(0.5)])
    names = [layer.output.name for layer in model.layers]
    assert names == ["dense_1/BiasAdd:0", "dense_2/Relu:0", "dropout_1/cond/Merge:0"]
    again = Input((2,), name="again")
    assert again.name == "again:0"
    shared = model.layers[0]
    assert shared(again).name == "dense_1_1/BiasAdd:0"
    assert shared(again).op.name == "dense_1_2/BiasAdd"
    assert model(again).name == "sequential_1_1/cond/Merge:0"
    two = Lambda(lambda x: [x * 2.0, x * 3.0])(again)
    assert [x.name for x in two] == ["lambda_1/mul:0", "lambda_1/mul_1:0"]


def test_layers_move_to_another_stack():
    model = Sequential([Dense(3, input_dim=2), Dense(1)])
    again = Sequential(model.layers)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_data_are_constant_tensors():
    model = Sequential([Dense(1, input_dim=2)])
    model.compile("sgd", "mse")
    np.testing.assert_allclose(model.predict(K.constant(X), steps=1), model.predict(X))
    before = model.evaluate(X, Y, verbose=0)
    history = model.fit(K.constant(X), K.constant(Y), steps_per_epoch=2, epochs=3, verbose=0)
    assert len(history.history["loss"]) == 3 and model.evaluate(X, Y, verbose=0) < before


class Positives(Layer):
    """A metric with a state as tests of Keras 2.1 have one."""

    def __init__(self, name="positives", **kwargs):
        super().__init__(name=name, **kwargs)
        self.stateful = True
        self.total = K.variable(0.0)

    def __call__(self, y_true, y_pred):
        count = K.sum(K.cast(y_pred > 0, "float32"))
        before = K.identity(self.total)
        self.add_update(K.update_add(self.total, count), inputs=[y_true, y_pred])
        return before + count


def test_a_layer_as_a_metric_starts_anew_each_epoch():
    model = Sequential([Dense(1, input_dim=2, kernel_initializer="ones")])
    model.compile(SGD(learning_rate=0.0), "mse", metrics=[Positives()])
    history = model.fit(X, Y, epochs=3, batch_size=4, verbose=0).history["positives"]
    assert history == [6.0] * 3  # the mean of 4 and 8
    assert model.evaluate(X, Y, verbose=0)[1] == 8.0


def test_gradients_of_weights_as_answered_everywhere():
    model = Sequential([Dense(1, input_dim=2, kernel_initializer="ones")])
    assert not hasattr(model, "total_loss") and getattr(model, "targets", None) is None
    model.compile("sgd", "mse")
    grads = model.optimizer.get_gradients(model.total_loss, model.trainable_weights)
    feeds = model._feed_inputs + model._feed_targets + model._feed_sample_weights
    x, y, sample_weight = model._standardize_user_data(X, Y)
    kernel, bias = K.function(feeds, grads)(x + y + sample_weight)
    error = X.sum(axis=1, keepdims=True) - Y
    np.testing.assert_allclose(kernel, 2 * X.T @ error / 8, rtol=1e-4)
    np.testing.assert_allclose(bias, [2 * error.mean()], rtol=1e-4)
    assert model._feed_output_names == model.output_names
    assert model._standardize_user_data(X)[1:] == ([], [])
    model._make_train_function()
    assert np.isfinite(model.train_function(x + y + sample_weight)[0])


def test_predictions_follow_the_first_input():
    """As the first input has samples: scripts predict a few with a longer second array."""
    a, b = Input((2,)), Input((2,))
    model = Model([a, b], Lambda(lambda pair: pair[0] + 10 * pair[1])([a, b]))
    ones = np.ones((8, 2), "float32")
    np.testing.assert_array_equal(model.predict([X[:3], ones]), X[:3] + 10)
    with pytest.raises(ValueError, match="same number of samples"):
        model.predict([X, ones[:3]])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="same number of samples"):
        model.evaluate([X[:3], ones], X[:3])
