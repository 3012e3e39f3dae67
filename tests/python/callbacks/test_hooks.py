"""The hooks that fit, evaluate and predict call, in the order and with the logs of Keras 2.3.1."""

import numpy as np
import pytest
from keras_native import callbacks as C
from keras_native.layers import Dense, Input
from keras_native.models import Model
from keras_native.utils import Sequence

X, Y = np.arange(14.0).reshape(7, 2), np.ones((7, 1))
NEW = ["train_batch", "test_batch", "predict_batch", "epoch", "train", "test", "predict"]
VALUES = ["batch", "loss", "mae", "size"]


class Record(C.Callback):
    """Writes down hooks with number and names of logs."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name[:3] != "on_" or name[3:].rpartition("_")[0] not in NEW:
            return super().__getattribute__(name)

        def hook(*arguments):
            *number, logs = arguments
            self.calls.append((name[3:], *number, *sorted(logs)))
            if name == "on_predict_batch_end":
                self.outputs = logs["outputs"]

        return hook


class Batches(Sequence):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], Y[4 * index : 4 * index + 4]


@pytest.fixture
def model():
    x = Input((2,))
    made = Model(x, Dense(1)(x))
    made.compile("sgd", "mse", metrics=["mae"])
    return made


def batch(mode, k, values=VALUES):
    return [(f"{mode}_batch_begin", k, "batch", "size"), (f"{mode}_batch_end", k, *values)]


TEST = [("test_begin",), *batch("test", 0), *batch("test", 1), ("test_end",)]
TRAIN = [*batch("train", 0), *batch("train", 1)]


@pytest.mark.parametrize("source", ["arrays", "sequence"])
def test_fit_with_validation(model, source):
    record = Record()
    if source == "arrays":
        model.fit(
            X, Y, 4, epochs=2, verbose=0, validation_data=(X, Y), validation_freq=[2],
            callbacks=[record],
        )  # fmt: skip
    else:
        model.fit(
            Batches(), epochs=2, verbose=0, validation_data=Batches(), validation_freq=[2],
            callbacks=[record],
        )  # fmt: skip
    assert record.calls == [
        ("train_begin",),
        ("epoch_begin", 0),
        *TRAIN,
        ("epoch_end", 0, "loss", "mae"),
        ("epoch_begin", 1),
        *TRAIN,
        *TEST,
        ("epoch_end", 1, "loss", "mae", "val_loss", "val_mae"),
        ("train_end",),
    ]


def test_evaluate(model):
    record = Record()
    model.evaluate(X, Y, 4, verbose=0, callbacks=[record])
    model.evaluate_generator(Batches(), callbacks=[record])
    assert record.calls == 2 * TEST


def test_predict(model):
    values = ["batch", "outputs", "size"]
    calls = [batch("predict", 0, values), batch("predict", 1, values)]
    record = Record()
    predicted = model.predict(X, 4, callbacks=[record])
    np.testing.assert_array_equal(record.outputs[0], predicted[4:])
    model.predict_generator(Batches(), callbacks=[record])
    np.testing.assert_allclose(record.outputs[0], predicted[4:], rtol=1e-6)
    assert record.calls == 2 * [("predict_begin",), *calls[0], *calls[1], ("predict_end",)]


def test_a_stop_ends_the_epoch(model):
    """No further batch, no validation; the ends are told."""

    class Stop(Record):
        def __getattribute__(self, name):
            if name == "on_train_batch_end":
                self.model.stop_training = True
            return super().__getattribute__(name)

    record = Stop()
    model.fit(X, Y, 4, epochs=3, verbose=0, validation_data=(X, Y), callbacks=[record])
    assert record.calls == [
        ("train_begin",),
        ("epoch_begin", 0),
        *batch("train", 0),
        ("epoch_end", 0, "loss", "mae"),
        ("train_end",),
    ]


def test_order_of_callbacks(model):
    """Averages first, the History last: what callbacks add to the logs is in it."""
    seen = []

    class Adds(C.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(sorted(logs))
            logs["own"] = 5

    history = model.fit(X, Y, verbose=0, callbacks=[Adds()])
    assert seen == [["loss", "mae"]] and history.history["own"] == [5]
