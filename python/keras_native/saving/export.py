"""Configurations of models here in the form that Keras 3 reads from its archives.

Keras 3 reads calls and settings of Keras 2 where a layer names no module; the model itself has to.
What it no longer has gets the name and the arguments that mean the same there.
"""

import time

KERAS_VERSION = "3.0.0"  # of the form that is written, not of a program
MODULE = "keras"
_MODELS = {"Model": "Functional", "Functional": "Functional", "Sequential": "Sequential"}


def now():
    """The time as Keras 3 writes it."""
    return time.strftime("%Y-%m-%d@%H:%M:%S")


def keras_3_config(config):
    """A model's configuration {'class_name', 'config', …} for `config.json`."""
    name = _MODELS.get(config["class_name"], config["class_name"])
    result = {
        "module": MODULE,
        "class_name": name,
        "config": _settings(name, config["config"]),
        "registered_name": None if name in _MODELS else name,
        "build_config": {},
        "compile_config": {},
        "keras_generation": config.get("keras_generation", "2"),
    }
    return result


def _settings(name, own):
    if isinstance(own, dict) and name in ("Functional", "Sequential"):
        return {**own, "layers": [_layer(layer) for layer in own.get("layers", [])]}
    return own


def _layer(layer):
    name = _MODELS.get(layer["class_name"], layer["class_name"])
    return {**layer, "class_name": name, "config": _settings(name, layer["config"])}
