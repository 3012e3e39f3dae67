"""Models that cannot be, or cannot yet be used."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.layers import Dense, Input
from keras_native.models import Model, Sequential, clone_model, model_from_json
from mistakes import N, X, Y, case, dense, refused


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
