"""Layers whose whole sequence is one native op, against the same cells run step by step."""

import numpy as np
import pytest
from keras_native import _core
from keras_native import backend as K
from keras_native.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    GRUCell,
    Input,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
)
from keras_native.models import Model, Sequential

N, T, D, U = 5, 6, 3, 7
X = np.random.RandomState(1).uniform(-1, 1, (N, T, D)).astype("float32")
X[0] = 0  # all steps of this row are masked
X[2, 1] = X[3, 4:] = 0


class LoopSimple(SimpleRNNCell):
    def step(self, projected, states):
        return super().step(projected, states)


class LoopGRU(GRUCell):
    def step(self, projected, states):
        return super().step(projected, states)


class LoopLSTM(LSTMCell):
    def step(self, projected, states):
        return super().step(projected, states)


CASES = [
    (SimpleRNN, LoopSimple, {}),
    (SimpleRNN, LoopSimple, {"activation": "relu"}),
    (GRU, LoopGRU, {}),
    (GRU, LoopGRU, {"reset_after": True}),
    (GRU, LoopGRU, {"reset_after": True, "use_bias": False}),
    (GRU, LoopGRU, {"recurrent_activation": "hard_sigmoid", "activation": "linear"}),
    (LSTM, LoopLSTM, {}),
    (LSTM, LoopLSTM, {"recurrent_activation": "hard_sigmoid", "activation": "relu"}),
    (LSTM, LoopLSTM, {"use_bias": False, "activation": "sigmoid"}),
]


def is_fused(state):
    """Whether a final state (or last output) comes from a sequence op."""
    return state._value.op.endswith("_sequence")


def pair(cls, loop_cell, kwargs, options, masked):
    """(outputs, input) of a fused layer and of its twin that loops, with equal weights."""
    x = Input((T, D))
    y = Masking(0.0)(x) if masked else x
    fused = cls(U, return_state=True, **kwargs, **options)
    loop = RNN(loop_cell(U, **kwargs), return_state=True, **options)
    results = fused(y), loop(y)
    loop.set_weights(fused.get_weights())
    return x, fused, loop, results


@pytest.mark.parametrize(("cls", "loop_cell", "kwargs"), CASES)
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"return_sequences": True}, {"go_backwards": True, "return_sequences": True}],
)
def test_outputs_and_gradients(cls, loop_cell, kwargs, options, masked):
    x, fused, loop, results = pair(cls, loop_cell, kwargs, options, masked)
    values = []
    for layer, outputs in zip((fused, loop), results, strict=True):
        loss = sum(K.sum(K.square(y) * (i + 1)) for i, y in enumerate(outputs))
        grads = K.gradients(loss, [x, *layer.trainable_weights])
        values.append(K.function([x], [*outputs, *grads])([X]))
    assert is_fused(results[0][1]) and not is_fused(results[1][1])
    for got, wanted in zip(*values, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=2e-4, atol=2e-6)


@pytest.mark.parametrize(("cls", "loop_cell", "kwargs"), CASES)
def test_gradients_of_gradients(cls, loop_cell, kwargs):
    x, fused, loop, results = pair(cls, loop_cell, kwargs, {"return_sequences": True}, False)
    values = []
    for layer, outputs in zip((fused, loop), results, strict=True):
        grads = K.gradients(K.sum(K.square(outputs[0])), [x, *layer.trainable_weights])
        penalty = sum(K.sum(K.square(g)) for g in grads)
        values.append(K.function([x], K.gradients(penalty, [x, *layer.trainable_weights]))([X]))
    for got, wanted in zip(*values, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=5e-4, atol=5e-5)


@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM])
def test_recurrent_dropout_drops_the_same_in_all_steps(cls):
    x = Input((T, D))
    results = cls(U, recurrent_dropout=0.5, return_sequences=True, return_state=True)(x)
    assert is_fused(results[1])
    model = Model(x, results[0])
    run = K.function([model.inputs[0], K.learning_phase()], model.outputs)
    test, train, again = run([X, 0])[0], run([X, 1])[0], run([X, 1])[0]
    np.testing.assert_allclose(test, model.predict(X), rtol=1e-6)
    assert not np.allclose(train[:, 1:], test[:, 1:]) and not np.allclose(train, again)
    # The first step starts from a state of zeros: nothing to drop yet.
    if cls is not GRU:
        np.testing.assert_allclose(train[:, 0], test[:, 0], rtol=1e-6)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    ("cell", "loop_cell", "kwargs"),
    [
        (GRUCell, LoopGRU, {}),
        (GRUCell, LoopGRU, {"reset_after": True}),
        (LSTMCell, LoopLSTM, {}),
    ],
)
def test_a_mask_for_each_gate(cell, loop_cell, kwargs, masked):
    values, weights = [], None
    masks = np.random.RandomState(3).choice([0.0, 2.0], (cell.gates, N, U)).astype("float32")
    for cls in (cell, loop_cell):
        layer = RNN(
            cls(U, recurrent_dropout=0.5, implementation=1, **kwargs),
            return_sequences=True,
            return_state=True,
            go_backwards=True,
        )
        x = Input((T, D))
        layer.cell._recurrent_dropout_mask = [K.constant(m) for m in masks]
        outputs = layer(Masking(0.0)(x) if masked else x)
        assert is_fused(outputs[1]) == (cls is cell)
        weights = weights or layer.get_weights()
        layer.set_weights(weights)
        loss = sum(K.sum(K.square(y) * (i + 1)) for i, y in enumerate(outputs))
        wrt = [x, *layer.trainable_weights]
        grads = K.gradients(loss, wrt)
        second = K.gradients(sum(K.sum(K.square(g)) for g in grads), wrt)
        values.append(K.function([x], [*outputs, *grads, *second])([X]))
    for got, wanted in zip(*values, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=5e-4, atol=2e-5)


