"""Calls of layers in the graphs of Keras 3, as Keras 2 would have written them."""

MODELS = {"Functional", "Model", "Sequential"}


def ends(given):
    """[[layer, call, output], …] from any nesting of such."""
    if isinstance(given, dict):
        return [end for value in given.values() for end in ends(value)]
    if isinstance(given, list) and given and isinstance(given[0], str):
        return [given]
    return [end for value in given or () for end in ends(value)]


def rewrite(own):
    """Rewrites the calls of a graph in place; masks are computed anew, so their steps go."""
    layers = [layer for layer in own["layers"] if isinstance(layer, dict)]
    models = {layer.get("name") for layer in layers if layer.get("class_name") in MODELS}
    # At the ends of a graph Keras 3 counts those of an inner graph from 1 as well.
    stacks = {layer.get("name") for layer in layers if layer.get("class_name") == "Sequential"}
    keras_3 = False
    for layer in layers:
        calls = []
        for call in layer.get("inbound_nodes") or []:
            if isinstance(call, dict):
                keras_3 = True
                call = _call(call, models)
            calls.append(call)
        if "inbound_nodes" in layer:
            layer["inbound_nodes"] = calls
    if keras_3:
        own["layers"] = _without_mask_steps(own, layers)
        for key in ("input_layers", "output_layers"):
            own[key] = [_from_outside(end, stacks) for end in own.get(key, [])]


def _from_outside(end, models):
    """Keras 3 counts the calls of an inner model from 0; its own graph was call 0 in Keras 2."""
    return [end[0], end[1] + 1, *end[2:]] if end[0] in models else list(end)


def _call(call, models):
    """[[layer, call, output, keyword arguments], …] from Keras 3's arguments."""
    sources = []
    for argument in call.get("args", []):
        sources += _tensors(argument, models)
    kwargs = {}
    for key, value in (call.get("kwargs") or {}).items():
        if key in ("mask", "attention_mask") or value is None:
            continue
        inner = _tensors(value, models)
        if not inner:
            kwargs[key] = value
        elif key in ("initial_state", "constants", "inputs", "sequences", "sequence"):
            sources += inner
        else:
            raise ValueError(f"A tensor as keyword argument {key!r} of a call is not supported.")
    return [[*source, kwargs] for source in sources]


def _tensors(value, models):
    if isinstance(value, dict):
        config = value.get("config")
        if value.get("class_name") == "__keras_tensor__" and isinstance(config, dict):
            history = config.get("keras_history")
            if not isinstance(history, list) or len(history) != 3:
                raise ValueError("Expected a tensor as [layer, call, output] in a call.")
            return [_from_outside(history, models)]
        value = list(value.values())
    if isinstance(value, list):
        return [tensor for inner in value for tensor in _tensors(inner, models)]
    return []


def _without_mask_steps(own, layers):
    """Layers that an output needs; Keras 3 writes the computation of masks into the graph too."""
    needed, waiting = set(), [end[0] for end in own.get("output_layers", [])]
    waiting += [end[0] for end in own.get("input_layers", [])]
    by_name = {layer.get("name"): layer for layer in layers}
    while waiting:
        name = waiting.pop()
        if name in needed or name not in by_name:
            continue
        needed.add(name)
        for call in by_name[name].get("inbound_nodes") or []:
            waiting += [source[0] for source in call if isinstance(source, list) and source]
    return [layer for layer in layers if layer.get("name") in needed]
