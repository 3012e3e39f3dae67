"""Mistakes a user can make: each is an error that says what was expected and what came.

Nothing here may crash, hang, or go on with a wrong result.
"""

import faulthandler

import numpy as np
import pytest
from keras_native import activations, constraints, initializers, losses, metrics, optimizers
from keras_native import backend as K
from keras_native import layers as L
from keras_native import regularizers as R
from keras_native.layers import Dense, Input
from keras_native.models import Model, Sequential, clone_model, model_from_json
from keras_native.utils import to_categorical

N = 6
X = np.linspace(-1, 1, 4 * N).astype("float32").reshape(N, 4)
Y = np.eye(3, dtype="float32")[np.arange(N) % 3]
CLASSES = np.arange(N) % 3
NAN = float("nan")
SPARSE, DENSE = "sparse_categorical_crossentropy", "categorical_crossentropy"


@pytest.fixture(autouse=True)
def no_hang():
    """A test that hangs ends the run with a traceback instead."""
    K.clear_session()
    faulthandler.dump_traceback_later(60, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


def case(name, *values):
    """A row of a table: what is wrong, then the data, the error and words of its message."""
    return pytest.param(*values, id=name)


def refused(action, error, says):
    """`action()` raises `error` with all parts of `says` (between bars) in its message."""
    with pytest.raises(error) as caught:
        action()
    for words in says.split("|"):
        assert words in str(caught.value)


def dense(loss=DENSE, optimizer="sgd", **kwargs):
    """A compiled model of one layer: 4 numbers in, 3 probabilities out."""
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    model.compile(optimizer, loss, **kwargs)
    return model


# ---------------------------------------------------------------- data

OBJECTS = np.array([[None] * 4] * N, dtype=object)
RECORDS = np.zeros((N, 4), dtype=[("a", "f4")])


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        case("another size", np.ones((N, 5)), ValueError, "dense_1_input|(4,)|(5,)"),
        case("another rank", np.ones((N, 4, 1)), ValueError, "dense_1_input|2 dim|(6, 4, 1)"),
        case("one axis too few", np.ones(N), ValueError, "dense_1_input|(4,)|(1,)"),
        case("a number", np.float32(3), ValueError, "dense_1_input|2 dimensions|()"),
        case("no features", np.empty((N, 0)), ValueError, "dense_1_input|(4,)|(0,)"),
        case("no samples", np.empty((0, 4)), ValueError, "dense_1_input|at least one|(0, 4)"),
        case("strings", X.astype(str), TypeError, "dense_1_input|numbers|<U32"),
        case("complex numbers", X.astype(complex), TypeError, "dense_1_input|complex128"),
        case("dates", X.astype("datetime64[s]"), TypeError, "dense_1_input|datetime64"),
        case("records", RECORDS, TypeError, "dense_1_input|numbers"),
        case("None in an array", OBJECTS, TypeError, "dense_1_input|numbers|object"),
        case("ragged lists", [[1, 2], [3]], ValueError, "array of numbers"),
        case("an empty list", [], ValueError, "empty list"),
        case("an empty tuple", (), ValueError, "empty list"),
        case("an empty dict", {}, ValueError, "dense_1_input|keys []"),
        case("another name", {"other": X}, ValueError, "dense_1_input|other"),
        case("two for one input", [X, X], ValueError, "1 array(s)|got 2"),
        case("None", None, ValueError, "dense_1_input|None"),
        case("a string", "text", TypeError, "dense_1_input|numbers|<U4"),
        case("a set", {1, 2}, TypeError, "dense_1_input|numbers"),
        case("a function", len, TypeError, "dense_1_input|numbers"),
    ],
)
def test_inputs(x, error, says, seen_before):
    model = dense()
    if seen_before:  # short ways are open then
        model.train_on_batch(X, Y)
        model.test_on_batch(X, Y)
        model.predict_on_batch(X)
        model.predict(X)
    refused(lambda: model.fit(x, Y, verbose=0), error, says)
    refused(lambda: model.evaluate(x, Y, verbose=0), error, says)
    refused(lambda: model.train_on_batch(x, Y), error, says)
    refused(lambda: model.test_on_batch(x, Y), error, says)
    refused(lambda: model.predict(x), error, says)
    refused(lambda: model.predict_on_batch(x), error, says)
    assert np.isfinite(model.train_on_batch(X, Y))  # nothing is broken afterwards


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize(
    ("loss", "y", "error", "says"),
    [
        case("another size", "mse", np.ones((N, 2)), ValueError, "(6, 2)|(None, 3)|squared"),
        case("classes for mse", "mse", CLASSES, ValueError, "(6, 1)|(None, 3)|mean_squared"),
        case("another rank", "hinge", np.ones((N, 3, 1)), ValueError, "dense_1|2 dimensions"),
        case("fewer than inputs", "mse", Y[:5], ValueError, "6 input samples and 5 target"),
        case("a number", "mse", 3, ValueError, "dense_1|2 dimensions|()"),
        case("an empty list", "mse", [], ValueError, "empty list"),
        case("None", "mse", None, ValueError, "expects targets|dense_1|y=None"),
        case("strings", "mse", Y.astype(str), TypeError, "dense_1|numbers|<U32"),
        case("complex numbers", "mse", Y.astype(complex), TypeError, "dense_1|complex128"),
        case("another name", "mse", {"other": Y}, ValueError, "dense_1|other"),
        case("two for one output", "mse", [Y, Y], ValueError, "1 array(s)|got 2"),
        case("classes", DENSE, CLASSES, ValueError, f"(6, 1)|to_categorical|`{SPARSE}`"),
        case("one-hot", SPARSE, Y, ValueError, f"(6, 3)|`{DENSE}`|argmax"),
        case("a class too large", SPARSE, CLASSES + 1, ValueError, "within [0, 3)|got 3"),
        case("a negative class", SPARSE, CLASSES - 1, ValueError, "within [0, 3)|got -1"),
        case("NaN as class", SPARSE, np.full(N, NAN), ValueError, "within [0, 3)"),
    ],
)
def test_targets(loss, y, error, says, seen_before):
    right = CLASSES if loss == SPARSE else Y
    model = dense(loss, metrics=["accuracy"])
    if seen_before:
        model.train_on_batch(X, right)
        model.test_on_batch(X, right)
    refused(lambda: model.fit(X, y, verbose=0), error, says)
    refused(lambda: model.evaluate(X, y, verbose=0), error, says)
    refused(lambda: model.train_on_batch(X, y), error, says)
    refused(lambda: model.test_on_batch(X, y), error, says)
    assert np.isfinite(model.train_on_batch(X, right)[0])


