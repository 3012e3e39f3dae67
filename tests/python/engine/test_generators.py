"""Generators and Sequences, and the workers that run them ahead."""

import threading
import time

import numpy as np
import pytest
from keras_native.callbacks import Callback
from keras_native.layers import Dense
from keras_native.models import Sequential
from keras_native.optimizers import SGD
from keras_native.utils import GeneratorEnqueuer, OrderedEnqueuer
from keras_native.utils.data_utils import Sequence

X = np.random.RandomState(0).rand(20, 3).astype("float32")
Y = X.sum(axis=1, keepdims=True)


class Batches(Sequence):
    """The arrays above in batches of 4; slower for low numbers."""

    def __init__(self, fail_at=None, lazy=False):
        self.epochs, self.fail_at, self.lazy = 0, fail_at, lazy

    def __len__(self):
        return 5

    def __getitem__(self, index):
        if index == self.fail_at:
            raise OSError("the disk is gone")
        if self.lazy:
            time.sleep(0.02 * (5 - index))
        return X[index * 4 : index * 4 + 4], Y[index * 4 : index * 4 + 4]

    def on_epoch_end(self):
        self.epochs += 1


def generator(weights=False):
    k = 0
    while True:
        rows = slice(k % 5 * 4, k % 5 * 4 + 4)
        k += 1
        yield (X[rows], Y[rows], np.ones(4)) if weights else (X[rows], Y[rows])


def made(**compiled):
    np.random.seed(1)
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile(SGD(learning_rate=0.1), "mse", **{"metrics": ["mae"], **compiled})
    return model


@pytest.fixture(scope="module")
def expected():
    model = made()
    history = model.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    return history.history, model.get_weights()


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("weights", [False, True])
def test_a_generator_trains_like_arrays(expected, workers, weights):
    model = made()
    workers = min(workers, 1)
    history = model.fit_generator(
        generator(weights), steps_per_epoch=5, epochs=2, verbose=0, workers=workers
    )
    for key, values in expected[0].items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-4)
    np.testing.assert_allclose(model.get_weights()[0], expected[1][0], rtol=1e-4)


@pytest.mark.parametrize(("workers", "processes"), [(0, False), (1, False), (4, False), (2, True)])
def test_a_sequence_keeps_its_order(expected, workers, processes):
    model, batches = made(), Batches(lazy=workers > 1)
    history = model.fit_generator(
        batches,
        epochs=2,
        verbose=0,
        workers=workers,
        use_multiprocessing=processes,
        shuffle=False,
    )
    np.testing.assert_allclose(history.history["loss"], expected[0]["loss"], rtol=1e-4)
    np.testing.assert_allclose(model.get_weights()[0], expected[1][0], rtol=1e-4)
    assert batches.epochs >= 1


@pytest.mark.parametrize("steps", [2.5, np.float64(2.125), 3.0])
def test_part_of_a_step_is_a_step(steps):
    """Scripts pass `len(x) / batch_size`."""
    model = Sequential([Dense(1, input_dim=3)])
    model.compile("sgd", "mse")
    seen = []

    class Counter(Callback):
        def on_batch_end(self, batch, logs=None):
            seen.append(batch)

    history = model.fit_generator(
        generator(), steps, 2, verbose=0, callbacks=[Counter()],
        validation_data=generator(), validation_steps=1.5,
    )  # fmt: skip
    assert seen == [0, 1, 2] * 2 and history.params["steps"] == 3
    assert len(history.history["val_loss"]) == 2
    assert np.isfinite(model.evaluate_generator(generator(), steps))
    assert len(model.predict_generator((x for x, _ in generator()), steps)) == 12


def test_fit_and_evaluate_take_them_too(expected):
    model = made()
    history = model.fit(Batches(), epochs=2, verbose=0, shuffle=False)
    np.testing.assert_allclose(history.history["loss"], expected[0]["loss"], rtol=1e-4)
    loss, mae = model.evaluate(Batches(), verbose=0)
    np.testing.assert_allclose(mae, model.evaluate(X, Y, verbose=0)[1], rtol=1e-4)
    assert loss == pytest.approx(model.test_on_batch(X[16:], Y[16:])[0])
    np.testing.assert_allclose(model.predict(Batches()), model.predict(X), rtol=1e-5)
    np.testing.assert_allclose(
        model.predict_generator((x for x, _ in generator()), steps=5), model.predict(X), rtol=1e-5
    )


def test_validation_by_arrays_and_by_generators():
    model = made()
    for held_out, steps in (((X, Y), None), (Batches(), None), (generator(), 5)):
        history = model.fit_generator(
            Batches(), epochs=2, verbose=0, validation_data=held_out, validation_steps=steps
        ).history
        assert sorted(history) == ["loss", "mae", "val_loss", "val_mae"]
        assert len(history["val_mae"]) == 2
    history = model.fit(X, Y, verbose=0, validation_data=Batches()).history
    assert history["val_mae"][0] == pytest.approx(model.evaluate(X, Y, verbose=0)[1], rel=1e-4)


class Growing(Batches):
    """One batch more each epoch; `read` says what had been read when the epochs ended."""

    def __init__(self):
        super().__init__()
        self.length, self.trained, self.read = 1, 0, []

    def __len__(self):
        return self.length

    def on_epoch_end(self):
        self.read.append(self.trained)
        self.length += 1


