"""Tensors and functions that do not fit together."""

import numpy as np
import pytest
from keras_native import backend as K
from mistakes import X, case, refused


@pytest.mark.parametrize(
    ("action", "error", "says"),
    [
        case("dot", lambda t: K.dot(t, t), ValueError, "[matmul]|(2, 3)"),
        case("reshape", lambda t: K.reshape(t, (4,)), ValueError, "[reshape]|(2, 3)|(4,)"),
        case("reshape text", lambda t: K.reshape(t, "a"), TypeError, "'a'"),
        case("reshape part", lambda t: K.reshape(t, (2.5, 2)), TypeError, "2.5"),
        case("axis", lambda t: K.sum(t, axis=5), ValueError, "[sum]|[-2, 2)|5"),
        case("axis text", lambda t: K.sum(t, axis="a"), TypeError, "integer axis|'a'"),
        case("axis part", lambda t: K.sum(t, axis=1.5), TypeError, "integer axis|1.5"),
        case("shapes", lambda t: t + K.ones((4,)), ValueError, "[add]|(2, 3)|(4,)"),
        case("text", lambda t: t + "a", TypeError, "tensor|'a'"),
        case("None", lambda t: t + None, TypeError, "tensor|None"),
        case("concat", lambda t: K.concatenate([t, K.ones((4, 4))]), ValueError, "(2, 3)|(4, 4)"),
        case("concat of nothing", lambda t: K.concatenate([]), ValueError, "empty list"),
        case("stack of nothing", lambda t: K.stack([]), ValueError, "empty list"),
        case("index", lambda t: t[5], IndexError, "5|(2, 3)"),
        case("too many", lambda t: t[0, 0, 0], IndexError, "(2, 3)|3"),
        case("index text", lambda t: t["a"], TypeError, "'a'"),
        case("permute", lambda t: K.permute_dimensions(t, (0, 0)), ValueError, "(2, 3)|(0, 0)"),
        case("squeeze", lambda t: K.squeeze(t, 0), ValueError, "size 1|(2, 3)"),
        case("expand", lambda t: K.expand_dims(t, 7), ValueError, "[-3, 3)|7"),
        case("cast", lambda t: K.cast(t, "zzz"), TypeError, "dtype|'zzz'"),
        case("truth", lambda t: bool(t), TypeError, "truth value"),
        case("len", lambda t: len(t), TypeError, "has no len()"),
        case("loop", lambda t: list(t), TypeError, "iterated"),
        case("step of 0", lambda t: K.arange(0, 5, 0), ValueError, "step|0"),
        case("constant", lambda t: K.constant(None), TypeError, "numbers|None"),
        case("variable", lambda t: K.variable("a"), ValueError, "numbers|'a'"),
        case("set value", lambda t: K.set_value(t, X), ValueError, "(2, 3)|(6, 4)"),
        case("set text", lambda t: K.set_value(t, np.full((2, 3), "a")), TypeError, "<U1"),
        case("set nothing", lambda t: K.set_value(5, 5), TypeError, "variable|5"),
        case("update", lambda t: K.update(t, K.ones((4,))), ValueError, "(2, 3)|(4,)"),
        case("gradients", lambda t: K.gradients(t, 5), TypeError, "tensors|5"),
        case("function", lambda t: K.function([], 5), TypeError, "`outputs`|5"),
        case("floatx", lambda t: K.set_floatx("float8"), ValueError, "floatx|'float8'"),
        case("format", lambda t: K.set_image_data_format("x"), ValueError, "data_format|'x'"),
        case("dropout", lambda t: K.dropout(t, 2), ValueError, "[0, 1)|2"),
    ],
)
def test_backend(action, error, says):
    refused(lambda: action(K.variable(np.ones((2, 3)))), error, says)


def test_functions():
    a, b = K.placeholder((2,)), K.placeholder((2,))
    run = K.function([a], [a * 2])
    refused(lambda: run([]), ValueError, "1 input arrays|0")
    refused(lambda: run(5), TypeError, "list of input arrays|5")
    refused(lambda: run([np.ones(3)]), ValueError, "float32(2,)|float32(3,)")
    refused(lambda: run(["a"]), TypeError, "float32|'a'")
    refused(lambda: K.function([a], [a + b])([np.ones(2)]), ValueError, "placeholder|inputs")
    assert run([np.ones(2)])[0].tolist() == [2, 2]
