"""The hooks that fit, evaluate and predict call, in the order and with the logs of Keras 2.3.1."""

import numpy as np
import pytest
from keras_native import callbacks as C
from keras_native.layers import Dense, Dropout, Input
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


@pytest.mark.parametrize("source", ["arrays", "steps", "sequence"])
def test_a_stop_at_the_last_batch_is_validated(model, source):
    class Stop(C.Callback):
        def on_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    data = {"x": Batches()} if source == "sequence" else {"x": X, "y": Y}
    sizes = {
        "arrays": {"batch_size": 4},
        "steps": {"steps_per_epoch": 2, "validation_steps": 1},
        "sequence": {},
    }[source]
    history = model.fit(
        **data, **sizes, epochs=3, verbose=0, validation_data=(X, Y), callbacks=[Stop()]
    )
    assert history.epoch == [0] and len(history.history["val_loss"]) == 1


def test_params(model):
    """What callbacks find in `params`, as Keras 2.3.1 has it."""

    class Params(C.Callback):
        def set_params(self, params):
            found.append(dict(params))

    found, plain = [], ["loss", "mae"]
    both = [*plain, "val_loss", "val_mae"]
    model.fit(X, Y, 4, verbose=0, callbacks=[Params()])
    model.fit_generator(Batches(), steps_per_epoch=2, verbose=0, callbacks=[Params()])
    model.evaluate(X, Y, 4, verbose=0, callbacks=[Params()])
    model.evaluate_generator(Batches(), callbacks=[Params()])
    model.predict(X, 4, callbacks=[Params()])
    sizes = {"batch_size": 4, "steps": None, "samples": 7, "verbose": 0}
    run = {"epochs": 1, "do_validation": False, "verbose": 0}
    assert found == [
        {**run, **sizes, "metrics": plain},
        {**run, "steps": 2, "metrics": both},
        {**sizes, "metrics": plain},
        {"steps": 2, "verbose": 0, "metrics": plain},
        sizes,
    ]


def test_validation_data_of_callbacks():
    """Inputs, targets, weights; and the learning phase where the model looks at it."""
    found = []

    class Data(C.Callback):
        def on_epoch_end(self, epoch, logs=None):
            data = self.validation_data
            found.append(data if data is None else [np.shape(a) for a in data])

    for phase in (False, True):
        x = Input((2,))
        made = Model(x, Dropout(0.5)(Dense(1)(x)) if phase else Dense(1)(x))
        made.compile("sgd", "mse")
        made.fit(X, Y, verbose=0, validation_data=(X, Y), callbacks=[Data()])
        weighted = (X, Y, np.full(7, 2.0))
        made.fit(X, Y, verbose=0, validation_data=weighted, callbacks=[Data()])
        made.fit(Batches(), verbose=0, validation_data=(X, Y), callbacks=[Data()])
        made.fit(X, Y, verbose=0, validation_split=0.5, callbacks=[Data()])
        made.fit(X, Y, verbose=0, callbacks=[Data()])
        made.fit(Batches(), verbose=0, validation_data=Batches(), callbacks=[Data()])
        end = [()] if phase else []
        all_rows = [(7, 2), (7, 1), (7,), *end]
        assert found == [*[all_rows] * 3, [(4, 2), (4, 1), (4,), *end], [], None]
        found.clear()


def test_samples_are_announced(model, capsys):
    model.fit(X, Y, validation_data=(X[:3], Y[:3]))
    assert capsys.readouterr().out.startswith("Train on 7 samples, validate on 3 samples\nEpoch 1")
    model.fit(X, Y, verbose=2, validation_data=[])
    assert "validate on" not in capsys.readouterr().out


def test_order_of_callbacks(model):
    """Averages first, the History last: what callbacks add to the logs is in it."""
    seen = []

    class Adds(C.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(sorted(logs))
            logs["own"] = 5

    history = model.fit(X, Y, verbose=0, callbacks=[Adds()])
    assert seen == [["loss", "mae"]] and history.history["own"] == [5]
