"""Pictures of models, through pydot and graphviz (extra `graph`)."""

import os

from ..engine.training import Model
from ..layers.wrappers import Wrapper

_DOT_FORMATS = ("dot", "gv")  # texts that pydot writes without graphviz


def _pydot():
    """The module pydot, or one that stands in for it.

    Raises:
        ImportError: if there is none.
    """
    import importlib

    for name in ("pydot", "pydotplus", "pydot_ng"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ImportError(
        "Pictures of models need pydot and graphviz: pip install keras-native[graph], and graphviz "
        "from your system (apt-get install graphviz, brew install graphviz)."
    )


_check_pydot = _pydot  # as Keras calls it


def is_model(layer):
    """Whether a layer is a model."""
    return isinstance(layer, Model)


def is_wrapped_model(layer):
    """Whether a layer is a wrapper around a model."""
    return isinstance(layer, Wrapper) and isinstance(layer.layer, Model)


def add_edge(dot, src, dst):
    """Adds an edge between two nodes, named by their ids, unless it is there."""
    if not dot.get_edge(src, dst):
        dot.add_edge(_pydot().Edge(src, dst))


def model_to_dot(
    model,
    show_shapes=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=96,
    subgraph=False,
):
    """A model as a graph of pydot.

    Args:
        model: a built model.
        show_shapes: whether the boxes show shapes of inputs and outputs.
        show_layer_names: whether they show names of layers, besides classes.
        rankdir: "TB" from top to bottom, "LR" from left to right.
        expand_nested: whether models in the model are drawn as clusters of their layers.
        dpi: dots per inch.
        subgraph: whether to make a `pydot.Cluster` for use in another graph.

    Returns:
        `pydot.Dot`, or `pydot.Cluster`.

    Raises:
        ImportError: if pydot is not installed.
    """
    pydot = _pydot()
    if not model.built and type(model).__name__ == "Sequential":
        model.build()
    if subgraph:
        dot = pydot.Cluster(style="dashed", graph_name=_id(model))
        dot.set("label", _quoted(model.name))
        dot.set("labeljust", "l")
    else:
        dot = pydot.Dot()
        dot.set("rankdir", rankdir)
        dot.set("concentrate", True)
        dot.set("dpi", dpi)
        dot.set_node_defaults(shape="record")
    options = (show_shapes, show_layer_names, rankdir, True, dpi, True)
    for layer in _layers(model):
        inner = _inner_model(layer) if expand_nested else None
        if inner is not None:
            dot.add_subgraph(model_to_dot(inner, *options))
        else:
            label = _label(layer, show_shapes, show_layer_names)
            dot.add_node(pydot.Node(_id(layer), label=_quoted(label)))
    for source, target in _connections(model):
        if expand_nested:
            source = _ends(source)[1]
            target = _ends(target)[0]
        add_edge(dot, _id(source), _id(target))
    return dot


def _id(layer):
    return str(id(layer))


def _quoted(text):
    return '"' + str(text).replace('"', '\\"') + '"'


def _layers(model):
    """The layers of a model, inputs among them also in a stack."""
    if not model._is_graph_network:
        return model.layers
    found = {}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            found[id(node.outbound_layer)] = node.outbound_layer
    return list(found.values())


def _connections(model):
    """(layer, layer that takes its output) pairs."""
    if not model._is_graph_network:
        layers = model.layers
        return list(zip(layers, layers[1:], strict=False))
    return [
        (source, node.outbound_layer)
        for depth in sorted(model._nodes_by_depth, reverse=True)
        for node in model._nodes_by_depth[depth]
        for source in node.inbound_layers
        if source is not None
    ]


def _inner_model(layer):
    if is_wrapped_model(layer):
        return layer.layer
    return layer if is_model(layer) else None


def _ends(layer):
    """(first layer, last layer) that an edge to or from `layer` touches when it is expanded."""
    inner = _inner_model(layer)
    if inner is None:
        return layer, layer
    layers = _layers(inner)
    return _ends(layers[0])[0], _ends(layers[-1])[1]


def _label(layer, show_shapes, show_layer_names):
    name, kind = layer.name, type(layer).__name__
    if isinstance(layer, Wrapper):
        name = f"{name}({layer.layer.name})"
        kind = f"{kind}({type(layer.layer).__name__})"
    label = f"{name}: {kind}" if show_layer_names else kind
    if show_shapes:
        shapes = [_shape(layer, which) for which in ("input_shape", "output_shape")]
        label = f"{label}\n|{{input:|output:}}|{{{{{shapes[0]}}}|{{{shapes[1]}}}}}"
    return label


def _shape(layer, which):
    try:
        shape = getattr(layer, which)
    except AttributeError:
        return "multiple"
    return ", ".join(map(str, shape)) if isinstance(shape, list) else str(shape)


def plot_model(
    model,
    to_file="model.png",
    show_shapes=False,
    show_layer_names=True,
    rankdir="TB",
    expand_nested=False,
    dpi=96,
):
    """Draws a model into a file.

    Args:
        to_file: path; its ending is the format: png, svg, pdf, …, or dot for the text, which needs
            pydot only.
        model, show_shapes, show_layer_names, rankdir, expand_nested, dpi: as in `model_to_dot`.

    Returns:
        The picture for a notebook, where IPython runs one; else None.

    Raises:
        ImportError: if pydot is not installed.
        OSError: if graphviz is not.
    """
    dot = model_to_dot(model, show_shapes, show_layer_names, rankdir, expand_nested, dpi)
    to_file = os.fspath(to_file)
    kind = os.path.splitext(to_file)[1][1:] or "png"
    if kind in _DOT_FORMATS:
        with open(to_file, "w", encoding="utf-8") as f:
            f.write(dot.to_string())
        return None
    try:
        dot.write(to_file, format=kind)
    except FileNotFoundError as error:
        if error.filename and os.path.dirname(to_file) == os.path.dirname(str(error.filename)):
            raise
        raise OSError(
            "plot_model could not call graphviz's program `dot`: install graphviz "
            "(apt-get install graphviz, brew install graphviz), or write a .dot file."
        ) from error
    return _notebook_picture(to_file, kind)


def _notebook_picture(path, kind):
    import sys

    if "ipykernel" not in sys.modules or kind not in ("png", "jpg", "jpeg"):
        return None
    from IPython import display

    return display.Image(filename=path)