def test_class_out_of_range_in_one_batch_of_many():
    model = dense(SPARSE)
    x, y = np.random.rand(5000, 4), np.random.randint(0, 3, 5000)
    y[3210] = 7
    refused(lambda: model.fit(x, y, verbose=0), ValueError, "class numbers|within [0, 3)|got 7")
    y[3210] = 2
    assert np.isfinite(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize("bad", [5, -1, NAN])
def test_row_of_an_embedding_that_is_not_there(bad):
    model = Sequential([L.Embedding(5, 2, input_length=3), L.Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    x = np.array([[0, 1, 2], [3, 4, bad]], dtype="float32")
    says = "indices within [0, 5)|embedding_1"
    refused(lambda: model.predict(x), ValueError, says)
    refused(lambda: model.fit(x, np.ones((2, 1)), verbose=0), ValueError, says)
    refused(lambda: model.train_on_batch(x, np.ones((2, 1))), ValueError, says)
    assert model.predict(np.ones((2, 3))).shape == (2, 1)


def test_lookups_out_of_range():
    table, row = K.variable(np.ones((2, 3))), K.constant([5], dtype="int32")
    refused(lambda: K.eval(K.gather(table, row)), ValueError, "[gather]|[0, 2)|got 5")
    refused(lambda: K.eval(K.gather(K.ones((2, 3)), row)), ValueError, "[gather]|[0, 2)|got 5")
    constant = K.constant(np.ones((2, 3)))
    refused(lambda: K.eval(K.gather(constant, row)), ValueError, "[gather]|[0, 2)|got 5")


def test_numbers_in_unusual_arrays_are_right():
    """What can only mean one thing is taken."""
    model = dense()
    wanted = model.predict(X)
    turned = np.ascontiguousarray(X[:, ::-1])[:, ::-1]
    for x in (X.astype(object), X.tolist(), np.asfortranarray(X), X.astype(">f4"), turned):
        np.testing.assert_allclose(model.predict(x), wanted, rtol=1e-6)
    assert model.fit(X, Y, batch_size=10**12, verbose=0).history["loss"]


def test_several_inputs():
    a, b = Input((2,), name="a"), Input((3,), name="b")
    model = Model([a, b], Dense(1)(L.concatenate([a, b])))
    model.compile("sgd", "mse")
    one, two, y = np.ones((4, 2)), np.ones((4, 3)), np.ones((4, 1))
    refused(lambda: model.predict(one), ValueError, "2 array(s)|got 1")
    refused(lambda: model.predict([two, one]), ValueError, "a to have shape (2,)|(3,)")
    refused(lambda: model.fit({"a": one}, y), ValueError, "\"b\"|keys ['a']")
    refused(lambda: model.fit([one, two[:3]], y), ValueError, "same number|(4, 2)|(3, 3)")


# ---------------------------------------------------------------- arguments of fit and its like


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        case("zero batch", {"batch_size": 0}, ValueError, "batch_size|1 or more|got 0"),
        case("negative batch", {"batch_size": -4}, ValueError, "batch_size|got -4"),
        case("part of a batch", {"batch_size": 2.5}, ValueError, "batch_size|got 2.5"),
        case("batch as text", {"batch_size": "a"}, ValueError, "batch_size|got 'a'"),
        case("batch as truth", {"batch_size": True}, ValueError, "batch_size|got True"),
        case("batch NaN", {"batch_size": NAN}, ValueError, "batch_size|got nan"),
        case("negative epochs", {"epochs": -1}, ValueError, "epochs|got -1"),
        case("part of an epoch", {"epochs": 1.5}, ValueError, "epochs|got 1.5"),
        case("epochs as text", {"epochs": "3"}, ValueError, "epochs|got '3'"),
        case("no epochs", {"epochs": None}, ValueError, "epochs|got None"),
        case("first epoch", {"initial_epoch": -2}, ValueError, "initial_epoch|got -2"),
        case("verbose", {"verbose": "x"}, ValueError, "verbose|got 'x'"),
        case("shuffle", {"shuffle": "a bit"}, ValueError, "shuffle|'batch'|got 'a bit'"),
        case("split of all", {"validation_split": 1.0}, ValueError, "between 0 and 1|got 1.0"),
        case("split below 0", {"validation_split": -0.5}, ValueError, "0 and 1|got -0.5"),
        case("split NaN", {"validation_split": NAN}, ValueError, "validation_split|nan"),
        case("split text", {"validation_split": "0.1"}, TypeError, "validation_split|'0.1'"),
        case("nothing left", {"validation_split": 0.99}, ValueError, "empty part"),
        case("held-out number", {"validation_data": 5}, ValueError, "validation_data|int"),
        case("held-out x", {"validation_data": (X,)}, ValueError, "2 items|3 items"),
        case("held-out y", {"validation_data": (X, Y[:2])}, ValueError, "6 input|2 target"),
        case("held-out size", {"validation_data": (X[:, :2], Y)}, ValueError, "(4,)|(2,)"),
        case("weights", {"sample_weight": np.ones(5)}, ValueError, "sample_weight|(5,)"),
        case("one weight", {"sample_weight": 3.0}, ValueError, "sample_weight|()"),
        case("weights text", {"sample_weight": np.array(["a"] * N)}, TypeError, "numbers|<U1"),
        case("weights complex", {"sample_weight": np.ones(N) * 1j}, TypeError, "complex128"),
        case("missing class", {"class_weight": {0: 1.0}}, ValueError, "all classes|{1, 2}"),
        case("class text", {"class_weight": "balanced"}, TypeError, "dict|'balanced'"),
        case("class number", {"class_weight": 3}, TypeError, "dict|got 3"),
        case("weight text", {"class_weight": {0: 1, 1: 1, 2: "x"}}, TypeError, "class 2|'x'"),
        case("no steps", {"steps_per_epoch": 0}, ValueError, "steps_per_epoch|got 0"),
        case("steps", {"steps_per_epoch": -1}, ValueError, "steps_per_epoch|got -1"),
        case("part of a step", {"steps_per_epoch": 2.5}, ValueError, "steps_per_epoch|2.5"),
        case("steps and batch", {"steps_per_epoch": 2, "batch_size": 2}, ValueError, "None"),
        case("callback", {"callbacks": [5]}, TypeError, "Callback|got 5"),
        case("callback class", {"callbacks": [K.Function]}, TypeError, "Callback|class"),
        case("unknown", {"colour": "red"}, TypeError, "colour"),
    ],
)
def test_arguments_of_fit(arguments, error, says):
    refused(lambda: dense().fit(X, Y, **{"verbose": 0, **arguments}), error, says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"batch_size": 0}, "batch_size|got 0"),
        ({"batch_size": "a"}, "batch_size|got 'a'"),
        ({"steps": 0}, "steps|got 0"),
        ({"steps": -1}, "steps|got -1"),
        ({"steps": 1.5}, "steps|got 1.5"),
    ],
)
def test_arguments_of_evaluate_and_predict(arguments, says):
    model = dense()
    refused(lambda: model.evaluate(X, Y, verbose=0, **arguments), ValueError, says)
    refused(lambda: model.predict(X, **arguments), ValueError, says)


