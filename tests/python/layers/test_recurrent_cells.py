"""RNN over cells: stacked ones, those of users, constants; the cuDNN layers."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.initializers import Identity
from keras_native.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    CuDNNGRU,
    CuDNNLSTM,
    Dense,
    GRUCell,
    Input,
    Layer,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
    StackedRNNCells,
)
from keras_native.models import Model, Sequential, model_from_json
from keras_native.saving.convert import preprocess_weights_for_loading
from keras_native.utils import CustomObjectScope
from layer_test import layer_test

X = np.random.RandomState(3).uniform(-1, 1, (4, 5, 3)).astype("float32")
CELLS = [(SimpleRNN, SimpleRNNCell), (GRU, GRUCell), (LSTM, LSTMCell)]


class SumCell(Layer):
    """h' = x · kernel + h, with constants added if there are any; written as users do."""

    def __init__(self, units, **kwargs):
        self.units = units
        self.state_size = units
        super().__init__(**kwargs)

    def build(self, input_shape):
        self.with_constants = isinstance(input_shape, list)
        shapes = input_shape if self.with_constants else [input_shape]
        self.kernel = self.add_weight(
            shape=(shapes[0][-1], self.units), initializer="uniform", name="kernel"
        )
        if self.with_constants:
            self.constant_kernel = self.add_weight(
                shape=(shapes[1][-1], self.units), initializer="uniform", name="constant_kernel"
            )
        self.built = True

    def call(self, inputs, states, constants=None):
        h = K.dot(inputs, self.kernel) + states[0]
        if constants:
            h = h + K.dot(constants[0], self.constant_kernel)
        return h, [h]

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class MaskKeepingCell(SumCell):
    """Keeps a random tensor from its first call on, as dropout masks were kept."""

    kept = None

    def call(self, inputs, states):
        if self.kept is None:
            self.kept = K.dropout(K.ones_like(inputs), 0.5)
        return super().call(inputs * self.kept, states)


@pytest.mark.parametrize(("layer", "cell"), CELLS)
def test_rnn_of_a_cell_is_the_layer(layer, cell):
    x = Input((5, 3))
    one, other = layer(4, return_sequences=True), RNN(cell(4), return_sequences=True)
    model, twin = Model(x, one(x)), Model(x, other(x))
    twin.set_weights(model.get_weights())
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    layer_test(RNN, {"cell": cell(4)}, (3, 4, 2))
    layer_test(RNN, {"cell": cell(4, dropout=0.1, recurrent_dropout=0.1)}, (3, 4, 2))


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("unroll", [False, True])
def test_stacked_cells_are_stacked_layers(mask, unroll):
    x = Input((5, 3))
    start = Masking()(x) if mask else x
    layers = [LSTM(4, return_sequences=True), GRU(3, return_sequences=True), SimpleRNN(2)]
    y = start
    for layer in layers:
        y = layer(y)
    model = Model(x, y)
    stacked = RNN([LSTMCell(4), GRUCell(3), SimpleRNNCell(2)], unroll=unroll)
    twin = Model(x, stacked(start))
    twin.set_weights(model.get_weights())
    data = X * (np.arange(5) < 3)[None, :, None] if mask else X
    np.testing.assert_allclose(twin.predict(data), model.predict(data), rtol=1e-5, atol=1e-6)
    assert stacked.cell.state_size == (4, 4, 3, 2) and stacked.cell.output_size == 2
    again = model_from_json(twin.to_json())
    again.set_weights(twin.get_weights())
    np.testing.assert_array_equal(again.predict(data), twin.predict(data))


def test_stacked_cells_as_layer():
    cells = StackedRNNCells([LSTMCell(3, dropout=0.5), GRUCell(2, recurrent_dropout=0.5)])
    layer_test(RNN, {"cell": cells, "return_sequences": True}, (3, 4, 2))
    state = RNN([LSTMCell(3), GRUCell(2)], return_state=True)
    assert [K.int_shape(t) for t in state(Input((5, 3)))] == [(None, n) for n in (2, 3, 3, 2)]
    with pytest.warns(UserWarning, match="old order"):
        old = StackedRNNCells([LSTMCell(3), GRUCell(2)], reverse_state_order=True)
    assert old.state_size == (2, 3, 3)
    model = Sequential([RNN(old, input_shape=(5, 3))])
    assert model.predict(X).shape == (4, 2)


def test_cell_of_a_user():
    with CustomObjectScope({"SumCell": SumCell}):
        layer_test(RNN, {"cell": SumCell(4)}, (3, 4, 2))
    x = Input((5, 3))
    layer = RNN([SumCell(4), SumCell(2)])
    model = Model(x, layer(x))
    kernels = model.get_weights()
    # the second cell adds up what the first has added up
    wanted = np.cumsum(X @ kernels[0], axis=1).sum(axis=1) @ kernels[1]
    np.testing.assert_allclose(model.predict(X), wanted, rtol=1e-5, atol=1e-6)
    with CustomObjectScope({"SumCell": SumCell}):
        again = model_from_json(model.to_json())
    again.set_weights(kernels)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    both = Model(x, Bidirectional(RNN(SumCell(4)), merge_mode="sum")(x))
    ahead, back = both.get_weights()
    wanted = X.sum(axis=1) @ (ahead + back)
    np.testing.assert_allclose(both.predict(X), wanted, rtol=1e-5, atol=1e-6)


