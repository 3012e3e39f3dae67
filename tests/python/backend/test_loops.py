"""rnn in its modes, map_fn and folds, against plain loops in NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(17)
BATCH, STEPS, UNITS = 3, 4, 2
X = rng.normal(size=(BATCH, STEPS, 5))
W, U = rng.normal(size=(5, UNITS)), rng.normal(size=(UNITS, UNITS))
H0 = rng.normal(size=(BATCH, UNITS))
MASK = np.array([[1, 1, 0, 1], [0, 1, 1, 1], [1, 1, 0, 0]], "float64")


def plain_rnn(x, w, u, h, backwards, mask):
    """Outputs in the order of the steps taken, and the final state."""
    outputs, shown = [], np.zeros_like(h)
    for t in range(STEPS)[::-1] if backwards else range(STEPS):
        new = np.tanh(x[:, t] @ w + h @ u)
        counts = True if mask is None else mask[:, t : t + 1] > 0
        h, shown = np.where(counts, new, h), np.where(counts, new, shown)
        outputs.append(shown)
    return np.stack(outputs, 1), h


def step(x, states):
    h = K.tanh(K.dot(x, states[1]) + K.dot(states[0], states[2]))
    return h, [h]


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("which", ["last", "outputs", "state"])
def test_rnn(float64, unroll, backwards, masked, which):
    mask = MASK if masked else None

    def function(x, w, u, h):
        m = None if mask is None else K.constant(mask)
        last, outputs, states = K.rnn(
            step, x, [h], go_backwards=backwards, mask=m, constants=[w, u], unroll=unroll
        )
        return {"last": last, "outputs": outputs, "state": states[0]}[which]

    def reference(x, w, u, h):
        outputs, state = plain_rnn(x, w, u, h, backwards, mask)
        return {"last": outputs[:, -1], "outputs": outputs, "state": state}[which]

    check(function, reference, X, W, U, H0)


@pytest.mark.parametrize("masked", [False, True])
def test_rnn_of_unknown_length(float64, masked):
    x, w, u, h = (
        K.placeholder((None, None, 5)),
        *map(K.constant, (W, U)),
        K.placeholder((None, UNITS)),
    )
    m = K.placeholder((None, None)) if masked else None
    last, outputs, _ = K.rnn(step, x, [h], mask=m, constants=[w, u])
    assert K.int_shape(outputs) == (None, None, UNITS)
    f = K.function([x, h, m] if masked else [x, h], [last, outputs])
    for steps in (STEPS, 2, 1):
        feeds = [X[:, :steps], H0, MASK[:, :steps]] if masked else [X[:, :steps], H0]
        wanted = plain_rnn(X, W, U, H0, False, MASK if masked else None)[0][:, :steps]
        got = f(feeds)
        np.testing.assert_allclose(got[1], wanted)
        np.testing.assert_allclose(got[0], wanted[:, -1])


def test_rnn_output_that_is_no_state(float64):
    def function(x):
        def add(x, states):
            total = states[0] + K.sum(x, axis=-1, keepdims=True)
            return K.concatenate([total, -total, x], axis=-1), [total]

        last, outputs, _ = K.rnn(add, x, [K.zeros_like(x[:, 0, :1])], mask=K.constant(MASK))
        return K.concatenate([outputs, K.expand_dims(last, 1)], axis=1)

    def reference(x):
        total, previous, outputs = np.zeros((BATCH, 1)), np.zeros((BATCH, 7)), []
        for t in range(STEPS):
            m = MASK[:, t : t + 1] > 0
            new = total + x[:, t].sum(-1, keepdims=True)
            previous = np.where(m, np.concatenate([new, -new, x[:, t]], -1), previous)
            total = np.where(m, new, total)
            outputs.append(previous)
        return np.stack([*outputs, previous], 1)

    check(function, reference, X)


def test_rnn_errors():
    x = K.placeholder((None, None, 5))
    with pytest.raises(ValueError, match="3D"):
        K.rnn(step, K.placeholder((2, 3)), [])
    with pytest.raises(ValueError, match="No initial states"):
        K.rnn(lambda x, s: (x, []), x, [], mask=K.placeholder((None, None)))
    with pytest.raises(ValueError, match="fixed number of timesteps"):
        K.rnn(lambda x, s: (x, []), x, [], unroll=True)
    with pytest.raises(ValueError, match="as many states"):
        K.rnn(lambda x, s: (x, []), x, [K.placeholder((None, 2))])


def test_map_and_fold(float64):
    check(
        lambda x: K.map_fn(lambda row: K.sum(row) * row, x),
        lambda x: x.sum((1, 2), keepdims=True) * x,
        X,
        unknown=True,
    )
    check(
        lambda x, y: K.map_fn(lambda p: K.dot(p[0], p[1]), (x, y)),
        lambda x, y: x @ y,
        X,
        rng.normal(size=(BATCH, 5, 2)),
    )
    check(lambda x: K.foldl(lambda a, r: a * 2 + r, x), lambda x: x[0] * 4 + x[1] * 2 + x[2], X)
    check(lambda x: K.foldr(lambda a, r: a * 2 + r, x), lambda x: x[2] * 4 + x[1] * 2 + x[0], X)
    check(
        lambda x: K.foldl(lambda a, r: a * K.sum(r), x, initializer=K.constant(1.0)),
        lambda x: np.prod(x.sum((1, 2))),
        X,
        unknown=True,
    )
    pairs = K.map_fn(lambda row: (row * 2, K.sum(row)), K.constant(X))
    assert [K.int_shape(t) for t in pairs] == [X.shape, (BATCH,)]
    assert K.map_fn(lambda row: K.sum(row), K.constant(X), dtype="float32").dtype == "float32"