@pytest.mark.parametrize(
    ("batches", "arguments", "error", "says"),
    [
        case("no number of steps", [(X, Y)], {}, ValueError, "steps_per_epoch|Sequence"),
        case("too few", [(X, Y)], {"steps_per_epoch": 3}, ValueError, "after 1 batches"),
        case("none", [], {"steps_per_epoch": 1}, ValueError, "after 0 batches"),
        case("no targets", [(X,)], {"steps_per_epoch": 1}, ValueError, "(x, y)"),
        case("numbers", [5], {"steps_per_epoch": 1}, ValueError, "(x, y)|Found: 5"),
        case("lengths", [(X, Y[:3])], {"steps_per_epoch": 1}, ValueError, "6 input|3 target"),
        case("no steps", [(X, Y)], {"steps_per_epoch": 0}, ValueError, "got 0"),
        case("epochs", [(X, Y)], {"steps_per_epoch": 1, "epochs": "a"}, ValueError, "epochs"),
    ],
)
def test_generators(batches, arguments, error, says):
    refused(lambda: dense().fit_generator(iter(batches), verbose=0, **arguments), error, says)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        case("optimizer", {"optimizer": "sdg"}, ValueError, "optimizer|'sdg'"),
        case("optimizer number", {"optimizer": 3}, ValueError, "optimizer|3"),
        case("loss", {"loss": "meen_squared_error"}, ValueError, "loss|'meen_squared_error'"),
        case("loss number", {"loss": 3}, ValueError, "loss|3"),
        case("no loss", {"loss": None}, ValueError, "no loss to optimize"),
        case("two losses", {"loss": ["mse", "mse"]}, ValueError, "one entry per model output"),
        case("loss of nobody", {"loss": {"nobody": "mse"}}, ValueError, "nobody"),
        case("metric", {"metrics": ["acuracy"]}, ValueError, "metric|'acuracy'"),
        case("metric number", {"metrics": [3]}, ValueError, "metric|3"),
        case("metric None", {"metrics": [None]}, ValueError, "metric|None"),
        case("metrics text", {"metrics": "accuracy"}, TypeError, "list or dictionary"),
        case("weights number", {"loss_weights": 3}, TypeError, "list or a dict"),
        case("mode", {"sample_weight_mode": "hourly"}, ValueError, "hourly"),
        case("unknown", {"colour": "red"}, TypeError, "colour"),
    ],
)
def test_arguments_of_compile(arguments, error, says):
    model = Sequential([Dense(3, input_shape=(4,))])
    refused(lambda: model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments}), error, says)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        case("None", lambda t, p: None, "None"),
        case("no gradient", lambda t, p: K.argmax(p, -1), "None|dense_1/kernel"),
        case("constant", lambda t, p: 5.0, "None|dense_1/kernel"),
        case("one argument", lambda p: p, "argument"),
    ],
)
def test_losses_that_make_no_sense(loss, says):
    def use():
        dense(loss).fit(X, Y, verbose=0)

    refused(use, (TypeError, ValueError), says)


