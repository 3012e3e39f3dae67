"""Bytecode and names of objects in files: never run, never looked up."""

import codecs
import json
import marshal

import h5py
import pytest
from keras_native import layers as L
from keras_native.models import (
    Sequential,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
)


def _bytecode():
    code = marshal.dumps(compile("open('pwned', 'w')", "x", "eval"))
    text = codecs.encode(code, "base64").decode()
    function = {"function": [text, None, None], "function_type": "lambda", "name": "l"}
    return {"class_name": "Lambda", "config": function}


def _in_a_model(layer):
    own = {"layers": [layer], "name": "inner"}
    return {"class_name": "Sequential", "config": own}


def _in_a_graph(layer):
    entry = {"class_name": "InputLayer", "name": "i", "inbound_nodes": []}
    entry["config"] = {"batch_input_shape": [None, 4], "name": "i"}
    layer = {**layer, "name": "l", "inbound_nodes": [[["i", 0, 0, {}]]]}
    own = {"layers": [entry, layer], "name": "g", "input_layers": [["i", 0, 0]]}
    return {"class_name": "Model", "config": {**own, "output_layers": [["l", 0, 0]]}}


def _in_a_wrapper(name):
    return lambda layer: {"class_name": name, "config": {"layer": layer, "name": "w"}}


PLACES = {
    "plain": lambda layer: layer,
    "model": _in_a_model,
    "model in a model": lambda layer: _in_a_model(_in_a_model(layer)),
    "graph": _in_a_graph,
    "time steps": _in_a_wrapper("TimeDistributed"),
    "both directions": _in_a_wrapper("Bidirectional"),
    "recurrence": lambda layer: {"class_name": "RNN", "config": {"cell": layer, "name": "r"}},
    "wrapper in a model": lambda layer: _in_a_model(_in_a_wrapper("TimeDistributed")(layer)),
}


@pytest.mark.parametrize("place", PLACES)
def test_bytecode_is_never_run(dense_file, place, tmp_path, monkeypatch):
    """Wherever a Lambda hides: in a file, in JSON, in YAML, in a configuration, in a copy."""
    monkeypatch.chdir(tmp_path)
    layer = PLACES[place](_bytecode())
    with h5py.File(dense_file, "a") as f:
        config = json.loads(f.attrs["model_config"])
        config["config"]["layers"].insert(1, layer)
        f.attrs["model_config"] = json.dumps(config).encode()
    own = config["config"]
    ways = [
        lambda: load_model(dense_file),
        lambda: model_from_json(json.dumps(config)),
        lambda: model_from_config(config),
        lambda: Sequential.from_config(own),
        lambda: L.deserialize(layer),
    ]
    try:
        import yaml
    except ImportError:
        pass
    else:
        ways.append(lambda: model_from_yaml(yaml.safe_dump(config)))
    for way in ways:
        with pytest.raises(ValueError, match="bytecode"):
            way()
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("place", ["build_config", "compile_config", "dtype", "loss", "metrics"])
def test_objects_in_places_beside(dense_file, place, tmp_path, monkeypatch):
    """Classes and functions of modules stand where a file may hold plain settings."""
    monkeypatch.chdir(tmp_path)
    call = {"class_name": "system", "config": {"command": "touch pwned"}, "module": "os"}
    with h5py.File(dense_file, "a") as f:
        config = json.loads(f.attrs["model_config"])
        layer = config["config"]["layers"][-1]
        if place == "dtype":
            layer["config"]["dtype"] = call
        elif place.endswith("config"):
            layer[place] = call
        f.attrs["model_config"] = json.dumps(config).encode()
        training = {"optimizer_config": {"class_name": "SGD", "config": {}}, "loss": "mse"}
        training |= {"metrics": [], "loss_weights": None, "sample_weight_mode": None}
        if place in ("loss", "metrics"):
            training[place] = call if place == "loss" else [call]
        f.attrs["training_config"] = json.dumps(training).encode()
    if place in ("build_config", "compile_config"):  # says nothing in a file of Keras 2
        assert load_model(dense_file).count_params() == 15
    else:
        with pytest.raises((ValueError, TypeError)):
            load_model(dense_file)
    assert not (tmp_path / "pwned").exists()
