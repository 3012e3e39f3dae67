"""Public names of Keras 2.3.1, their arguments and defaults.

keras-2.3.1.json lists what that version offers. What is missing stands in ABSENT with the reason: a
test fails for a name in it that exists.
"""

import importlib
import inspect
import json
import pathlib

import pytest

API = json.loads((pathlib.Path(__file__).parent / "keras-2.3.1.json").read_text())["api"]
# What will not come, and why.
ABSENT = {
    "applications": {
        "keras_modules_injection": "hands Keras's modules to a package keras_applications, whose "
        "models are part of this one",
    },
    "engine.saving": {
        "allow_read_from_gcs": "wraps functions for TensorFlow's files in Google's cloud",
        "allow_write_to_gcs": "wraps functions for TensorFlow's files in Google's cloud",
    },
    "utils.test_utils": {
        "tf_file_io_proxy": "stands in for TensorFlow's files in Google's cloud, in Keras's tests",
    },
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
    return name in ABSENT.get(area, ())


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


@pytest.mark.parametrize("area", areas())
def test_names_from_elsewhere(area):
    """What a module of Keras only re-exports is found there too, tools apart."""
    module = module_of(area)
    for name, entry in entries(area).items():
        from_losses = entry["kind"] == "from keras.losses"
        if (area in FRONT or from_losses) and name not in TOOLS and not is_absent(area, name):
            assert hasattr(module, name), name


def test_what_is_not_there():
    """The list of names that are missing has none that is there."""
    for area, missing in ABSENT.items():
        for name in missing:
            assert name in entries(area), f"{name} is no name of Keras 2.3.1"
            assert not hasattr(module_of(area), name), f"{name} is there: take it off the list"


# ------------------------------------------------------------ Keras 1.2.2

KERAS_1_LINES = (pathlib.Path(__file__).parent / "keras-1.2.2.txt").read_text().splitlines()
ABSENT_OF_KERAS_1 = {
    "backend": {
        "atrous_conv2d": "K.conv2d(dilation_rate=...), whose kernels lie as in Keras 2",
        "deconv2d": "K.conv2d_transpose, whose kernels lie as in Keras 2",
    },
}


@pytest.mark.parametrize("line", KERAS_1_LINES, ids=lambda line: line.partition(":")[0])
def test_names_of_keras_1(line):
    """All classes and functions under the paths where Keras 1.2.2 had them."""
    area, _, offered = line.partition(":")
    area = area.removeprefix("keras").removeprefix(".")
    module, absent = module_of(area), ABSENT_OF_KERAS_1.get(area, {})
    missing = [name for name in offered.split() if not callable(getattr(module, name, None))]
    assert missing == sorted(absent)
