"""Files that strangers made: refused with a clear error, nothing run, nothing else read."""

import codecs
import json
import marshal
import os

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import (
    Sequential,
    load_model,
    model_from_config,
    model_from_json,
    model_from_yaml,
)
from keras_native.saving import attributes


@pytest.fixture
def path(tmp_path):
    path = str(tmp_path / "m.h5")
    Sequential([L.Dense(3, input_shape=(4,), name="d")]).save(path)
    return path


KERNEL = "model_weights/d/d/kernel:0"


def replace(path, make):
    """Put something else in the place of the kernel."""
    with h5py.File(path, "a") as f:
        del f[KERNEL]
        make(f)


def refused(path, match):
    model = Sequential([L.Dense(3, input_shape=(4,), name="d")])
    before = model.get_weights()
    with pytest.raises(ValueError, match=match):
        load_model(path, compile=False)
    with pytest.raises(ValueError, match=match):
        model.load_weights(path)
    with pytest.raises(ValueError, match=match):
        model.load_weights(path, by_name=True)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("place", ["model_weights", "model_weights/d", KERNEL])
@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links_are_refused(path, tmp_path, place, kind):
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["secret"] = np.zeros((4, 3), "float32")
    with h5py.File(path, "a") as f:
        f.move(place, "moved")
        link = h5py.ExternalLink("other.h5", "/secret") if kind == "external" else (
            h5py.SoftLink("/moved"))  # fmt: skip
        f[place] = link
    refused(path, "refused")


def test_data_in_other_files_is_refused(path, tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 48)
    replace(
        path,
        lambda f: f.create_dataset(
            KERNEL, (4, 3), "float32", external=[(str(tmp_path / "secret"), 0, 48)]
        ),
    )
    refused(path, "other files")


def test_virtual_data_is_refused(path, tmp_path):
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", (4, 3))
    replace(path, lambda f: f.create_virtual_dataset(KERNEL, layout))
    refused(path, "other files")


def test_declared_sizes_are_checked_before_memory_is_taken(path):
    replace(
        path,
        lambda f: f.create_dataset(
            KERNEL, (1 << 40,), "float32", chunks=(1 << 16,), compression="gzip", fillvalue=1.0
        ),
    )
    refused(path, "more than the model can take")


@pytest.mark.parametrize("shape", [(4, 4), (3, 4), (12,), (0, 3), (1,) * 32])
def test_wrong_shapes_are_refused(path, shape):
    replace(path, lambda f: f.create_dataset(KERNEL, shape, "float32"))
    refused(path, "shape")


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f.create_dataset(KERNEL, (12,), h5py.string_dtype()),
        lambda f: f.create_dataset(KERNEL, (4, 3), np.dtype([("a", "f4")])),
        lambda f: f.create_dataset(KERNEL, (4, 3), np.dtype("V4")),
        lambda f: f.create_dataset(KERNEL, dtype="f4", data=h5py.Empty("f4")),
    ],
)
def test_what_is_no_number_is_refused(path, make):
    replace(path, make)
    refused(path, "expected numbers")


def test_group_for_a_data_set_and_missing_data(path):
    replace(path, lambda f: f.create_group(KERNEL))
    refused(path, "it is a group")
    replace(path, lambda f: None)
    refused(path, "has no 'd/kernel:0'")


