"""Results whose extents depend on values, loops, crops and sums by TensorFlow's names.

What they should be was computed by TensorFlow 1.15 and is the fixture.
"""

import pathlib
import types

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Conv2D, Dense, Input, Lambda
from keras_native.legacy import tensorflow, tensorflow_tables
from keras_native.models import Model

FIXTURE = pathlib.Path(__file__).parents[2] / "fixtures" / "tensorflow_dynamic.npz"
PARTS = {name: getattr(tensorflow, name) for name in ("nn", "image", "losses", "sets", "train")}
tf = types.SimpleNamespace(**tensorflow_tables.OPERATIONS, **PARTS)
EXPRESSIONS = """
tf.where(a>0)
tf.where(i>0)[:, 0]
tf.boolean_mask(a, a>0)
tf.boolean_mask(a, [True, False])
tf.boolean_mask(a, a[0, :, 0]>0, axis=1)
tf.boolean_mask(m, m[:, 0]>9)
tf.unique(i2)[0]
tf.unique(i2)[1]
tf.nn.top_k(m, k=tf.shape(i)[0])[0]
tf.nn.top_k(a[0, 0], k=tf.reduce_max(i))[1]
tf.image.non_max_suppression(boxes, scores, 5, 0.3)
tf.image.non_max_suppression(boxes, scores, tf.shape(scores)[0], iou_threshold=0.7)
tf.image.crop_and_resize(im, crops, [0, 1, 0], [4, 5])
tf.image.crop_and_resize(im, crops, box_ind=[1, 1, 0], crop_size=(3, 1), extrapolation_value=2.)
tf.image.crop_and_resize(im, crops, [0, 1, 0], [4, 5], method='nearest')
tf.image.resize_bilinear(im, [9, 11], align_corners=True)
tf.image.resize_nearest_neighbor(im, [9, 4], align_corners=True)
tf.image.resize_bilinear(im, [9, 4], half_pixel_centers=True)
tf.image.resize_nearest_neighbor(im, [9, 4], half_pixel_centers=True)
tf.image.flip_left_right(im)
tf.image.flip_up_down(im[0])
tf.image.rgb_to_grayscale(im)
tf.image.per_image_standardization(im[0])
tf.image.total_variation(im)
tf.image.psnr(im[:1], im[1:], max_val=1.)
tf.sparse_tensor_to_dense(tf.sets.set_intersection(i2[None], i[None]))
tf.pad(m, [[0, tf.shape(i)[0]], [1, 0]])
tf.pad(i, [(0, tf.reduce_max(i))], constant_values=-1)
tf.while_loop(lambda n, s: n < 5, lambda n, s: (n+1, s*2.), [0, m])[1]
tf.while_loop(lambda n, s: n < tf.shape(m)[0], lambda n, s: (n+1, s+m[n]), [0, m[0]])[1]
tf.while_loop(lambda n, s: tf.reduce_sum(s) < 99., lambda n, s: (n+1, s*2.), [0, tf.abs(m)])[0]
tf.while_loop(lambda n, *_: n < 3, lambda n, t: (n+1, t.write(n, m[n])), [0, rows])[1].stack()
tf.scan(lambda x, y: x*.5+y, a)
tf.scan(lambda x, y: x+y, m, initializer=tf.zeros([4]))
tf.scan(lambda x, y: x+y, m, reverse=True)
tf.map_fn(lambda t: tf.reduce_sum(tf.boolean_mask(t, t>0)), a)
tf.map_fn(lambda t: (t[0]+t[1], t[0]), (a, b), dtype=(tf.float32, tf.float32))[0]
tf.cond(tf.shape(m)[1] > 9, lambda: tf.argmax(m, axis=1), lambda: tf.to_int64(tf.constant([])))
tf.py_func(lambda x: x[x > 0], [m], tf.float32)
tf.einsum('ijk,kl->ijl', a, mt)
tf.einsum('bij,bkj->bik', a, b)
tf.einsum('bij->bj', a)
tf.einsum('bnd,bmd->bnm', a, b)
tf.tensordot(a, mt, axes=1)
tf.tensordot(a, b, axes=[[0, 2], [0, 2]])
tf.reverse_sequence(a, [2, 3], seq_axis=1, batch_axis=0)
tf.reverse_sequence(a, [1, 3], seq_dim=1, batch_dim=0)
tf.sequence_mask(i, 4)
tf.sequence_mask(i, dtype=tf.float32)
tf.matrix_band_part(tf.ones([3, 4]), -1, 0)
tf.matrix_band_part(a, 1, 1)
tf.diag(m[0])
tf.diag_part(tf.matmul(m, m, transpose_b=True))
tf.eye(3)
tf.clip_by_norm(m, 1.5)
tf.clip_by_norm(m, 1.5, axes=[1])
tf.clip_by_global_norm([a, b], 2.)[0][1]
tf.global_norm([a, b])
tf.scatter_nd([[0], [2], [0]], m, [4, 4])
tf.scatter_nd([[0, 1], [2, 3]], [5., 6.], tf.constant([3, 4]))
tf.unsorted_segment_sum(m, i, 3)
tf.depth_to_space(deep, 2)
tf.space_to_depth(deep, 2)
tf.batch_gather(m, [[1, 0], [2, 2], [3, 1]])
tf.meshgrid(tf.range(3), tf.range(2))[0]
tf.meshgrid(tf.range(3), tf.range(2), indexing='ij')[1]
tf.linspace(0., 1., 5)
tf.broadcast_to(m[0], [2, 4])
tf.fill([2, 2], m[0, 0])
tf.count_nonzero(i2 - 1)
tf.nn.embedding_lookup(m, i)
tf.nn.conv2d_transpose(im, ker, [2, 10, 12, 4], [1, 2, 2, 1], 'SAME')
tf.nn.depthwise_conv2d(im, ker[:, :, :3, :2], [1, 1, 1, 1], 'VALID')
tf.nn.batch_normalization(m, m[0], tf.abs(m[1]), None, m[2], 1e-3)
tf.nn.weighted_cross_entropy_with_logits(tf.sigmoid(m), m*2, 3.)
tf.losses.mean_squared_error(m, m*2)
tf.losses.mean_squared_error(m, m*2, weights=tf.maximum(m, 0.))
tf.losses.absolute_difference(m, m*2)
tf.losses.huber_loss(m, m*3, delta=.7)
tf.losses.sigmoid_cross_entropy(tf.to_float(m > 0), m)
tf.losses.softmax_cross_entropy(tf.one_hot(i, 4), m)
tf.train.exponential_decay(.1, 7, 2, .5, staircase=True)
"""


