"""SimpleRNN, GRU and LSTM against NumPy, with every option that changes what they compute."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import GRU, LSTM, Embedding, Input, Masking, SimpleRNN
from keras_native.models import Model, Sequential
from layer_test import layer_test
from rnn_reference import run

LAYERS = [SimpleRNN, GRU, LSTM]
X = np.random.RandomState(3).uniform(-1, 1, (4, 5, 3)).astype("float32")

VARIANTS = [
    (SimpleRNN, {}),
    (SimpleRNN, {"activation": "relu", "use_bias": False}),
    (GRU, {}),
    (GRU, {"implementation": 1, "recurrent_activation": "hard_sigmoid"}),
    (GRU, {"reset_after": True, "bias_initializer": "uniform"}),
    (GRU, {"reset_after": True, "use_bias": False, "implementation": 1}),
    (LSTM, {}),
    (LSTM, {"implementation": 1, "unit_forget_bias": False, "bias_initializer": "uniform"}),
    (LSTM, {"activation": "linear", "recurrent_activation": "hard_sigmoid", "use_bias": False}),
]


@pytest.mark.parametrize(("cls", "kwargs"), VARIANTS)
@pytest.mark.parametrize("more", [{}, {"go_backwards": True}, {"unroll": True}])
def test_against_numpy(cls, kwargs, more):
    layer = cls(4, return_sequences=True, return_state=True, **kwargs, **more)
    x = Input((5, 3))
    results = Model(x, layer(x)).predict(X)
    outputs, states = run(layer, X)
    for got, wanted in zip(results, [outputs, *states], strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    last = cls.from_config({**layer.get_config(), "return_sequences": False, "name": "last"})
    model = Model(x, last(x)[0])
    last.set_weights(layer.get_weights())
    np.testing.assert_allclose(model.predict(X), outputs[:, -1], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("cls", "kwargs"), VARIANTS)
@pytest.mark.parametrize("sequences", [False, True])
def test_layer(cls, kwargs, sequences):
    layer_test(cls, {"units": 4, "return_sequences": sequences, **kwargs}, (3, 4, 2))


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize(
    "kwargs",
    [
        {"go_backwards": True},
        {"unroll": True},
        {"dropout": 0.2, "recurrent_dropout": 0.3},
        {"kernel_regularizer": "l2", "recurrent_constraint": "max_norm"},
        {"activity_regularizer": "l1"},
    ],
)
def test_layer_options(cls, kwargs):
    layer_test(cls, {"units": 4, **kwargs}, (3, 4, 2))


@pytest.mark.parametrize("cls", LAYERS)
def test_unknown_length(cls):
    layer_test(cls, {"units": 4, "return_sequences": True}, (3, 4, 2), unknown_axes=(1,))
    model = Sequential([cls(4, input_shape=(None, 3))])
    assert model.output_shape == (None, 4)
    for length in (1, 3, 5):
        wanted = run(model.layers[0], X[:, :length])[0][:, -1]
        np.testing.assert_allclose(model.predict(X[:, :length]), wanted, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="cannot unroll.*unknown"):
        cls(4, unroll=True)(Input((None, 3)))


# ------------------------------------------------------------ masks


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize("more", [{}, {"go_backwards": True}, {"unroll": True}])
def test_mask(cls, more):
    """Masked steps repeat the last output and keep the states; a row may be masked throughout."""
    mask = np.array([[1, 1, 1, 0, 0], [0, 1, 0, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0]], bool)
    x = Input((5, 3))
    layer = cls(4, return_sequences=True, return_state=True, **more)
    model = Model(x, layer(Masking()(x)))
    data = X * mask[..., None]
    outputs, states = run(layer, data, mask=mask)
    results = model.predict(data)
    for got, wanted in zip(results, [outputs, *states], strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-5, atol=1e-6)
    assert not np.any(results[0][3])


def test_where_masks_go():
    x = Masking()(Input((5, 3)))
    assert LSTM(2)(x)._keras_mask is None
    assert LSTM(2, return_sequences=True)(x)._keras_mask is x._keras_mask
    several = LSTM(2, return_sequences=True, return_state=True)(x)
    assert several[0]._keras_mask is x._keras_mask
    assert several[1]._keras_mask is None and several[2]._keras_mask is None


def test_embedding_of_variable_lengths():
    model = Sequential([Embedding(7, 3, mask_zero=True), LSTM(4)])
    long = np.array([[3, 1, 6, 0, 0], [2, 5, 0, 0, 0]])
    whole = model.predict(long)
    np.testing.assert_allclose(model.predict(long[:1, :3]), whole[:1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(model.predict(long[1:, :2]), whole[1:], rtol=1e-5, atol=1e-6)


# ------------------------------------------------------------ gradients


@pytest.mark.parametrize(("cls", "kwargs"), VARIANTS)
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_through_time(cls, kwargs, masked, float64):
    """Against differences of the loss, for all weights, the inputs and the initial states."""
    if kwargs.get("activation") == "relu":
        kwargs = {**kwargs, "recurrent_initializer": "identity"}
    x = Input((4, 3))
    layer = cls(2, return_sequences=True, **kwargs)
    states = [Input((2,)) for _ in range(2 if cls is LSTM else 1)]
    y = layer(Masking()(x) if masked else x, initial_state=states)
    loss = K.sum(K.square(y) * K.constant(np.arange(8.0).reshape(4, 2)))
    held = layer.weights
    grads = K.function([x, *states], K.gradients(loss, [x, *states, *held]))
    value = K.function([x, *states], [loss])
    rng = np.random.RandomState(5)
    data = rng.uniform(-1, 1, (3, 4, 3))
    if masked:
        data[0, 2:] = data[1, :1] = data[2] = 0
    fed = [data] + [rng.uniform(-1, 1, (3, 2)) for _ in states]
    got = grads(fed)

    def difference(change):
        change(1e-6)
        up = value(fed)[0]
        change(-2e-6)
        down = value(fed)[0]
        change(1e-6)
        return (up - down) / 2e-6

    def checked(array, gradient, store):
        places = [i for i in np.ndindex(array.shape) if array[i] != 0 or not masked]
        for i in [places[k] for k in rng.choice(len(places), min(6, len(places)), replace=False)]:

            def change(by, i=i):
                array[i] += by
                store(array)

            assert gradient[i] == pytest.approx(difference(change), rel=1e-4, abs=1e-6)

    for array, gradient in zip(fed, got, strict=False):
        checked(array, gradient, lambda _: None)
    for weight, gradient in zip(held, got[len(fed) :], strict=True):
        checked(K.get_value(weight).copy(), gradient, lambda a, w=weight: K.set_value(w, a))


# ------------------------------------------------------------ dropout


@pytest.mark.parametrize("cls", LAYERS)
@pytest.mark.parametrize("implementation", [1, 2])
def test_dropout_is_the_same_in_all_steps(cls, implementation):
    """With all inputs equal and no recurrence, equal masks mean equal outputs."""
    kwargs = {} if cls is SimpleRNN else {"implementation": implementation}
    layer = cls(6, dropout=0.5, return_sequences=True, recurrent_initializer="zeros", **kwargs)
    if cls is LSTM:
        layer.cell.recurrent_activation = lambda x: K.ones_like(x)
        layer.cell.activation = lambda x: x
    elif cls is GRU:
        layer.cell.recurrent_activation = lambda x: K.zeros_like(x)
    x = Input((5, 8))
    assert layer(x)._uses_learning_phase
    y = layer(x, training=True)
    assert not y._uses_learning_phase
    data = np.tile(np.random.RandomState(0).uniform(1, 2, (40, 1, 8)), (1, 5, 1))
    function = K.function([x], [y])
    first, second = function([data])[0], function([data])[0]
    steps = np.diff(first, axis=1, prepend=0) if cls is LSTM else first
    np.testing.assert_allclose(steps, np.tile(steps[:, :1], (1, 5, 1)), rtol=1e-3, atol=1e-4)
    assert np.abs(first - second).max() > 0.01  # another run, other masks
    test = K.function([x], [layer(x, training=False)])
    assert not np.allclose(test([data])[0], first)
    np.testing.assert_array_equal(test([data])[0], test([data])[0])


@pytest.mark.parametrize(("cls", "kwargs"), VARIANTS)
def test_dropout_trains_and_is_off_in_prediction(cls, kwargs):
    plain = Sequential([cls(4, input_shape=(5, 3), **kwargs)])
    dropped = Sequential([cls(4, input_shape=(5, 3), dropout=0.3, recurrent_dropout=0.4, **kwargs)])
    dropped.set_weights(plain.get_weights())
    np.testing.assert_allclose(dropped.predict(X), plain.predict(X), rtol=1e-5, atol=1e-6)
    dropped.compile("sgd", "mse")
    losses = [dropped.train_on_batch(X, np.ones((4, 4))) for _ in range(3)]
    assert np.all(np.isfinite(losses)) and len(set(losses)) == 3


def test_recurrent_dropout_in_a_gru():
    """One mask for all gates also covers the state that is kept; masks per gate do not."""
    for implementation, kept in ((1, 1.0), (2, 2.0)):
        layer = GRU(
            50,
            recurrent_dropout=0.5,
            implementation=implementation,
            kernel_initializer="zeros",
            recurrent_initializer="zeros",
        )
        layer.cell.recurrent_activation = lambda x: K.ones_like(x)
        x, state = Input((1, 2)), Input((50,))
        function = K.function([x, state], [layer(x, initial_state=state, training=True)])
        got = function([np.zeros((9, 1, 2)), np.ones((9, 50))])[0]
        assert set(np.unique(got)) == ({1.0} if kept == 1.0 else {0.0, 2.0})


# ------------------------------------------------------------ Keras 1


@pytest.mark.filterwarnings("ignore::keras_native.legacy.hook.Keras1SpellingWarning")
def test_keras1_spelling():
    layer = LSTM(
        output_dim=4,
        init="uniform",
        inner_init="glorot_uniform",
        forget_bias_init="one",
        inner_activation="hard_sigmoid",
        W_regularizer="l2",
        U_regularizer="l1",
        dropout_W=0.1,
        dropout_U=0.2,
        consume_less="mem",
        input_dim=3,
        input_length=5,
        name="old",
    )
    assert layer.batch_input_shape == (None, 5, 3)
    config = layer.get_config()
    assert config["units"] == 4
    assert config["recurrent_activation"] == "hard_sigmoid"
    assert config["unit_forget_bias"] is True
    assert (config["dropout"], config["recurrent_dropout"]) == (0.1, 0.2)
    assert config["implementation"] == 1
    assert layer.kernel_regularizer.l2 > 0 and layer.recurrent_regularizer.l1 > 0
    assert GRU(4, "uniform", "orthogonal", "relu").activation.__name__ == "relu"
    assert SimpleRNN(output_dim=2, consume_less="gpu", input_shape=(5, 3)).units == 2


def test_wrong_arguments():
    with pytest.raises(ValueError, match="positive integer for 'units'"):
        LSTM(0)
    with pytest.raises(ValueError, match="implementation 1 or 2"):
        GRU(3, implementation=4)
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        LSTM(3)(Input((5,)))
    with pytest.raises(ValueError, match="axis -1 of shape"):
        LSTM(3)(Input((5, None)))


@pytest.mark.parametrize("cls", LAYERS)
def test_second_gradients(cls, float64):
    """Of the squared length of the gradient by the inputs, against differences."""
    x = Input((3, 2))
    layer = cls(2)
    y = K.sum(K.square(layer(x)))
    first = K.gradients(y, [x])[0]
    length = K.sum(K.square(first))
    held = layer.weights[:2]
    second = K.function([x], K.gradients(length, held))
    value = K.function([x], [length])
    data = np.random.RandomState(4).uniform(-1, 1, (3, 3, 2))
    for weight, gradient in zip(held, second([data]), strict=True):
        start = K.get_value(weight).copy()
        for at in [(0, 0), (1, 1)]:
            ends = []
            for by in (1e-5, -1e-5):
                moved = start.copy()
                moved[at] += by
                K.set_value(weight, moved)
                ends.append(value([data])[0])
            K.set_value(weight, start)
            assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-7)
