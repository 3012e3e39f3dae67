"""Public names of Keras 2.3.1, their arguments and defaults.

keras-2.3.1.json lists what that version offers. What is not there yet stands in NOT_YET, which
must shrink: a test fails for a name in it that exists.
"""

import importlib
import inspect
import json
import pathlib

import pytest

API = json.loads((pathlib.Path(__file__).parent / "keras-2.3.1.json").read_text())["api"]
NOT_YET = {
    "applications": {"keras_modules_injection"},
    "engine.saving": {
        "allow_read_from_gcs",
        "allow_write_to_gcs",
        "pickle_model",
        "unpickle_model",
    },
    "utils": {"H5Dict", "model_to_dot", "multi_gpu_model", "plot_model"},
    "utils.io_utils": {"H5Dict", "h5dict", "load_from_binary_h5py", "save_to_binary_h5py"},
    "utils.multi_gpu_utils": "*",
    "utils.test_utils": "*",
    "utils.vis_utils": "*",
    "wrappers.scikit_learn": "*",
}
NOTHING_UNDERNEATH = {"TFOptimizer"}  # wraps what does not exist here; making one says so
KERAS_1 = {"Highway", "MaxoutDense"}  # their methods here are those of today's layers
INNER = {"cell"}  # what layers keep for themselves
# How the listing shows what has no arguments of its own, and what hides them in a decorator.
HIDDEN = ("property", "(self, *args, **kwargs)", "(*args, **kwargs)", "overwrite=True, *args")
# Modules that people import from what was defined elsewhere, and tools that came along.
FRONT = ["", "callbacks", "engine", "layers", "models", "utils"]
TOOLS = {"deserialize_keras_object", "serialize_keras_object", "Progbar", "to_list", "has_arg"}


def areas():
    return [key.removeprefix("keras").removeprefix(".") for key in API]


def module_of(area):
    return importlib.import_module(f"keras_native.{area}".rstrip("."))


def entries(area):
    return API[f"keras.{area}".rstrip(".")]


def is_absent(area, name):
    absent = NOT_YET.get(area, ())
    return absent == "*" or name in absent


def names():
    for area in areas():
        for name, entry in entries(area).items():
            if entry["kind"] in ("class", "function") and not is_absent(area, name):
                yield pytest.param(area, name, entry, id=f"{area}.{name}")


def is_hidden(signature):
    return any(part in signature for part in HIDDEN)


def arguments(function):
    """The signature as the listing writes it."""
    function = getattr(function, "__func__", function)
    return str(inspect.signature(function)).replace("(self, /,", "(self,").replace("kwds", "kwargs")


@pytest.mark.parametrize(("area", "name", "entry"), list(names()))
def test_name(area, name, entry):
    found = getattr(module_of(area), name)
    if entry["kind"] == "function":
        given, wanted = arguments(found), entry["call"]
        # more arguments with defaults may follow
        same = given == wanted or given.startswith(wanted[:-1] + ", ")
        assert same or is_hidden(wanted), name
        return
    given, wanted = arguments(found.__init__), entry["call"]
    assert given == wanted or wanted == "(*args, **kwargs)"
    if name in NOTHING_UNDERNEATH:
        return
    for member, wanted in entry.get("members", {}).items():
        assert hasattr(found, member) or member in INNER, member
        if is_hidden(wanted) or name in KERAS_1:
            continue
        assert arguments(inspect.getattr_static(found, member)) == wanted, member


@pytest.mark.parametrize("area", [area for area in areas() if NOT_YET.get(area) != "*"])
def test_names_from_elsewhere(area):
    """What a module of Keras only re-exports is found there too, tools apart."""
    module = module_of(area)
    for name, entry in entries(area).items():
        from_losses = entry["kind"] == "from keras.losses"
        if (area in FRONT or from_losses) and name not in TOOLS and not is_absent(area, name):
            assert hasattr(module, name), name


@pytest.mark.parametrize("area", NOT_YET)
def test_what_is_not_yet_there(area):
    """The list of names to come has none that came."""
    if NOT_YET[area] == "*":
        with pytest.raises(ModuleNotFoundError):
            module_of(area)
        return
    module = module_of(area)
    for name in NOT_YET[area]:
        assert name in entries(area), f"{name} is no name of Keras 2.3.1"
        assert not hasattr(module, name), f"{name} is there: take it off the list"
