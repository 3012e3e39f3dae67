"""Public names of Keras 2.3.1, their arguments and defaults, in the areas built so far.

keras-2.3.1.json lists what that version offers. An area is added to AREAS when it is complete.
"""

import importlib
import inspect
import json
import pathlib

import pytest

API = json.loads((pathlib.Path(__file__).parent / "keras-2.3.1.json").read_text())["api"]
AREAS = [
    "activations",
    "backend",
    "constraints",
    "initializers",
    "layers.convolutional",
    "layers.convolutional_recurrent",
    "layers.cudnn_recurrent",
    "layers.local",
    "layers.pooling",
    "layers.recurrent",
    "layers.wrappers",
    "losses",
    "metrics",
    "objectives",
    "optimizers",
    "regularizers",
    "utils.losses_utils",
    "utils.metrics_utils",
]
NOTHING_UNDERNEATH = {"TFOptimizer"}  # wraps what does not exist here; making one says so
OF_INSTANCES = {"CuDNNGRU.cell", "CuDNNLSTM.cell"}  # properties there, plain attributes here
NO_ARGUMENTS = "(self, *args, **kwargs)"  # how the listing shows object.__init__ and Enum.__init__


def names():
    for area in AREAS:
        for name, entry in API["keras." + area].items():
            if entry["kind"] in ("class", "function"):
                yield pytest.param(area, name, entry, id=f"{area}.{name}")


def arguments(function):
    """The signature as the listing writes it."""
    function = getattr(function, "__func__", function)
    return str(inspect.signature(function)).replace("(self, /,", "(self,").replace("kwds", "kwargs")


@pytest.mark.parametrize(("area", "name", "entry"), list(names()))
def test_name(area, name, entry):
    found = getattr(importlib.import_module(f"keras_native.{area}"), name)
    if entry["kind"] == "function":
        given, wanted = arguments(found), entry["call"]
        # more arguments with defaults may follow; a wrapper's say nothing
        assert wanted in (given, "(*args, **kwargs)") or given.startswith(wanted[:-1] + ", "), name
        return
    assert entry["call"] in (arguments(found.__init__), "(*args, **kwargs)")
    if name in NOTHING_UNDERNEATH:
        return
    for member, wanted in entry.get("members", {}).items():
        if f"{name}.{member}" in OF_INSTANCES or wanted == "(*args, **kwargs)":
            continue
        assert hasattr(found, member), member
        if wanted != "property" and wanted != NO_ARGUMENTS:
            assert arguments(inspect.getattr_static(found, member)) == wanted, member


@pytest.mark.parametrize("area", AREAS)
def test_names_from_elsewhere(area):
    """What a module of Keras only re-exported is found there too, tools apart."""
    module = importlib.import_module(f"keras_native.{area}")
    for name, entry in API["keras." + area].items():
        source = entry["kind"].removeprefix("from ")
        if source in ("keras.losses", "keras.utils.generic_utils"):
            assert hasattr(module, name), name
