"""Models in pickles: architecture, weights, compile arguments and optimizer state as bytes."""

import io

from .. import dialect


def pickle_model(model):
    """What `unpickle_model` takes: a dict that can be pickled if all of the user's own can be."""
    content, objects, compiled = dump(model)
    return {"content": content, "objects": objects, "compiled": compiled}


def unpickle_model(state):
    """The model of `pickle_model`.

    Raises:
        ValueError: if `state` is something else.
    """
    keys = ("content", "objects", "compiled")
    if not isinstance(state, dict) or set(state) != set(keys):
        raise ValueError(f"Expected what `pickle_model` returned; received {state!r:.100}")
    return restore(*(state[key] for key in keys))


def dump(model):
    """What `restore` takes to make the model again: bytes, and classes that are not of here."""
    from .model_file import save_model

    content = io.BytesIO()
    save_model(model, content)
    compiled = getattr(model, "optimizer", None) is not None
    return content.getvalue(), _own_objects(model), compiled


def restore(content, objects, compiled):
    """The model of `dump`."""
    from .model_file import load_model

    with dialect.use(dialect.KERAS_2):
        return load_model(io.BytesIO(content), custom_objects=objects, compile=compiled)


def _own_objects(model):
    """{name: class or function} of layers, loss and optimizer that a user defined."""
    package = __package__.partition(".")[0]
    found, waiting = {}, list(model.layers)
    while waiting:
        layer = waiting.pop()
        waiting += getattr(layer, "layers", None) or []
        waiting += [x for x in (getattr(layer, "layer", None), getattr(layer, "cell", None)) if x]
        found[type(layer).__name__] = type(layer)
        function = getattr(layer, "function", None)
        if callable(function):
            found[getattr(function, "__name__", "")] = function
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        found[type(optimizer).__name__] = type(optimizer)
        losses = model.loss
        losses = losses.values() if isinstance(losses, dict) else losses
        losses = losses if isinstance(losses, (list, tuple)) else [losses]
        for loss in [*losses, *(model._compile_metrics or [])]:
            if callable(loss) and hasattr(loss, "__name__"):
                found[loss.__name__] = loss
    return {
        name: value
        for name, value in found.items()
        if not (getattr(value, "__module__", None) or "").startswith(package) and name != "<lambda>"
    }
