"""Layers with arguments or on inputs that make no sense."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.layers import Dense, Input
from keras_native.models import Sequential
from mistakes import NAN, X, Y, case, refused


@pytest.mark.parametrize("bad", [0, -3, 2.5, "a", None, NAN, float("inf"), [3], True, 10**30])
def test_sizes_of_layers(bad):
    refused(lambda: Dense(bad), ValueError, f"dense_1|positive integer|units|{bad!r}")
    refused(lambda: L.Embedding(bad, 3), ValueError, f"positive integer|input_dim|{bad!r}")
    refused(lambda: L.Embedding(3, bad), ValueError, f"positive integer|output_dim|{bad!r}")


def test_weights_beyond_memory():
    refused(
        lambda: Sequential([Dense(2**39, input_shape=(2**20,))]),
        RuntimeError,
        "dense_1|kernel|memory|(1048576, 549755813888)",
    )


@pytest.mark.parametrize("bad", [-4, 4.5, "a", NAN, float("inf"), 10**20])
def test_shapes_of_inputs(bad):
    says = f"whole numbers and None|{bad!r}"
    refused(lambda: Input((bad,)), ValueError, says)
    refused(lambda: Input(batch_shape=(None, bad)), ValueError, says)
    refused(lambda: Sequential([Dense(3, input_shape=(bad,))]), ValueError, "_input|" + says)
    refused(lambda: Sequential([Dense(3, input_dim=bad)]), ValueError, "_input|" + says)
    refused(lambda: K.placeholder((3, bad)), ValueError, f"non-negative integers|{bad!r}")


def test_inputs_that_make_no_sense():
    refused(Input, ValueError, "`shape`|`batch_shape`")
    refused(lambda: Input((3,), dtype="flaot32"), TypeError, "'flaot32'")
    refused(lambda: Input((3,), dtype="complex64"), TypeError, "'complex64'")
    refused(lambda: Sequential([Dense(3, input_shape=(None,))]), ValueError, "dense_1|known")
    refused(lambda: Sequential([Dense(3, input_shape=())]), ValueError, "dense_2|min_ndim=2")


@pytest.mark.parametrize("bad", [5, None, "a", np.ones((2, 3))], ids=str)
def test_layers_are_called_on_tensors(bad):
    refused(lambda: Dense(2)(bad), ValueError, "dense_1|symbolic tensor|" + type(bad).__name__)
    refused(lambda: L.Add()([Input((3,)), bad]), ValueError, "add_1|symbolic tensor")


def test_layer_on_another_input():
    layer = Dense(3)
    layer(Input((4,)))
    refused(lambda: layer(Input((5,))), ValueError, "dense_1|4|(None, 5)")
    refused(lambda: Dense(2)([Input((3,)), Input((3,))]), ValueError, "1 inputs|2 input tensors")
    refused(lambda: L.RepeatVector(3)(Input((3, 4))), ValueError, "ndim=2|ndim=3")
    refused(lambda: L.SpatialDropout1D(0.5)(Input((4,))), ValueError, "ndim=3|ndim=2")


FLAT, TABLE = (4,), (3, 4)


@pytest.mark.parametrize(
    ("shape", "make", "error", "says"),
    [
        case("activation", FLAT, lambda: Dense(3, activation="rleu"), ValueError, "'rleu'|'relu'"),
        case("initializer", FLAT, lambda: Dense(3, kernel_initializer="x"), ValueError, "'x'"),
        case("regularizer", FLAT, lambda: Dense(3, kernel_regularizer="l3"), ValueError, "'l3'"),
        case("constraint", FLAT, lambda: Dense(3, kernel_constraint="x"), ValueError, "'x'"),
        case("unknown argument", FLAT, lambda: Dense(3, colour=3), TypeError, "'colour'|Dense"),
        case("no units", FLAT, lambda: Dense(), TypeError, "units"),
        case("Activation", FLAT, lambda: L.Activation("nope"), ValueError, "'nope'"),
        case("Dropout text", FLAT, lambda: L.Dropout("a"), TypeError, "dropout_1|rate|'a'"),
        case("Dropout None", FLAT, lambda: L.Dropout(None), TypeError, "dropout_1|rate|None"),
        case("Dropout NaN", FLAT, lambda: L.Dropout(NAN), ValueError, "dropout_1|rate|nan"),
        case("noise shape", TABLE, lambda: L.Dropout(0.5, (3,)), ValueError, "dropout_1|3 values"),
        case("Reshape size", FLAT, lambda: L.Reshape((5,)), ValueError, "reshape_1|(4,)|(5,)"),
        case("Reshape -1 -1", FLAT, lambda: L.Reshape((-1, -1)), ValueError, "at most one"),
        case("Reshape part", FLAT, lambda: L.Reshape((2.5,)), ValueError, "target_shape|2.5"),
        case("Reshape number", FLAT, lambda: L.Reshape(4), TypeError, "target_shape|4"),
        case("Reshape text", FLAT, lambda: L.Reshape("ab"), TypeError, "target_shape|'ab'"),
        case("Permute twice", TABLE, lambda: L.Permute((1, 1)), ValueError, "permute_1|(1, 1)"),
        case("Permute batch", TABLE, lambda: L.Permute((0, 1)), ValueError, "permute_1|(0, 1)"),
        case("Permute rank", TABLE, lambda: L.Permute((1, 2, 3)), ValueError, "ndim=4|ndim=3"),
        case("Repeat part", FLAT, lambda: L.RepeatVector(2.5), TypeError, "integer n|2.5"),
        case("Repeat below 0", FLAT, lambda: L.RepeatVector(-1), ValueError, "repeat_vector_1|-1"),
        case("Flatten", FLAT, lambda: L.Flatten("x"), ValueError, "channels_first|x"),
        case("Lambda number", FLAT, lambda: L.Lambda(3), TypeError, "lambda_1|function|3"),
        case("Lambda None", FLAT, lambda: L.Lambda(lambda x: None), TypeError, "lambda_1|None"),
        case("Lambda 5", FLAT, lambda: L.Lambda(lambda x: 5), TypeError, "lambda_1|got 5"),
        case("norm axis", FLAT, lambda: L.BatchNormalization(5), ValueError, "axis=5|(None, 4)"),
        case("norm axis 0", FLAT, lambda: L.BatchNormalization(0), ValueError, "Axis 0|(None, 4)"),
        case("norm text", FLAT, lambda: L.BatchNormalization("a"), TypeError, "integer axis|'a'"),
        case("momentum", FLAT, lambda: L.BatchNormalization(momentum="a"), TypeError, "momentum"),
        case("epsilon", FLAT, lambda: L.BatchNormalization(epsilon=-1), ValueError, "epsilon|-1"),
        case("norm of unknown", (None,), L.BatchNormalization, ValueError, "(None, None)"),
        case("LeakyReLU", FLAT, lambda: L.LeakyReLU(None), TypeError, "leaky_re_lu_1|None"),
        case("ELU", FLAT, lambda: L.ELU("a"), TypeError, "elu_1|alpha|'a'"),
        case("threshold", FLAT, lambda: L.ThresholdedReLU(None), TypeError, "theta|None"),
        case("ReLU", FLAT, lambda: L.ReLU(max_value=-1), ValueError, "max_value >= 0|-1"),
        case("ReLU text", FLAT, lambda: L.ReLU(max_value="a"), TypeError, "max_value|'a'"),
        case("PReLU axis", FLAT, lambda: L.PReLU(shared_axes=[5]), ValueError, "1 to 1|[5]"),
        case("PReLU text", FLAT, lambda: L.PReLU(shared_axes=["a"]), ValueError, "1 to 1|['a']"),
        case("Softmax", FLAT, lambda: L.Softmax(axis=7), ValueError, "[-2, 2)|7|softmax_1"),
        case("noise", FLAT, lambda: L.GaussianNoise("a"), TypeError, "stddev|'a'"),
        case("noise below 0", FLAT, lambda: L.GaussianNoise(-1), ValueError, "stddev >= 0|-1"),
        case("Masking", TABLE, lambda: L.Masking("a"), TypeError, "'a'"),
    ],
)
def test_layers_that_make_no_sense(shape, make, error, says):
    refused(lambda: make()(Input(shape)), error, says)


@pytest.mark.parametrize(
    ("shapes", "make", "error", "says"),
    [
        case("sizes", [(3,), (4,)], L.Add, ValueError, "add_1|(None, 3)|(None, 4)"),
        case("one", [(3,)], L.Add, ValueError, "at least 2|add_1"),
        case("none", [], L.Concatenate, ValueError, "at least 2|[]"),
        case("three", [(3,)] * 3, L.Subtract, ValueError, "exactly 2|subtract_1"),
        case("axis", [(3,)] * 2, lambda: L.Concatenate(4), ValueError, "concatenate_1|axis 4"),
        case("axis text", [(3,)] * 2, lambda: L.Concatenate("a"), ValueError, "axis|'a'"),
        case("others", [(3, 4), (2, 4)], L.Concatenate, ValueError, "(None, 3, 4)|(None, 2, 4)"),
        case("dot sizes", [(3,), (4,)], lambda: L.Dot(1), ValueError, "3 != 4"),
        case("dot axis", [(3,)] * 2, lambda: L.Dot(5), ValueError, "dot_1|2 and 2|axes=5"),
        case("dot batch", [(3,)] * 2, lambda: L.Dot(0), ValueError, "axis 0"),
        case("dot text", [(3,)] * 2, lambda: L.Dot("a"), TypeError, "dot_1|'a'"),
        case("dot three", [(3,)] * 2, lambda: L.Dot((1, 2, 3)), ValueError, "two ints"),
    ],
)
def test_merges_that_make_no_sense(shapes, make, error, says):
    refused(lambda: make()([Input(shape) for shape in shapes]), error, says)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        case("None", {"kernel_regularizer": lambda w: None}, TypeError, "kernel|None"),
        case("activation", {"activation": lambda x: None}, TypeError, "dense_1|None"),
        case("number", {"kernel_constraint": K.sum}, ValueError, "dense_1/kernel|(4, 3)|()"),
        case(
            "array of another shape",
            {"kernel_initializer": lambda shape, dtype=None: np.ones(5)},
            ValueError,
            "kernel|(4, 3)|(5,)",
        ),
        case("weights", {"weights": [X]}, ValueError, "dense_1|length 1|2 weights"),
    ],
)
def test_functions_of_the_user(arguments, error, says):
    def use():
        model = Sequential([Dense(3, input_shape=(4,), **arguments)])
        model.compile("sgd", "mse")
        model.fit(X, Y, verbose=0)

    refused(use, error, says)