def test_constants():
    x, c = Input((5, 3)), Input((2,))
    layer = RNN(SumCell(4))
    model = Model([x, c], layer(x, constants=c))
    given = np.random.RandomState(0).uniform(-1, 1, (4, 2)).astype("float32")
    kernel, constant_kernel = model.get_weights()
    wanted = X.sum(axis=1) @ kernel + 5 * given @ constant_kernel
    np.testing.assert_allclose(model.predict([X, given]), wanted, rtol=1e-5, atol=1e-6)
    again = model_from_json(model.to_json(), {"SumCell": SumCell})
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([X, given]), model.predict([X, given]))
    state = Input((4,))
    with_state = Model([x, state, c], layer([x, state, c]))
    got = with_state.predict([X, np.ones((4, 4)), given])
    np.testing.assert_allclose(got, wanted + 1, rtol=1e-5, atol=1e-6)
    both = Bidirectional(RNN(SumCell(4)))
    model = Model([x, c], both(x, constants=c))
    again = model_from_json(model.to_json(), {"SumCell": SumCell})
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([X, given]), model.predict([X, given]))
    with pytest.raises(ValueError, match="does not support constants"):
        RNN(GRUCell(4))(x, constants=c)


def test_tensors_that_a_cell_keeps_lie_outside_of_the_loop():
    x = Input((5, 3))
    layer = RNN(MaskKeepingCell(4), return_sequences=True)
    function = K.function([x], [layer(x)])
    K.set_value(layer.cell.kernel, np.eye(3, 4))
    y = function([np.ones((4, 5, 3))])[0]
    steps = np.diff(y, axis=1, prepend=0)
    np.testing.assert_allclose(steps, np.tile(steps[:, :1], (1, 5, 1)))
    assert set(np.unique(steps)) <= {0.0, 2.0}


def test_what_is_no_cell():
    with pytest.raises(ValueError, match="must have `call`"):
        RNN(3)
    with pytest.raises(ValueError, match="must have `state_size`"):
        RNN([LSTMCell(2), Layer()])


# ------------------------------------------------------------ cuDNN


@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize(
    ("cudnn", "plain"),
    [(CuDNNLSTM, LSTM), (CuDNNGRU, lambda *a, **k: GRU(*a, reset_after=True, **k))],
)
def test_cudnn_layers(cudnn, plain, sequences):
    layer_test(cudnn, {"units": 4, "return_sequences": sequences}, (3, 4, 2))
    kwargs = {"return_sequences": sequences, "return_state": True}
    layer = cudnn(4, bias_initializer="uniform", **kwargs)
    other = plain(4, **kwargs)
    x = Input((5, 3))
    model, twin = Model(x, layer(x)), Model(x, other(x))
    weights = layer.get_weights()
    gates = 4 if cudnn is CuDNNLSTM else 3
    assert [w.shape for w in weights] == [(3, 4 * gates), (4, 4 * gates), (8 * gates,)]
    other.set_weights(preprocess_weights_for_loading(other, weights, "2.3.1", "tensorflow"))
    for got, wanted in zip(twin.predict(X), model.predict(X), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    # and back, to a layer that computes the same
    back = preprocess_weights_for_loading(layer, other.get_weights(), "2.3.1", "tensorflow")
    for got, wanted in zip(back[:2], weights[:2], strict=True):
        np.testing.assert_array_equal(got, wanted)
    layer.set_weights(back)
    for got, wanted in zip(model.predict(X), twin.predict(X), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)


def test_cudnn_rules():
    layer = CuDNNLSTM(2)
    model = Sequential([CuDNNLSTM(2, stateful=True, batch_input_shape=(4, 5, 3))])
    first = model.predict(X, batch_size=4)
    assert not np.array_equal(model.predict(X, batch_size=4), first)
    with pytest.raises(ValueError, match="masking is not supported"):
        layer(Masking()(Input((5, 3))))
    fresh = CuDNNLSTM(2)
    fresh.build((None, 5, 3))
    np.testing.assert_array_equal(fresh.get_weights()[2], [0] * 10 + [1] * 2 + [0] * 4)
    gru = GRU(2)
    gru.build((None, 5, 3))
    weights = [np.zeros((3, 6)), np.zeros((2, 6)), np.zeros(12)]
    with pytest.raises(ValueError, match="CuDNNGRU are not compatible with GRU.reset_after=False"):
        preprocess_weights_for_loading(gru, weights, "2.3.1", "tensorflow")
    both = Bidirectional(LSTM(2))
    both.build((None, 5, 3))
    arrays = [np.ones((3, 8)), np.ones((2, 8)), np.ones(16)] * 2
    got = preprocess_weights_for_loading(both, arrays, "2.3.1", "tensorflow")
    assert [a.shape for a in got] == [w.shape for w in both.weights]
    np.testing.assert_array_equal(got[2], np.full(8, 2.0))


@pytest.mark.parametrize("cell", [SimpleRNNCell, GRUCell, LSTMCell])
def test_an_identity_is_the_first_kernel_of_each_gate(cell):
    made = cell(3, recurrent_initializer=Identity(gain=0.5))
    RNN(made)(Input((4, 2)))
    kernel = K.get_value(made.recurrent_kernel)
    np.testing.assert_array_equal(kernel, np.tile(0.5 * np.eye(3), cell.gates))


@pytest.mark.parametrize("layer", [LSTM(2, dropout=0.5), Bidirectional(GRU(2, dropout=0.5))])
def test_outputs_depend_on_the_phase_unless_it_is_given(layer):
    x = Input((4, 2))
    assert layer(x)._uses_learning_phase
    assert not layer(x, training=True)._uses_learning_phase
    inner = Model(x, [layer(x), Dense(1)(x)])
    assert all(y._uses_learning_phase for y in inner(Input((4, 2))))
    assert not Dense(1)(x)._uses_learning_phase
