"""Cross-entropies, normalisation and the like, against NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(13)
EPS = 1e-7


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


LOGITS = 2 * rng.normal(size=(3, 2, 4))
PROBABILITIES = softmax(rng.normal(size=(3, 2, 4)))
SOFT = softmax(rng.normal(size=(3, 2, 4)))
CLASSES = np.array([[0, 3], [1, 1], [2, 0]], "int32")


@pytest.mark.parametrize("axis", [-1, 1, 2])
@pytest.mark.parametrize("from_logits", [False, True])
def test_categorical_crossentropy(float64, axis, from_logits):
    def reference(t, p):
        p = softmax(p, axis) if from_logits else p / p.sum(axis, keepdims=True)
        return -(t * np.log(np.clip(p, EPS, 1 - EPS))).sum(axis)

    check(
        lambda t, p: K.categorical_crossentropy(t, p, from_logits, axis),
        reference,
        softmax(SOFT, axis),
        LOGITS if from_logits else PROBABILITIES,
        rtol=1e-6,
    )


@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("trailing", [False, True])
def test_sparse_categorical_crossentropy(float64, from_logits, trailing):
    def reference(t, p):
        p = softmax(p) if from_logits else np.clip(p, EPS, 1 - EPS)
        p = p / p.sum(-1, keepdims=True)
        return -np.log(np.take_along_axis(p, t.reshape(3, 2, 1), -1))[..., 0]

    check(
        lambda t, p: K.sparse_categorical_crossentropy(t, p, from_logits),
        reference,
        CLASSES[..., None] if trailing else CLASSES,
        LOGITS if from_logits else PROBABILITIES,
    )


def test_sparse_categorical_crossentropy_axis(float64):
    def reference(t, p):
        p = p / p.sum(1, keepdims=True)
        return -np.log(np.take_along_axis(p, t[:, None], 1))[:, 0]

    p = np.moveaxis(PROBABILITIES, -1, 1)
    check(lambda t, p: K.sparse_categorical_crossentropy(t, p, axis=1), reference, CLASSES, p)


@pytest.mark.parametrize("from_logits", [False, True])
def test_binary_crossentropy(float64, from_logits):
    def reference(t, p):
        eps = 0 if from_logits else EPS
        p = 1 / (1 + np.exp(-p)) if from_logits else np.clip(p, EPS, 1 - EPS)
        return -t * np.log(p + eps) - (1 - t) * np.log(1 - p + eps)

    check(
        lambda t, p: K.binary_crossentropy(t, p, from_logits),
        reference,
        SOFT,
        LOGITS if from_logits else PROBABILITIES,
    )


def test_crossentropies_at_the_edges():
    p = K.constant([[0.0, 1.0], [1.0, 0.0], [0.0, 0.0]])
    t = K.constant([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    assert np.isfinite(K.eval(K.binary_crossentropy(t, p))).all()
    values = K.eval(K.categorical_crossentropy(t, p))
    np.testing.assert_allclose(values[:2], [1e-7, -np.log(1e-7)], rtol=0.2)


def loss_and_slope(loss, x):
    gradient = K.gradients(K.sum(loss), [x])[0]
    value, slope = K.function([], [loss, gradient])([])
    return value, slope


# Golden losses of Keras 2.3.1 show it: they are those of the logits, to the last digit.
@pytest.mark.parametrize("sparse", [False, True])
def test_crossentropies_look_through_the_softmax_that_ends_a_model(sparse):
    x = K.variable([[60.0, -60.0], [0.5, 0.25]])
    p = K.softmax(x)
    if sparse:
        loss = K.sparse_categorical_crossentropy(K.constant([1, 0], dtype="int32"), p)
    else:
        loss = K.categorical_crossentropy(K.constant([[0.0, 1.0], [1.0, 0.0]]), p)
    value, slope = loss_and_slope(loss, x)
    share = 1 / (1 + np.exp(-0.25))
    np.testing.assert_allclose(value, [120, -np.log(share)], rtol=1e-6)
    np.testing.assert_allclose(slope, [[1, -1], [share - 1, 1 - share]], rtol=1e-6)


def test_crossentropy_clips_a_softmax_over_more_axes():
    x = K.variable([[[60.0, -60.0]]])
    loss = K.categorical_crossentropy(K.constant([[[0.0, 1.0]]]), K.softmax(x))
    value, slope = loss_and_slope(loss, x)
    np.testing.assert_allclose(value, [[-np.log(1e-7)]], rtol=1e-6)
    np.testing.assert_array_equal(slope, np.zeros((1, 1, 2)))


def test_binary_crossentropy_looks_through_the_sigmoid_that_ends_a_model():
    x = K.variable([60.0, -60.0, 0.5])
    loss = K.binary_crossentropy(K.constant([0.0, 0.0, 1.0]), K.sigmoid(x))
    value, slope = loss_and_slope(loss, x)
    share = 1 / (1 + np.exp(-0.5))
    np.testing.assert_allclose(value, [60, 0, -np.log(share)], rtol=1e-6, atol=1e-20)
    np.testing.assert_allclose(slope, [1, 0, share - 1], rtol=1e-6, atol=1e-20)


def test_unknown_axis():
    with pytest.raises(ValueError, match="axis"):
        K.categorical_crossentropy(K.placeholder((2, 3)), K.placeholder((2, 3)), axis=5)


@pytest.mark.parametrize("with_gamma", [False, True])
@pytest.mark.parametrize("with_beta", [False, True])
@pytest.mark.parametrize(
    ("size", "axes"),
    [
        ((6, 3), (0,)),
        ((4, 3, 2), (0, 1)),
        ((4, 3, 2), (0, 2)),
        ((4, 3, 2), (1,)),
        ((2, 3, 2, 3), (0, 1, 2)),
    ],
)
def test_batch_norm_in_training(float64, with_gamma, with_beta, size, axes):
    x = rng.normal(size=size)
    shape = [n for a, n in enumerate(x.shape) if a not in axes]
    gamma, beta = rng.normal(size=(2, *shape))

    def reference(x, gamma, beta):
        mean, var = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        y = (x - mean) / np.sqrt(var + 1e-3)
        full = [1 if a in axes else n for a, n in enumerate(x.shape)]
        if with_gamma:
            y = y * gamma.reshape(full)
        return y + beta.reshape(full) if with_beta else y

    def function(x, gamma, beta):
        return K.normalize_batch_in_training(
            x, gamma if with_gamma else None, beta if with_beta else None, axes
        )[0]

    check(function, reference, x, gamma, beta)
    _, mean, var = K.normalize_batch_in_training(K.constant(x), None, None, axes)
    np.testing.assert_allclose(K.eval(mean), x.mean(axes))
    n = x.size / x.shape[3] if len(x.shape) == 4 else 0
    # Of images, over these axes in this order, it is the variance that TensorFlow's fused kernel
    # handed to Keras 2.3.1.
    factor = n / (n - 1) if n and list(axes) == [0, 1, 2] else 1
    np.testing.assert_allclose(K.eval(var), x.var(axes) * factor)


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("affine", [False, True])
def test_batch_normalization(float64, axis, affine):
    x = rng.normal(size=(4, 3, 2))
    n = x.shape[axis]
    full = [n if a == axis % 3 else 1 for a in range(3)]
    mean, beta, gamma = rng.normal(size=(3, n))
    var = rng.uniform(0.5, 2, size=n)

    def reference(x, mean, var, beta, gamma):
        mean, var, beta, gamma = (v.reshape(full) for v in (mean, var, beta, gamma))
        y = (x - mean) / np.sqrt(var + 1e-3)
        return y * gamma + beta if affine else y

    def function(x, mean, var, beta, gamma):
        b, g = (beta, gamma) if affine else (None, None)
        return K.batch_normalization(x, mean, var, b, g, axis=axis)

    check(function, reference, x, mean, var, beta, gamma)

    def broadcast(x, mean, var, beta, gamma):
        b, g = (K.reshape(beta, full), K.reshape(gamma, full)) if affine else (None, None)
        return K.batch_normalization(
            x, K.reshape(mean, full), K.reshape(var, full), b, g, axis=axis
        )

    check(broadcast, reference, x, mean, var, beta, gamma)


def test_bias_add(float64):
    x = rng.normal(size=(2, 3, 4, 5))
    check(K.bias_add, lambda x, b: x + b, x, rng.normal(size=5))
    check(
        lambda x, b: K.bias_add(x, b, "channels_first"),
        lambda x, b: x + b.reshape(1, 3, 1, 1),
        x,
        rng.normal(size=3),
    )
    check(K.bias_add, lambda x, b: x + b, x, rng.normal(size=(3, 4, 5)))
    check(
        lambda x, b: K.bias_add(x, b, "channels_first"),
        lambda x, b: x + b.reshape(3, 4, 5),
        x,
        rng.normal(size=(4, 5, 3)),
    )
    check(K.bias_add, lambda x, b: x + b, x[0, 0], rng.normal(size=5))
    with pytest.raises(ValueError, match="bias dimensions"):
        K.bias_add(K.placeholder((2, 3, 4)), K.placeholder((1, 1, 1)))


def test_in_top_k():
    p = np.array([[0.1, 0.2, 0.7], [0.5, 0.4, 0.1], [0.3, 0.3, 0.4]], "float32")
    t = np.array([1, 0, 2], "int32")
    got = K.function([], [K.in_top_k(K.constant(p), K.constant(t, "int32"), k) for k in (1, 2)])([])
    assert got[0].tolist() == [False, True, True]
    assert got[1].tolist() == [True, True, True]
