"""Which generation of Keras wrote a configuration: '1', '2', 'tf_keras' or '3'."""

from .foreign_calls import MODELS


def generation_of(config, version=None):
    """'1', '2', 'tf_keras' or '3': who wrote a model's configuration.

    Args:
        config: dict with 'class_name' and 'config'.
        version: the file's `keras_version`, where there is one.
    """
    if isinstance(config, dict) and config.get("keras_generation") in ("1", "2", "tf_keras", "3"):
        return config["keras_generation"]
    version = str(
        version or (config.get("keras_version") if isinstance(config, dict) else "") or ""
    )
    if _uses_keras_3_calls(config):
        return "3"
    major, _, minor = version.partition(".")
    minor = minor.partition(".")[0]
    if major == "3":
        return "3"
    if "-tf" in version or (major == "2" and minor.isdigit() and int(minor) >= 4):
        return "tf_keras"
    text = _first_module(config)
    if text.startswith(("tf_keras", "tensorflow", "keras")):
        return "tf_keras"
    if isinstance(config, dict) and config.get("class_name") == "Functional":
        return "tf_keras"
    return "1" if version.startswith("1") else "2"


def _inner(config):
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else None
    return (
        [layer for layer in layers if isinstance(layer, dict)] if isinstance(layers, list) else []
    )


def _uses_keras_3_calls(config):
    """Whether a call or a shape is written as only Keras 3 does."""
    for layer in _inner(config):
        calls = layer.get("inbound_nodes")
        if isinstance(calls, list) and calls and isinstance(calls[0], dict):
            return True
        own = layer.get("config")
        if isinstance(own, dict) and ("batch_shape" in own or _is_policy(own.get("dtype"))):
            return True
        if layer.get("class_name") in MODELS and _uses_keras_3_calls(layer):
            return True
    return False


def _is_policy(dtype):
    return isinstance(dtype, dict) and dtype.get("class_name") == "DTypePolicy"


def _first_module(config):
    modules = [config.get("module")] if isinstance(config, dict) else []
    modules += [layer.get("module") for layer in _inner(config)]
    return next((m for m in modules if isinstance(m, str)), "")
