"""Operations by TensorFlow's names against TensorFlow 1.15, whose results are the fixture."""

import pathlib
import types

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Input, Lambda
from keras_native.legacy import tensorflow, tensorflow_tables
from keras_native.models import Model

FIXTURE = pathlib.Path(__file__).parents[2] / "fixtures" / "tensorflow_operations.npz"
PARTS = {"nn": tensorflow.nn, "image": tensorflow.image, "math": tensorflow.math}
tf = types.SimpleNamespace(**tensorflow_tables.OPERATIONS, **PARTS)
EXPRESSIONS = """
tf.abs(a)
tf.negative(a)
tf.sign(a)
tf.round(a*3)
tf.floor(a)
tf.square(a)
tf.exp(a)
tf.log(p)
tf.log1p(p)
tf.sqrt(p)
tf.rsqrt(p)
tf.reciprocal(p)
tf.tanh(a)
tf.sigmoid(a)
tf.erf(a)
tf.sin(a)
tf.add(a, b)
tf.subtract(a, 1.0)
tf.multiply(2.0, a)
tf.divide(a, b)
tf.div(a, b)
tf.floordiv(i, 2)
tf.mod(i, 2)
tf.pow(p, 2.5)
tf.maximum(a, 0.)
tf.minimum(a, b)
tf.squared_difference(a, b)
tf.equal(i, 1)
tf.greater(a, b)
tf.logical_and(a>0, b>0)
tf.logical_not(a>0)
tf.reduce_sum(a)
tf.reduce_sum(a, 1)
tf.reduce_mean(a, axis=[0, 2], keep_dims=True)
tf.reduce_max(a, reduction_indices=1)
tf.reduce_min(a, axis=-1, keepdims=True)
tf.reduce_prod(p, 0)
tf.reduce_all(a>-9)
tf.reduce_any(a>2, axis=1)
tf.reduce_logsumexp(a, axis=2)
tf.argmax(a)
tf.argmax(a, axis=-1)
tf.argmin(a, 1)
tf.argmax(a, 2, output_type=tf.int32)
tf.cumsum(a, axis=1)
tf.add_n([a, b, a])
tf.is_nan(a)
tf.is_finite(a)
tf.cast(i, tf.float32)
tf.cast(a, 'int32')
tf.clip_by_value(a, -.5, .5)
tf.concat([a, b], axis=1)
tf.concat([a, b], -1)
tf.stack([a, b])
tf.stack([a, b], axis=-1)
tf.unstack(a, axis=1)[1]
tf.split(a, 2, axis=2)[1]
tf.split(a, [1, 3], 2)[1]
tf.expand_dims(a, 1)
tf.expand_dims(a, -1)
tf.squeeze(tf.expand_dims(a, 1))
tf.squeeze(tf.expand_dims(a, 1), [1])
tf.tile(m, [2, 1])
tf.pad(m, [[1, 0], [2, 1]])
tf.pad(m, [[1, 0], [2, 1]], mode='REFLECT')
tf.pad(m, [[1, 0], [2, 1]], 'CONSTANT', constant_values=3)
tf.gather(m, i)
tf.gather(m, i, axis=1)
tf.gather_nd(a, [[0, 1], [1, 2]])
tf.one_hot(i, 4)
tf.one_hot(i, 4, axis=0)
tf.one_hot(i, 4, on_value=5., off_value=-1.)
tf.where(a>0, a, b)
tf.where(i>0, m, tf.zeros_like(m))
tf.matmul(m, m, transpose_b=True)
tf.matmul(a, b, transpose_a=True)
tf.norm(a)
tf.norm(a, axis=1)
tf.norm(a, ord=1, axis=-1, keepdims=True)
tf.transpose(m)
tf.transpose(a, [2, 0, 1])
tf.reshape(a, [-1, 4])
tf.reshape(a, (tf.shape(a)[0], -1))
tf.shape(a)
tf.slice(a, [0, 1, 0], [2, 1, -1])
tf.reverse(a, [1])
tf.ones([2, 3])
tf.zeros((2, ))
tf.zeros([2], tf.int32)
tf.fill([2, 2], 7.)
tf.constant([1, 2])
tf.constant([1.5])
tf.constant(3, shape=[2])
tf.range(4)
tf.identity(a)
tf.stop_gradient(a)
tf.to_float(i)
tf.gradients(tf.reduce_sum(tf.square(v)), v)[0]
tf.gradients(tf.reduce_sum(tf.square(v)), [v])[0]
tf.cond(tf.reduce_sum(a)>0, lambda:a, lambda:b)
tf.nn.relu(a)
tf.nn.relu6(a*5)
tf.nn.leaky_relu(a)
tf.nn.softmax(a)
tf.nn.log_softmax(a)
tf.nn.softplus(a)
tf.nn.l2_normalize(a, dim=1)
tf.nn.l2_loss(a)
tf.nn.moments(a, [0, 1])[1]
tf.nn.sigmoid_cross_entropy_with_logits(labels=sg, logits=a)
tf.nn.softmax_cross_entropy_with_logits(labels=sm, logits=a)
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=i, logits=m)
tf.nn.top_k(m, 2)[0]
tf.nn.top_k(m, 2)[1]
tf.nn.in_top_k(m, i, 2)
tf.nn.bias_add(a, [1., 2., 3., 4.])
tf.nn.conv2d(im, ker, strides=[1, 2, 2, 1], padding='SAME')
tf.nn.conv2d(im, ker, [1, 1, 1, 1], 'VALID')
tf.nn.max_pool(im, [1, 2, 2, 1], [1, 2, 2, 1], 'SAME')
tf.nn.avg_pool(im, ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding='VALID')
tf.image.resize_bilinear(im, (10, 9))
tf.image.resize_bilinear(im, tf.shape(im)[1:3]*2)
tf.image.resize_nearest_neighbor(im, [7, 3])
tf.image.resize_images(im, [10, 12])
tf.image.resize_images(im, [4, 4], method=1)
tf.map_fn(lambda t: t*2, a)
"""


