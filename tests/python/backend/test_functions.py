"""K.function, updates, phases, branches and settings."""

import numpy as np
import pytest
from keras_native import backend as K


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
    assert f([[1.0]])[0] == 3
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


def test_control_dependencies_show_new_values():
    v = K.variable(1.0)
    step = K.update_add(v, 1.0)
    with K.control_dependencies([step]):
        after = v * 10
    f = K.function([], [after, v * 10], updates=[step])
    assert f([]) == [20, 10]


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


def test_shapes_from_other_values():
    x = K.placeholder((4,))
    numbers = K.function([x], [K.arange(K.cast(K.sum(x), "int32"))])
    assert numbers([np.ones(4)])[0].tolist() == [0, 1, 2, 3]
    assert numbers([np.zeros(4)])[0].tolist() == []


def test_several_updates_of_a_variable():
    v = K.variable(1.0)
    K.function([], [], [K.update_add(v, v), K.update_sub(v, 0.25)])([])
    assert K.get_value(v) == 1.75
    once = K.update_add(v, 1.0)
    K.function([], [], [once, once])([])
    assert K.get_value(v) == 2.75
    K.function([], [], [K.update_add(v, 1.0), K.update(v, 5.0)])([])
    assert K.get_value(v) == 5


def test_functions_are_fed_with_tensors():
    x, v = K.placeholder((None, 2)), K.variable([[1.0, 2.0]])
    double = K.function([x], [x * 2])
    np.testing.assert_array_equal(double([v])[0], [[2, 4]])
    K.set_value(v, [[3.0, 4.0]])
    np.testing.assert_array_equal(double([v + 1])[0], [[8, 10]])
    with pytest.raises((ValueError, TypeError), match="Placeholder"):
        double([K.placeholder((None, 2))])


def test_functions_take_lists_of_arrays():
    """What `_standardize_user_data` returns was given as it is."""
    x, y, phase = K.placeholder((None, 2)), K.placeholder((None, 2)), K.learning_phase()
    a, b = np.ones((3, 2)), np.full((3, 2), 2.0)
    total = K.function([x, y], [x + y])
    for inputs in (([a], [b]), ([a, b], [], []), [[a, b]], [a, [b]], [list(a), list(b)]):
        np.testing.assert_array_equal(total(inputs)[0], a + b)
    chosen = K.function([x, y, phase], [K.in_train_phase(x, y)])
    np.testing.assert_array_equal(chosen([[a, b], 1])[0], a)
    np.testing.assert_array_equal(chosen([[a], [b], 0])[0], b)
    with pytest.raises(ValueError, match="expects 2 input arrays.*Received: 1"):
        total([[a], []])


def test_values_without_axes_are_numbers():
    """As sessions of TensorFlow return them: they can be keys, and print as numbers."""
    x, v = K.placeholder((2,)), K.variable(0.5)
    total, same = K.function([x], [K.sum(x), x])([[1, 2]])
    assert type(total) is np.float32 and total == 3
    assert isinstance(same, np.ndarray)
    for value in (K.get_value(v), K.eval(v), K.eval(v * 1), K.eval(K.constant(0.5)), v.eval()):
        assert type(value) is np.float32 and {value: 1}[0.5] == 1
    assert type(K.get_value(K.variable(3, dtype="int64"))) is np.int64
    assert K.batch_get_value([v, K.ones(2)])[0] == 0.5
