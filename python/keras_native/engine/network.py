"""A directed graph of layers that is itself a layer."""

from __future__ import annotations

import warnings

from .. import backend as K
from .. import dialect
from ..legacy import accepts_keras1, layouts
from ..utils.generic_utils import has_arg, object_list_uid, to_list, unpack_singleton
from ..utils.layer_utils import get_source_inputs
from ..utils.layer_utils import print_summary as print_layer_summary
from .base_layer import Layer
from .graph import GraphMap
from .input_layer import InputLayer
from .layer_weights import unique
from .network_calls import GraphCalls
from .network_files import Description
from .network_losses import GraphLosses
from .node import Node
from .policy import global_policy

__all__ = [
    "InputLayer",
    "Layer",
    "Network",
    "Node",
    "get_source_inputs",
    "has_arg",
    "object_list_uid",
    "print_layer_summary",
    "to_list",
    "unpack_singleton",
]


@accepts_keras1
class Network(GraphCalls, GraphLosses, Description, Layer):
    """Layers between input and output tensors, or (subclassed) layers held as attributes.

    Args:
        inputs: tensor or list of tensors made by `Input`.
        outputs: tensor or list of tensors that layers made from them.
        name: name of the network.

    Raises:
        ValueError: tensors that no layer made, an input given twice, a cycle, a graph that the
            inputs do not determine, layers of the same name.
    """

    def __init__(self, *args, **kwargs):
        inputs, outputs, name, graph = _network_arguments(args, kwargs)
        self._init_network(name)
        if graph:
            self._init_graph_network(inputs, outputs)

    def _init_network(self, name):
        self._init_store()
        self._inbound_nodes = []
        self._outbound_nodes = []
        self._built = False
        self._is_graph_network = False
        self._is_compiled = False
        self._expects_training_arg = False
        self._initial_weights = None
        self._dialect = dialect.current()
        self._policy = global_policy()
        self._graph = None
        self._layers = []
        self.name = self._check_name(name)
        self.trainable = True
        self.supports_masking = True
        self.inputs, self.outputs = [], []
        self.input_names, self.output_names = [], []
        self.optimizer = None

    def _init_graph_network(self, inputs, outputs):
        """Maps the graph and records it as the first call of this layer."""
        inputs = list(to_list(inputs, allow_tuple=True))
        outputs = list(to_list(outputs, allow_tuple=True))
        self._check_ends(inputs, outputs)
        self._graph = GraphMap(inputs, outputs)
        self._is_graph_network = True
        self.__dict__["inputs"], self.__dict__["outputs"] = inputs, outputs
        self._layers = self._graph.layers
        self._input_layers = [x._keras_history[0] for x in inputs]
        self._output_layers = [x._keras_history[0] for x in outputs]
        self._input_coordinates = [x._keras_history for x in inputs]
        self._output_coordinates = [x._keras_history for x in outputs]
        self._nodes_by_depth = self._graph.nodes_by_depth
        self._layers_by_depth = self._graph.layers_by_depth
        self._network_nodes = {
            self._node_key(node.outbound_layer, index)
            for layer in self._layers
            for index, node in enumerate(layer._inbound_nodes)
            if node in self._graph.nodes
        }
        self.input_names = [layer.name for layer in self._input_layers]
        self.output_names = [layer.name for layer in self._output_layers]
        self._feed_input_names = [x.name for x in self._input_layers if _is_fed(x)]
        self._feed_inputs = [
            x for x, layer in zip(inputs, self._input_layers, strict=True) if _is_fed(layer)
        ]
        self._feed_input_shapes = [K.int_shape(x) for x in self._feed_inputs]
        self._inbound_nodes = [n for n in self._inbound_nodes if n.inbound_layers]
        node = Node(
            self,
            inbound_layers=[],
            node_indices=[],
            tensor_indices=[],
            input_tensors=inputs,
            output_tensors=outputs,
            input_masks=[getattr(x, "_keras_mask", None) for x in inputs],
            output_masks=[getattr(x, "_keras_mask", None) for x in outputs],
            input_shapes=[K.int_shape(x) for x in inputs],
            output_shapes=[K.int_shape(x) for x in outputs],
        )
        if self._inbound_nodes[0] is not node:  # it stays the first call
            self._inbound_nodes.remove(node)
            self._inbound_nodes.insert(0, node)
        self._built = True

    def _check_ends(self, inputs, outputs):
        kind = type(self).__name__
        if len({id(x) for x in inputs}) != len(inputs):
            raise ValueError(
                f"The list of inputs passed to the model is redundant. All inputs should only "
                f"appear once. Found: {inputs}"
            )
        for x in inputs:
            if not hasattr(x, "_keras_history"):
                raise ValueError(
                    f"Input tensors to a {kind} must come from `keras.layers.Input`. "
                    f"Received: {x} (missing previous layer metadata)."
                )
            layer, index, _ = x._keras_history
            if layer._inbound_nodes[index].inbound_layers:
                import warnings

                warnings.warn(
                    f"{kind} inputs must come from `keras.layers.Input` (thus holding past layer "
                    f"metadata), they cannot be the output of a previous non-Input layer. Here, a "
                    f'tensor of "{self.name}" was generated by layer {layer.name}.',
                    stacklevel=4,
                )
        for x in outputs:
            if not hasattr(x, "_keras_history"):
                raise ValueError(
                    f"Output tensors to a {kind} must be the output of a Keras `Layer` (thus "
                    f"holding past layer metadata). Found: {x}"
                )

    def __setattr__(self, name, value):
        if _is_part(value) and "_is_graph_network" not in self.__dict__:
            raise RuntimeError(
                "It looks like you are subclassing `Model` and you forgot to call "
                "`super(YourClass, self).__init__()`. Always start with this line."
            )
        super().__setattr__(name, value)

    def _track(self, value):
        """A subclassed model owns the layers it holds; a graph network has those of its graph."""
        if _is_part(value):
            if not self._is_graph_network and all(layer is not value for layer in self._layers):
                self._layers.append(value)
        elif not self._is_graph_network:
            super()._track(value)

    def _only(self, attribute, what):
        """`input`, `output` and their masks are those of the graph, also when it was called."""
        if self._is_graph_network:
            return unpack_singleton(getattr(self._inbound_nodes[0], attribute))
        return super()._only(attribute, what)

    @staticmethod
    def _node_key(layer, index):
        return f"{layer.name}_ib-{index}"

    @property
    def keras_generation(self):
        """Whose arithmetic the model follows: '1', '2', 'tf_keras' or '3' (see `dialect`).

        '2' for models built here; models from files follow the Keras that wrote them.
        """
        return self._dialect.generation

    # ------------------------------------------------------------ layers and weights

    @property
    def layers(self):
        """The layers, inputs first."""
        return self._layers

    def get_layer(self, name=None, index=None):
        """A layer by its name or its position.

        Raises:
            ValueError: there is none.
        """
        layers = self.layers
        if index is not None:
            if len(layers) <= index:
                raise ValueError(
                    f"Was asked to retrieve layer at index {index} but model only has "
                    f"{len(layers)} layers."
                )
            return layers[index]
        if not name:
            raise ValueError("Provide either a layer name or layer index.")
        for layer in layers:
            if layer.name == name:
                return layer
        raise ValueError(f"No such layer: {name!r}. Layers: {[layer.name for layer in layers]}")

    @property
    def trainable_weights(self):
        """Trainable variables of all layers; none when the network is frozen."""
        if not self.trainable:
            return []
        weights = list(self._trainable_weights)
        for layer in self._layers:
            weights += layer.trainable_weights
        return unique(weights)

    @property
    def non_trainable_weights(self):
        """The other variables of all layers; all of them when the network is frozen."""
        weights = list(self._non_trainable_weights)
        for layer in self._layers:
            weights += layer.non_trainable_weights
        if self.trainable:
            return unique(weights)
        frozen = list(self._trainable_weights)
        for layer in self._layers:
            frozen += layer.trainable_weights
        return unique(frozen + weights)

    def _weights_by_layer(self):
        own = self._trainable_weights + self._non_trainable_weights
        return [weight for layer in self._layers for weight in layer.weights] + own

    def _weight_holders(self):
        return [part for layer in self._layers for part in layouts.parts(layer)]

    def get_weights(self):
        """Values of all weights, layer by layer."""
        return self._values(self._weights_by_layer())

    def set_weights(self, weights):
        """Sets weights from a list of arrays in the order of `get_weights`.

        A shorter list sets the first weights and leaves the others, with a warning, as in Keras.

        Raises:
            ValueError: for an empty or too long list or a wrong shape.
        """
        values, params = self._listed(weights), self._weights_by_layer()
        if 0 < len(values) < len(params):
            warnings.warn(
                f"Model {self.name!r}: set_weights got {len(values)} arrays for {len(params)} "
                f"weights; the others keep their values.",
                stacklevel=2,
            )
            params = params[: len(values)]
        self._assign(params, values)

    @property
    def input_spec(self):
        """Demands of the input layers: the shapes that the model was built with."""
        if not self._is_graph_network:
            return None
        specs = []
        for layer in self._input_layers:
            spec = layer.input_spec
            specs += [None] if spec is None else to_list(spec)
        return unpack_singleton(specs)

    @property
    def stateful(self):
        """Whether a layer carries a state from batch to batch."""
        return any(getattr(layer, "stateful", False) for layer in self._layers)

    def reset_states(self):
        """Resets the states of all stateful layers."""
        for layer in self._layers:
            if hasattr(layer, "reset_states") and getattr(layer, "stateful", False):
                layer.reset_states()

    @property
    def uses_learning_phase(self):
        """Whether the outputs differ between training and test."""
        return any(getattr(x, "_uses_learning_phase", False) for x in self.outputs)


