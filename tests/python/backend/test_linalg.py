"""dot and batch_dot in all ranks, against NumPy."""

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(11)
SIZES = {"b": 2, "i": 3, "j": 4, "k": 2, "l": 3, "d": 5}


def array(letters):
    return rng.normal(size=[SIZES[c] for c in letters])


DOTS = [
    ("id", "dj"),
    ("bid", "dj"),
    ("bikd", "dj"),
    ("id", "kdj"),
    ("bid", "kdj"),
    ("bid", "d"),
    ("d", "dj"),
    ("d", "d"),
    ("id", "d"),
]


@pytest.mark.parametrize(("left", "right"), DOTS)
@pytest.mark.parametrize("unknown", [False, True])
def test_dot(float64, left, right, unknown):
    check(K.dot, np.dot, array(left), array(right), unknown=unknown)


def test_dot_shapes():
    x = K.placeholder((None, None, 5))
    assert K.int_shape(K.dot(x, K.zeros((5, 7)))) == (None, None, 7)
    with pytest.raises(ValueError, match=r"\[dot\]|\[matmul\]"):
        K.dot(x, K.zeros((4, 7)))
    with pytest.raises(TypeError, match="float"):
        K.dot(K.placeholder((2, 2), dtype="int32"), K.placeholder((2, 2), dtype="int32"))


def test_matmul_operator(float64):
    check(lambda a, b: a @ b, lambda a, b: a @ b, array("id"), array("dj"))
    check(lambda a, b: a @ b, lambda a, b: a @ b, array("bid"), array("bdj"))


BATCH_DOTS = [
    # left, right, axes, sum written for einsum
    ("bd", "bd", None, "bd,bd->b"),
    ("bd", "bd", 1, "bd,bd->b"),
    ("bd", "bdj", None, "bd,bdj->bj"),
    ("bd", "bdj", (1, 1), "bd,bdj->bj"),
    ("bid", "bd", None, "bid,bd->bi"),
    ("bid", "bd", (2, 1), "bid,bd->bi"),
    ("bdi", "bd", (1, 1), "bdi,bd->bi"),
    ("bid", "bdj", None, "bid,bdj->bij"),
    ("bid", "bdj", (2, 1), "bid,bdj->bij"),
    ("bid", "bjd", 2, "bid,bjd->bij"),
    ("bdi", "bdj", 1, "bdi,bdj->bij"),
    ("bdi", "bjd", (1, 2), "bdi,bjd->bij"),
    ("bid", "bjd", (-1, -1), "bid,bjd->bij"),
    ("bikd", "bdj", None, "bikd,bdj->bikj"),
    ("bidk", "bdj", (2, 1), "bidk,bdj->bikj"),
    ("bdik", "bd", (1, 1), "bdik,bd->bik"),
    ("bid", "bkdj", None, "bid,bkdj->bikj"),
    ("bd", "bkdj", (1, 2), "bd,bkdj->bkj"),
    ("bikd", "bldj", None, "bikd,bldj->biklj"),
    ("bikd", "bljd", (3, 3), "bikd,bljd->biklj"),
]


@pytest.mark.parametrize(("left", "right", "axes", "terms"), BATCH_DOTS)
@pytest.mark.parametrize("unknown", [False, True])
def test_batch_dot(float64, left, right, axes, terms, unknown):
    def reference(x, y):
        result = np.einsum(terms, x, y)
        return result[:, None] if result.ndim == 1 else result

    check(
        lambda x, y: K.batch_dot(x, y, axes), reference, array(left), array(right), unknown=unknown
    )


def test_batch_dot_errors():
    x, y = K.placeholder((2, 3, 4)), K.placeholder((2, 5, 6))
    with pytest.raises(ValueError, match="sizes at axes 2 and 1"):
        K.batch_dot(x, y)
    with pytest.raises(ValueError, match="axis 0"):
        K.batch_dot(x, y, axes=0)
    with pytest.raises(ValueError, match="batch sizes"):
        K.batch_dot(x, K.placeholder((3, 4, 6)))
    with pytest.raises(ValueError, match="rank < 2"):
        K.batch_dot(K.placeholder((2,)), y)
    with pytest.raises(ValueError, match="Multiple target"):
        K.batch_dot(x, y, axes=((1, 2), (1, 2)))
