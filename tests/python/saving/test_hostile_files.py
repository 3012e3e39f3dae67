"""Files that strangers made: refused with a clear error, nothing run, nothing else read."""

import json
import os

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import (
    Sequential,
    load_model,
    model_from_json,
    model_from_yaml,
)
from keras_native.saving import attributes
from spoiled_files import KERNEL, refused, replace


@pytest.mark.parametrize("place", ["model_weights", "model_weights/d", KERNEL])
@pytest.mark.parametrize("kind", ["external", "soft"])
def test_links_are_refused(dense_file, tmp_path, place, kind):
    with h5py.File(tmp_path / "other.h5", "w") as f:
        f["secret"] = np.zeros((4, 3), "float32")
    with h5py.File(dense_file, "a") as f:
        f.move(place, "moved")
        link = h5py.ExternalLink("other.h5", "/secret") if kind == "external" else (
            h5py.SoftLink("/moved"))  # fmt: skip
        f[place] = link
    refused(dense_file, "refused")


def test_data_in_other_files_is_refused(dense_file, tmp_path):
    (tmp_path / "secret").write_bytes(b"x" * 48)
    replace(
        dense_file,
        lambda f: f.create_dataset(
            KERNEL, (4, 3), "float32", external=[(str(tmp_path / "secret"), 0, 48)]
        ),
    )
    refused(dense_file, "other files")


def test_virtual_data_is_refused(dense_file, tmp_path):
    layout = h5py.VirtualLayout((4, 3), "float32")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "secret", (4, 3))
    replace(dense_file, lambda f: f.create_virtual_dataset(KERNEL, layout))
    refused(dense_file, "other files")


def test_declared_sizes_are_checked_before_memory_is_taken(dense_file):
    replace(
        dense_file,
        lambda f: f.create_dataset(
            KERNEL, (1 << 40,), "float32", chunks=(1 << 16,), compression="gzip", fillvalue=1.0
        ),
    )
    refused(dense_file, "more than the model can take")


@pytest.mark.parametrize("shape", [(4, 4), (3, 4), (12,), (0, 3), (1,) * 32])
def test_wrong_shapes_are_refused(dense_file, shape):
    replace(dense_file, lambda f: f.create_dataset(KERNEL, shape, "float32"))
    refused(dense_file, "shape")


@pytest.mark.parametrize(
    "make",
    [
        lambda f: f.create_dataset(KERNEL, (12,), h5py.string_dtype()),
        lambda f: f.create_dataset(KERNEL, (4, 3), np.dtype([("a", "f4")])),
        lambda f: f.create_dataset(KERNEL, (4, 3), np.dtype("V4")),
        lambda f: f.create_dataset(KERNEL, dtype="f4", data=h5py.Empty("f4")),
    ],
)
def test_what_is_no_number_is_refused(dense_file, make):
    replace(dense_file, make)
    refused(dense_file, "expected numbers")


def test_group_for_a_data_set_and_missing_data(dense_file):
    replace(dense_file, lambda f: f.create_group(KERNEL))
    refused(dense_file, "it is a group")
    replace(dense_file, lambda f: None)
    refused(dense_file, "has no 'd/kernel:0'")


@pytest.mark.parametrize("name", ["../d", "/d", "a/../d", "", "d\0x", "."])
def test_names_that_lead_elsewhere_are_refused(dense_file, name):
    with h5py.File(dense_file, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array(
            [name.encode()], dtype=h5py.string_dtype() if "\0" not in name else "S8"
        )
    model = Sequential([L.Dense(3, input_shape=(4,), name="d")])
    with pytest.raises(ValueError, match="expected a path|Expected a path|has no|0 layers"):
        model.load_weights(dense_file)


def test_names_that_are_no_text_are_refused(dense_file):
    for value in (np.arange(3), np.array([b"\xff\xfe"])):
        with h5py.File(dense_file, "a") as f:
            f["model_weights"].attrs["layer_names"] = value
        refused(dense_file, "layer_names")
    with h5py.File(dense_file, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array([b"d", b"d"])
    refused(dense_file, "twice")


def test_too_many_names_are_refused(dense_file, monkeypatch):
    monkeypatch.setattr(attributes, "_MAX_NAMES", 3)
    with h5py.File(dense_file, "a") as f:
        f["model_weights"].attrs["layer_names"] = np.array([b"d"] * 4)
    refused(dense_file, "at most 3 names")


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
def test_hostile_configurations(dense_file, config):
    with pytest.raises((ValueError, TypeError)):
        model_from_json(config)
    with h5py.File(dense_file, "a") as f:
        f.attrs["model_config"] = config.encode()
    with pytest.raises((ValueError, TypeError)):
        load_model(dense_file)


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


def test_links_to_files_are_followed_by_name_only(dense_file, tmp_path):
    (tmp_path / "link.h5").symlink_to(dense_file)
    assert load_model(tmp_path / "link.h5", compile=False).count_params() == 15
    (tmp_path / "round.h5").symlink_to(tmp_path / "round.h5")
    with pytest.raises(OSError, match="is no file"):
        load_model(tmp_path / "round.h5")


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.9, 0.999])
def test_truncated_files(dense_file, share):
    with open(dense_file, "rb") as f:
        whole = f.read()
    with open(dense_file, "wb") as f:
        f.write(whole[: int(len(whole) * share)])
    model = Sequential([L.Dense(3, input_shape=(4,))])
    before = model.get_weights()
    for read in (load_model, model.load_weights):
        with pytest.raises((OSError, ValueError)):
            read(dense_file)
    np.testing.assert_array_equal(before[0], model.get_weights()[0])


# ------------------------------------------------------------ numbers and names


@pytest.mark.parametrize("units", [10**12, 2**63, 10**30, -1, 1.5, True, "3", None, [3]])
def test_sizes_of_layers(dense_file, units):
    """Refused before memory is taken, whatever stands there for a number."""
    with h5py.File(dense_file, "a") as f:
        config = json.loads(f.attrs["model_config"])
        config["config"]["layers"][-1]["config"]["units"] = units
        f.attrs["model_config"] = json.dumps(config).encode()
    with pytest.raises((ValueError, TypeError)):
        load_model(dense_file)


def test_numbers_and_keys_that_json_allows_and_models_do_not(dense_file):
    twice = '{"class_name": "Dense", "class_name": "eval", "config": {}}'
    for text in ('{"class_name": NaN}', '{"a": 1' + "0" * 10_000 + "}", twice):
        with pytest.raises(ValueError):
            model_from_json(text)


def test_a_name_of_the_package_is_not_taken_over_by_a_file(dense_file):
    """`registered_name` and packages before `>` say nothing: the table of layers decides."""
    with h5py.File(dense_file, "a") as f:
        config = json.loads(f.attrs["model_config"])
        layer = config["config"]["layers"][-1]
        layer.update(registered_name="os>system", module="os")
        f.attrs["model_config"] = json.dumps(config).encode()
    assert type(load_model(dense_file, compile=False).layers[-1]) is L.Dense
