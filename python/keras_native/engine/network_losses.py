"""What a graph of layers adds to training: penalties, updates and metric values of its calls."""

from __future__ import annotations

from ..utils.generic_utils import object_list_uid
from .layer_weights import unique
from .node import same_tensors


class GraphLosses:
    """Mixin of `Network`: collects from the layers what belongs to this graph, and to no other."""

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
            found += node.outbound_layer._given_for(node.input_tensors, "losses")
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
                given = layer._given_for(node.input_tensors, "updates")
                found += [(value, layer.stateful) for value in given]
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
        """Metric objects of `add_metric` and of attributes: the model's own, then the layers'."""
        return unique([*self._metrics, *(m for layer in self._layers for m in layer.metrics)])

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
        in_order = [metric for metric in GraphLosses.metrics.fget(self) if metric in found]
        return {metric: found[metric] for metric in [*in_order, *found]}


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
