"""Losses and metrics that are added, given as objects or as functions."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import regularizers
from keras_native.layers import RNN, Dense, Input, Layer, LSTMCell
from keras_native.metrics import Mean, MeanSquaredError
from keras_native.models import Model
from keras_native.optimizers import SGD
from linear_model import data, linear


def test_losses_and_metrics_added_by_tensors():
    x = Input(shape=(3,))
    h = Dense(2)(x)
    model = Model(x, Dense(1)(h))
    model.add_loss(0.5 * K.sum(K.square(h)))
    model.add_metric(K.mean(h), name="middle")
    model.compile("sgd", loss="mse")
    data_x, data_y = data(6)
    assert model.metrics_names == ["loss", "middle"]
    w, c = model.layers[1].get_weights()
    hidden = data_x @ w + c
    mse = ((model.predict(data_x) - data_y) ** 2).mean()
    loss, middle = model.evaluate(data_x, data_y, verbose=0)
    assert loss == pytest.approx(mse + 0.5 * (hidden**2).sum(), rel=1e-4)
    assert middle == pytest.approx(hidden.mean(), rel=1e-4)


def test_a_model_trained_by_added_losses_alone():
    x = Input(shape=(3,))
    y = Dense(3)(x)
    model = Model(x, y)
    model.add_loss(K.mean(K.square(y - x)))
    model.compile(SGD(learning_rate=0.1))
    history = model.fit(np.random.rand(16, 3), epochs=3, verbose=0).history["loss"]
    assert history[2] < history[0]


def test_metric_objects_and_custom_functions():
    def largest(y_true, y_pred):
        return K.max(K.abs(y_true - y_pred), axis=-1)

    model = linear(rate=0.0, metrics=[largest, MeanSquaredError(name="squared")])
    x, y = data(7)
    loss, value, squared = model.evaluate(x, y, batch_size=3, verbose=0)
    assert model.metrics_names == ["loss", "largest", "squared"]
    assert value == pytest.approx(np.abs(model.predict(x) - y).mean(), rel=1e-5)
    assert squared == pytest.approx(loss, rel=1e-5)


def test_target_tensors():
    x = Input(shape=(3,))
    model = Model(x, Dense(1)(x))
    target = K.placeholder((None, 1))
    model.compile("sgd", "mse", target_tensors=[target])
    data_x, data_y = data(4)
    expected = ((model.predict(data_x) - data_y) ** 2).mean()
    assert model.train_on_batch(data_x, data_y) == pytest.approx(expected, rel=1e-5)
    two = Model(x, [model.output, Dense(1)(x)])
    with pytest.raises(ValueError, match="2 outputs, but you passed a single tensor"):
        two.compile("sgd", "mse", target_tensors=target)
    fixed = Model(x, model.output)
    fixed.compile("sgd", "mse", target_tensors=K.constant(data_y))
    assert fixed.test_on_batch(data_x, None) == pytest.approx(
        ((fixed.predict(data_x) - data_y) ** 2).mean(), rel=1e-5
    )


def test_a_metric_function_may_return_a_dict():
    def both(y_true, y_pred):
        return {"low": K.min(y_pred, axis=-1), "high": K.max(y_pred, axis=-1)}

    model = linear(rate=0.0, metrics=["mae", both])
    assert model.metrics_names == ["loss", "mae", "low", "high"]
    x, y = data(6)
    values = model.evaluate(x, y, verbose=0)
    np.testing.assert_allclose(values[2:], [model.predict(x).mean()] * 2, rtol=1e-5)


def test_penalties_of_nothing():
    """`l2(weight_decay)` with a decay of zero is a number, no tensor."""
    x = Input(shape=(3,))
    none = regularizers.l2(0)
    y = Dense(2, kernel_regularizer=none, bias_regularizer=none, activity_regularizer=none)(x)
    model = Model(x, y)
    model.compile("sgd", "mse")
    data_x = np.ones((2, 3), "float32")
    expected = (model.predict(data_x) ** 2).mean()
    assert model.train_on_batch(data_x, np.zeros((2, 2))) == pytest.approx(expected, rel=1e-5)


def test_numbers_may_be_added_more_than_once():
    x = Input(shape=(3,))
    shared = Dense(2, kernel_regularizer="l1", activity_regularizer="l1")
    model = Model(x, shared(x))
    model.add_loss(1)
    model.add_loss(1)
    assert len(model.losses) == 4  # of the kernel, of the values, and two numbers
    model.compile("sgd", "mse")
    data_x = data(6)[0]
    weights = shared.get_weights()
    found = model.evaluate(data_x, model.predict(data_x), verbose=0)
    penalty = 0.01 * np.abs(weights[0]).sum() + 0.01 * np.abs(model.predict(data_x)).sum()
    assert found == pytest.approx(2 + penalty, rel=1e-4)


def test_metrics_of_a_model_come_before_those_of_its_layers():
    class Watched(Layer):
        def call(self, inputs):
            self.add_metric(K.sum(inputs), name="inside")
            return inputs

    x = Input(shape=(1,))
    y = Watched()(x)
    model = Model(x, y)
    model.add_metric(K.sum(y), name="outside")
    model.compile("sgd", "mse", metrics=[MeanSquaredError("compiled")])
    assert [m.name for m in model.metrics] == ["compiled", "outside", "inside"]
    ones = np.ones((4, 1))
    assert model.evaluate(ones, 0 * ones, batch_size=2, verbose=0) == [1, 1, 2, 2]


def test_a_subclass_with_metrics_as_attributes():
    class Counting(Model):
        def __init__(self, names=("first", "second")):
            super().__init__()
            self.dense = Dense(1, kernel_initializer="ones")
            self.of_inputs = Mean(name=names[0])
            self.other = Mean(name=names[1])

        def call(self, x):
            self.add_metric(K.sum(x), name="summed")
            self.add_metric(self.of_inputs(x), name="first")
            return self.dense(x)

    ones = np.ones((4, 1))
    model = Counting()
    model.compile("sgd", "mse")
    assert model.evaluate(ones, ones, verbose=0) == [0, 1, 4]
    assert model.metrics_names == ["loss", "first", "summed"]
    with pytest.raises(ValueError, match="several are called 'first'"):
        twice = Counting(("first", "first"))
        twice.compile("sgd", "mse")
        twice.fit(ones, ones, verbose=0)


def test_losses_given_to_inner_layers_are_found_and_counted():
    cells = [LSTMCell(2), LSTMCell(2)]
    x = Input((3, 2))
    layer = RNN(cells)
    y = layer(x)
    loss = K.sum(x)
    cells[0].add_loss(loss, inputs=x)
    assert layer.get_losses_for(x) == [loss]
    model = Model(x, y)
    model.compile("sgd", "mse")
    ones = np.ones((4, 3, 2))
    assert model.evaluate(ones, model.predict(ones), verbose=0) == pytest.approx(24, rel=1e-5)
