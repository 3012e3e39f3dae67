"""A model's layers as the graph that TensorBoard draws."""

from .event_writer import tensorboard


def graph_def(model):
    """The serialized GraphDef of a model: a node per call of a layer; inner models as groups."""
    proto = tensorboard("compat.proto.graph_pb2")
    graph = proto.GraphDef()
    graph.versions.producer = 22
    _add_model(graph, model, "", {})
    return graph.SerializeToString()


def _add_model(graph, model, prefix, outer):
    """Adds the nodes of `model`.

    Args:
        prefix: of the nodes' names: the inner model they belong to.
        outer: {id of an input tensor of the model: name of the node that feeds it}.
    Returns:
        Names of the nodes that make the model's outputs.
    """
    made = dict(outer)
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            _add_call(graph, node, prefix, made)
    return [made.get(id(x)) for x in model.outputs]


def _add_call(graph, node, prefix, made):
    layer = node.outbound_layer
    number = layer._inbound_nodes.index(node)
    name = prefix + layer.name + (f"_{number}" if number else "")
    sources = [made[id(x)] for x in node.input_tensors if made.get(id(x))]
    inner = getattr(layer, "_is_graph_network", False) and layer.outputs
    if inner:
        feeds = {id(x): s for x, s in zip(layer.inputs, sources, strict=False)}
        results = _add_model(graph, layer, name + "/", feeds)
        for x, result in zip(node.output_tensors, results, strict=False):
            made[id(x)] = result
        return
    # The inputs of an inner model are what feeds it.
    if not node.inbound_layers and any(id(x) in made for x in node.output_tensors):
        return
    entry = graph.node.add(name=name, op=type(layer).__name__, input=sources)
    for x in node.output_tensors:
        made[id(x)] = name
        shape = entry.attr["_output_shapes"].list.shape.add()
        for extent in getattr(x, "_keras_shape", None) or x.shape:
            shape.dim.add(size=-1 if extent is None else int(extent))