def inputs():
    """Arrays by the names that the expressions have for them."""
    rng = np.random.RandomState(0)
    a, b, m = (rng.randn(*shape).astype("f") for shape in ((2, 3, 4), (2, 3, 4), (3, 4)))
    images, kernel = rng.rand(2, 5, 6, 3).astype("f"), rng.randn(3, 3, 3, 2).astype("f")
    i = np.array([1, 0, 2], "int32")
    return {"a": a, "b": b, "m": m, "i": i, "p": np.abs(a) + 0.1, "im": images, "ker": kernel}


@pytest.fixture(scope="module")
def wanted():
    with np.load(FIXTURE) as found:
        return dict(found)


@pytest.mark.parametrize("expression", EXPRESSIONS.strip().splitlines())
def test_as_in_tensorflow(wanted, expression):
    arrays = inputs()
    names = {k: K.placeholder(shape=x.shape, dtype=str(x.dtype)) for k, x in arrays.items()}
    fed = list(names.values())
    names.update(tf=tf, v=K.variable(arrays["m"]))
    names.update(sg=tf.sigmoid(names["b"]), sm=tf.nn.softmax(names["b"]))
    found = K.function(fed, [eval(expression, names)])(list(arrays.values()))[0]
    expected = wanted[expression]
    assert (np.shape(found), np.asarray(found).dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_sort_and_the_like():
    a = inputs()["a"]
    x = K.placeholder(a.shape)
    tensors = [tf.sort(x), tf.sort(x, 1, direction="DESCENDING"), tf.size(x)]
    up, down, size = K.function([x], tensors)([a])
    np.testing.assert_array_equal(up, np.sort(a))
    np.testing.assert_array_equal(down, np.sort(a, 1)[:, ::-1])
    assert size == a.size
    joined = tf.convert_to_tensor([x[0, 0, 0], 2.0])
    assert K.function([x], [joined])([a])[0].tolist() == [a[0, 0, 0], 2.0]
    counted = tf.Variable(2.0)
    count = K.function([x], [tf.reduce_sum(x)], updates=[tf.assign_add(counted, 1.5)])
    count([a])
    assert K.get_value(counted) == 3.5


def test_every_result_has_its_expression(wanted):
    assert set(wanted) == set(EXPRESSIONS.strip().splitlines())


def test_a_loss_and_layers_of_a_script():
    """Focal loss, and a net that resizes to the size of another tensor."""

    def focal_loss(y_true, y_pred):
        right = tf.where(tf.equal(y_true, 1), y_pred, tf.ones_like(y_pred))
        wrong = tf.where(tf.equal(y_true, 0), y_pred, tf.zeros_like(y_pred))
        first = tf.reduce_sum((1 - right) ** 2 * tf.log(right + 1e-7))
        return -first - tf.reduce_sum(wrong**2 * tf.math.log(1 - wrong + 1e-7))

    x = Input((None, None, 3))
    small = Lambda(lambda t: tf.nn.max_pool(t, [1, 2, 2, 1], [1, 2, 2, 1], "SAME"))(x)
    y = Lambda(lambda t: tf.image.resize_bilinear(t[0], tf.shape(t[1])[1:3]))([small, x])
    y = Lambda(lambda t: tf.concat([t[0], t[1]], axis=-1))([x, y])
    y = Dense(1, activation="sigmoid")(Lambda(lambda t: tf.reduce_mean(t, [1, 2]))(y))
    model = Model(x, y)
    model.compile("adam", focal_loss)
    images = np.random.RandomState(0).rand(8, 6, 5, 3)
    losses = model.fit(images, images[:, 0, 0, :1] > 0.5, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_what_is_not_there_says_so():
    x = K.placeholder((None, 4))
    with pytest.raises(ValueError, match="a multiple of 3; got shape"):
        tf.split(x, 3, axis=1)
    with pytest.raises(ValueError, match="an axis of known extent"):
        tf.sort(x, axis=0)
    with pytest.raises(ValueError, match="known extent of axis 0"):
        tf.unstack(x)
    with pytest.raises(ValueError, match="'bilinear' or 'nearest'"):
        tf.image.resize_images(K.placeholder((1, 2, 2, 1)), (4, 4), method="bicubic")
    with pytest.raises(ValueError, match="ord 'euclidean'"):
        tf.norm(x, ord="fro")
    with pytest.raises(AttributeError, match="of `tensorflow.nn` only .*conv2d.* are there"):
        _ = tf.nn.ctc_loss
