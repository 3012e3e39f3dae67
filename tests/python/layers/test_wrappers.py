"""TimeDistributed and Bidirectional: shapes, masks, states, weights, models inside."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import (
    GRU,
    LSTM,
    RNN,
    Activation,
    BatchNormalization,
    Bidirectional,
    Conv2D,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Input,
    LSTMCell,
    Masking,
    SimpleRNN,
    TimeDistributed,
    Wrapper,
)
from keras_native.models import Model, Sequential, model_from_json
from layer_test import layer_test
from rnn_reference import run

X = np.random.RandomState(3).uniform(-1, 1, (4, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)
MASKED = X * MASK[..., None]

# ------------------------------------------------------------ TimeDistributed


@pytest.mark.parametrize(
    ("inner", "shape", "kwargs"),
    [
        (lambda: Dense(2, activation="tanh"), (3, 4, 5), {}),
        (lambda: Dense(2), (3, 4, 5), {"unknown_axes": (1,)}),
        (lambda: Conv2D(2, 3), (3, 2, 5, 6, 1), {}),
        (lambda: Conv2D(2, 3, padding="same"), (3, 2, 5, 6, 1), {"unknown_axes": (1, 2, 3)}),
        (lambda: Flatten(), (3, 2, 3, 4), {"trains": False}),
        (lambda: Dropout(0.5), (3, 4, 5), {"trains": False}),
        (lambda: LSTM(2, return_sequences=True), (3, 2, 4, 5), {}),
        (lambda: Embedding(3, 2), (3, 2, 4), {"input_dtype": "int32"}),
        (lambda: Sequential([Dense(4, input_shape=(5,)), Dense(2)]), (3, 4, 5), {}),
        (lambda: TimeDistributed(Dense(2)), (3, 2, 4, 5), {}),
    ],
)
def test_time_distributed(inner, shape, kwargs):
    layer_test(TimeDistributed, {"layer": inner()}, shape, **kwargs)


def test_time_distributed_is_the_layer_step_by_step():
    inner = Conv2D(2, 3)
    x = Input((4, 5, 5, 1))
    model = Model(x, TimeDistributed(inner)(x))
    step = Input((5, 5, 1))
    single = Model(step, inner(step))
    data = np.random.RandomState(0).normal(size=(3, 4, 5, 5, 1)).astype("float32")
    wanted = np.stack([single.predict(data[:, t]) for t in range(4)], axis=1)
    np.testing.assert_allclose(model.predict(data), wanted, rtol=1e-5, atol=1e-6)
    assert model.trainable_weights == inner.weights


def test_time_distributed_batch_normalization():
    """Statistics are those of all steps, and the moving ones follow."""
    layer = TimeDistributed(BatchNormalization(momentum=0.0, center=False, scale=False))
    model = Sequential([layer])
    model.build((None, 5, 3))
    model.compile("sgd", "mse")
    model.train_on_batch(X, X)
    mean, variance = (K.get_value(w) for w in layer.layer.non_trainable_weights)
    np.testing.assert_allclose(mean, X.mean(axis=(0, 1)), rtol=1e-5, atol=1e-6)
    assert len(layer.updates) == 2 and np.all(variance > 0)
    layer.trainable = False
    assert not layer.layer.trainable and not layer.updates and not model.trainable_weights


def test_time_distributed_of_a_model():
    j = Input((3,))
    inner = Model(j, Dense(2, kernel_regularizer="l2", activity_regularizer="l1")(Dropout(0.5)(j)))
    x = Input((5, 3))
    layer = TimeDistributed(inner)
    model = Model(x, layer(x))
    assert len(model.losses) == 2
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(model.predict(X), X @ kernel + bias, rtol=1e-5, atol=1e-6)
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    model.compile("sgd", "mse")
    target = np.zeros((4, 5, 2))
    losses = [model.evaluate(X, target, verbose=0), model.train_on_batch(X, target)]
    y = X @ kernel + bias
    wanted = (y**2).mean() + 0.01 * (kernel**2).sum() + 0.01 * np.abs(y).sum()
    assert losses[0] == pytest.approx(wanted, rel=1e-4)
    assert losses[1] != losses[0]  # dropout


def test_activity_of_a_distributed_layer_counts_once():
    model = Sequential([TimeDistributed(Dense(2, activity_regularizer="l1"), input_shape=(5, 3))])
    model.compile("sgd", "mse")
    y = model.predict(X)
    assert model.evaluate(X, y, verbose=0) == pytest.approx(0.01 * np.abs(y).sum(), rel=1e-4)


def test_masks_through_time_distributed():
    x = Masking()(Input((5, 3)))
    assert K.int_shape(TimeDistributed(Dense(2))(x)._keras_mask) == (None, 5)
    words = Input((4, 6), dtype="int32")
    table = TimeDistributed(Embedding(9, 2, mask_zero=True))(words)
    inner_mask = K.function([words], [table._keras_mask])
    data = np.random.RandomState(0).randint(0, 3, (2, 4, 6))
    np.testing.assert_array_equal(inner_mask([data])[0], data != 0)
    # each sentence read by an LSTM: the mask goes in, and a sentence of nothing is masked outside
    lstm = LSTM(3)
    read = TimeDistributed(lstm)(table)
    data[0, 2] = 0
    got, mask = K.function([words], [read, read._keras_mask])([data])
    np.testing.assert_array_equal(mask, (data != 0).any(axis=-1))
    vectors = K.function([words], [table])([data])[0].reshape(8, 6, 2)
    wanted = run(lstm, vectors, mask=data.reshape(8, 6) != 0)[0][:, -1]
    np.testing.assert_allclose(got.reshape(8, 3), wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(TypeError, match="does not support masking"):
        TimeDistributed(Conv2D(2, 1))(_masked_images())


def _masked_images():
    x = K.identity(Input((5, 4, 4, 1)))
    x._keras_history = Activation("linear")(Input((5, 4, 4, 1)))._keras_history
    x._keras_mask = K.ones_like(x[:, :, 0, 0, 0])
    return x


def test_masks_through_a_model_inside():
    inner = Sequential([Embedding(9, 2, mask_zero=True, input_length=6), Activation("tanh")])
    words = Input((4, 6), dtype="int32")
    y = TimeDistributed(inner)(words)
    data = np.random.RandomState(0).randint(0, 3, (2, 4, 6))
    np.testing.assert_array_equal(K.function([words], [y._keras_mask])([data])[0], data != 0)


def test_time_distributed_errors():
    with pytest.raises(ValueError, match="'lstm_1' to have one output; it has 3.*return_state"):
        TimeDistributed(LSTM(4, return_state=True))(Input((2, 5, 3)))
    with pytest.raises(ValueError, match="at least three axes"):
        TimeDistributed(Dense(2))(Input((5,)))
    with pytest.raises(ValueError, match="stateful"):
        TimeDistributed(LSTM(2, stateful=True))(Input(batch_shape=(2, 3, 4, 5)))
    with pytest.raises(ValueError, match="expected a layer to wrap"):
        TimeDistributed(3)


# ------------------------------------------------------------ Bidirectional

MERGES = {
    "sum": lambda a, b: a + b,
    "mul": lambda a, b: a * b,
    "ave": lambda a, b: (a + b) / 2,
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    None: lambda a, b: [a, b],
}


def both_ways(layer, x, mask=None, states=None):
    half = None if states is None else len(states) // 2
    ahead = run(layer.forward_layer, x, states and states[:half], mask)
    back = run(layer.backward_layer, x, states and states[half:], mask)
    return ahead, back


@pytest.mark.parametrize("mode", MERGES)
@pytest.mark.parametrize("cls", [SimpleRNN, GRU, LSTM])
@pytest.mark.parametrize("masked", [False, True])
def test_bidirectional(mode, cls, masked):
    x = Input((5, 3))
    start = Masking()(x) if masked else x
    data, mask = (MASKED, MASK) if masked else (X, None)
    for sequences in (False, True):
        layer = Bidirectional(cls(4, return_sequences=sequences), merge_mode=mode)
        y = layer(start)
        (a, _), (b, _) = both_ways(layer, data, mask)
        a, b = (a, b[:, ::-1]) if sequences else (a[:, -1], b[:, -1])
        got = Model(x, y).predict(data)
        np.testing.assert_allclose(got, MERGES[mode](a, b), rtol=1e-5, atol=1e-6)
        masks = [t._keras_mask for t in (y if mode is None else [y])]
        assert all((m is not None) == (masked and sequences) for m in masks)
        shapes = layer.compute_output_shape((4, 5, 3))
        for shape, t in zip(*([shapes], [got]) if mode else (shapes, got), strict=True):
            assert shape == t.shape


@pytest.mark.parametrize("mode", ["sum", "mul", "ave", "concat"])
def test_bidirectional_layer(mode):
    layer_test(Bidirectional, {"layer": LSTM(2), "merge_mode": mode}, (3, 4, 2))
    inner = GRU(2, return_sequences=True, dropout=0.2)
    layer_test(Bidirectional, {"layer": inner}, (3, 4, 2), unknown_axes=(1,))


@pytest.mark.parametrize("mode", ["concat", None])
def test_bidirectional_states(mode):
    rng = np.random.RandomState(0)
    states = [rng.uniform(-1, 1, (4, 2)).astype("float32") for _ in range(4)]
    x, given = Input((5, 3)), [Input((2,)) for _ in range(4)]
    layer = Bidirectional(LSTM(2, return_state=True), merge_mode=mode)
    outputs = layer(x, initial_state=given)
    model = Model([x, *given], outputs)
    (a, kept), (b, kept_back) = both_ways(layer, X, states=states)
    wanted = MERGES[mode](a[:, -1], b[:, -1])
    wanted = [*([wanted] if mode else wanted), *kept, *kept_back]
    results = model.predict([X, *states])
    for got, value in zip(results, wanted, strict=True):
        np.testing.assert_allclose(got, value, rtol=1e-5, atol=1e-6)
    shapes = layer.compute_output_shape((4, 5, 3))
    assert [tuple(s) for s in shapes] == [r.shape for r in results]
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    for got, value in zip(again.predict([X, *states]), results, strict=True):
        np.testing.assert_array_equal(got, value)
    # encoder and decoder, both in both directions
    decoder = Bidirectional(LSTM(2, return_sequences=True))
    y = decoder(x, initial_state=outputs[-4:])
    assert Model([x, *given], y).predict([X, *states]).shape == (4, 5, 4)
    with pytest.raises(ValueError, match="states of both layers"):
        Bidirectional(GRU(2))(x, initial_state=given[0])


def test_bidirectional_weights_and_names():
    weights = Bidirectional(GRU(2, name="gru"), name="both")
    model = Sequential([weights])
    model.build((None, 5, 3))
    assert [w.name for w in weights.weights[::3]] == [
        "both/forward_gru/kernel:0",
        "both/backward_gru/kernel:0",
    ]
    values = [np.full(w.shape, i) for i, w in enumerate(weights.get_weights())]
    other = Bidirectional(GRU(2), weights=values)
    other(Input((5, 3)))
    for got, wanted in zip(other.get_weights(), values, strict=True):
        np.testing.assert_array_equal(got, wanted)
    assert other.forward_layer.get_weights()[0][0, 0] == 0
    assert other.backward_layer.get_weights()[0][0, 0] == 3


def test_bidirectional_trainable_and_losses():
    layer = Bidirectional(SimpleRNN(2, kernel_regularizer="l2", activity_regularizer="l1"))
    x = Input((5, 3))
    model = Model(x, layer(x))
    assert len(layer.losses) == 3 and len(layer.trainable_weights) == 6
    assert len(layer.get_losses_for(None)) == 2 and len(layer.get_losses_for(x)) == 1
    layer.trainable = False
    assert not layer.forward_layer.trainable and not layer.trainable_weights
    assert len(layer.non_trainable_weights) == 6 and not model.trainable_weights
    assert Bidirectional(SimpleRNN(2), trainable=False).backward_layer.trainable is False


def test_bidirectional_of_cells_and_backwards():
    x = Input((5, 3))
    layer = Bidirectional(RNN([LSTMCell(2), LSTMCell(3)]))
    assert Model(x, layer(x)).predict(X).shape == (4, 6)
    back = Bidirectional(SimpleRNN(2, go_backwards=True))
    assert back.forward_layer.go_backwards and not back.backward_layer.go_backwards
    with pytest.raises(ValueError, match="Invalid merge mode"):
        Bidirectional(LSTM(2), merge_mode="max")


def test_wrapper_of_a_user():
    class Twice(Wrapper):
        def build(self, input_shape=None):
            if not self.layer.built:
                self.layer.build(input_shape)
            super().build()

        def call(self, inputs):
            return 2 * self.layer.call(inputs)

        def compute_output_shape(self, input_shape):
            return self.layer.compute_output_shape(input_shape)

    layer_test(Twice, {"layer": Dense(2)}, (3, 4), custom_objects={"Twice": Twice})
