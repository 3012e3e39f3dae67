"""Variables, placeholders and constants."""

import numpy as np
import pytest
from keras_native import backend as K


def test_variable():
    v = K.variable([[1, 2], [3, 4]], name="v")
    assert (v.name, v.dtype, K.int_shape(v)) == ("v:0", "float32", (2, 2))
    assert K.is_variable(v)
    assert K.is_tensor(v)
    assert not K.is_placeholder(v)
    K.set_value(v, np.zeros((2, 2)))
    assert K.get_value(v).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ValueError, match="shape"):
        K.set_value(v, np.zeros(3))
    assert K.variable(K.ones((2,)) * 3).eval().tolist() == [3, 3]
    a, b = K.zeros(2), K.ones(3, dtype="int32")
    K.batch_set_value([(a, [1, 2]), (b, [1, 2, 3])])
    assert [x.tolist() for x in K.batch_get_value([a, b])] == [[1, 2], [1, 2, 3]]
    with pytest.raises(ValueError, match="numbers"):
        K.variable("text")


def test_value_is_a_copy():
    a = np.ones(3, "float32")
    v = K.variable(a)
    a[0] = 7
    got = K.get_value(v)
    got[1] = 9
    assert K.get_value(v).tolist() == [1, 1, 1]
    c = K.constant(a)
    K.eval(c)[2] = 5
    assert K.eval(c).tolist() == [7, 1, 1]


def test_placeholder():
    x = K.placeholder((None, 3), name="x")
    assert K.is_placeholder(x)
    assert K.int_shape(K.placeholder(ndim=2)) == (None, None)
    with pytest.raises(ValueError, match="`shape` or `ndim`"):
        K.placeholder()
    with pytest.raises(ValueError, match="non-negative"):
        K.placeholder((2, -1))


def test_constant():
    assert K.eval(K.constant(2, shape=(2, 2))).tolist() == [[2, 2], [2, 2]]
    assert K.constant([1, 2], dtype="int32").dtype == "int32"
    assert K.eval(K.constant([1, 2, 3, 4], shape=(2, 2))).tolist() == [[1, 2], [3, 4]]


def test_names():
    with K.name_scope("block"):
        a, b = K.variable(1, name="w"), K.variable(1, name="w")
        with K.name_scope("inner"):
            c = K.placeholder((1,), name="x")
    assert [t.name for t in (a, b, c)] == ["block/w:0", "block/w_1:0", "block/inner/x:0"]
    assert K.get_uid("dense") == 1
    assert K.get_uid("dense") == 2
    K.reset_uids()
    assert K.get_uid("dense") == 1


def test_is_keras_tensor():
    x = K.placeholder((2,))
    assert not K.is_keras_tensor(x)
    x._keras_history = ()
    assert K.is_keras_tensor(x)
    with pytest.raises(ValueError, match="symbolic tensor"):
        K.is_keras_tensor(np.zeros(2))


def test_tensors_are_freed():
    import gc
    import weakref

    gc.disable()
    try:
        v = K.variable(1.0)
        made, tensor = K.update_add(v, 1.0), K.random_normal((2,))
        K.eval(made)
        K.eval(tensor)
        watched = [weakref.ref(t) for t in (v, made, tensor)]
        del v, made, tensor
        assert [w() for w in watched] == [None] * 3
    finally:
        gc.enable()