def _network_arguments(args, kwargs):
    """(inputs, outputs, name, whether there is a graph) from the ways to construct a network."""
    kwargs = dict(kwargs)
    names = ("inputs", "outputs", "name")
    if len(args) > len(names):
        raise TypeError(f"Expected at most inputs, outputs and name, got {len(args)} arguments.")
    for name, value in zip(names, args, strict=False):
        if name in kwargs:
            raise TypeError(f"Got multiple values for argument {name!r}.")
        kwargs[name] = value
    unknown = set(kwargs) - set(names)
    if unknown:
        raise TypeError(f"Keyword argument not understood: {sorted(unknown)}. Expected: {names}")
    given = [name for name in ("inputs", "outputs") if kwargs.get(name) is not None]
    if len(given) == 1:
        raise TypeError(f"A model needs both `inputs` and `outputs`; got only `{given[0]}`.")
    if len(args) == 1 and not isinstance(args[0], (list, tuple)) and not given:
        raise TypeError("A model needs both `inputs` and `outputs`.")
    return kwargs.get("inputs"), kwargs.get("outputs"), kwargs.get("name"), bool(given)


def _is_fed(layer):
    return getattr(layer, "is_placeholder", True)


def _is_part(value):
    """Whether an attribute of a model is a layer of it; metric objects are layers, but no parts."""
    return isinstance(value, Layer) and not hasattr(type(value), "update_state")
