"""Variables, placeholders, functions, phases, branches and names."""

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
    with pytest.raises(ValueError, match="Sparse"):
        K.placeholder((2,), sparse=True)


def test_constant():
    assert K.eval(K.constant(2, shape=(2, 2))).tolist() == [[2, 2], [2, 2]]
    assert K.constant([1, 2], dtype="int32").dtype == "int32"
    assert K.eval(K.constant([1, 2, 3, 4], shape=(2, 2))).tolist() == [[1, 2], [3, 4]]


def test_function_updates_after_reads():
    v = K.variable(1.0)
    x = K.placeholder(())
    f = K.function([x], [v * 2], updates=[K.update(v, v + x)])
    assert f([3.0])[0] == 2
    assert K.get_value(v) == 4
    assert f([1.0])[0] == 8
    f = K.function([], [v], updates=[(v, v * 10)])
    assert f([])[0] == 5
    assert K.get_value(v) == 50
    a, b = K.variable([1.0, 2.0]), K.variable([3.0, 4.0])
    K.function([], [], updates=[K.update(a, b), K.update(b, a)])([])
    assert [t.tolist() for t in K.batch_get_value([a, b])] == [[3, 4], [1, 2]]


def test_update_forms():
    v = K.variable(5.0)
    assert K.eval(K.update_add(v, 2)) == 7
    assert K.get_value(v) == 7
    K.eval(K.update_sub(v, 3))
    assert K.get_value(v) == 4
    K.eval(K.moving_average_update(v, 0.0, 0.75))
    assert K.get_value(v) == 3
    with pytest.raises(TypeError, match="variable to update"):
        K.update(K.constant(1.0), 2.0)
    with pytest.raises(ValueError, match="Cannot update"):
        K.update(v, K.ones((2,)))


def test_function_arguments():
    x, y = K.placeholder((None, 2)), K.placeholder((None, 2), name="second")
    f = K.function([x, y], [x + y], name="adds")
    assert f([[[1, 2]], np.float64([[3, 4]])])[0].tolist() == [[4, 6]]
    with pytest.raises(ValueError, match="expects 2 input arrays"):
        f([np.zeros((1, 2))])
    with pytest.raises(ValueError, match="expected"):
        f([np.zeros((1, 2)), np.zeros((1, 3))])
    with pytest.raises((TypeError, ValueError), match="second"):
        f([np.zeros((1, 2)), [["a", "b"]]])
    with pytest.raises(TypeError, match="`inputs`"):
        K.function(x, [x])
    with pytest.raises(ValueError, match="Invalid argument"):
        K.function([x], [x], option=1)
    with pytest.raises(ValueError, match="second"):
        K.function([x], [y])
    with pytest.raises(TypeError, match="K.update"):
        K.function([x], [x], updates=[x])


def test_function_feeds_tensors_inside_the_graph():
    x = K.placeholder((None, 2))
    h = x * 2
    y = h + 1
    f = K.function([h], [y, K.gradients(K.sum(K.square(y)), h)[0]])
    value, grad = f([[[1.0, 2.0]]])
    assert value.tolist() == [[2, 3]]
    assert grad.tolist() == [[4, 6]]


def test_function_feeds_variables():
    v = K.variable([1.0, 2.0])
    f = K.function([v], [v * 3])
    assert f([[5.0, 6.0]])[0].tolist() == [15, 18]
    assert K.get_value(v).tolist() == [1, 2]


def test_learning_phase():
    x = K.placeholder((None,))
    y = K.in_train_phase(x * 2, lambda: x * 3)
    assert y._uses_learning_phase
    f = K.function([x, K.learning_phase()], [y])
    assert f([[1.0], 1])[0] == 2
    assert f([[1.0], 0])[0] == 3
    assert f([[1.0], True])[0] == 2
    f = K.function([K.learning_phase(), x], [K.in_test_phase(x, x * 5)])
    assert f([1, [1.0]])[0] == 5
    assert K.function([x], [y])([[1.0]])[0] == 3
    assert K.in_train_phase(x, y, training=1) is x
    assert K.in_train_phase(x, y, training=0) is y
    with pytest.raises(ValueError, match="0 or 1"):
        K.set_learning_phase(2)
    K.set_learning_phase(1)
    assert K.learning_phase() == 1
    assert K.in_train_phase(x, y) is x
    assert K.function([x, K.learning_phase()], [x])([[1.0], 0])[0] == 1


