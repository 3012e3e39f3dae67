"""`.keras` archives: round trips, and archives that strangers made."""

import copy
import io
import json
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.engine.saving import pickle_model, unpickle_model
from keras_native.models import Model, Sequential, load_model
from keras_native.saving import archive

X = np.random.RandomState(0).normal(size=(8, 4)).astype("float32")
Y = X[:, :3]


def model():
    made = Sequential([L.Dense(5, activation="tanh", input_shape=(4,)), L.Dense(3, name="d")])
    made.compile("adam", "mse", metrics=["mae"])
    made.train_on_batch(X, Y)
    return made


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "m.keras")


@pytest.mark.parametrize("again", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m)), "file"])
def test_training_goes_on_exactly(path, again):
    first = model()
    if again == "file":
        first.save(path)
        second = load_model(path)
    else:
        second = again(first)
    for _ in range(2):
        assert second.train_on_batch(X, Y) == first.train_on_batch(X, Y)
    assert second.keras_generation == "2"


def test_inner_models_and_weights_alone(path):
    x = L.Input((4,))
    inner = Sequential([L.Dense(2, input_shape=(4,)), L.BatchNormalization()])
    sub = Model(x, L.Dense(3)(x))
    first = Model(x, L.concatenate([inner(x), sub(x), inner(x)]))
    first.save(path)
    second = load_model(path, compile=False)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))
    second.set_weights([w + 1 for w in second.get_weights()])
    second.load_weights(path)
    np.testing.assert_array_equal(first.predict(X), second.predict(X))


def various():
    x = L.Input((6, 4), name="x")
    sequences = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    sequences = L.TimeDistributed(L.Dense(4))(sequences)
    sequences = L.BatchNormalization()(L.Conv1D(3, 2)(sequences))
    return Model(x, L.Dense(2, name="last")(L.GRU(3)(sequences)))


def test_weights_in_the_layout_of_keras_3(tmp_path):
    path = tmp_path / "m.weights.h5"
    first, second = various(), various()
    first.save_weights(path)
    with h5py.File(path) as f:
        assert "layer_names" not in f.attrs
        assert f["layers/dense/vars/0"].shape == (3, 2)
        assert f["layers/bidirectional/forward_layer/cell/vars/0"].shape == (4, 12)
        assert f["layers/batch_normalization/vars"].attrs["name"] == first.layers[4].name
    second.load_weights(path)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_of_keras_3_by_name(tmp_path):
    path = tmp_path / "m.weights.h5"
    first = various()
    first.save_weights(path)
    other = Sequential([L.Dense(2, input_shape=(3,), name="last"), L.Dense(2, name="own")])
    kept = other.layers[1].get_weights()
    other.load_weights(path, by_name=True)
    for a, b in zip(first.layers[-1].get_weights(), other.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(kept[0], other.layers[1].get_weights()[0])
    wrong = Sequential([L.Dense(3, input_shape=(3,), name="last")])
    with pytest.raises(ValueError, match=r"has shape \(3, 3\)"):
        wrong.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="Skipping loading of weights for layer last"):
        wrong.load_weights(path, by_name=True, skip_mismatch=True)


def test_pickle_model_of_keras_2():
    first = model()
    second = unpickle_model(pickle.loads(pickle.dumps(pickle_model(first))))
    assert second.train_on_batch(X, Y) == first.train_on_batch(X, Y)
    with pytest.raises(ValueError, match="pickle_model"):
        unpickle_model(b"bytes")


def keras_3(layers, **extra):
    """A Keras 3 configuration of a Sequential."""
    first = {"class_name": "InputLayer", "module": "keras.layers", "registered_name": None,
             "config": {"batch_shape": [None, 4], "dtype": "float32", "name": "i"}}  # fmt: skip
    return {"module": "keras", "class_name": "Sequential", "registered_name": "Sequential",
            "config": {"name": "s", "layers": [first, *layers]}, **extra}  # fmt: skip


def dense(**settings):
    return {"module": "keras.layers", "class_name": "Dense", "registered_name": None,
            "config": {"name": "d", "units": 3, **settings}}  # fmt: skip


def weights():
    content = io.BytesIO()
    with h5py.File(content, "w") as f:
        f["layers/dense/vars/0"] = np.ones((4, 3), "float32")
        f["layers/dense/vars/1"] = np.zeros(3, "float32")
    return content.getvalue()