def test_metric_that_returns_nothing():
    def nothing(y_true, y_pred):
        return None

    refused(lambda: dense(metrics=[nothing]).fit(X, Y, verbose=0), TypeError, "'nothing'|None")


# ---------------------------------------------------------------- models


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_use_before_compile(use):
    model = Sequential([Dense(3, input_shape=(4,))])
    refused(lambda: getattr(model, use)(X, Y), RuntimeError, "sequential_1|compiled")
    assert model.predict(X).shape == (N, 3)


def test_use_before_build():
    model = Sequential([Dense(3)])
    refused(model.summary, ValueError, "not yet been built|input_shape")
    refused(model.count_params, RuntimeError, "sequential_1|built")
    refused(Dense(3).count_params, RuntimeError, "built")
    refused(lambda: Dense(3).set_weights([X]), ValueError, "length 1|0 weights")
    refused(lambda: Dense(3).get_output_at(0), RuntimeError, "never been called")
    refused(lambda: Dense(3, name="own").output, AttributeError, "own|not connected")
    assert Dense(3).get_weights() == []


def test_empty_model():
    refused(lambda: Sequential().predict(X), ValueError, "sequential_1|no layers")
    refused(Sequential().summary, ValueError, "not yet been built")
    refused(Sequential().pop, TypeError, "no layers")


