"""Reshaping, joining, indexing and looking up, against NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(7)
X = rng.normal(size=(2, 3, 4))
Y = rng.normal(size=(2, 3, 4))
ALL = slice(None)


@pytest.mark.parametrize("unknown", [False, True])
@pytest.mark.parametrize("shape", [(6, 4), (-1,), (2, -1), (4, 3, 2), (2, 1, 12)])
def test_reshape(float64, shape, unknown):
    check(lambda x: K.reshape(x, shape), lambda x: x.reshape(shape), X, unknown=unknown)


def test_reshape_by_tensors(float64):
    check(lambda x: K.reshape(x, (K.shape(x)[0], -1)), lambda x: x.reshape(2, 12), X, unknown=True)
    check(
        lambda x: K.reshape(x, (K.shape(x)[0] * 3, 4)), lambda x: x.reshape(6, 4), X, unknown=True
    )
    check(
        lambda x: K.reshape(x, K.concatenate([K.shape(x)[:1], [12]])),
        lambda x: x.reshape(2, 12),
        X,
        unknown=True,
    )
    x = K.placeholder((None, 3, 4))
    assert K.int_shape(K.reshape(x, (K.shape(x)[0], 12))) == (None, 12)
    with pytest.raises(ValueError, match="reshape"):
        K.reshape(K.placeholder((2, 3)), (4, 2))


def test_shapes():
    x = K.placeholder((None, 3, 4))
    assert K.int_shape(x) == (None, 3, 4)
    assert K.ndim(x) == 3
    assert x.get_shape().as_list() == [None, 3, 4]
    shape, size = K.function([x], [K.shape(x), K.size(x)])([np.zeros((5, 3, 4))])
    assert shape.tolist() == [5, 3, 4]
    assert shape.dtype == "int32"
    assert size == 60
    assert K.count_params(K.zeros((3, 4))) == 12


@pytest.mark.parametrize("axis", [0, 1, -1, 3])
def test_expand_and_squeeze(float64, axis):
    check(lambda x: K.expand_dims(x, axis), lambda x: np.expand_dims(x, axis), X)
    check(lambda x: K.squeeze(K.expand_dims(x, axis), axis), lambda x: x, X)


def test_flatten(float64):
    check(K.flatten, np.ravel, X)
    check(K.batch_flatten, lambda x: x.reshape(2, 12), X)
    check(K.batch_flatten, lambda x: x.reshape(2, 12), X, unknown=True)


@pytest.mark.parametrize("pattern", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
def test_transpose(float64, pattern):
    check(lambda x: K.permute_dimensions(x, pattern), lambda x: x.transpose(pattern), X)


def test_transpose_all(float64):
    check(K.transpose, np.transpose, X)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("unknown", [False, True])
def test_join(float64, axis, unknown):
    check(
        lambda a, b: K.concatenate([a, b, a], axis),
        lambda a, b: np.concatenate([a, b, a], axis),
        X,
        Y,
        unknown=unknown,
    )
    check(
        lambda a, b: K.stack([a, b], axis),
        lambda a, b: np.stack([a, b], axis),
        X,
        Y,
        unknown=unknown,
    )


def test_repeat(float64):
    check(lambda x: K.repeat_elements(x, 3, 1), lambda x: np.repeat(x, 3, 1), X)
    check(lambda x: K.repeat(x, 3), lambda x: np.repeat(x[:, None], 3, 1), X[0])
    check(
        lambda x: K.repeat(x, K.shape(x)[0]),
        lambda x: np.repeat(x[:, None], 3, 1),
        X[0],
        unknown=True,
    )
    check(lambda x: K.tile(x, (2, 1, 3)), lambda x: np.tile(x, (2, 1, 3)), X)
    check(lambda x: K.tile(x, 2), lambda x: np.tile(x, 2), X)
    check(
        lambda x: K.tile(x, (K.shape(x)[0], 1, 1)), lambda x: np.tile(x, (2, 1, 1)), X, unknown=True
    )
    with pytest.raises(ValueError, match="2 dimensions"):
        K.repeat(K.placeholder((2, 3, 4)), 2)


@pytest.mark.parametrize("axes", [0, (1, 2), -1])
def test_reverse(float64, axes):
    check(lambda x: K.reverse(x, axes), lambda x: np.flip(x, axes), X)


KEYS = [
    0,
    -1,
    (1, 2, 3),
    ALL,
    (ALL, 1),
    (ALL, -2, ALL),
    (ALL, slice(1, 3)),
    (ALL, slice(None, -1), slice(1, None)),
    (ALL, ALL, slice(None, None, 2)),
    (ALL, ALL, slice(None, None, -1)),
    (ALL, slice(2, 0, -1)),
    (Ellipsis, 0),
    (0, Ellipsis),
    (Ellipsis, slice(-2, None)),
    (None, ALL, 1),
    (ALL, None, 1, None),
    (Ellipsis, None),
    (0, None, slice(0, 100)),
    (slice(1, 1),),
    (ALL, np.array([2, 0, 2])),
    (ALL, [1, 0]),
    (np.int64(1), slice(0, 2)),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("unknown", [False, True])
def test_getitem(float64, key, unknown):
    check(lambda x: x[key], lambda x: x[key], X, unknown=unknown)


def test_getitem_with_tensors(float64):
    n = np.array(2, "int32")
    check(lambda x, i: x[:, i], lambda x, i: x[:, i], X, n)
    check(lambda x: x[:, 1 : K.shape(x)[1], -1], lambda x: x[:, 1:, -1], X, unknown=True)
    check(lambda x: x[:, -K.shape(x)[0] :], lambda x: x[:, -2:], X, unknown=True)
    check(lambda x, i: x[i], lambda x, i: x[i], X, np.array([1, 0, 1], "int32"))
    check(lambda x: x[:, : K.shape(x)[1] - 1], lambda x: x[:, :-1], X)


def test_getitem_errors():
    x = K.placeholder((2, 3))
    with pytest.raises(IndexError, match="outside axis 1"):
        x[0, 3]
    with pytest.raises(IndexError, match="Too many indices"):
        x[0, 0, 0]
    with pytest.raises(IndexError, match="one Ellipsis"):
        x[..., 0, ...]
    with pytest.raises(TypeError, match="indexed by"):
        x["a"]
    with pytest.raises(TypeError, match="must hold integers"):
        x[K.placeholder((2,))]
    with pytest.raises(ValueError, match="step"):
        x[::0]


def test_slice(float64):
    check(lambda x: K.slice(x, (0, 1, 0), (2, 2, 3)), lambda x: x[:, 1:3, :3], X)
    check(lambda x: K.slice(x, (0, 1, 2), (-1, -1, -1)), lambda x: x[:, 1:, 2:], X)
    check(
        lambda x, n: K.slice(x, [0, n, 0], [-1, 2, -1]),
        lambda x, n: x[:, n : n + 2],
        X,
        np.array(1, "int32"),
    )
    check(
        lambda x: K.slice(x, [0, 0, 0], [K.shape(x)[0], 1, -1]), lambda x: x[:, :1], X, unknown=True
    )


def test_gather(float64):
    indices = np.array([[1, 0], [1, 1]], "int32")
    check(K.gather, lambda x, i: x[i], X, indices)
    check(K.gather, lambda x, i: x[i], X, indices, unknown=True)
    check(
        lambda x, i: K.gather(x, i),
        lambda x, i: x[i.astype(int)],
        X[0],
        np.array([0.0, 2.0]),
        grad=False,
    )


def test_one_hot():
    check(lambda i: K.one_hot(i, 4), lambda i: np.eye(4)[i], np.array([[1, 3], [0, 2]], "int32"))
    outside = K.eval(K.one_hot(K.constant([5, -1, 1], "int32"), 3))
    assert outside.tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_arange():
    for args in ((5,), (2, 7), (2, 9, 3), (5, 0, -2)):
        assert K.eval(K.arange(*args)).tolist() == list(range(*args))
    assert K.arange(3).dtype == "int32"
    assert K.eval(K.arange(0, 1, 0.25, "float32")).tolist() == [0, 0.25, 0.5, 0.75]
    x = K.placeholder((None, 2))
    n = K.function([x], [K.arange(K.shape(x)[0])])([np.zeros((4, 2))])[0]
    assert n.tolist() == [0, 1, 2, 3]
    n = K.function([x], [K.arange(1, K.shape(x)[0], 2)])([np.zeros((6, 2))])[0]
    assert n.tolist() == [1, 3, 5]
    for last, step in ((-1, -1), (0, -2), (2, -3)):
        n = K.function([x], [K.arange(K.shape(x)[0] - 1, last, step)])([np.zeros((6, 2))])[0]
        assert n.tolist() == list(range(5, last, step))


def test_padding(float64):
    check(lambda x: K.temporal_padding(x, (1, 2)), lambda x: np.pad(x, ((0, 0), (1, 2), (0, 0))), X)
    images = rng.normal(size=(2, 3, 4, 2))
    pads = ((1, 2), (0, 3))
    check(
        lambda x: K.spatial_2d_padding(x, pads),
        lambda x: np.pad(x, ((0, 0), *pads, (0, 0))),
        images,
    )
    check(
        lambda x: K.spatial_2d_padding(x, pads, "channels_first"),
        lambda x: np.pad(x, ((0, 0), (0, 0), *pads)),
        images,
    )
    volumes = rng.normal(size=(1, 2, 3, 2, 2))
    pads = ((1, 0), (0, 1), (2, 0))
    check(
        lambda x: K.spatial_3d_padding(x, pads),
        lambda x: np.pad(x, ((0, 0), *pads, (0, 0))),
        volumes,
    )


def test_resize(float64):
    images = rng.normal(size=(1, 2, 3, 2))
    nearest = lambda x: np.repeat(np.repeat(x, 2, 1), 3, 2)  # noqa: E731
    check(lambda x: K.resize_images(x, 2, 3, "channels_last"), nearest, images)
    volumes = rng.normal(size=(1, 1, 2, 1, 2))
    check(
        lambda x: K.resize_volumes(x, 1, 2, 3, "channels_first"),
        lambda x: np.repeat(np.repeat(x, 2, 3), 3, 4),
        volumes,
    )
    with pytest.raises(ValueError, match="interpolation"):
        K.resize_images(K.placeholder((1, 2, 3, 2)), 2, 3, "channels_last", "cubic")


def test_resize_bilinear(float64):
    def reference(x, factor=2):
        h, w = x.shape[1:3]
        out = np.zeros((x.shape[0], h * factor, w * factor, x.shape[3]))
        for i in range(h * factor):
            for j in range(w * factor):
                a, b = i / factor, j / factor
                i0, j0 = int(a), int(b)
                i1, j1 = min(i0 + 1, h - 1), min(j0 + 1, w - 1)
                top = x[:, i0, j0] * (1 - b + j0) + x[:, i0, j1] * (b - j0)
                bottom = x[:, i1, j0] * (1 - b + j0) + x[:, i1, j1] * (b - j0)
                out[:, i, j] = top * (1 - a + i0) + bottom * (a - i0)
        return out

    images = rng.normal(size=(1, 2, 3, 2))
    f = lambda x: K.resize_images(x, 2, 2, "channels_last", "bilinear")  # noqa: E731
    check(f, reference, images)


def test_filled_like():
    check(K.zeros_like, np.zeros_like, X, unknown=True)
    check(K.ones_like, np.ones_like, X, unknown=True)
    assert K.ones_like(K.placeholder((2,)), dtype="int32").dtype == "int32"
    x = K.placeholder((None, 2))
    y = K.zeros((K.shape(x)[0], 3))
    assert K.function([x], [y])([np.zeros((4, 2))])[0].shape == (4, 3)
    assert K.eval(K.eye(3)).tolist() == np.eye(3).tolist()
