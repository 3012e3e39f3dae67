"""Long use: memory stays flat, threads share a model, forked processes work."""

import gc
import multiprocessing
import os
import sys
import threading

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import BatchNormalization, Dense, Dropout, Input, concatenate
from keras_native.models import Model, Sequential, clone_model

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
X = np.random.RandomState(0).rand(64, 10).astype("float32")
Y = np.eye(3, dtype="float32")[np.arange(64) % 3]


def resident():
    """Megabytes of memory this process has."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def grown(work, times, warm_up=None):
    """Megabytes that `times` calls of `work` left behind, after some calls to warm up."""
    for _ in range(warm_up or times // 4):
        work()
    before = resident()
    for _ in range(times):
        work()
    return resident() - before


def stack():
    model = Sequential(
        [
            Dense(64, activation="relu", input_shape=(10,)),
            BatchNormalization(),
            Dropout(0.5),
            Dense(3, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


def graph():
    a, b = Input((10,)), Input((10,))
    shared = Dense(64, activation="relu")
    model = Model([a, b], Dense(3, activation="softmax")(concatenate([shared(a), shared(b)])))
    model.compile("rmsprop", "categorical_crossentropy")
    return model


@pytest.mark.parametrize("clear", [False, True])
def test_models_made_trained_and_dropped(clear):
    """A thousand variables and hundreds of plans come and go."""

    def work():
        model = stack()
        model.fit(X, Y, epochs=1, verbose=0)
        model.predict(X)
        two = graph()
        two.train_on_batch([X, X], Y)
        clone_model(two)
        if clear:
            K.clear_session()

    assert grown(work, 120) < 6


def test_models_made_and_dropped():
    assert grown(stack, 1000) < 6


def test_repeated_fit_and_predict():
    model = stack()

    def work():
        model.fit(X, Y, epochs=2, validation_split=0.25, verbose=0)
        model.evaluate(X, Y, verbose=0)
        model.predict(X, batch_size=16)
        model.train_on_batch(X, Y)
        model.predict_on_batch(X[:1])

    assert grown(work, 200) < 4


def test_repeated_compile():
    model = stack()

    def work():
        model.compile("adam", "mse", metrics=["mae"])
        model.train_on_batch(X, Y)

    assert grown(work, 150) < 6


def test_repeated_graph_work():
    v = K.variable(np.ones(1000))

    def work():
        K.eval(K.sum(v * 2))
        K.set_value(v, np.ones(1000))
        K.function([], [v + 1])([])

    assert grown(work, 1000) < 4


def test_batches_of_ever_new_sizes():
    """Plans for sizes that do not come again are dropped."""
    model = Sequential([Dense(256, input_shape=(10,)), Dense(256), Dense(3)])
    x = np.zeros((2000, 10), "float32")
    model.predict_on_batch(x)
    before = resident()
    for n in range(1600, 1900):  # about 2 MB of intermediate results each
        model.predict_on_batch(x[:n])
    assert resident() - before < 350


def test_predict_from_many_threads():
    model = graph()
    rng = np.random.RandomState(1)
    inputs = [[rng.rand(n, 10), rng.rand(n, 10)] for n in (1, 2, 7, 32, 33, 100, 1, 64)]
    wanted = [model.predict(x) for x in inputs]
    errors = []

    def work(i):
        try:
            for _ in range(50):
                np.testing.assert_array_equal(model.predict(inputs[i]), wanted[i])
                at_once = model.predict_on_batch(inputs[i])
                np.testing.assert_allclose(at_once, wanted[i], rtol=1e-5)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors[0]


def test_first_predict_from_many_threads():
    """The function is made by whoever comes first."""
    for _ in range(5):
        model = stack()
        results, start = [], threading.Barrier(6)

        def work(model=model, results=results, start=start):
            start.wait()
            results.append(model.predict(X))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(results) == 6
        for result in results[1:]:
            np.testing.assert_array_equal(result, results[0])


def test_models_trained_in_threads():
    """Each thread has its own model; all end where one thread alone would."""

    def trained(seed):
        model = Sequential([Dense(8, activation="tanh", input_shape=(10,)), Dense(3)])
        weights = np.random.RandomState(seed)
        model.set_weights([weights.normal(size=w.shape) for w in model.get_weights()])
        model.compile("sgd", "mse")
        model.fit(X, Y, epochs=20, shuffle=False, verbose=0)
        return model.get_weights()

    wanted = [trained(seed) for seed in range(4)]
    found = {}

    def work(seed):
        found[seed] = trained(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for seed in range(4):
        for a, b in zip(wanted[seed], found[seed], strict=True):
            np.testing.assert_array_equal(a, b)


def child(model, x, y, results):
    """In a forked process: train, with batches large enough for a thread that gathers them."""
    trained = clone_model(model)
    trained.compile("sgd", "mse", metrics=["mae"])
    trained.fit(x, y, epochs=2, batch_size=256, verbose=0)
    results.put((model.predict(x), trained.evaluate(x, y, verbose=0)))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_after_training():
    """A process forked off after threads have run predicts the same and can train."""
    wide = Sequential([Dense(600, activation="relu", input_shape=(100,)), Dense(3)])
    wide.compile("sgd", "mse", metrics=["mae"])
    x, y = np.random.rand(512, 100), np.random.rand(512, 3)
    wide.fit(x, y, epochs=2, batch_size=256, verbose=0)  # large enough for several threads
    wanted = wide.predict(x)
    context = multiprocessing.get_context("fork")
    for _ in range(3):
        results = context.Queue()
        process = context.Process(target=child, args=(wide, x, y, results), daemon=True)
        process.start()
        predicted, values = results.get(timeout=60)
        process.join(60)
        assert process.exitcode == 0
        np.testing.assert_array_equal(predicted, wanted)
        assert len(values) == 2 and np.isfinite(values).all()
    np.testing.assert_array_equal(wide.predict(x), wanted)  # the parent is as it was
