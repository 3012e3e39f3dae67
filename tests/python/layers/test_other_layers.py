"""Advanced activations, batch normalization, embedding, and the layers of Keras 1 alone."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.engine.training import Model
from keras_native.initializers import Constant
from keras_native.models import Sequential
from layer_test import layer_test


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# ------------------------------------------------------------ activations


@pytest.mark.parametrize(
    ("cls", "kwargs", "expected"),
    [
        (L.LeakyReLU, {}, lambda x: np.where(x > 0, x, 0.3 * x)),
        (L.LeakyReLU, {"alpha": 0.1}, lambda x: np.where(x > 0, x, 0.1 * x)),
        (L.ELU, {"alpha": 2.0}, lambda x: np.where(x > 0, x, 2 * np.expm1(x))),
        (L.ThresholdedReLU, {"theta": 0.5}, lambda x: np.where(x > 0.5, x, 0)),
        (L.ReLU, {}, lambda x: np.maximum(x, 0)),
        (
            L.ReLU,
            {"max_value": 1.5, "negative_slope": 0.2, "threshold": 0.5},
            lambda x: np.where(x >= 1.5, 1.5, np.where(x >= 0.5, x, 0.2 * (x - 0.5))),
        ),
        (L.Softmax, {}, lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True)),
        (L.Softmax, {"axis": 1}, lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
        (L.PReLU, {"alpha_initializer": "ones"}, lambda x: x),
        (L.PReLU, {"shared_axes": [1]}, lambda x: np.maximum(x, 0)),
        (L.PReLU, {"shared_axes": 2, "alpha_regularizer": "l2"}, lambda x: np.maximum(x, 0)),
    ],
)
def test_activation(cls, kwargs, expected):
    layer_test(cls, kwargs, (3, 4, 5), expected=expected)


def test_prelu_weights():
    layer = L.PReLU(shared_axes=[1, 2])
    layer(L.Input((4, 5, 6)))
    assert K.int_shape(layer.alpha) == (1, 1, 6)
    with pytest.raises(ValueError, match="shared_axes among 1 to 2"):
        L.PReLU(shared_axes=[3])(L.Input((4, 5)))


def test_activations_refuse_wrong_arguments():
    with pytest.raises(ValueError, match="max_value >= 0"):
        L.ReLU(max_value=-1)
    with pytest.raises(ValueError, match="negative_slope >= 0"):
        L.ReLU(negative_slope=-1)


# ------------------------------------------------------------ batch normalization


@pytest.mark.parametrize(
    ("kwargs", "shape"),
    [
        ({}, (4, 6)),
        ({"axis": 1}, (4, 3, 5)),
        ({"axis": [2]}, (4, 3, 5)),
        ({"center": False, "gamma_regularizer": "l2"}, (4, 3, 3, 2)),
        ({"scale": False, "momentum": 0.5, "epsilon": 0.1}, (4, 6)),
        ({"center": False, "scale": False}, (4, 6)),
    ],
)
def test_batch_normalization(kwargs, shape):
    # At first the running averages are 0 and 1.
    epsilon = kwargs.get("epsilon", 1e-3)
    layer_test(L.BatchNormalization, kwargs, shape, expected=lambda x: x / np.sqrt(1 + epsilon))


def trained(model, x, steps=1):
    model.compile("sgd", "mse")
    for _ in range(steps):
        model.train_on_batch(x, np.zeros(model.predict(x).shape))
    return model


def test_training_uses_the_batch_and_moves_the_averages():
    x = np.random.RandomState(0).normal(3.0, 2.0, (16, 5)).astype("float32")
    model = Sequential([L.BatchNormalization(input_shape=(5,), momentum=0.9)])
    model.compile("sgd", "mse")
    loss = model.train_on_batch(x, np.zeros((16, 5)))
    # The loss is the variance of what was normalised.
    np.testing.assert_allclose(loss, (x.var(0) / (x.var(0) + 1e-3)).mean(), rtol=1e-4)
    _, _, mean, variance = model.get_weights()
    np.testing.assert_allclose(mean, 0.1 * x.mean(0), rtol=1e-4)
    unbiased = x.var(0) * 16 / (16 - 1 - 1e-3)
    np.testing.assert_allclose(variance, 0.9 + 0.1 * unbiased, rtol=1e-4)


def test_testing_uses_the_averages():
    x = np.random.RandomState(0).normal(3.0, 2.0, (16, 5)).astype("float32")
    model = trained(Sequential([L.BatchNormalization(input_shape=(5,))]), x, 3)
    gamma, beta, mean, variance = model.get_weights()
    expected = (x - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-5)


def test_frozen_layer_keeps_its_averages_and_uses_the_batch():
    x = np.random.RandomState(0).normal(3.0, 2.0, (16, 5)).astype("float32")
    layer = L.BatchNormalization(input_shape=(5,), trainable=False)
    model = Sequential([layer, L.Dense(2, use_bias=False)])
    before = layer.get_weights()
    trained(model, x, 2)
    for a, b in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    function = K.function([model.inputs[0], K.learning_phase()], [layer.output])
    y = function([x, 1])[0]
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-5)


def test_shared_layer_moves_its_averages_for_each_use():
    layer = L.BatchNormalization(momentum=0.5)
    a, b = L.Input((2,)), L.Input((2,))
    model = Model([a, b], [layer(a), layer(b)])
    assert len(model.updates) == 4


def test_batch_normalization_of_keras1():
    with pytest.warns(UserWarning, match="epsilon=1e-05"):
        assert L.BatchNormalization(1e-5).epsilon == 1e-5
    x = np.random.RandomState(0).normal(size=(4, 6)).astype("float32")
    mean, deviation = x.mean(1, keepdims=True), np.sqrt(x.var(1, keepdims=True) + 1e-3)
    layer_test(
        L.BatchNormalization,
        {"mode": 1},
        input_data=x,
        expected=(x - mean) / (deviation + 1e-3),
    )
    with pytest.raises(ValueError, match="mode 0 .per feature., 1"):
        L.BatchNormalization(mode=3)


def test_batch_normalization_errors():
    with pytest.raises(ValueError, match="defined dimension"):
        L.BatchNormalization()(L.Input((None,)))
    with pytest.raises(ValueError, match="expected an axis of the input; received axis=3"):
        L.BatchNormalization(axis=3)(L.Input((4,)))
    with pytest.raises(TypeError, match="integer axis"):
        L.BatchNormalization(axis=0.5)


# ------------------------------------------------------------ embedding


@pytest.mark.parametrize(
    "kwargs",
    [
        {"input_dim": 3, "output_dim": 4},
        {"input_dim": 3, "output_dim": 4, "input_length": 5, "mask_zero": True},
        {"input_dim": 3, "output_dim": 2, "embeddings_regularizer": "l2"},
    ],
)
@pytest.mark.parametrize("dtype", ["int32", "float32"])
def test_embedding(kwargs, dtype):
    data = np.random.RandomState(0).randint(0, 3, (2, 5)).astype(dtype)
    layer_test(L.Embedding, kwargs, input_data=data, input_dtype=dtype)


def test_embedding_takes_rows():
    table = np.random.RandomState(0).normal(size=(7, 3)).astype("float32")
    x = np.array([[0, 6, 3], [2, 2, 1]])
    model = Sequential([L.Embedding(7, 3, weights=[table], input_length=3)])
    np.testing.assert_array_equal(model.predict(x), table[x])
    assert model.output_shape == (None, 3, 3)


def test_embedding_masks_zeros():
    tensor = L.Input((3,), dtype="int32")
    mask = L.Embedding(5, 2, mask_zero=True)(tensor)._keras_mask
    got = K.function([tensor], [mask])([np.array([[1, 0, 4]], "int32")])[0]
    assert got.tolist() == [[True, False, True]]
    assert L.Embedding(5, 2)(tensor)._keras_mask is None


def test_embedding_drops_words_as_keras_1():
    """A word is kept everywhere in a batch, times 1 / (1 - dropout), or nowhere."""
    with pytest.warns(UserWarning, match="dropout=0.5"):
        layer = L.Embedding(50, 4, init="one", input_length=60, dropout=0.5)
    model = Sequential([layer])
    x = np.random.RandomState(0).randint(0, 50, (3, 60))
    np.testing.assert_array_equal(model.predict(x), np.ones((3, 60, 4)))
    train = K.function([model.input, K.learning_phase()], [model.output])
    first, second = (train([x, 1])[0] for _ in range(2))
    assert (first != second).any()
    rows = {}
    for word, row in zip(x.ravel(), first.reshape(-1, 4), strict=True):
        assert set(row) in ({0.0}, {2.0}) and rows.setdefault(word, row[0]) == row[0]
    assert 10 < sum(value == 0 for value in rows.values()) < 40
    assert L.Embedding.from_config(layer.get_config()).dropout == 0.5
    assert "dropout" not in L.Embedding(5, 2).get_config()
    with pytest.raises(ValueError, match="0 <= dropout < 1; received 1.5"):
        L.Embedding(5, 2, dropout=1.5)


def test_embedding_learns_only_touched_rows():
    model = Sequential([L.Embedding(5, 2, input_length=2)])
    before = model.get_weights()[0]
    model.compile("sgd", "mse")
    model.train_on_batch(np.array([[1, 3]]), np.ones((1, 2, 2)))
    changed = (model.get_weights()[0] != before).any(1)
    assert changed.tolist() == [False, True, False, True, False]


def test_embedding_errors():
    with pytest.raises(ValueError, match="positive integer for 'input_dim'"):
        L.Embedding(0, 3)
    with pytest.raises(ValueError, match="inputs of input_length=4"):
        L.Embedding(5, 2, input_length=4).compute_output_shape((None, 3))
    with pytest.raises(ValueError, match="inputs of input_length=4"):
        L.Embedding(5, 2, input_length=4)(L.Input((3,)))
    with pytest.raises(ValueError, match="inputs of input_length=2"):
        Sequential([L.Embedding(5, 2, input_length=2, input_shape=(3, 5))])


# ------------------------------------------------------------ Keras 1


def test_maxout_dense():
    layer_test(L.MaxoutDense, {"output_dim": 3, "nb_feature": 4}, (5, 6))
    layer_test(L.MaxoutDense, {"output_dim": 3, "bias": False, "W_regularizer": "l2"}, (5, 6))
    x = np.random.RandomState(0).normal(size=(2, 4)).astype("float32")
    model = Sequential([L.MaxoutDense(3, input_dim=4)])
    kernel, bias = model.get_weights()
    expected = (np.einsum("bi,fio->bfo", x, kernel) + bias).max(1)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5)


def test_highway():
    layer_test(L.Highway, {"activation": "relu"}, (5, 6))
    layer_test(L.Highway, {"bias": False}, (5, 6))
    x = np.random.RandomState(0).normal(size=(2, 4)).astype("float32")
    model = Sequential([L.Highway(activation="tanh", input_dim=4)])
    kernel, carry, bias, carry_bias = model.get_weights()
    gate = sigmoid(x @ carry + carry_bias)
    expected = gate * np.tanh(x @ kernel + bias) + (1 - gate) * x
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5, atol=1e-6)


def test_parametric_softplus():
    layer_test(
        L.ParametricSoftplus,
        {"alpha_init": 0.2, "beta_init": 5.0},
        (3, 4),
        expected=lambda x: 0.2 * np.log1p(np.exp(5 * x)),
        rtol=1e-4,
    )


def test_srelu():
    layer_test(L.SReLU, {"shared_axes": [1]}, (3, 4, 5))

    def expected(x):
        return np.where(x < 0, 0.5 * x, np.where(x < 1, x, 1 + 2 * (x - 1)))

    layer_test(
        L.SReLU,
        {
            "t_left_init": "zero",
            "a_left_init": Constant(0.5),
            "t_right_init": "one",
            "a_right_init": Constant(2.0),
        },
        (3, 4),
        expected=expected,
    )


def test_time_distributed_dense():
    layer_test(L.TimeDistributedDense, {"units": 3}, (2, 4, 5))
