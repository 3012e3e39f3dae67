"""Configurations of models in a form that Keras 2.3.1, tf_keras and Keras 3 all read.

Keras 3 reads settings and calls of Keras 2, but not everything: a Sequential needs its input as a
layer of its own, and a layer inside another one has to name its module. The older programs ignore
both.
"""

import time

from .. import registry

KERAS_VERSION = "3.0.0"  # of the form of archives, not of a program
_FUNCTIONAL = ("Functional", "Model", "Network")


def now():
    """The time as Keras 3 writes it."""
    return time.strftime("%Y-%m-%d@%H:%M:%S")


def archived(config):
    """A model's configuration {'class_name', 'config', …} as `config.json` of an archive.

    Under 'keras_native' it holds the configuration as it is, for this package.
    """
    name = _name_there(config)
    return {
        "module": "keras" if name in ("Model", "Sequential") else None,
        "class_name": name,
        "config": _calls_twice(portable(config)["config"]),
        "registered_name": name,
        "build_config": {},
        "compile_config": {},
        "keras_native": config,
    }


def _name_there(config):
    """Class name of a model or layer in an archive; a graph is a 'Model' everywhere."""
    name = config["class_name"]
    return "Model" if name in _FUNCTIONAL else name


def _calls_twice(own):
    """Each call of an inner model written twice, so that all who count calls find it.

    tf_keras counts the calls of an inner model from 1, since its own graph is call 0; Keras 3
    counts them from 0 between layers and from 1 at the model's outputs. With the list
    [first, first, second, second, …] call 1, 3, … is the right one for each of them. Calls that no
    output needs are neither run nor written again.
    """
    if not isinstance(own, dict) or not isinstance(own.get("layers"), list):
        return own
    layers, models = [], set()
    for layer in own["layers"]:
        name = _name_there(layer)
        if name in ("Model", "Sequential"):
            models.add(layer.get("name"))
        layers.append({**layer, "class_name": name, "config": _calls_twice(layer["config"])})

    def recounted(source):
        return [source[0], 2 * source[1] - 1, *source[2:]] if source[0] in models else source

    for layer in layers:
        if "inbound_nodes" in layer:
            calls = [[recounted(source) for source in call] for call in layer["inbound_nodes"]]
            times = 2 if layer.get("name") in models else 1
            layer["inbound_nodes"] = [call for call in calls for _ in range(times)]
    result = {**own, "layers": layers}
    for key in ("input_layers", "output_layers"):
        if key in own:
            result[key] = [recounted(end) for end in own[key]]
    return result


def portable(config):
    """The configuration {'class_name', 'config', …} of a model or layer, readable everywhere."""
    own = config["config"]
    if not isinstance(own, dict):
        return config
    own = dict(own)
    if isinstance(own.get("layers"), list):
        own["layers"] = [portable(layer) for layer in own["layers"]]
        if config["class_name"] == "Sequential":
            own["layers"] = _input_first(own["layers"]) + own["layers"]
    for key in ("layer", "cell"):
        if isinstance(own.get(key), dict) and "class_name" in own[key]:
            own[key] = _inner(own[key])
    if isinstance(own.get("cells"), list):
        own["cells"] = [_inner(cell) for cell in own["cells"]]
    return {**config, "config": own}


def _inner(layer):
    """A layer inside another one, with the module that Keras 3 wants for its own classes."""
    inner = portable(layer)
    if layer["class_name"] in ("Model", "Sequential") or layer["class_name"] not in registry.names(
        "layers"
    ):
        return inner
    return {"module": "keras.layers", **inner, "registered_name": None}


def _fed(dtype):
    """The dtype of the input of a layer that has this one: that of its weights."""
    mixed = isinstance(dtype, str) and dtype.startswith("mixed_")
    return "float32" if mixed else dtype or "float32"


def _input_first(layers):
    """The input layer of a Sequential, as a list; empty where it is there or its shape unknown."""
    first = layers[0] if layers else None
    own = first.get("config") if first else None
    if not isinstance(own, dict) or first["class_name"] == "InputLayer":
        return []
    shape = own.get("batch_input_shape")
    if not shape:
        return []
    settings = {
        "batch_input_shape": shape,
        "dtype": _fed(own.get("dtype")),
        "sparse": False,
        "name": f"{own.get('name', 'sequential')}_input",
    }
    return [{"class_name": "InputLayer", "config": settings}]
