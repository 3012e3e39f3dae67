"""Archives as Keras 3 and tf_keras read them: calls of inner models, compile arguments, state.

`tests/interop/check.py` opens such files with those programs; here it is looked at what is in them.
"""

import io
import json
import zipfile

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native import optimizers
from keras_native.models import Model, Sequential, load_model, model_from_config

X = np.random.RandomState(3).normal(size=(8, 4)).astype("float32")
Y = np.eye(3, dtype="float32")[np.arange(8) % 3]


def stack():
    return Sequential([L.Dense(5, activation="tanh", input_shape=(4,)), L.Dense(3)])


def content(path):
    with zipfile.ZipFile(path) as z:
        config, weights = json.loads(z.read("config.json")), io.BytesIO(z.read("model.weights.h5"))
    with h5py.File(weights) as f:
        own = f["optimizer/vars"] if "optimizer/vars" in f else {}
        return config, [own[str(i)][()] for i in range(len(own))]


OPTIMIZERS = {
    "plain": (lambda: optimizers.SGD(lr=0.1), "il"),
    "moments": (lambda: optimizers.SGD(lr=0.1, momentum=0.9, nesterov=True), "ilp"),
    "decay": (lambda: optimizers.SGD(lr=0.1, momentum=0.9, decay=0.1), "ip"),
    "rmsprop": (lambda: optimizers.RMSprop(), "ilp"),
    "adagrad": (lambda: optimizers.Adagrad(), "ilp"),
    "adadelta": (lambda: optimizers.Adadelta(), "ilpp"),
    "adam": (lambda: optimizers.Adam(clipnorm=0.1), "ilpp"),
    "amsgrad": (lambda: optimizers.Adam(amsgrad=True), "ilpp+"),
    "adamax": (lambda: optimizers.Adamax(clipvalue=0.1), "ilpp"),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_state_lies_in_the_order_of_keras_3(name, tmp_path):
    """Steps, rate, then the slots of each parameter; `+`: more slots after all parameters."""
    make, order = OPTIMIZERS[name]
    model = stack()
    model.compile(make(), "mse", metrics=["mae"])
    for _ in range(3):
        model.train_on_batch(X, Y)
    path = tmp_path / "m.keras"
    model.save(path)
    config, state = content(path)
    shapes = [w.shape for w in model.get_weights()]
    expected = [()] * order.count("i") + [()] * order.count("l")
    expected += [shape for shape in shapes for _ in range(order.count("p"))]
    expected += shapes * order.count("+")
    assert [a.shape for a in state] == expected
    assert state[0] == 3
    told = config["compile_config"]
    assert told["optimizer"]["class_name"] == type(model.optimizer).__name__
    assert (told["loss"], told["metrics"]) == ("mse", ["mae"])
    schedule = told["optimizer"]["config"]["learning_rate"]
    assert isinstance(schedule, dict) == ("l" not in order)
    again = load_model(path)
    for _ in range(2):
        assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    for a, b in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def distance(y_true, y_pred):
    return (y_true - y_pred) ** 2


@pytest.mark.parametrize(
    ("optimizer", "loss", "metrics"),
    [
        ("nadam", "mse", None),  # another schedule of momentum there
        ("sgd", distance, None),
        ("sgd", "cosine_proximity", None),
        ("sgd", "mse", [distance]),
    ],
)
def test_what_keras_3_does_not_have(optimizer, loss, metrics, tmp_path):
    """It opens the model uncompiled; this package goes on as ever."""
    model = stack()
    model.compile(optimizer, loss, metrics=metrics)
    model.train_on_batch(X, Y)
    path = tmp_path / "m.keras"
    model.save(path)
    config, state = content(path)
    assert config["compile_config"] == {} and not state
    again = load_model(path, custom_objects={"distance": distance})
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)


def test_calls_of_inner_models_are_there_for_every_way_to_count(tmp_path):
    inner = stack()
    a, b = L.Input((4,)), L.Input((4,))
    model = Model([a, b], [L.Activation("relu")(inner(a)), inner(b)])
    path = tmp_path / "m.keras"
    model.save(path)
    config = content(path)[0]["config"]
    layers = {layer["name"]: layer for layer in config["layers"]}
    calls = layers[inner.name]["inbound_nodes"]
    assert [call[0][0] for call in calls] == [a._keras_history[0].name] * 2 + [
        b._keras_history[0].name
    ] * 2
    used = layers[model.layers[-1].name]["inbound_nodes"][0][0]
    first, second = used[1], config["output_layers"][1][1]
    for number, place in ((first, 0), (second, 1)):  # counted from 0, and from 1
        assert {number // 2, (number - 1) // 2} == {place}
    again = load_model(path)
    for x, y in zip(model.predict([X, 2 * X]), again.predict([X, 2 * X]), strict=True):
        np.testing.assert_array_equal(x, y)


def test_ends_of_keras_3_count_graphs_from_1_and_stacks_from_0():
    def tensor(name, call):
        place = {"shape": [None, 4], "dtype": "float32", "keras_history": [name, call, 0]}
        return {"args": [{"class_name": "__keras_tensor__", "config": place}], "kwargs": {}}

    entry = {"class_name": "InputLayer", "config": {"batch_shape": [None, 4], "name": "i"}}
    entry = {**entry, "name": "i", "inbound_nodes": []}
    dense = {"class_name": "Dense", "config": {"units": 4, "name": "d"}, "name": "d"}
    inner = {"layers": [entry, {**dense, "inbound_nodes": [tensor("i", 0)]}], "name": "g"}
    inner |= {"input_layers": [["i", 0, 0]], "output_layers": [["d", 0, 0]]}
    graph = {"class_name": "Functional", "config": inner, "name": "g"}
    stack = {"class_name": "Sequential", "config": {"layers": [entry, dense], "name": "s"}}
    graph["inbound_nodes"] = [tensor("i", 0), tensor("s", 0)]
    layers = [entry, {**stack, "name": "s", "inbound_nodes": [tensor("g", 0)]}, graph]
    own = {"layers": layers, "name": "m", "input_layers": [["i", 0, 0]]}
    own["output_layers"] = [["g", 1, 0], ["g", 2, 0], ["s", 0, 0]]
    model = model_from_config({"class_name": "Functional", "config": own})
    model.set_weights([0.5 * np.eye(4), np.zeros(4), 3 * np.eye(4), np.zeros(4)])
    first, second, third = model.predict(X)
    scale = {round(float((y / X).mean()), 3) for y in (first, third)}
    assert scale in ({0.5, 1.5}, {3.0, 1.5})
    np.testing.assert_allclose(second, third * (first / X), rtol=1e-5)