@pytest.mark.parametrize("name", ["../d", "/d", "a/../d", "", "d\0x", "."])
def test_names_that_lead_elsewhere_are_refused(path, name):
    with h5py.File(path, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array(
            [name.encode()], dtype=h5py.string_dtype() if "\0" not in name else "S8"
        )
    model = Sequential([L.Dense(3, input_shape=(4,), name="d")])
    with pytest.raises(ValueError, match="expected a path|Expected a path|has no|0 layers"):
        model.load_weights(path)


def test_names_that_are_no_text_are_refused(path):
    for value in (np.arange(3), np.array([b"\xff\xfe"])):
        with h5py.File(path, "a") as f:
            f["model_weights"].attrs["layer_names"] = value
        refused(path, "layer_names")
    with h5py.File(path, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array([b"d", b"d"])
    refused(path, "twice")


def test_too_many_names_are_refused(path, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_NAMES", 3)
    with h5py.File(path, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array([b"d"] * 4)
    refused(path, "at most 3 names")


@pytest.mark.parametrize(
    "config",
    [
        "no json", "[]", "{}", "null", '{"class_name": 3, "config": {}}',
        '{"class_name": "Sequential"}', "[" * 100_000, '{"class_name": "Dense", "config": []}',
        '{"class_name": "os.system", "config": {"command": "true"}}',
        '{"class_name": "Sequential", "config": {"layers": [{"class_name": "eval"}]}}',
        '{"class_name": "Sequential", "config": ' + '{"layers":' * 500 + "[]" + "}" * 501,
        '{"class_name": "Dense", "config": {"units": 1e30}}',
        '{"class_name": "Dense", "config": {"units": -1}}',
        '{"class_name": "Dense", "config": {"units": 1, "kernel_initializer": "os.system"}}',
        '{"class_name": "Dense", "config": {"units": 1, "activation": "deserialize"}}',
        '{"class_name": "Dense", "config": {"units": 1, "activation": "get_file"}}',
        '{"class_name": "Lambda", "config": {"function": "eval", "function_type": "function"}}',
        '{"class_name": "deserialize", "config": {}}', '{"class_name": "merge", "config": {}}',
    ],
)  # fmt: skip
def test_hostile_configurations(path, config):
    with pytest.raises((ValueError, TypeError)):
        model_from_json(config)
    with h5py.File(path, "a") as f:
        f.attrs["model_config"] = config.encode()
    with pytest.raises((ValueError, TypeError)):
        load_model(path)


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['true']",
        "!!python/name:os.system",
        "!!python/object/apply:numpy.core.multiarray.scalar [O8, !!binary AAAA]",
        "a: [",
        "class_name: !!python/tuple 3",
    ],
)
def test_hostile_yaml(text):
    pytest.importorskip("yaml")
    with pytest.raises(ValueError, match="YAML|number"):
        model_from_yaml(text)


def test_yaml_of_keras_is_read():
    pytest.importorskip("yaml")
    model = Sequential([L.Reshape((2, 2), input_shape=(4,)), L.Flatten()])
    assert model_from_yaml(model.to_yaml()).to_json() == model.to_json()
    text = model.to_yaml().replace("- 2\n", "- 2\n", 1)
    assert json.dumps(model_from_yaml(text).get_config())


# ------------------------------------------------------------ what a path may be


def test_only_plain_files_are_opened(tmp_path):
    """A pipe would keep the reader waiting, a device never end."""
    os.mkfifo(tmp_path / "pipe.h5")
    model = Sequential([L.Dense(3, input_shape=(4,))])
    for place in (tmp_path / "pipe.h5", "/dev/zero", "/dev/null", tmp_path):
        with pytest.raises(OSError, match="is no file"):
            load_model(place)
        with pytest.raises(OSError, match="is no file"):
            model.load_weights(place)


def test_links_to_files_are_followed_by_name_only(path, tmp_path):
    (tmp_path / "link.h5").symlink_to(path)
    assert load_model(tmp_path / "link.h5", compile=False).count_params() == 15
    (tmp_path / "round.h5").symlink_to(tmp_path / "round.h5")
    with pytest.raises(OSError, match="is no file"):
        load_model(tmp_path / "round.h5")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_truncated_files(path, share):
    with open(path, "rb") as f:
        whole = f.read()
    with open(path, "wb") as f:
        f.write(whole[: int(len(whole) * share)])
    model = Sequential([L.Dense(3, input_shape=(4,))])
    before = model.get_weights()
    for read in (load_model, model.load_weights):
        with pytest.raises((OSError, ValueError)):
            read(path)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


# ------------------------------------------------------------ how data are stored


def test_foreign_filters_are_refused(path):
    """A filter that HDF5 does not have would be loaded as a library from a path of the system."""

    def make(f):
        properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        properties.set_chunk((4, 3))
        properties.set_filter(32008, h5py.h5z.FLAG_OPTIONAL, (0,))  # bitshuffle
        space = h5py.h5s.create_simple((4, 3))
        kind = h5py.h5t.NATIVE_FLOAT
        h5py.h5d.create(f["model_weights/d/d"].id, b"kernel:0", kind, space, properties)

    replace(path, make)
    refused(path, "foreign filter")


def test_a_list_of_names_in_endless_pieces(path, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_NAMES", 100)
    with h5py.File(path, "a", track_order=True) as f:
        del f["model_weights"].attrs["layer_names"]
        for piece in range(150):
            f["model_weights"].attrs[f"layer_names{piece}"] = np.array([b"l%d" % piece])
    refused(path, "at most 100 names")


def test_empty_pieces_come_to_an_end(path):
    with h5py.File(path, "a") as f:
        del f["model_weights"].attrs["layer_names"]
        f["model_weights"].attrs["layer_names0"] = np.zeros(0, "S1")
    with pytest.raises(ValueError, match="0 layers"):
        load_model(path, compile=False)


def test_a_circle_of_groups(path):
    """A group that holds itself: only names of the model are looked up, never all there is."""
    with h5py.File(path, "a") as f:
        f["model_weights/d/d/again"] = f["model_weights"]
    assert load_model(path, compile=False).count_params() == 15


def test_many_sizes_that_are_large_together(tmp_path):
    """Each weight may be what the model says; more of them than the model has may not."""
    path = str(tmp_path / "many.h5")
    Sequential([L.Dense(64, input_shape=(64,), name="d")]).save(path)
    with h5py.File(path, "a") as f:
        group = f["model_weights/d"]
        names = [f"d/more{i}:0".encode() for i in range(50)]
        for name in names:
            group.create_dataset(name, (64, 64), "float32", chunks=(64, 64), compression="gzip")
        group.attrs["weight_names"] = names
    with pytest.raises(ValueError, match="more than the model can take"):
        load_model(path, compile=False)


@pytest.mark.parametrize("units", [10**12, 2**63, 10**30, -1, 1.5, True, "3", None, [3]])
def test_sizes_of_layers(path, units):
    """Refused before memory is taken, whatever stands there for a number."""
    with h5py.File(path, "a") as f:
        config = json.loads(f.attrs["model_config"])
        config["config"]["layers"][-1]["config"]["units"] = units
        f.attrs["model_config"] = json.dumps(config).encode()
    with pytest.raises((ValueError, TypeError)):
        load_model(path)


def test_numbers_and_keys_that_json_allows_and_models_do_not(path):
    twice = '{"class_name": "Dense", "class_name": "eval", "config": {}}'
    for text in ('{"class_name": NaN}', '{"a": 1' + "0" * 10_000 + "}", twice):
        with pytest.raises(ValueError):
            model_from_json(text)


def test_a_name_of_the_package_is_not_taken_over_by_a_file(path):
    """`registered_name` and packages before `>` say nothing: the table of layers decides."""
    with h5py.File(path, "a") as f:
        config = json.loads(f.attrs["model_config"])
        layer = config["config"]["layers"][-1]
        layer.update(registered_name="os>system", module="os")
        f.attrs["model_config"] = json.dumps(config).encode()
    assert type(load_model(path, compile=False).layers[-1]) is L.Dense


# ------------------------------------------------------------ bytecode


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
def test_bytecode_is_never_run(path, place, tmp_path, monkeypatch):
    """Wherever a Lambda hides: in a file, in JSON, in YAML, in a configuration, in a copy."""
    monkeypatch.chdir(tmp_path)
    layer = PLACES[place](_bytecode())
    with h5py.File(path, "a") as f:
        config = json.loads(f.attrs["model_config"])
        config["config"]["layers"].insert(1, layer)
        f.attrs["model_config"] = json.dumps(config).encode()
    own = config["config"]
    ways = [
        lambda: load_model(path),
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
def test_objects_in_places_beside(path, place, tmp_path, monkeypatch):
    """Classes and functions of modules stand where a file may hold plain settings."""
    monkeypatch.chdir(tmp_path)
    call = {"class_name": "system", "config": {"command": "touch pwned"}, "module": "os"}
    with h5py.File(path, "a") as f:
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
        assert load_model(path).count_params() == 15
    else:
        with pytest.raises((ValueError, TypeError)):
            load_model(path)
    assert not (tmp_path / "pwned").exists()
