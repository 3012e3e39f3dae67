"""SciPy's sparse matrices as data: rows become dense where they are computed with."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.engine import feeding
from keras_native.layers import Dense, Dropout, Input
from keras_native.models import Model, Sequential

sparse = pytest.importorskip("scipy.sparse")


def matrix(rows, columns, seed=0):
    return sparse.random(rows, columns, density=0.3, random_state=seed, dtype="float32")


@pytest.fixture(params=["at once", "batch by batch"])
def way(request, monkeypatch):
    if request.param == "batch by batch":
        monkeypatch.setattr(feeding, "_DENSE_LIMIT", 0)


@pytest.mark.parametrize("kind", ["csr", "csc", "coo", "lil"])
def test_as_their_dense_arrays(way, kind):
    x, y = matrix(10, 6).asformat(kind), matrix(10, 2, 1).asformat(kind)
    model = Sequential([Dense(2, input_shape=(6,))])
    model.compile("sgd", "mse")
    np.testing.assert_array_equal(model.predict(x, batch_size=4), model.predict(x.toarray()))
    loss = model.evaluate(x.toarray(), y.toarray(), verbose=0)
    assert model.evaluate(x, y, batch_size=4, verbose=0) == pytest.approx(loss, rel=1e-6)
    assert model.test_on_batch(x, y) == pytest.approx(loss, rel=1e-6)
    history = model.fit(x, y, batch_size=4, epochs=3, validation_split=0.3, verbose=0).history
    assert history["loss"][2] < history["loss"][0] and len(history["val_loss"]) == 3
    model.train_on_batch(x, y)


def test_several_inputs_and_outputs(way):
    a, b = Input((3,)), Input((3,), sparse=True)
    model = Model([a, b], [Dropout(0.5)(a), Dense(4)(b)])
    model.compile("rmsprop", "mse")
    x, y = [matrix(6, 3), matrix(6, 3, 1)], [matrix(6, 3, 2), matrix(6, 4, 3)]
    model.fit(x, y, batch_size=2, validation_split=0.5, verbose=0)
    first, second = model.predict(x, batch_size=2)
    np.testing.assert_array_equal(first, x[0].toarray())
    assert second.shape == (6, 4)


def test_from_generators_and_functions():
    x, y = matrix(8, 6).tocsr(), np.ones((8, 1))
    model = Sequential([Dense(1, input_shape=(6,))])
    model.compile("sgd", "mse")

    def batches():
        while True:
            for k in range(0, 8, 4):
                yield x[k : k + 4], y[k : k + 4]

    model.fit_generator(batches(), steps_per_epoch=2, epochs=2, verbose=0)
    a = K.placeholder((None, 6))
    np.testing.assert_allclose(K.function([a], [2 * a])([x])[0], 2 * x.toarray())