@pytest.mark.parametrize("cls", [GRU, LSTM])
def test_masks_for_each_gate_are_drawn_in_training(cls):
    x = Input((T, D))
    layer = cls(U, recurrent_dropout=0.5, dropout=0.5, implementation=1, return_state=True)
    results = layer(x)
    assert is_fused(results[1])
    run = K.function([x, K.learning_phase()], [results[0]])
    assert not np.allclose(run([X, 1])[0], run([X, 1])[0])
    np.testing.assert_array_equal(run([X, 0])[0], run([X, 0])[0])


def test_other_activations_run_step_by_step():
    x = Input((T, D))
    assert not is_fused(GRU(U, activation="softsign")(x))
    assert not is_fused(LSTM(U, recurrent_activation=lambda v: K.exp(-v * v))(x))
    assert is_fused(LSTM(U, activation=K.tanh)(x))


@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM])
def test_empty_batches_and_sequences(cls):
    model = Sequential([cls(U, input_shape=(None, D), return_sequences=True)])
    run = K.function(model.inputs, model.outputs)
    assert run([X[:0]])[0].shape == (0, T, U)
    assert run([X[:, :0]])[0].shape == (N, 0, U)
    last = Sequential([cls(U, input_shape=(None, D))])
    assert not K.function(last.inputs, last.outputs)([X[:, :0]])[0].any()


@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM])
def test_results_do_not_depend_on_what_is_in_the_batch(cls):
    model = Sequential([cls(33, input_shape=(T, D))])
    x = np.random.RandomState(2).uniform(-1, 1, (131, T, D)).astype("float32")
    run = K.function(model.inputs, model.outputs)
    whole = run([x])[0]
    for rows in (slice(0, 1), slice(3, 20), slice(60, 131)):
        np.testing.assert_allclose(run([x[rows]])[0], whole[rows], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("strange", [np.inf, -np.inf, np.nan, np.finfo("float32").max])
@pytest.mark.parametrize("where", ["state", "weight"])
def test_infinities_and_nan(strange, where):
    # Rows enough for tile multipliers, which have no infinities of their own.
    n, u = 37, 50
    rng = np.random.RandomState(5)
    layer = SimpleRNN(u, activation="linear", use_bias=False)
    x, h = Input((1, D)), Input((u,))
    model = Model([x, h], layer(x, initial_state=h))
    kernel, recurrent = (rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights())
    states = rng.uniform(-0.5, 0.5, (n, u))
    (states if where == "state" else recurrent)[20, 3] = strange
    model.set_weights([kernel, recurrent])
    given = rng.uniform(-1, 1, (n, 1, D)).astype("float32")
    wanted = given[:, 0] @ kernel + states.astype("float32").astype("float64") @ recurrent
    got = model.predict([given, states], batch_size=n)
    np.testing.assert_allclose(got, wanted.astype("float32"), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM])
def test_same_bits_for_any_number_of_threads(cls):
    before = _core.num_threads()
    rng = np.random.RandomState(6)
    x = rng.uniform(-1, 1, (45, 30, D)).astype("float32")
    runs = []
    try:
        for threads in (1, 2, 3, 8):
            _core.set_num_threads(threads)
            inputs = Input((30, D))
            layer = cls(66)
            y = layer(inputs)
            weights = np.random.RandomState(7)
            layer.set_weights([weights.uniform(-0.3, 0.3, w.shape) for w in layer.get_weights()])
            grads = K.gradients(K.sum(K.square(y)), [inputs, *layer.trainable_weights])
            runs.append(K.function([inputs], [y, *grads])([x]))
    finally:
        _core.set_num_threads(before)
    for other in runs[1:]:
        for got, wanted in zip(other, runs[0], strict=True):
            np.testing.assert_array_equal(got, wanted)


@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM])
def test_both_directions_at_once_have_the_bits_of_each(cls):
    x = Input((T, D))
    both = Bidirectional(cls(U, return_sequences=True), merge_mode=None)
    outputs = both(Masking(0.0)(x))
    alone = [outputs[0]], [outputs[1]]
    layers = both.forward_layer, both.backward_layer

    def with_gradients(ys, which):
        weights = [w for layer in which for w in layer.trainable_weights]
        return [*ys, *K.gradients(sum(K.sum(K.square(y)) for y in ys), weights)]

    together = K.function([x], with_gradients(outputs, layers))([X])
    ahead, back = (
        K.function([x], with_gradients(y, [layer]))([X])
        for y, layer in zip(alone, layers, strict=True)
    )
    for got, wanted in zip(together, [ahead[0], back[0], *ahead[1:], *back[1:]], strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_training_is_the_same_as_step_by_step():
    y = np.random.RandomState(4).uniform(-1, 1, (N, 1)).astype("float32")
    losses = []
    for cell in (LSTMCell(U), LoopLSTM(U)):
        x = Input((T, D))
        layer = RNN(cell)
        model = Model(x, Dense(1)(layer(Masking()(x))))
        rng = np.random.RandomState(7)
        model.set_weights([rng.uniform(-0.5, 0.5, w.shape) for w in model.get_weights()])
        model.compile("adam", "mse")
        losses.append(model.fit(X, y, epochs=20, batch_size=2, shuffle=False, verbose=0))
    np.testing.assert_allclose(*(h.history["loss"] for h in losses), rtol=1e-4)
