"""Configurations of tf.keras and Keras 3 as configurations of Keras 2.

Data in, data out: nothing is looked up, imported or made here. What has no counterpart in Keras 2
and changes nothing (module names, quantization, build shapes) is dropped; what would change the
result is refused by name.
"""

from . import foreign_calls
from .foreign_calls import MODELS

_MAX_DEPTH = 200

# Arguments of later versions: name -> the values that change nothing. Others are refused.
_HARMLESS = {
    "ragged": (False, None),
    "optional": (False, None),
    "time_major": (False, None),
    "renorm": (False, None),
    "keepdims": (False, None),
    "sparse": (False, None),
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "rms_scaling": (False, None),
    "output_padding": (None,),
    "noise_shape": (None,),
    "activity_regularizer": (None,),
    "input_axes": (None,),
    "output_axes": (None,),
    "lora_rank": (None,),
}
# Arguments that never change what a layer computes.
_IGNORED = {
    "renorm_clipping", "renorm_momentum", "synchronized", "fused", "quantization_config",
    "build_input_shape", "shared_object_id", "lora_alpha",
}  # fmt: skip

# Where a name of `_HARMLESS` or `_IGNORED` is an argument of the class here, it stays.
_OWN = {
    "sparse": {"InputLayer"},
    "keepdims": {f"Global{way}Pooling{n}D" for way in ("Average", "Max") for n in (1, 2, 3)},
    "noise_shape": {"Dropout"},
    "output_padding": {"Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"},
    "build_input_shape": {"Sequential"},
}
_PENALIZED = (
    "Dense", "Conv", "LSTM", "GRU", "RNN", "Embedding", "LocallyConnected",
)  # fmt: skip
_SEEDED = {"Dropout", "AlphaDropout"}
_SHORT_METRICS = {"accuracy", "acc", "mse", "mae", "mape", "msle", "crossentropy", "ce"}


def keras_2_config(config, generation):
    """The configuration of a model or layer as Keras 2 would have written it.

    Raises:
        ValueError: for a malformed configuration, or a setting that has no counterpart.
    """
    return _object(config, generation, 0)