@pytest.mark.parametrize("layer", [5, None, Dense, "dense"])
def test_stacks_hold_layers(layer):
    refused(lambda: Sequential([layer]), TypeError, "instance of class Layer|" + str(layer)[:5])
    refused(lambda: Sequential().add(layer), TypeError, "instance of class Layer")


def test_stack_of_no_list():
    refused(lambda: Sequential(5), TypeError, "list of layers|5")


def test_cycle():
    a = Input((3,))
    first = Dense(3)
    x = first(a)
    y = Dense(3)(x)
    node = first._inbound_nodes[0]
    node.inbound_layers[0], node.input_tensors[0] = y._keras_history[0], y
    refused(lambda: Model(a, y), ValueError, "cycle|dense_2")


def test_disconnected_graph():
    a, b = Input((3,)), Input((3,))
    x = Dense(2)(a)
    refused(lambda: Model(b, x), ValueError, "disconnected|input_1")
    with pytest.warns(UserWarning, match="previous non-Input layer"):
        refused(lambda: Model(x, a), ValueError, "disconnected|input_1")
    bare = K.placeholder((None, 3))
    refused(lambda: Model(a, Dense(2)(bare)), ValueError, "disconnected|not made by a layer")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        case("same input twice", lambda a, x: Model([a, a], x), "redundant|input_1"),
        case("bare tensor out", lambda a, x: Model(a, K.square(x)), "output of a Keras `Layer`"),
        case("number out", lambda a, x: Model(a, 5), "output of a Keras `Layer`|5"),
        case("number in", lambda a, x: Model(5, x), "keras.layers.Input|5"),
        case("array in", lambda a, x: Model(X, x), "keras.layers.Input"),
        case(
            "name twice",
            lambda a, x: Model(a, Dense(2, name="d")(Dense(2, name="d")(a))),
            '"d"|2 times|unique',
        ),
    ],
)
def test_models_that_make_no_sense(make, says):
    a = Input((3,))
    refused(lambda: make(a, Dense(2)(a)), ValueError, says)


