"""What happens between batches and epochs: validation, callbacks, running values."""

import numpy as np
import pytest
from keras_native.callbacks import Callback, History
from keras_native.layers import Dense, Dropout
from keras_native.models import Sequential
from linear_model import data, linear


def test_metrics_are_running_values_of_the_epoch():
    model = linear(metrics=["mae"])
    x, y = data(10)
    model.optimizer.lr = 0.0
    history = model.fit(x, y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    error = np.abs(model.predict(x) - y).mean()
    np.testing.assert_allclose(history.history["mae"], [error, error], rtol=1e-5)
    loss, mae = model.evaluate(x, y, batch_size=4, verbose=0)
    assert mae == pytest.approx(error, rel=1e-5)
    assert loss == pytest.approx(((model.predict(x) - y) ** 2).mean(), rel=1e-5)
    assert model.metrics_names == ["loss", "mae"]


def test_watched_and_unwatched_runs_are_the_same():
    x, y = data(50)

    def run(callbacks):
        np.random.seed(1)
        model = Sequential([Dense(4, activation="relu", input_shape=(3,)), Dropout(0.5), Dense(1)])
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(x, y, batch_size=8, epochs=3, verbose=0, callbacks=callbacks)
        return history.history, model.get_weights()

    class Watcher(Callback):
        def on_batch_end(self, batch, logs=None):
            pass

    one, two = run([]), run([Watcher()])
    for key in one[0]:
        np.testing.assert_allclose(one[0][key], two[0][key], rtol=1e-6)
    for a, b in zip(one[1], two[1], strict=True):
        np.testing.assert_array_equal(a, b)


def test_validation_split_takes_the_end():
    model = linear(rate=0.0)
    x, y = data(20)
    y[15:] += 10
    history = model.fit(x, y, validation_split=0.25, verbose=0).history
    assert history["val_loss"][0] > 50 > history["loss"][0]
    again = model.fit(x, y, validation_data=(x[15:], y[15:]), verbose=0).history
    assert again["val_loss"][0] == pytest.approx(history["val_loss"][0], rel=1e-5)


def test_validation_freq_and_initial_epoch():
    model = linear()
    x, y = data()
    history = model.fit(
        x, y, epochs=6, initial_epoch=2, validation_data=(x, y), validation_freq=2, verbose=0
    )
    assert history.epoch == [2, 3, 4, 5] and len(history.history["val_loss"]) == 2
    history = model.fit(x, y, epochs=3, validation_data=(x, y), validation_freq=[1], verbose=0)
    assert len(history.history["val_loss"]) == 1
    with pytest.raises(ValueError, match="less than 1"):
        model.fit(x, y, validation_data=(x, y), validation_freq=0, verbose=0)


def test_stop_training_ends_after_the_epoch_or_the_batch():
    x, y = data()
    model = linear()

    class StopEpoch(Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = epoch == 1

    assert model.fit(x, y, epochs=9, verbose=0, callbacks=[StopEpoch()]).epoch == [0, 1]

    class StopBatch(Callback):
        seen = 0

        def on_batch_end(self, batch, logs=None):
            self.seen += 1
            self.model.stop_training = batch == 1

    stop = StopBatch()
    history = model.fit(
        x, y, batch_size=4, epochs=9, verbose=0, callbacks=[stop], validation_data=(x, y)
    )
    assert stop.seen == 2 and history.epoch == [0] and "val_loss" not in history.history


def test_callbacks_of_evaluate_and_predict():
    calls = []

    class Log(Callback):
        def on_test_batch_end(self, batch, logs=None):
            calls.append(("test", batch, logs["size"], "loss" in logs))

        def on_predict_batch_begin(self, batch, logs=None):
            calls.append(("predict", batch, logs["size"]))

        def on_test_begin(self, logs=None):
            calls.append("begin")

        def on_predict_end(self, logs=None):
            calls.append("end")

    x, y = data(5)
    model = linear()
    model.evaluate(x, y, batch_size=4, verbose=0, callbacks=[Log()])
    model.predict(x, batch_size=4, callbacks=[Log()])
    assert calls == [
        "begin",
        ("test", 0, 4, True),
        ("test", 1, 1, True),
        ("predict", 0, 4),
        ("predict", 1, 1),
        "end",
    ]


def test_history_is_a_callback_too():
    model = linear()
    own = History()
    x, y = data()
    assert model.fit(x, y, verbose=0, callbacks=[own]).history == own.history


def test_progress_is_one_line_per_epoch_in_a_log(capsys):
    x, y = data(40)
    model = linear()
    model.fit(x, y, epochs=2, verbose=1)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2" and len(lines) == 4
    assert lines[1].startswith("40/40 [====") and " - loss: " in lines[1]
    model.fit(x, y, epochs=1, verbose=2)
    assert " - 0s - loss: " in capsys.readouterr().out
    model.fit(x, y, epochs=1, verbose=0)
    model.evaluate(x, y, verbose=0)
    assert capsys.readouterr().out == ""
