"""Updates of an embedding's table by the rows that were read: the bits of a whole gradient."""

import numpy as np
import pytest
from keras_native import optimizers
from keras_native.layers import LSTM, Dense, Embedding, Flatten
from keras_native.models import Sequential

VOCABULARY, LENGTH = 50, 6
X = np.random.RandomState(0).randint(0, VOCABULARY // 2, (12, LENGTH))
X[:, 0] = 3  # one row is read by all samples
Y = np.random.RandomState(1).uniform(-1, 1, (12, 1))

OPTIMIZERS = [
    optimizers.SGD,
    optimizers.RMSprop,
    optimizers.Adagrad,
    optimizers.Adadelta,
    optimizers.Adam,
    optimizers.Adamax,
    optimizers.Nadam,
]


def table_after(optimizer, recurrent, weights=None):
    layers = [LSTM(4)] if recurrent else [Flatten()]
    model = Sequential([Embedding(VOCABULARY, 9, input_length=LENGTH), *layers, Dense(1)])
    if weights is not None:
        model.set_weights(weights)
    start = model.get_weights()
    model.compile(optimizer, "mse")
    model.fit(X, Y, batch_size=4, epochs=3, shuffle=False, verbose=0)
    return start, model.get_weights()


@pytest.mark.parametrize("make", OPTIMIZERS)
@pytest.mark.parametrize("recurrent", [False, True])
def test_same_as_from_a_whole_gradient(make, recurrent):
    start, by_rows = table_after(make(), recurrent)
    # Clipping needs the gradient of the whole table; these bounds change nothing.
    _, by_table = table_after(make(clipvalue=1e9), recurrent, start)
    for got, wanted in zip(by_rows, by_table, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert not np.array_equal(by_rows[0][3], start[0][3])
    if make in (optimizers.SGD, optimizers.RMSprop, optimizers.Adagrad):
        np.testing.assert_array_equal(by_rows[0][VOCABULARY // 2 :], start[0][VOCABULARY // 2 :])


def test_momentum_moves_rows_that_are_read_no_more():
    model = Sequential([Embedding(VOCABULARY, 3, input_length=1), Flatten(), Dense(1)])
    model.compile(optimizers.SGD(0.1, momentum=0.9), "mse")
    model.train_on_batch(np.full((4, 1), 7), np.ones((4, 1)))
    before = model.get_weights()[0]
    model.train_on_batch(np.full((4, 1), 8), np.ones((4, 1)))
    after = model.get_weights()[0]
    assert not np.array_equal(before[7], after[7])
    np.testing.assert_array_equal(np.delete(before, [7, 8], 0), np.delete(after, [7, 8], 0))
