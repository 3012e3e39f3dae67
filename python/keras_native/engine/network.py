"""A directed graph of layers that is itself a layer."""

from __future__ import annotations

from .. import backend as K
from ..legacy import accepts_keras1
from ..utils.generic_utils import has_arg, is_all_none, object_list_uid, to_list, unpack_singleton
from ..utils.layer_utils import get_source_inputs, print_summary
from . import network_config
from .base_layer import Layer
from .graph import GraphMap
from .input_layer import InputLayer
from .layer_weights import _tracking, unique
from .node import Node, same_tensors

__all__ = [
    "InputLayer",
    "Layer",
    "Network",
    "Node",
    "get_source_inputs",
    "has_arg",
    "object_list_uid",
    "to_list",
    "unpack_singleton",
]


@accepts_keras1
class Network(Layer):
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
        if isinstance(value, Layer) and "_is_graph_network" not in self.__dict__:
            raise RuntimeError(
                "It looks like you are subclassing `Model` and you forgot to call "
                "`super(YourClass, self).__init__()`. Always start with this line."
            )
        super().__setattr__(name, value)

    def _track(self, value):
        """A subclassed model owns the layers it holds; a graph network has those of its graph."""
        if isinstance(value, Layer):
            if not self._is_graph_network and all(layer is not value for layer in self._layers):
                self._layers.append(value)
        elif not self._is_graph_network:
            super()._track(value)

    @staticmethod
    def _node_key(layer, index):
        return f"{layer.name}_ib-{index}"

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

    def get_weights(self):
        """Values of all weights, layer by layer."""
        return K.batch_get_value(self._weights_by_layer())

    def set_weights(self, weights):
        """Sets all weights from a list of arrays in the order of `get_weights`.

        Raises:
            ValueError: for a wrong number of arrays or a wrong shape.
        """
        self._assign(self._weights_by_layer(), weights)

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

    # ------------------------------------------------------------ losses and updates

    def _own_nodes(self):
        """The calls of the inner layers that the outputs need."""
        return self._graph.ordered_nodes() if self._is_graph_network else ()

    @property
    def losses(self):
        """Penalties of all layers, as far as they belong to this graph, and the model's own."""
        found = list(self._losses)
        for values in self._input_losses.values():
            found += values
        if not self._is_graph_network:
            for layer in self._layers:
                found += layer.losses
            return unique(found)
        for layer in self._layers:
            found += layer.get_losses_for(None)
        for node in self._own_nodes():
            found += [entry.value for entry in node.losses]
            key = object_list_uid(node.input_tensors)
            found += node.outbound_layer._input_losses.get(key, [])
        return unique(found)

    def get_losses_for(self, inputs):
        if inputs is not None:
            if self._is_graph_network and same_tensors(inputs, self.inputs):
                found = [entry.value for node in self._own_nodes() for entry in node.losses]
                return unique(found + self._input_losses.get(object_list_uid(inputs), []))
            return super().get_losses_for(inputs)
        found = [loss for loss in self._losses if not _depends_on_input(loss)]
        for layer in self._layers:
            found += layer.get_losses_for(None)
        return unique(found)

    def _recorded_updates(self):
        """(update, whether it carries a state) of this graph, those of frozen layers left out."""
        found = [(value, self.stateful) for value in self._updates]
        for values in self._input_updates.values():
            found += [(value, False) for value in values]
        for layer in self._layers:
            keep = getattr(layer, "stateful", False)
            found += [(value, keep) for value in layer.get_updates_for(None)]
        for node in self._own_nodes():
            layer = node.outbound_layer
            found += [(entry.value, entry.stateful) for entry in node.updates if entry.active]
            if layer.trainable or layer.stateful:
                key = object_list_uid(node.input_tensors)
                found += [(v, layer.stateful) for v in layer._input_updates.get(key, [])]
        if not self._is_graph_network:
            for layer in self._layers:
                found += [(value, layer.stateful) for value in layer.updates]
        seen = set()
        return [pair for pair in found if not (id(pair[0]) in seen or seen.add(id(pair[0])))]

    @property
    def updates(self):
        """What a training step assigns besides the trained weights."""
        if not self.trainable and not self.stateful:
            return []
        return [value for value, keeps in self._recorded_updates() if self.trainable or keeps]

    def get_updates_for(self, inputs):
        if inputs is None:
            if not self.trainable and not self.stateful:
                return []
            return [u for layer in self._layers for u in layer.get_updates_for(None)]
        if self._is_graph_network and same_tensors(inputs, self.inputs):
            return self.updates
        return super().get_updates_for(inputs)

    @property
    def state_updates(self):
        """The updates of stateful layers: they run in test and prediction too."""
        return [value for value, keeps in self._recorded_updates() if keeps]

    @property
    def metrics(self):
        """Metric objects that were added by `add_metric`."""
        found = [metric for layer in self._layers for metric in layer.metrics]
        return unique(found + self._metrics)

    def _added_metric_values(self):
        """{metric object: its value as a tensor} of what `add_metric` added to this graph."""
        found: dict = {}
        for node in self._own_nodes():
            found.update(node.metric_values)
        for layer in [*self._layers, self]:
            found.update(layer._metric_values)
        if not self._is_graph_network:
            for layer in [*self._layers, self]:
                for node in layer._inbound_nodes:
                    found.update(node.metric_values)
        return found

    # ------------------------------------------------------------ calling

    def call(self, inputs, mask=None):
        """Runs the graph on other tensors."""
        inputs = to_list(inputs)
        if same_tensors(inputs, self.inputs) and is_all_none(mask):
            return unpack_singleton([K.identity(x) for x in self.outputs])
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        return self.run_internal_graph(inputs, masks)[0]

    def compute_mask(self, inputs, mask):
        if not self._is_graph_network:
            return None
        inputs = to_list(inputs)
        if same_tensors(inputs, self.inputs) and is_all_none(mask):
            return unpack_singleton([getattr(x, "_keras_mask", None) for x in self.outputs])
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        return self.run_internal_graph(inputs, masks)[1]

    def _invoke(self, inputs, mask, kwargs):
        """As `Layer._invoke`; a graph gives outputs and masks in one go."""
        if not self._is_graph_network or type(self).call is not Network.call:
            return super()._invoke(inputs, mask, kwargs)
        from .layer_weights import call_frame

        mask = kwargs.get("mask", mask)
        inputs = to_list(inputs)
        masks = [None] * len(inputs) if mask is None else to_list(mask)
        with call_frame(self) as frame:
            outputs, output_masks, _ = self.run_internal_graph(inputs, masks)
            given = {id(x) for x in inputs}
            outputs = [K.identity(x) if id(x) in given else x for x in to_list(outputs)]
        return unpack_singleton(outputs), output_masks, frame

    def compute_output_shape(self, input_shape):
        """Output shape (or list) for an input shape (or list)."""
        if not self._is_graph_network:
            if type(self).compute_output_shape is Network.compute_output_shape:
                raise NotImplementedError(
                    f"Model {self.name!r}: a subclassed model has to define compute_output_shape."
                )
            return super().compute_output_shape(input_shape)
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        if len(shapes) != len(self._input_layers):
            raise ValueError(
                f"Invalid `input_shape` argument {input_shape}: model {self.name!r} has "
                f"{len(self._input_layers)} tensor inputs."
            )
        with _quietly():
            inputs = [
                K.placeholder(shape=shape, dtype=K.dtype(x))
                for shape, x in zip(shapes, self.inputs, strict=True)
            ]
            return self.run_internal_graph(inputs, [None] * len(inputs))[2]

    def run_internal_graph(self, inputs, masks=None):
        """The outputs of the graph for other inputs.

        Args:
            inputs: list of tensors, one per input of the network.
            masks: list of masks or None.

        Returns:
            outputs, their masks, their shapes: each a list, or the element of a list of one.

        Raises:
            ValueError: for a wrong number of inputs.
        """
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"Model {self.name!r} expects {len(self.inputs)} inputs ({self.input_names}), "
                f"but it received {len(inputs)}: {inputs}"
            )
        masks = masks or [None] * len(inputs)
        made = {id(x): (y, mask) for x, y, mask in zip(self.inputs, inputs, masks, strict=True)}
        for node in self._own_nodes():
            if all(id(x) in made for x in node.output_tensors):
                continue
            layer = node.outbound_layer
            given = [made[id(x)] for x in node.input_tensors]
            tensors = unpack_singleton([tensor for tensor, _ in given])
            mask = unpack_singleton([mask for _, mask in given])
            with K.layer_scope(layer.name):
                layer.assert_input_compatibility(tensors)
                output, output_mask, _ = layer._invoke(tensors, mask, node.arguments or {})
            outputs, output_masks = to_list(output), to_list(output_mask)
            if len(output_masks) != len(outputs):
                output_masks = [None] * len(outputs)
            for x, y, y_mask in zip(node.output_tensors, outputs, output_masks, strict=True):
                made[id(x)] = (y, y_mask)
        results = [made[id(x)] for x in self.outputs]
        outputs = [tensor for tensor, _ in results]
        for tensor, mask in results:
            if not hasattr(tensor, "_keras_history"):
                tensor._keras_mask = mask
        return (
            unpack_singleton(outputs),
            unpack_singleton([mask for _, mask in results]),
            unpack_singleton([K.int_shape(x) for x in outputs]),
        )

    # ------------------------------------------------------------ description and files

    def get_config(self):
        """The graph as nested dicts and lists."""
        if not self._is_graph_network:
            raise NotImplementedError(
                f"Model {self.name!r} is subclassed: its structure is Python code, which has no "
                f"config. Save its weights instead (`save_weights`)."
            )
        return network_config.network_config(self)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A new network from the result of `get_config`."""
        inputs, outputs = network_config.rebuild(config, custom_objects)
        return cls(inputs=inputs, outputs=outputs, name=config.get("name"))

    def summary(self, line_length=None, positions=None, print_fn=None):
        """Prints a table of the layers.

        Args:
            line_length: width of the table.
            positions: where the columns end, as widths or as shares of the line.
            print_fn: called with each line instead of `print`.

        Raises:
            ValueError: the model has not been built.
        """
        if not self.built:
            raise ValueError(
                "This model has not yet been built. Build the model first by calling build() or "
                "calling fit() with some data. Or specify input_shape or batch_input_shape in the "
                "first layer for automatic build."
            )
        print_summary(self, line_length=line_length, positions=positions, print_fn=print_fn)

    def save(self, filepath, overwrite=True, include_optimizer=True):
        """Writes architecture, weights, compile arguments and optimizer state to a file."""
        from ..saving import save_model

        save_model(self, filepath, overwrite, include_optimizer)

    def save_weights(self, filepath, overwrite=True):
        """Writes the weights to an HDF5 file."""
        from ..saving import save_weights

        save_weights(self, filepath, overwrite)

    def load_weights(self, filepath, by_name=False, skip_mismatch=False, reshape=False):
        """Reads weights that `save_weights` or `save` wrote.

        Args:
            filepath: the file.
            by_name: match layers by name instead of by order.
            skip_mismatch: leave out layers whose shapes differ (with `by_name`).
            reshape: allow arrays of another shape with as many elements.
        """
        from ..saving import load_weights

        load_weights(self, filepath, by_name, skip_mismatch, reshape)

    def to_json(self, **kwargs):
        """The architecture as JSON; arguments go to `json.dumps`."""
        from ..saving import to_json

        return to_json(self, **kwargs)

    def to_yaml(self, **kwargs):
        """The architecture as YAML; arguments go to `yaml.dump`."""
        from ..saving import to_yaml

        return to_yaml(self, **kwargs)


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


def _depends_on_input(tensor):
    """Whether a placeholder is among what `tensor` is computed from."""
    stack, seen = [getattr(tensor, "_value", None)], set()
    while stack:
        value = stack.pop()
        if value is None or value.id in seen:
            continue
        seen.add(value.id)
        if value.op == "placeholder":
            return True
        stack.extend(value.inputs)
    return False


class _quietly:
    """Keeps what a trial run adds (losses, updates) from being recorded anywhere."""

    def __enter__(self):
        from .layer_weights import CallFrame, _frames

        _frames.stack.append(CallFrame())
        self.before, _tracking.on = _tracking.on, False

    def __exit__(self, *_):
        from .layer_weights import _frames

        _frames.stack.pop()
        _tracking.on = self.before