def _object(value, generation, depth):
    """{'class_name', 'config', …} and what is inside, in the form of Keras 2."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"Expected at most {_MAX_DEPTH} levels of nesting in a configuration.")
    if isinstance(value, list):
        return [_object(v, generation, depth + 1) for v in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {k: _object(v, generation, depth + 1) for k, v in value.items()}
    name = value["class_name"]
    if not isinstance(name, str):
        raise ValueError(f"Expected the name of a class; received {str(name)[:100]}.")
    if name == "DTypePolicy" or name.endswith("Policy"):
        return _dtype(value)
    if name == "__lambda__":
        raise ValueError(
            "The configuration holds a lambda as Python bytecode, which would run a program from "
            "the file; refused."
        )
    if name == "__tuple__":
        return [_object(v, generation, depth + 1) for v in value.get("items", [])]
    if name == "function":  # a function by its name; looked up in tables and custom_objects only
        return value.get("config")
    if "config" not in value:
        return {k: _object(v, generation, depth + 1) for k, v in value.items()}
    own = value.get("config")
    if isinstance(own, dict):
        own = _settings(name, own, generation, depth)
    elif isinstance(own, list):
        own = _object(own, generation, depth + 1)
    result = {"class_name": _class_name(value), "config": own}
    if "name" in value:
        result["name"] = value["name"]
    if "inbound_nodes" in value:
        result["inbound_nodes"] = _object_free(value["inbound_nodes"])
    for key in ("keras_version", "backend", "keras_generation"):
        if key in value:
            result[key] = value[key]
    if name in MODELS and isinstance(own, dict) and isinstance(own.get("layers"), list):
        foreign_calls.rewrite(own)
    return result


def _object_free(calls):
    """Calls are no objects: they stay as they are written until all layers are known."""
    return calls if isinstance(calls, list) else []


def _class_name(value):
    """The name without the package that it is registered in."""
    name = value["class_name"]
    return name.rpartition(">")[2]


def _dtype(value):
    """The name of a dtype or of a policy."""
    if isinstance(value, dict):
        inner = value.get("config")
        value = inner.get("name") if isinstance(inner, dict) else inner
    if not isinstance(value, str):
        raise ValueError(f"Expected the name of a dtype; received {str(value)[:100]}.")
    return value


def _settings(name, own, generation, depth):
    """Arguments of one class."""
    result = {}
    for key, value in own.items():
        if key == "dtype" and value is not None:
            result[key] = _dtype(value)
        elif key == "layers" and name in MODELS:
            result[key] = _layers(value, generation, depth)
        elif _keeps(key, value, name):
            result[key] = _object(value, generation, depth + 1)
    if name == "InputLayer" and "batch_shape" in result:
        result["batch_input_shape"] = result.pop("batch_shape")
    if name == "Bidirectional" and "backward_layer" in result:
        _check_mirrored(result.get("layer"), result.pop("backward_layer"))
    if name.endswith("1D"):
        _fixed(name, result, "data_format", ("channels_last",), _ONE_FORMAT)
    if name == "LeakyReLU" and "negative_slope" in result:
        result["alpha"] = result.pop("negative_slope")
    if name == "Sequential":
        result.pop("dtype", None)
        result.pop("trainable", None)
        _tell_input(result.get("layers"))
    if name in ("Functional", "Model"):
        for key in ("input_layers", "output_layers"):
            if key in result:
                result[key] = foreign_calls.ends(result[key])
        result.pop("dtype", None)
    if "seed" in result and not _takes_seed(name):
        del result["seed"]
    return result


def _tell_input(layers):
    """Gives the first layer of a Sequential the shape of the input layer before it, as Keras 2."""
    if not isinstance(layers, list) or len(layers) < 2:
        return
    first, second = layers[:2]
    if not all(isinstance(one, dict) and isinstance(one.get("config"), dict) for one in layers[:2]):
        return
    if first.get("class_name") == "InputLayer" and second.get("class_name") not in MODELS:
        shape = first["config"].get("batch_input_shape")
        if shape:
            second["config"].setdefault("batch_input_shape", shape)


_ONE_FORMAT = ("ZeroPadding1D", "Cropping1D", "UpSampling1D")


def _fixed(name, settings, key, known, classes):
    """Takes out an argument that has one value here.

    Raises:
        ValueError: for another value.
    """
    if name in classes and settings.pop(key, known[0]) not in known:
        raise ValueError(f"{name}: expected {key} to be one of {known}; other values of later "
                         "versions of Keras are not supported.")  # fmt: skip


def _check_mirrored(forward, backward):
    """Raise ValueError unless the backward layer is the forward one turned round."""
    if backward is None:
        return
    differ = {"name", "go_backwards", "zero_output_for_mask"}

    def rest(layer):
        own = layer.get("config") if isinstance(layer, dict) else None
        return {k: v for k, v in own.items() if k not in differ} if isinstance(own, dict) else None

    if rest(forward) is None or rest(forward) != rest(backward):
        raise ValueError("Bidirectional: expected a backward layer like the forward layer.")


def _takes_seed(name):
    """Initializers have a seed, and so have the layers of noise; others only in later versions."""
    return name in _SEEDED or not name.endswith(
        ("LSTM", "GRU", "SimpleRNN", "LSTM1D", "LSTM2D", "LSTM3D", "Cell", "Attention")
    ) and not name.startswith(("SpatialDropout", "Gaussian"))  # fmt: skip


def _keeps(key, value, name):
    """Whether an argument means something here.

    Raises:
        ValueError: if it means something, but not here.
    """
    if name in _OWN.get(key, ()):
        return True
    if key in _IGNORED:
        return False
    if key == "activity_regularizer" and value is not None:
        return True
    if key in _HARMLESS:
        if value not in _HARMLESS[key]:
            raise ValueError(
                f"{name}: the argument {key}={value!r} of later versions of Keras is not supported."
            )
        return key == "activity_regularizer" and any(part in name for part in _PENALIZED)
    return True


def _layers(layers, generation, depth):
    if not isinstance(layers, list):
        raise ValueError("Expected a list of layers in the configuration of a model.")
    return [_object(layer, generation, depth + 1) for layer in layers]


# ------------------------------------------------------------ arguments of compile


def compile_arguments(config, generation):
    """Arguments of `compile` in the form of Keras 2; the optimizer's stay as they are."""
    result = {
        key: _objective(_object(config.get(key), generation, 0))
        for key in ("metrics", "weighted_metrics")
    }
    loss = _object(config.get("loss"), generation, 0)
    if isinstance(loss, list):  # None stands for an output without a loss
        result["loss"] = [_loss(one) for one in loss]
    else:
        result["loss"] = _loss(loss)
    result["loss_weights"] = config.get("loss_weights")
    result["sample_weight_mode"] = config.get("sample_weight_mode")
    if "optimizer_config" in config:
        result["optimizer_config"] = config["optimizer_config"]
    return result


# Arguments of losses and metrics: the value that says nothing.
_OBJECTIVE = {
    "axis": -1, "ignore_class": None, "multi_label": False, "num_labels": None,
    "label_weights": None, "class_id": None, "from_logits": False,
}  # fmt: skip
_RENAMED = {
    "huber": "huber_loss",
    "kl_divergence": "kullback_leibler_divergence",
    "log_cosh": "logcosh",
}


def _loss(value):
    """As `_objective`; the class of the cosine is a function in Keras 2."""
    value = _objective(value)
    if isinstance(value, dict) and value.get("class_name") == "CosineSimilarity":
        if value["config"].get("reduction", "sum_over_batch_size") != "sum_over_batch_size":
            raise ValueError("CosineSimilarity: expected the loss to be the mean over samples.")
        return "cosine_similarity"
    return value


def _objective(value):
    """Losses and metrics without the arguments of later versions, as long as those say nothing."""
    if isinstance(value, list):
        return [_objective(v) for v in value if v is not None]
    if isinstance(value, str):
        return _RENAMED.get(value, value)
    if not isinstance(value, dict):
        return value
    if set(value) != {"class_name", "config"} or not isinstance(value["config"], dict):
        return {k: _objective(v) for k, v in value.items()}
    own = dict(value["config"])
    if value["class_name"] in ("MeanMetricWrapper", "LossFunctionWrapper"):
        name = str(own.get("name"))
        short = name.rpartition("_")[2]  # the name of the output may stand before
        fn = own.get("fn")
        return short if short in _SHORT_METRICS and name != fn else _objective(fn)
    for key in ("dtype", "fn"):
        own.pop(key, None)
    own = {k: v for k, v in own.items() if k not in _OBJECTIVE or v != _OBJECTIVE[k]}
    if own.get("reduction") in ("auto", "mean_with_sample_weight"):
        own["reduction"] = "sum_over_batch_size"
    return {"class_name": value["class_name"], "config": own}
