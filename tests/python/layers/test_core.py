"""Dense, Activation, dropout, reshaping, Masking, ActivityRegularization."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native import regularizers
from keras_native.models import Sequential
from layer_test import layer_test


def run(layer, x, training=None):
    """Output of a layer for an array, in training (1) or test (0)."""
    tensor = L.Input(batch_shape=x.shape, dtype=str(x.dtype))
    function = K.function([tensor, K.learning_phase()], [layer(tensor)])
    return function([x, training or 0])[0]


X = np.random.RandomState(0).normal(size=(4, 6)).astype("float32")


# ------------------------------------------------------------ Dense


@pytest.mark.parametrize(
    ("kwargs", "shape"),
    [
        ({"units": 3}, (4, 6)),
        ({"units": 3}, (4, 5, 6)),
        ({"units": 2, "activation": "softmax", "use_bias": False}, (2, 3, 2, 6)),
        ({"units": 3, "kernel_regularizer": "l2", "bias_constraint": "non_neg"}, (4, 6)),
        ({"units": 1, "activity_regularizer": regularizers.l1(0.1)}, (4, 6)),
        ({"units": np.int64(3), "kernel_initializer": "he_normal"}, (1, 1)),
    ],
)
def test_dense(kwargs, shape):
    layer_test(L.Dense, kwargs, shape)


def test_dense_on_unknown_axes():
    layer_test(L.Dense, {"units": 3}, (2, 5, 6), unknown_axes=(1,))


def test_dense_computes_an_affine_map():
    layer = L.Dense(3, activation="tanh", bias_initializer="ones")
    got = run(layer, X)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(got, np.tanh(X @ kernel + bias), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("units", [0, -3, 2.5, "4", None, True])
def test_dense_refuses_wrong_units(units):
    with pytest.raises(ValueError, match="expected a positive integer for 'units'; received"):
        L.Dense(units)


def test_dense_refuses_wrong_inputs():
    with pytest.raises(ValueError, match="last axis is known"):
        L.Dense(3)(L.Input((None,)))
    layer = L.Dense(3)
    layer(L.Input((4,)))
    with pytest.raises(ValueError, match="axis -1.*4"):
        layer(L.Input((5,)))
    with pytest.raises(ValueError, match="min_ndim=2"):
        L.Dense(3)(L.Input(batch_shape=(4,)))


def test_dense_input_dim():
    assert L.Dense(3, input_dim=7).batch_input_shape == (None, 7)


def test_dense_in_keras1_spelling():
    with pytest.warns(UserWarning, match=r"Dense\(units=3, kernel_initializer='uniform'"):
        layer = L.Dense(output_dim=3, init="uniform", W_regularizer="l2", bias=False)
    assert layer.units == 3 and not layer.use_bias
    with pytest.warns(UserWarning, match="Keras 1"):
        assert L.Dense(3, "uniform", "relu").activation.__name__ == "relu"


# ------------------------------------------------------------ dropout


DROPOUTS = [
    (L.Dropout, {"rate": 0.5}, (4, 6)),
    (L.Dropout, {"rate": 0.5, "noise_shape": (4, 1), "seed": 3}, (4, 6)),
    (L.Dropout, {"rate": 0.0}, (4, 6)),
    (L.Dropout, {"rate": 1.0}, (4, 6)),
    (L.SpatialDropout1D, {"rate": 0.5}, (2, 3, 4)),
    (L.SpatialDropout2D, {"rate": 0.5}, (2, 3, 4, 5)),
    (L.SpatialDropout2D, {"rate": 0.5, "data_format": "channels_first"}, (2, 3, 4, 5)),
    (L.SpatialDropout3D, {"rate": 0.5}, (2, 3, 4, 5, 2)),
    (L.SpatialDropout3D, {"rate": 0.5, "data_format": "channels_first"}, (2, 3, 4, 5, 2)),
    (L.GaussianNoise, {"stddev": 0.5}, (4, 6)),
    (L.GaussianDropout, {"rate": 0.5}, (4, 6)),
    (L.AlphaDropout, {"rate": 0.5}, (4, 6)),
    (L.AlphaDropout, {"rate": 0.5, "seed": 7}, (4, 6)),
]


@pytest.mark.parametrize(("cls", "kwargs", "shape"), DROPOUTS)
def test_noise_is_the_identity_in_testing(cls, kwargs, shape):
    layer_test(cls, kwargs, shape, expected=lambda x: x)


def test_dropout_drops_and_scales():
    x = np.ones((200, 100), "float32")
    y = run(L.Dropout(0.3), x, training=1)
    assert set(np.unique(y)) == {0.0, np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 0.02


@pytest.mark.parametrize(
    ("layer", "shape", "together"),
    [
        (L.Dropout(0.5, noise_shape=(None, 1)), (50, 6), (1,)),
        (L.SpatialDropout1D(0.5), (50, 7, 4), (1,)),
        (L.SpatialDropout2D(0.5), (20, 3, 5, 4), (1, 2)),
        (L.SpatialDropout2D(0.5, data_format="channels_first"), (20, 4, 3, 5), (2, 3)),
        (L.SpatialDropout3D(0.5), (20, 2, 3, 2, 4), (1, 2, 3)),
    ],
)
def test_dropout_of_whole_maps(layer, shape, together):
    y = run(layer, np.ones(shape, "float32"), training=1)
    assert (y.std(axis=together) == 0).all()
    assert 0.2 < (y == 0).mean() < 0.8


def test_gaussian_noise_has_its_deviation():
    x = np.ones((200, 100), "float32")
    assert abs((run(L.GaussianNoise(0.5), x, training=1) - x).std() - 0.5) < 0.02
    y = run(L.GaussianDropout(0.2), x, training=1)
    assert abs(y.mean() - 1) < 0.02 and abs(y.std() - 0.5) < 0.02


def test_alpha_dropout_keeps_mean_and_variance():
    x = np.random.RandomState(0).normal(size=(300, 100)).astype("float32")
    y = run(L.AlphaDropout(0.3), x, training=1)
    assert abs(y.mean()) < 0.03 and abs(y.std() - 1) < 0.03
    _, counts = np.unique(y, return_counts=True)
    assert abs(counts.max() / y.size - 0.3) < 0.02


def test_noise_is_new_at_every_step():
    layer = L.Dropout(0.5)
    tensor = L.Input((100,))
    function = K.function([tensor, K.learning_phase()], [layer(tensor)])
    x = np.ones((3, 100), "float32")
    first, second = function([x, 1])[0], function([x, 1])[0]
    assert (first != second).any()


# ------------------------------------------------------------ reshaping


def test_flatten():
    layer_test(L.Flatten, {}, (3, 2, 4, 5), expected=lambda x: x.reshape(3, -1))
    layer_test(L.Flatten, {}, (3, 4), expected=lambda x: x)
    layer_test(
        L.Flatten,
        {"data_format": "channels_first"},
        (3, 2, 4, 5),
        expected=lambda x: x.transpose(0, 2, 3, 1).reshape(3, -1),
    )
    assert L.Flatten().compute_output_shape((None, None, 3)) == (None, None)


@pytest.mark.parametrize(
    ("target", "shape", "result"),
    [
        ((3, 4), (2, 12), (2, 3, 4)),
        ((-1, 2, 3), (2, 12), (2, 2, 2, 3)),
        ((-1,), (2, 3, 4), (2, 12)),
    ],
)
def test_reshape(target, shape, result):
    layer_test(L.Reshape, {"target_shape": target}, shape, expected=lambda x: x.reshape(result))


def test_reshape_of_unknown_extent():
    layer_test(
        L.Reshape,
        {"target_shape": (-1, 2)},
        (3, 4, 6),
        unknown_axes=(1,),
        expected=lambda x: x.reshape(3, 12, 2),
    )


def test_reshape_refuses_what_does_not_fit():
    with pytest.raises(ValueError, match="total size of new array must be unchanged"):
        L.Reshape((5, 2))(L.Input((12,)))
    with pytest.raises(ValueError, match="at most one is -1"):
        L.Reshape((-1, -1))


def test_permute():
    layer_test(
        L.Permute, {"dims": (3, 1, 2)}, (2, 3, 4, 5), expected=lambda x: x.transpose(0, 3, 1, 2)
    )
    with pytest.raises(ValueError, match="each of 1 to 2 once"):
        L.Permute((0, 1))


def test_repeat_vector():
    layer_test(
        L.RepeatVector, {"n": 3}, (2, 4), expected=lambda x: np.repeat(x[:, None], 3, axis=1)
    )
    with pytest.raises(TypeError, match="expected an integer n"):
        L.RepeatVector(2.5)


# ------------------------------------------------------------ Activation, Masking, penalties


@pytest.mark.parametrize("name", ["relu", "tanh", "softmax", "linear", "selu", "hard_sigmoid"])
def test_activation(name):
    layer_test(L.Activation, {"activation": name}, (4, 6))


def test_activation_refuses_unknown_names():
    with pytest.raises(ValueError, match="relux"):
        L.Activation("relux")


def test_masking():
    x = np.random.RandomState(0).normal(size=(2, 4, 3)).astype("float32")
    x[0, 1] = x[1, 3] = 5.0
    x[0, 2, 0] = 5.0
    expected = x.copy()
    expected[0, 1] = expected[1, 3] = 0
    layer_test(L.Masking, {"mask_value": 5.0}, input_data=x, expected=expected, trains=False)
    tensor = L.Input((4, 3))
    mask = L.Masking(5.0)(tensor)._keras_mask
    got = K.function([tensor], [mask])([x])[0]
    assert got.tolist() == [[True, False, True, True], [True, True, True, False]]


def test_masks_pass_through_elementwise_layers():
    tensor = L.Masking()(L.Input((4, 3)))
    for layer in (
        L.Dense(2), L.Activation("relu"), L.Dropout(0.5), L.GaussianNoise(1.0), L.LeakyReLU(),
        L.BatchNormalization(), L.ActivityRegularization(0.1), L.AlphaDropout(0.1),
    ):  # fmt: skip
        assert layer(tensor)._keras_mask is not None, layer.name
    with pytest.raises(TypeError, match="does not support masking"):
        L.Flatten()(tensor)


def test_activity_regularization():
    layer_test(L.ActivityRegularization, {"l1": 0.5, "l2": 2.0}, (4, 6), expected=lambda x: x)
    model = Sequential([L.ActivityRegularization(l1=0.5, l2=2.0, input_shape=(6,))])
    model.compile("sgd", "mse")
    expected = 0.5 * np.abs(X).sum() + 2.0 * (X**2).sum()
    assert model.evaluate(X, X, verbose=0) == pytest.approx(expected, rel=1e-5)