def test_gradient_through_the_phase():
    x = K.placeholder((2,))
    g = K.gradients(K.sum(K.in_train_phase(x * 2, x * 3)), x)[0]
    f = K.function([x, K.learning_phase()], [g])
    assert f([[0.0, 0.0], 1])[0].tolist() == [2, 2]
    assert f([[0.0, 0.0], 0])[0].tolist() == [3, 3]


def test_switch():
    x = K.placeholder((3, 2))
    a = np.arange(6.0).reshape(3, 2)
    f = K.function(
        [x],
        [
            K.switch(K.greater(K.sum(x), 3), x, -x),
            K.switch(K.constant([True, False, True], "bool"), x, lambda: -x),
            K.switch(K.greater(x, 2), x, K.zeros_like(x)),
        ],
    )
    whole, rows, elements = f([a])
    assert whole.tolist() == a.tolist()
    assert rows.tolist() == [[0, 1], [-2, -3], [4, 5]]
    assert elements.tolist() == [[0, 0], [0, 3], [4, 5]]
    assert K.eval(K.switch(True, K.constant(1.0), K.constant(2.0))) == 1
    with pytest.raises(ValueError, match="Rank of `condition`"):
        K.switch(K.placeholder((2, 2), dtype="bool"), K.placeholder((2,)), K.placeholder((2,)))


def test_gradients():
    x, y = K.placeholder((2,)), K.placeholder((2,))
    grads = K.gradients(K.sum(x * x), [x, y])
    assert grads[1] is None
    assert K.function([x], [grads[0]])([[1.0, 2.0]])[0].tolist() == [2, 4]
    assert K.function([x], K.gradients(x * 3, x))([[1.0, 2.0]])[0].tolist() == [3, 3]


def test_symbolic_tensors_explain_themselves():
    x = K.placeholder((2, 3), name="x")
    with pytest.raises(TypeError, match="truth value"):
        bool(x)
    with pytest.raises(TypeError, match="iterated"):
        list(x)
    with pytest.raises(TypeError, match="len"):
        len(x)
    with pytest.raises(TypeError, match="K.eval"):
        np.asarray(x)
    assert "shape=(2, 3)" in repr(x)
    assert x in [x]
    assert len({x, x + 1}) == 2
    x._keras_history = "anything"


def test_eval():
    assert K.eval(K.constant([1.0]) + 1).tolist() == [2]
    assert K.eval(np.ones(2)).tolist() == [1, 1]
    with pytest.raises(ValueError, match="placeholder"):
        K.eval(K.placeholder((2,)) + 1)


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


def test_layer_scope_names_the_layer_in_errors():
    x = K.placeholder((2, 3))
    with pytest.raises(ValueError, match="dense_7"), K.layer_scope("dense_7"):
        x + K.placeholder((2, 4))


def test_settings():
    assert (K.floatx(), K.epsilon(), K.image_data_format()) == ("float32", 1e-7, "channels_last")
    K.set_floatx("float64")
    assert K.zeros(2).dtype == "float64"
    K.set_epsilon(1e-3)
    assert K.epsilon() == 1e-3
    K.set_image_dim_ordering("th")
    assert K.image_data_format() == "channels_first"
    assert K.image_dim_ordering() == "th"
    assert K.normalize_data_format(None) == "channels_first"
    for call in (
        lambda: K.set_floatx("float8"),
        lambda: K.set_image_data_format("nhwc"),
        lambda: K.set_image_dim_ordering("xx"),
        lambda: K.normalize_data_format("nhwc"),
    ):
        with pytest.raises(ValueError, match="Received"):
            call()
    assert K.backend() == "keras_native"
    with pytest.raises(RuntimeError, match="K.function"):
        K.get_session()


def test_map_and_fold():
    x = K.placeholder((3, 2))
    a = np.arange(6.0).reshape(3, 2)
    total = K.foldl(lambda acc, row: acc * 2 + row, x)
    back = K.foldr(lambda acc, row: acc * 2 + row, x, initializer=K.zeros_like(x[0]))
    mapped = K.map_fn(lambda row: K.sum(row) * row, x)
    f = K.function([x], [total, back, mapped, K.gradients(K.sum(total), x)[0]])
    got = f([a])
    np.testing.assert_allclose(got[0], a[0] * 4 + a[1] * 2 + a[2])
    np.testing.assert_allclose(got[1], a[2] * 4 + a[1] * 2 + a[0])
    np.testing.assert_allclose(got[2], a.sum(1, keepdims=True) * a)
    np.testing.assert_allclose(got[3], [[4, 4], [2, 2], [1, 1]])


