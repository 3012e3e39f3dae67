"""fit, evaluate, predict and single batches on arrays."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.callbacks import LambdaCallback
from keras_native.layers import Dense, Input, Lambda
from keras_native.models import Model, Sequential
from keras_native.optimizers import SGD
from linear_model import data, linear


def numpy_sgd(w, b, batches, rate):
    """Plain gradient descent on the mean squared error; returns weights and losses."""
    losses = []
    for x, y in batches:
        error = x @ w + b - y
        losses.append(float((error**2).mean()))
        w = w - rate * 2 * x.T @ error / len(x)
        b = b - rate * 2 * error.mean(axis=0)
    return w, b, losses


def test_fit_is_gradient_descent():
    model = linear()
    x, y = data()
    w, b = model.get_weights()
    history = model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    batches = [(x[i : i + 8], y[i : i + 8]) for i in (0, 8, 16)] * 2
    w, b, losses = numpy_sgd(w, b, batches, 0.1)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4)
    np.testing.assert_allclose(model.get_weights()[1], b, rtol=1e-4, atol=1e-6)
    expected = [np.average(losses[i : i + 3], weights=[8, 8, 4]) for i in (0, 3)]
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-5)
    assert history.epoch == [0, 1] and model.history is history


def test_shuffling_follows_numpys_seed_and_moves_whole_samples():
    x, y = data()
    model = linear(rate=0.05)
    w, b = model.get_weights()
    np.random.seed(5)
    model.fit(x, y, batch_size=8, epochs=2, verbose=0)
    np.random.seed(5)
    order, batches = np.arange(20), []
    for _ in range(2):
        np.random.shuffle(order)
        batches += [(x[order[i : i + 8]], y[order[i : i + 8]]) for i in (0, 8, 16)]
    w, b, _ = numpy_sgd(w, b, batches, 0.05)
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4)


def test_shuffle_batch_keeps_batches_whole():
    seen = []
    x = np.repeat(np.arange(10, dtype="float32"), 4)[:, None] * np.ones((1, 3), "float32")
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile(SGD(learning_rate=0.0), lambda t, p: K.max(t) - K.min(t) + 0.0 * K.mean(p))
    callback = LambdaCallback(on_batch_end=lambda k, logs: seen.append(logs["loss"]))
    model.fit(x, x[:, :1], batch_size=4, shuffle="batch", verbose=0, callbacks=[callback])
    assert seen == [0.0] * 10
    seen.clear()
    model.fit(x, x[:, :1], batch_size=4, shuffle=True, verbose=0, callbacks=[callback])
    assert max(seen) > 0


def test_train_and_test_on_batch():
    model = linear(metrics=["mae"])
    x, y = data(8)
    w, b = model.get_weights()
    loss, mae = model.test_on_batch(x, y)
    assert loss == pytest.approx(((x @ w + b - y) ** 2).mean(), rel=1e-5)
    trained = model.train_on_batch(x, y)
    assert trained[0] == pytest.approx(loss) and trained[1] == pytest.approx(mae)
    w, b, _ = numpy_sgd(w, b, [(x, y), (x, y)], 0.1)
    model.train_on_batch(x, y)  # the way without checks
    np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-4)
    half = model.train_on_batch(x[:4].astype("float64"), y[:4].tolist())
    assert len(half) == 2


def test_metrics_go_on_where_asked():
    model = linear(rate=0.0, metrics=["mae"])
    x, y = data(8)
    first = model.train_on_batch(x[:4], y[:4], reset_metrics=False)[1]
    both = model.train_on_batch(x[4:], y[4:], reset_metrics=False)[1]
    second = np.abs(model.predict(x[4:]) - y[4:]).mean()
    assert both == pytest.approx((first + second) / 2, rel=1e-5)
    model.reset_metrics()
    assert model.test_on_batch(x[:4], y[:4])[1] == pytest.approx(first, rel=1e-5)


def test_predictions_in_all_ways_agree():
    model = linear()
    x, _ = data(70)
    whole = model.predict(x)
    np.testing.assert_allclose(model.predict(x, batch_size=9), whole, rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(x), whole, rtol=1e-6)
    for _ in range(3):
        np.testing.assert_allclose(model.predict_on_batch(x[:1]), whole[:1], rtol=1e-6)
        np.testing.assert_allclose(model.predict(x[3:5]), whole[3:5], rtol=1e-6)
    np.testing.assert_allclose(model.predict(x.tolist()), whole, rtol=1e-6)
    np.testing.assert_allclose(model.predict(x[::2]), whole[::2], rtol=1e-6)
    np.testing.assert_allclose(model.predict(np.asfortranarray(x)), whole, rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(x[::-1]), whole[::-1], rtol=1e-6)


def test_weights_set_later_are_used_by_made_functions():
    model = linear()
    x, _ = data(4)
    model.predict_on_batch(x)
    model.set_weights([np.ones((3, 1)), np.zeros(1)])
    np.testing.assert_allclose(model.predict_on_batch(x), x.sum(1, keepdims=True), rtol=1e-6)


def test_trainable_is_read_by_compile():
    model = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
    model.layers[0].trainable = False
    model.compile(SGD(learning_rate=0.1), "mse")
    x, y = data(8)
    before = model.get_weights()
    model.train_on_batch(x, y)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[2] != after[2]).any()
    model.layers[0].trainable = True
    with pytest.warns(UserWarning, match="Discrepancy"):
        model.fit(x, y, verbose=0)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


def test_gradients_by_the_recipe_of_the_web():
    model = linear()
    x, y = data(4)
    grads = K.gradients(model.total_loss, model.trainable_weights)
    function = K.function(
        [model.inputs[0], model.sample_weights[0], model.targets[0], K.learning_phase()], grads
    )
    weight = np.array([1.0, 0.0, 2.0, 1.0])
    w, b = model.get_weights()
    error = (x @ w + b - y) * weight[:, None]
    np.testing.assert_allclose(
        function([x, weight, y, 0])[0], 2 * x.T @ error / 4, rtol=1e-4, atol=1e-6
    )


def test_a_subclassed_model():
    class Net(Model):
        def __init__(self):
            super().__init__(name="net")
            self.hidden = Dense(4, activation="relu")
            self.out = Dense(1, kernel_regularizer="l2")

        def call(self, inputs):
            return self.out(self.hidden(inputs))

    model = Net()
    model.compile(SGD(learning_rate=0.1), "mse")
    x, y = data(32)
    history = model.fit(x, y, epochs=4, verbose=0).history["loss"]
    assert history[-1] < history[0]
    assert [layer.name for layer in model.layers] == ["dense_1", "dense_2"]
    assert len(model.get_weights()) == 4 and len(model.losses) == 1
    assert model.predict(x).shape == (32, 1)
    with pytest.raises(NotImplementedError, match="subclassed"):
        model.get_config()

    class Forgetful(Model):
        def __init__(self):
            self.hidden = Dense(4)

    with pytest.raises(RuntimeError, match="forgot to call"):
        Forgetful()


def test_batch_sizes_fixed_by_the_input():
    x = Input(batch_shape=(4, 3))
    model = Model(x, Dense(1)(x))
    assert model.predict(np.ones((8, 3))).shape == (8, 1)
    with pytest.raises(ValueError, match="batch size of your Input Layer: 4"):
        model.predict(np.ones((8, 3)), batch_size=8)


def test_data_on_disk_is_read_in_slices():
    class OnDisk:
        """Rows by slices or lists, as an HDF5 dataset; never converted as a whole."""

        def __init__(self, array):
            self.array, self.shape, self.dtype = array, array.shape, array.dtype
            self.ndim, self.reads = array.ndim, 0

        def __getitem__(self, rows):
            self.reads += 1
            return self.array[rows]

        def __len__(self):
            return len(self.array)

    x, y = data(10)
    model = linear(rate=0.0)
    disk = OnDisk(x)
    expected = model.evaluate(x, y, verbose=0)
    assert model.evaluate(disk, y, batch_size=4, verbose=0) == pytest.approx(expected, rel=1e-5)
    assert disk.reads == 3
    np.testing.assert_allclose(model.predict(OnDisk(x), batch_size=4), model.predict(x), rtol=1e-6)
    model.fit(OnDisk(x), y, batch_size=4, shuffle="batch", verbose=0)


def test_prediction_from_many_threads():
    from concurrent.futures import ThreadPoolExecutor

    model = Sequential([Dense(16, activation="tanh", input_shape=(3,)), Dense(1)])
    x, _ = data(64)
    expected = model.predict(x)
    with ThreadPoolExecutor(8) as pool:
        for result in pool.map(lambda _: model.predict(x, batch_size=16), range(40)):
            np.testing.assert_array_equal(result, expected)


def test_arrays_of_other_dtypes_take_the_short_way_too():
    model = linear(rate=0.0)
    x, y = data(6)
    for kind in ("float64", "int64", "float16"):
        for _ in range(2):
            expected = model.predict(x.astype(kind).astype("float32"))
            np.testing.assert_allclose(model.predict_on_batch(x.astype(kind)), expected, rtol=1e-6)
            loss = ((expected - y) ** 2).mean()
            assert model.test_on_batch(x.astype(kind), y) == pytest.approx(loss, rel=1e-5)


def test_functions_made_anew():
    model = Sequential([Dense(2, input_shape=(3,)), Dense(1)])
    model.compile(SGD(learning_rate=0.1), "mse")
    x, y = data(8)
    model.train_on_batch(x, y)
    model.layers[0].trainable = False
    model.train_function = None
    before = model.get_weights()
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])
    assert (before[2] != model.get_weights()[2]).any()
    with pytest.raises(ValueError, match="only be set to None"):
        model.predict_function = print


def test_inputs_and_outputs_without_feature_axis():
    x = Input(shape=())
    y = Lambda(lambda v: 3.0 * v)(x)
    model = Model(x, y)
    model.compile("sgd", "mse", metrics=["mae"])
    data_x = np.arange(5.0)
    np.testing.assert_allclose(model.predict(data_x), 3 * data_x)
    assert model.evaluate(data_x, 3 * data_x + 1, verbose=0) == pytest.approx([1.0, 1.0])