def test_layers_by_name_and_index():
    model = dense()
    refused(lambda: model.get_layer("other"), ValueError, "'other'|dense_1")
    refused(lambda: model.get_layer(index=9), ValueError, "9|1 layers")
    refused(model.get_layer, ValueError, "name or layer index")
    refused(lambda: clone_model(5), ValueError, "Model|5")


@pytest.mark.parametrize(
    ("weights", "error", "says"),
    [
        case("too few", [X], ValueError, "dense_1|length 1|2 weights"),
        case("another shape", [X, np.ones(3)], ValueError, "dense_1|(4, 3)|(6, 4)"),
        case("no list", 5, TypeError, "dense_1|list of arrays|5"),
        case("None", None, TypeError, "dense_1|list of arrays|None"),
        case("strings", [np.ones((4, 3)), np.array(list("abc"))], TypeError, "dense_1|<U1"),
        case("complex", [np.ones((4, 3)) * 1j, np.ones(3)], TypeError, "dense_1|complex128"),
        case("Nones", [np.ones((4, 3)), [None] * 3], TypeError, "dense_1|object"),
    ],
)
def test_weights(weights, error, says):
    layer = Dense(3)
    layer(Input((4,)))
    refused(lambda: layer.set_weights(weights), error, says)


def test_descriptions_of_models():
    refused(lambda: model_from_json("{"), ValueError, "Expecting property name")
    refused(lambda: model_from_json("5"), ValueError, "class_name|5")
    refused(lambda: model_from_json('{"class_name": "Foo", "config": {}}'), ValueError, "'Foo'")
    unknown = {"class_name": "Nope", "config": {}}
    refused(lambda: L.deserialize(unknown), ValueError, "layer|'Nope'")


# ---------------------------------------------------------------- layers


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


# ---------------------------------------------------------------- things with names


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (activations, "activation"),
        (constraints, "constraint"),
        (initializers, "initializer"),
        (losses, "loss"),
        (metrics, "metric"),
        (optimizers, "optimizer"),
        (R, "regularizer"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.parametrize("bad", ["nope", 3, {"class_name": "Nope", "config": {}}], ids=str)
def test_unknown_names(module, kind, bad):
    says = f"{kind}|" + str(bad["class_name"] if isinstance(bad, dict) else bad)
    refused(lambda: module.get(bad), ValueError, says)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        case("rate text", lambda: optimizers.SGD(lr="a"), ValueError, "numbers|'a'"),
        case("rate None", lambda: optimizers.SGD(lr=None), ValueError, "numbers|None"),
        case("unknown", lambda: optimizers.SGD(colour=1), TypeError, "SGD|'colour'"),
        case("clip below 0", lambda: optimizers.SGD(clipnorm=-1), ValueError, "clipnorm >= 0|-1"),
        case("clip text", lambda: optimizers.SGD(clipvalue="a"), TypeError, "clipvalue|'a'"),
        case("scale", lambda: initializers.VarianceScaling(-1), ValueError, "positive|-1"),
        case("mode", lambda: initializers.VarianceScaling(mode="x"), ValueError, "fan_in|'x'"),
        case("identity", lambda: initializers.Identity()((3,)), ValueError, "2D|(3,)"),
        case("orthogonal", lambda: initializers.Orthogonal()((3,)), ValueError, "two axes|(3,)"),
        case("class", lambda: to_categorical([0, 5], 3), ValueError, "0 to 2|5"),
        case("class below 0", lambda: to_categorical([-1, 1]), ValueError, "-1"),
        case("no classes", lambda: to_categorical([]), ValueError, "num_classes"),
    ],
)
def test_things_that_make_no_sense(make, error, says):
    refused(make, error, says)


# ---------------------------------------------------------------- the backend


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
        case("len", lambda t: len(t), TypeError, "symbolic"),
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