def test_is_keras_tensor():
    x = K.placeholder((2,))
    assert not K.is_keras_tensor(x)
    x._keras_history = ()
    assert K.is_keras_tensor(x)
    with pytest.raises(ValueError, match="symbolic tensor"):
        K.is_keras_tensor(np.zeros(2))


def test_control_dependencies_show_new_values():
    v = K.variable(1.0)
    step = K.update_add(v, 1.0)
    with K.control_dependencies([step]):
        after = v * 10
    f = K.function([], [after, v * 10], updates=[step])
    assert f([]) == [20, 10]


def test_print_tensor(capsys):
    x = K.placeholder((2,))
    y = K.print_tensor(x * 2, message="y = ") + 1
    f = K.function([x], [y])
    assert f([[1.0, 2.0]])[0].tolist() == [3, 5]
    assert capsys.readouterr().out == "y = [2. 4.]\n"
    K.function([x], [x])([[1.0, 2.0]])
    assert capsys.readouterr().out == ""
    assert K.function([x], K.gradients(K.sum(y), x))([[0.0, 0.0]])[0].tolist() == [2, 2]


def test_print_tensor_in_every_step_of_fit(capsys):
    import keras_native as keras

    def loss(y_true, y_pred):
        return K.print_tensor(K.mean(K.square(y_true - y_pred), axis=-1), "loss ")

    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,), kernel_initializer="zeros")])
    model.compile("sgd", loss)
    model.fit(np.zeros((6, 2)), np.ones((6, 1)), batch_size=4, epochs=2, shuffle=False, verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[0] == "loss [1. 1. 1. 1.]"
    assert lines[1].count(".") >= 2 and lines[1].startswith("loss [0.")


def test_print_tensor_inside_a_recurrent_step(capsys):
    x = K.placeholder((1, 3, 1))

    def step(inputs, states):
        out = K.print_tensor(inputs + states[0], "at ")
        return out, [out]

    last, _, _ = K.rnn(step, x, [K.zeros((1, 1))])
    f = K.function([x], [last, *K.gradients(K.sum(last), [x])])
    _, grads = f([[[[1.0], [2.0], [3.0]]]])
    assert capsys.readouterr().out == "at [[1.]]\nat [[3.]]\nat [[6.]]\n"
    assert grads.ravel().tolist() == [1, 1, 1]


def test_print_tensor_of_a_constant_prints_each_time(capsys):
    f = K.function([], [K.print_tensor(K.constant(2.0), "c ") * 3])
    assert f([]) == [6] and f([]) == [6]
    assert capsys.readouterr().out == "c 2.0\nc 2.0\n"


def test_shapes_from_fed_values():
    x, n = K.placeholder((None, None)), K.placeholder((), dtype="int32")
    rest = K.gradients(K.sum(x[:, n:]), x)[0]
    f = K.function([x, n], [x[:, :n], K.arange(n), K.sum(x[:n]), rest])
    data = np.arange(12.0).reshape(3, 4)
    for size in (3, 1, 3, 2, 0):
        left, upto, total, grads = f([data, size])
        np.testing.assert_array_equal(left, data[:, :size])
        np.testing.assert_array_equal(upto, np.arange(size))
        assert total == data[:size].sum()
        np.testing.assert_array_equal(grads, np.arange(4) >= np.full((3, 1), size))


def test_shapes_from_other_values_are_refused():
    x = K.placeholder((4,))
    with pytest.raises(ValueError, match="shapes that follow from the shapes of the inputs"):
        K.function([x], [K.arange(K.cast(K.sum(x), "int32"))])([np.ones(4)])


def test_several_updates_of_a_variable():
    v = K.variable(1.0)
    K.function([], [], [K.update_add(v, v), K.update_sub(v, 0.25)])([])
    assert K.get_value(v) == 1.75
    once = K.update_add(v, 1.0)
    K.function([], [], [once, once])([])
    assert K.get_value(v) == 2.75
    K.function([], [], [K.update_add(v, 1.0), K.update(v, 5.0)])([])
    assert K.get_value(v) == 5


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


def test_functions_are_fed_with_tensors():
    x, v = K.placeholder((None, 2)), K.variable([[1.0, 2.0]])
    double = K.function([x], [x * 2])
    np.testing.assert_array_equal(double([v])[0], [[2, 4]])
    K.set_value(v, [[3.0, 4.0]])
    np.testing.assert_array_equal(double([v + 1])[0], [[8, 10]])
    with pytest.raises((ValueError, TypeError), match="Placeholder"):
        double([K.placeholder((None, 2))])