def inputs():
    """Arrays by the names that the expressions have for them."""
    rng = np.random.RandomState(0)
    a, b, m = (rng.randn(*shape).astype("f") for shape in ((2, 3, 4), (2, 3, 4), (3, 4)))
    boxes = rng.rand(20, 4).astype("f")
    boxes[:, 2:] = boxes[:, :2] + 0.05 + boxes[:, 2:]
    return {
        "a": a, "b": b, "m": m, "mt": m.T.copy(), "boxes": boxes,
        "scores": rng.rand(20).astype("f"), "crops": boxes[:3] * 0.8,
        "im": rng.rand(2, 5, 6, 3).astype("f"), "deep": rng.rand(1, 2, 4, 8).astype("f"),
        "ker": rng.rand(3, 3, 4, 3).astype("f"),
        "i": np.array([1, 0, 2], "int32"), "i2": np.array([3, 1, 3, 2, 1], "int32"),
    }  # fmt: skip


@pytest.fixture(scope="module")
def wanted():
    with np.load(FIXTURE) as found:
        return dict(found)


@pytest.mark.parametrize("expression", EXPRESSIONS.strip().splitlines())
def test_as_in_tensorflow(wanted, expression):
    arrays = inputs()
    names = {k: K.placeholder(shape=x.shape, dtype=str(x.dtype)) for k, x in arrays.items()}
    names["rows"] = tf.TensorArray(tf.float32, size=3)
    fed = [names[k] for k in arrays]
    run = K.function(fed, [eval(expression, {"tf": tf, "np": np, **names})])
    found, expected = run(list(arrays.values()))[0], wanted[expression]
    assert (np.shape(found), np.asarray(found).dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_every_result_has_its_expression(wanted):
    assert set(wanted) == set(EXPRESSIONS.strip().splitlines())


def positive(x):
    return tf.boolean_mask(x, x[:, 0] > 0)


def test_gradients_reach_what_was_chosen():
    x, w = K.placeholder((None, 2)), K.variable(np.ones((1, 2)))
    loss = K.sum(K.square(positive(x * w)))
    data = np.array([[1.0, 2.0], [-3.0, 4.0], [0.5, -1.0]])
    found, grad = K.function([x], [loss, K.gradients(loss, w)[0]])([data])
    kept = data[[0, 2]]
    assert found == pytest.approx((kept**2).sum())
    np.testing.assert_allclose(grad[0], 2 * (kept**2).sum(axis=0))


def test_an_empty_choice_counts_as_nothing():
    """As detectors have it: no mean where no box was found."""
    x, w = K.placeholder((None, 2)), K.variable(np.ones((1, 2)))
    kept = positive(x * w)
    loss = K.mean(K.switch(tf.size(kept) > 0, kept * 2.0, tf.constant(0.0)))
    run = K.function([x], [loss, K.gradients(loss, w)[0]])
    assert [v.tolist() for v in run([-np.ones((3, 2))])] == [0.0, [[0.0, 0.0]]]
    assert [v.tolist() for v in run([np.ones((3, 2))])] == [2.0, [[1.0, 1.0]]]


def test_extents_that_are_values():
    x = K.placeholder((None, 4), dtype="int32")
    count = K.sum(K.cast(K.greater(x, 0), "int32"))
    outs = [x[0, :count], K.tile(x[:, :1], [1, count]), K.arange(count), K.reshape(x, [-1, count])]
    run = K.function([x], outs)
    found = run([[[1, 2, 0, -1], [0, 0, 0, 0]]])
    assert [v.tolist() for v in found[:3]] == [[1, 2], [[1, 1], [0, 0]], [0, 1]]
    assert found[3].shape == (4, 2) and run([[[1, 1, 1, 1]]])[0].tolist() == [1, 1, 1, 1]


def test_a_model_is_trained_through_a_choice(tmp_path):
    """A loss over the boxes that there are, in arrays of fixed length, as of YOLO."""
    x, boxes = Input((8, 8, 1)), Input((3, 4))
    features = Dense(4)(Lambda(lambda t: K.mean(t, axis=[1, 2]))(Conv2D(6, 3)(x)))

    def loss_of(tensors):
        found, true = tensors

        def of_sample(t):
            there = tf.boolean_mask(t[1], t[1][:, 3] > 0)
            return tf.cond(
                tf.size(there) > 0,
                lambda: tf.reduce_sum(tf.square(there - t[0])),
                lambda: tf.constant(0.0),
            )

        losses = [of_sample((found[k], true[k])) for k in range(4)]
        return tf.reshape(tf.stack(losses), [4, 1])

    model = Model([x, boxes], Lambda(loss_of, output_shape=(1,))([features, boxes]))
    model.compile("adam", loss=lambda y_true, y_pred: y_pred)
    rng = np.random.RandomState(0)
    data = [rng.rand(8, 8, 8, 1), rng.rand(8, 3, 4) * (rng.rand(8, 3, 1) > 0.5)]
    history = model.fit(data, np.zeros((8, 1)), batch_size=4, epochs=12, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert model.predict(data, batch_size=4).shape == (8, 1)
    assert np.isfinite(model.evaluate(data, np.zeros((8, 1)), batch_size=4, verbose=0))
    model.save_weights(tmp_path / "w.h5")
    model.load_weights(tmp_path / "w.h5")


def test_random_order():
    x = K.placeholder((None,))
    run = K.function([x], [tf.random_shuffle(x)])
    orders = [run([np.arange(20.0)])[0] for _ in range(3)]
    assert all(sorted(order) == list(range(20)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_a_loop_without_end_in_sight_has_no_gradients():
    w = K.variable(np.ones(3))
    total = tf.while_loop(
        lambda n, s: tf.reduce_sum(s) < 40.0, lambda n, s: (n + 1, s * 2), [0, w * 1]
    )[1]
    assert K.eval(total).tolist() == [16, 16, 16]
    with pytest.raises(ValueError, match="while_loop.* are not available"):
        K.gradients(K.sum(total), w)
    assert K.gradients(K.sum(w) + K.sum(K.stop_gradient(total)), w)[0] is not None
    counted = tf.while_loop(lambda n, s: n < 3, lambda n, s: (n + 1, s * 2), [0, w * 1])[1]
    assert K.eval(K.gradients(K.sum(counted), w)[0]).tolist() == [8, 8, 8]


def test_what_cannot_be_says_so():
    with pytest.raises(ValueError, match="both x and y"):
        tf.where(K.placeholder((3,)) > 0, K.placeholder((3,)))
    with pytest.raises(ValueError, match="'ii->i'"):
        tf.einsum("ii->i", K.placeholder((3, 3)))
    with pytest.raises(ValueError, match="one write to each TensorArray"):
        tf.while_loop(lambda n, t: n < 3, lambda n, t: (n + 1, t), [0, tf.TensorArray("float32")])
    with pytest.raises(ValueError, match="and it failed"):
        tf.py_func(
            lambda x: (_ for _ in ()).throw(KeyError("no")), [K.placeholder((2,))], "float32"
        )