def write(path, config, content=None, metadata='{"keras_version": "3.9.0"}'):
    archive.write(path, metadata, json.dumps(config), weights() if content is None else content)


def test_a_model_of_keras_3(path):
    policy = {"class_name": "DTypePolicy", "module": "keras", "config": {"name": "float32"}}
    policy["registered_name"] = None
    write(path, keras_3([dense(activation="hard_sigmoid", dtype=policy)]))
    loaded = load_model(path)
    assert loaded.keras_generation == "3"
    total = X.sum(axis=1, keepdims=True).repeat(3, 1)
    np.testing.assert_allclose(loaded.predict(X), np.clip(total + 3, 0, 6) / 6, atol=1e-6)
    loaded.save(path + ".h5")
    again = load_model(path + ".h5", compile=False)
    assert again.keras_generation == "3"
    np.testing.assert_array_equal(again.predict(X), loaded.predict(X))


CALL = {"module": "keras.utils", "class_name": "function", "config": "get_file",
        "registered_name": "function"}  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        keras_3([{"module": "os", "class_name": "system", "config": {"command": "touch pwned"}}]),
        keras_3([dense(kernel_initializer={"module": "os", "class_name": "system",
                 "config": {"command": "touch pwned"}, "registered_name": None})]),
        keras_3([dense(activation=CALL)]),
        keras_3([dense(kernel_regularizer=CALL)]),
        keras_3([dense(kernel_constraint={"class_name": "load_model", "config": {"filepath": "x"},
                 "module": "keras.models"})]),
        keras_3([{"class_name": "__lambda__", "config": {"value": "4wEAAAA="}}]),
        keras_3([{"class_name": "Lambda", "module": "keras.layers", "config": {"name": "l",
                 "function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}}}]),
        keras_3([{"class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None],
                 "function_type": "lambda"}}]),
        keras_3([{"class_name": "Lambda", "config": {"function": "system", "module": "os",
                 "function_type": "function"}}]),
        keras_3([{"class_name": "TimeDistributed", "config": {"layer": {"class_name": "Lambda",
                 "config": {"function": ["4wEAAAA="], "function_type": "lambda"}}}}]),
        keras_3([{"class_name": "TFSMLayer", "module": "keras.layers",
                 "config": {"filepath": "/etc"}}]),
        keras_3([{"class_name": "TorchModuleWrapper", "config": {"module": "x"}}]),
        keras_3([{"class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}]),
        keras_3([{"class_name": "enable_unsafe_deserialization", "config": {},
                 "module": "keras.config"}]),
        keras_3([dense(units=10**12)]),
        keras_3([dense(units=-3)]),
        keras_3([dense(units="3; import os")]),
        keras_3([dense(units=10**9)]),
        keras_3([dense(unknown=1)]),
        keras_3([{"class_name": 3, "config": {}}]),
        keras_3(["Dense"]),
        keras_3([dense()], compile_config={"optimizer": {"class_name": "system", "module": "os",
                                           "config": {"command": "touch pwned"}}}),
        keras_3([dense()], compile_config={"optimizer": {"class_name": "SGD", "config": {}},
                                           "loss": CALL}),
        keras_3([dense()], compile_config={"optimizer": {"class_name": "SGD", "config": {
                "learning_rate": {"class_name": "eval", "config": {"source": "1"}}}}}),
    ],
)  # fmt: skip
def test_hostile_configurations_are_refused(path, tmp_path, monkeypatch, config):
    monkeypatch.chdir(tmp_path)
    write(path, config)
    with pytest.raises((ValueError, TypeError)):
        load_model(path)
    assert not (tmp_path / "pwned").exists()


def graph(layers, outputs=(["d", 0, 0],)):
    first = {"class_name": "InputLayer", "name": "i", "inbound_nodes": [],
             "config": {"batch_shape": [None, 4], "name": "i"}}  # fmt: skip
    return {"class_name": "Functional", "config": {"name": "f", "layers": [first, *layers],
            "input_layers": [["i", 0, 0]], "output_layers": list(outputs)}}  # fmt: skip


def on(name, *history):
    tensor = {"class_name": "__keras_tensor__", "config": {"keras_history": list(history)}}
    return {**dense(name=name), "name": name, "inbound_nodes": [{"args": [tensor], "kwargs": {}}]}


@pytest.mark.parametrize(
    "config",
    [
        graph([on("d", "d", 0, 0)]),
        graph([on("d", "e", 0, 0), on("e", "d", 0, 0)]),
        graph([on("d", "missing", 0, 0)]),
        graph([on("d", "i", 7, 0)]),
        graph([on("d", "i", -1, 0)]),
        graph([on("d", "i", 0, 7)]),
        graph([on("d", "i", "0", 0)]),
        graph([on("d", "i", 0, 0), on("d", "i", 0, 0)]),
        graph([on("d", "i", 0, 0)], outputs=[["e", 0, 0]]),
        graph([on("d", "i")]),
        graph([on("d", "i", 0, 0)], outputs=[["d", 10**30, 0]]),
        graph([{**on("d", "i", 0, 0), "inbound_nodes": {"a": 1}}]),
        graph([{**on("d", "i", 0, 0), "inbound_nodes": [{"args": 3}]}]),
    ],
)  # fmt: skip
def test_broken_graphs_are_refused(path, config):
    write(path, config)
    with pytest.raises((ValueError, TypeError)):
        load_model(path)


def members(path, entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for name, data in entries:
            z.writestr(name, data)


GOOD = [("metadata.json", "{}"), ("config.json", json.dumps(keras_3([dense()]))),
        ("model.weights.h5", weights())]  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "entries, match",
    [
        (GOOD[:2], "no member 'model.weights.h5'"),
        (GOOD[:2] + [("model.weights.npz", b"x")], "npz"),
        (GOOD[1:], "no member 'metadata.json'"),
        ([*GOOD, GOOD[1]], "two members"),
        ([GOOD[0], ("config.json", b"{" * 200_000), GOOD[2]], "."),
        ([GOOD[0], ("config.json", b" " * (64 << 20)), GOOD[2]], "too large"),
        ([*GOOD[:2], ("model.weights.h5", b"\0" * (64 << 20))], "too large"),
        ([*GOOD[:2], ("model.weights.h5", b"no hdf5")], "no HDF5"),
        ([("../config.json", "{}"), ("/etc/config.json", "{}")], "no member"),
        ([GOOD[0], ("config.json", "[]"), GOOD[2]], "config"),
    ],
)
def test_hostile_archives_are_refused(path, tmp_path, entries, match):
    members(path, entries)
    before = sorted(p.name for p in tmp_path.iterdir())
    with pytest.raises(ValueError, match=match):
        load_model(path)
    assert sorted(p.name for p in tmp_path.iterdir()) == before


def test_links_and_sizes_that_lie(path):
    link = zipfile.ZipInfo("config.json")
    link.external_attr = 0xA1FF0000
    with zipfile.ZipFile(path, "w") as z:
        z.writestr("metadata.json", "{}")
        z.writestr(link, "/etc/passwd")
    with pytest.raises(ValueError, match="symbolic link"):
        load_model(path)
    members(path, GOOD)
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole[:-30])
    with pytest.raises((ValueError, OSError)):
        load_model(path)


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f.__setitem__("layers/dense/vars/0", h5py.SoftLink("/layers/dense/vars/1")),
        lambda f: f.__setitem__("layers/dense/vars/0", h5py.ExternalLink("o.h5", "/x")),
        lambda f: f.create_dataset("layers/dense/vars/0", (1 << 40,), "f4", chunks=(1 << 10,)),
        lambda f: f.create_dataset("layers/dense/vars/0", (3, 4), "f4"),
        lambda f: f.create_dataset("layers/dense/vars/0", (4, 3), h5py.string_dtype()),
        lambda f: f.create_group("layers/dense/vars/0"),
        lambda f: None,
    ],
)
def test_hostile_weights_leave_the_model_as_it_was(path, make):
    content = io.BytesIO(weights())
    with h5py.File(content, "a") as f:
        del f["layers/dense/vars/0"]
        make(f)
    write(path, keras_3([dense()]), content.getvalue())
    with pytest.raises(ValueError):
        load_model(path)
    kept = Sequential([L.Dense(3, input_shape=(4,))])
    before = kept.get_weights()
    with pytest.raises(ValueError):
        kept.load_weights(path)
    for a, b in zip(before, kept.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