@pytest.mark.parametrize(("workers", "processes"), [(0, False), (1, False), (3, False), (2, True)])
def test_a_sequence_may_change_with_what_training_did(workers, processes):
    """`on_epoch_end` runs when the epoch's batches have been taken, and the length counts anew."""
    batches, steps = Growing(), []

    class Count(Callback):
        def on_train_batch_begin(self, batch, logs=None):
            batches.trained += 1

        def on_epoch_end(self, epoch, logs=None):
            steps.append(self.params["steps"])

    made().fit_generator(
        batches,
        epochs=4,
        verbose=0,
        workers=workers,
        use_multiprocessing=processes,
        callbacks=[Count()],
    )
    assert steps == [1, 2, 3, 4] and batches.trained == 10
    # The last batch may be training, or about to, when `on_epoch_end` runs on a worker.
    assert len(batches.read) == 4
    assert all(end - 1 <= n <= end for n, end in zip(batches.read, (1, 3, 6, 10), strict=True))


def test_on_epoch_end_that_fails():
    class Broken(Batches):
        def on_epoch_end(self):
            raise OSError("no next epoch")

    for workers in (0, 1):
        for epochs in (1, 2):
            with pytest.raises(OSError, match="no next epoch"):
                made().fit_generator(Broken(), epochs=epochs, verbose=0, workers=workers)


def test_arrays_are_validated_in_batches_of_the_generator():
    sizes = []

    class Sizes(Callback):
        def on_test_batch_begin(self, batch, logs=None):
            sizes.append(logs["size"])

    made().fit_generator(
        generator(), steps_per_epoch=2, verbose=0, validation_data=(X, Y), callbacks=[Sizes()]
    )
    assert sizes == [4] * 5


@pytest.mark.parametrize(("workers", "processes"), [(0, False), (3, False), (2, True)])
def test_exceptions_reach_the_caller(workers, processes):
    with pytest.raises(OSError, match="the disk is gone"):
        made().fit_generator(
            Batches(fail_at=2), workers=workers, use_multiprocessing=processes, verbose=0
        )


def test_exceptions_of_generators_reach_the_caller():
    def broken():
        yield X[:4], Y[:4]
        raise KeyError("lost")

    with pytest.raises(KeyError, match="lost"):
        made().fit_generator(broken(), steps_per_epoch=3, verbose=0)


def test_nothing_is_left_running():
    before = set(threading.enumerate())
    model = made()
    model.fit_generator(Batches(), workers=4, verbose=0)
    model.fit_generator(generator(), steps_per_epoch=3, verbose=0)
    with pytest.raises(OSError, match="disk"):
        model.fit_generator(Batches(fail_at=0), workers=4, verbose=0)
    assert not set(threading.enumerate()) - before


def test_batches_may_be_lists(expected):
    model = made()
    lists = ([x, y, None] for x, y in generator())
    history = model.fit_generator(lists, steps_per_epoch=5, epochs=2, verbose=0).history
    np.testing.assert_allclose(history["loss"], expected[0]["loss"], rtol=1e-4)
    loss = model.evaluate_generator(([x, y] for x, y in generator()), steps=5)
    np.testing.assert_allclose(loss[1], model.evaluate(X, Y, verbose=0)[1], rtol=1e-4)


def test_a_generator_that_ends_too_soon():
    with pytest.raises(ValueError, match="ran out of data after 2 batches"):
        made().fit_generator(iter([(X, Y), (X, Y)]), steps_per_epoch=3, verbose=0)


def test_arguments_that_make_no_sense():
    model = made()
    with pytest.raises(ValueError, match="`steps_per_epoch=None` is only valid"):
        model.fit_generator(generator())
    with pytest.raises(ValueError, match="should be a tuple"):
        model.fit_generator(iter([X]), steps_per_epoch=1, verbose=0)
    with pytest.raises(ValueError, match="`y` argument is not supported"):
        model.fit(Batches(), Y)
    with pytest.raises(ValueError, match="validation_split"):
        model.fit(Batches(), validation_split=0.5)
    with pytest.raises(ValueError, match="`sample_weight` argument"):
        model.evaluate(Batches(), sample_weight=np.ones(4))


def test_ordered_enqueuer():
    enqueuer = OrderedEnqueuer(Batches(lazy=True))
    enqueuer.start(workers=3, max_queue_size=4)
    batches = enqueuer.get()
    for k in range(12):  # goes on from epoch to epoch
        np.testing.assert_array_equal(next(batches)[0], X[k % 5 * 4 : k % 5 * 4 + 4])
    assert enqueuer.is_running()
    enqueuer.stop()
    assert not enqueuer.is_running()


def test_generator_enqueuer_ends_with_its_generator():
    enqueuer = GeneratorEnqueuer(iter([1, 2, 3]))
    enqueuer.start(max_queue_size=2)
    assert list(enqueuer.get()) == [1, 2, 3]
    enqueuer.stop()


def test_keras1_counts_samples():
    with pytest.warns(UserWarning, match="steps_per_epoch=5"):
        history = made().fit_generator(generator(), samples_per_epoch=20, nb_epoch=2, verbose=0)
    assert history.epoch == [0, 1]
