"""Initial and final states, stateful layers."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Dense,
    Input,
    LSTMCell,
    Masking,
    SimpleRNN,
)
from keras_native.models import Model, Sequential, model_from_json
from rnn_reference import run

LAYERS = [SimpleRNN, GRU, LSTM]
COUNTS = {SimpleRNN: 1, GRU: 1, LSTM: 2}
rng = np.random.RandomState(8)
X = rng.uniform(-1, 1, (4, 5, 3)).astype("float32")
STATES = [rng.uniform(-1, 1, (4, 6)).astype("float32") for _ in range(2)]


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize("in_list", [False, True])
def test_initial_state_from_layers(cls, in_list):
    count = COUNTS[cls]
    x, states = Input((5, 3)), [Input((6,)) for _ in range(count)]
    layer = cls(6)
    y = layer([x, *states]) if in_list else layer(x, initial_state=states)
    model = Model([x, *states], y)
    data = [X, *STATES[:count]]
    wanted = run(layer, X, STATES[:count])[0][:, -1]
    np.testing.assert_allclose(model.predict(data), wanted, rtol=1e-5, atol=1e-6)
    assert layer._inbound_nodes[0].inbound_layers[1] is states[0]._keras_history[0]
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(data), model.predict(data))
    inside = Model([x, *states], Dense(2)(model([x, *states])))  # as a layer of another model
    assert inside.predict(data).shape == (4, 2)
    model.compile("sgd", "mse")
    assert np.isfinite(model.train_on_batch(data, wanted))


@pytest.mark.parametrize("unroll", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cls", LAYERS)
def test_masked_steps_before_the_first_show_zeros_not_the_initial_state(cls, backwards, unroll):
    x, states = Input((5, 3)), [Input((6,)) for _ in range(COUNTS[cls])]
    layer = cls(6, return_sequences=True, return_state=True, go_backwards=backwards, unroll=unroll)
    model = Model([x, *states], layer(Masking()(x), initial_state=states))
    data = np.array(X)
    data[0, :2] = data[1, -1] = data[2] = 0
    outputs, *final = model.predict([data, *STATES[: COUNTS[cls]]])
    shown = outputs[:, ::-1] if backwards else outputs
    assert (shown[0, :2] == 0).all() != backwards
    assert (shown[1, -1] == 0).all() == backwards
    assert (shown[2] == 0).all()
    assert (shown[0, 2:] != 0).all() and (shown[1, :-1] != 0).all()
    for state, given in zip(final, STATES, strict=False):
        np.testing.assert_array_equal(state[2], given[2])


def test_masked_steps_of_cells_in_a_stack_repeat_the_last_output():
    x = Input((5, 3))
    cells = [LSTMCell(4), LSTMCell(4)]
    model = Model(x, RNN(cells, return_sequences=True)(Masking()(x)))
    data = np.array(X)
    data[:, 2:4] = 0
    outputs = model.predict(data)
    np.testing.assert_array_equal(outputs[:, 2], outputs[:, 1])
    np.testing.assert_array_equal(outputs[:, 3], outputs[:, 1])


@pytest.mark.parametrize("cls", LAYERS)
def test_initial_state_of_plain_tensors(cls):
    layer, x = cls(6), Input((5, 3))
    states = [K.variable(s) for s in STATES[: COUNTS[cls]]]
    model = Model(x, layer(x, initial_state=states))
    wanted = run(layer, X, STATES[: COUNTS[cls]])[0][:, -1]
    np.testing.assert_allclose(model.predict(X), wanted, rtol=1e-5, atol=1e-6)
    assert len(model.weights) == 3


@pytest.mark.parametrize("cls", LAYERS)
def test_final_state_starts_another_layer(cls):
    a, b = Input((5, 3)), Input((None, 2))
    first = cls(6, return_state=True)
    _, *states = first(a)
    second = cls(6, return_sequences=True)
    model = Model([a, b], second(b, initial_state=states))
    data = rng.uniform(-1, 1, (4, 7, 2)).astype("float32")
    kept = run(first, X)[1]
    wanted = run(second, data, kept)[0]
    np.testing.assert_allclose(model.predict([X, data]), wanted, rtol=1e-5, atol=1e-6)
    assert first.compute_output_shape((4, 5, 3)) == [(4, 6)] * (1 + COUNTS[cls])


def test_wrong_initial_states():
    x = Input((5, 3))
    with pytest.raises(ValueError, match="2 states but was passed 1"):
        LSTM(6)(x, initial_state=Input((6,)))
    with pytest.raises(ValueError, match="not compatible with its cell.state_size"):
        GRU(6)(x, initial_state=Input((5,)))
    with pytest.raises(ValueError, match="outputs of layers all of them or none"):
        LSTM(6)(x, initial_state=[Input((6,)), K.zeros((4, 6))])
    with pytest.raises(ValueError, match="received both"):
        GRU(6)([x, Input((6,))], initial_state=Input((6,)))


# ------------------------------------------------------------ stateful


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize("unroll", [False, True])
def test_stateful_prediction(cls, unroll):
    """A sequence in two parts gives what it gives as a whole."""
    layer = cls(6, stateful=True, return_sequences=True, unroll=unroll)
    model = Sequential([layer, Dense(1)])
    model.build((4, 5, 3))
    long = np.concatenate([X, X[:, ::-1]], axis=1)
    wanted = run(layer, long)[0]
    parts = Model(model.inputs, layer.output)
    for _ in range(2):
        got = np.concatenate([parts.predict(p, batch_size=4) for p in (X, X[:, ::-1])], axis=1)
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
        kept = [K.get_value(s) for s in layer.states]
        np.testing.assert_allclose(kept[0], wanted[:, -1], rtol=1e-5, atol=1e-6)
        model.reset_states()
        assert all(not K.get_value(s).any() for s in layer.states)
    assert model.stateful and len(layer.weights) == 3


@pytest.mark.parametrize("cls", LAYERS)
def test_stateful_training_and_evaluation_carry_states(cls):
    model = Sequential([cls(6, stateful=True, batch_input_shape=(2, 5, 3)), Dense(1)])
    model.compile("sgd", "mse")
    target = np.ones((4, 1))
    layer = model.layers[0]
    seen = []
    for step in (
        lambda: model.train_on_batch(X[:2], target[:2]),
        lambda: model.evaluate(X, target, batch_size=2, verbose=0),
        lambda: model.fit(X, target, batch_size=2, epochs=1, verbose=0, shuffle=False),
        lambda: model.predict(X, batch_size=2),
    ):
        step()
        seen.append(K.get_value(layer.states[0]).copy())
        assert all(not np.array_equal(seen[-1], other) for other in seen[:-1])
    first = model.predict(X[:2], batch_size=2)
    assert not np.array_equal(model.predict(X[:2], batch_size=2), first)


def test_frozen_stateful_layer_still_carries_its_state():
    model = Sequential([LSTM(6, stateful=True, batch_input_shape=(4, 5, 3)), Dense(1)])
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    model.train_on_batch(X, np.ones((4, 1)))
    assert K.get_value(model.layers[0].states[0]).any()


def test_reset_to_given_states():
    layer = LSTM(6, stateful=True, batch_input_shape=(4, 5, 3))
    model = Sequential([layer])
    layer.reset_states(STATES)
    wanted = run(layer, X, STATES)[0][:, -1]
    np.testing.assert_allclose(model.predict(X, batch_size=4), wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="expects 2 states, but it received 1"):
        layer.reset_states(STATES[:1])
    with pytest.raises(ValueError, match=r"State 1 is incompatible.*\(4, 6\).*\(4, 5\)"):
        layer.reset_states([STATES[0], STATES[1][:, :5]])


def test_batch_size_rules():
    with pytest.raises(ValueError, match="needs to know its batch size"):
        Sequential([LSTM(6, stateful=True, input_shape=(5, 3))])
    with pytest.raises(AttributeError, match="must be stateful"):
        LSTM(6).reset_states()
    model = Sequential([GRU(6, stateful=True, batch_input_shape=(2, 5, 3))])
    with pytest.raises(ValueError, match="divi"):
        model.predict(X[:3], batch_size=2)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError):
        model.train_on_batch(X[:1], np.ones((1, 6)))  # not broadcast
    assert not K.get_value(model.layers[0].states[0]).any()


def test_stateful_inside_another_model():
    inner = Sequential([GRU(6, stateful=True, batch_input_shape=(4, 5, 3))])
    x = Input(batch_shape=(4, 5, 3))
    model = Model(x, Dense(2)(inner(x)))
    assert model.stateful
    first = model.predict(X, batch_size=4)
    assert not np.array_equal(model.predict(X, batch_size=4), first)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X, batch_size=4), first)


def test_stateful_bidirectional():
    model = Sequential([Bidirectional(LSTM(3, stateful=True), batch_input_shape=(4, 5, 3))])
    first = model.predict(X, batch_size=4)
    assert not np.array_equal(model.predict(X, batch_size=4), first)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(X, batch_size=4), first)
