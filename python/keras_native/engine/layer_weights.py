"""What a layer holds: weights, sublayers, losses, updates and metrics."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from .. import registry
from ..legacy import layouts
from ..utils.generic_utils import object_list_uid
from .call_frames import frames, tracking
from .node import Recorded, same_tensors


def unique(items):
    """The items without repetitions (by identity), in order; numbers may come more than once."""
    seen = set()
    return [
        x for x in items if isinstance(x, (int, float)) or not (id(x) in seen or seen.add(id(x)))
    ]


def _without(items, others):
    return [item for item in items if all(item is not other for other in others)]


class WeightStore:
    """Mixin of `Layer`: its weights and whatever else training takes from it."""

    def _init_store(self):
        self.__dict__.update(
            _trainable_weights=[],
            _non_trainable_weights=[],
            _sublayers=[],
            _losses=[],
            _updates=[],
            _input_losses={},
            _input_updates={},
            _metrics=[],
            _metric_values=[],
            _keras1_layout=False,
        )

    # ------------------------------------------------------------ tracking

    def __setattr__(self, name, value):
        object.__setattr__(self, name, value)
        if name[:1] != "_" and tracking.on and "_sublayers" in self.__dict__:
            self._track(value)

    def _track(self, value):
        """Makes a layer, metric or variable that became an attribute a part of this layer."""
        if hasattr(type(value), "update_state"):  # a metric object
            if all(m is not value for m in self._metrics):
                self._metrics.append(value)
        elif isinstance(value, WeightStore):
            if all(layer is not value for layer in self._sublayers) and value is not self:
                self._sublayers.append(value)
        elif isinstance(value, K.Variable):
            held = self._trainable_weights + self._non_trainable_weights
            if all(weight is not value for weight in held):
                trainable = getattr(value, "trainable", True)
                (self._trainable_weights if trainable else self._non_trainable_weights).append(
                    value
                )
        elif isinstance(value, (list, tuple, dict)):
            for item in value.values() if isinstance(value, dict) else value:
                is_metric = hasattr(type(item), "update_state")
                if isinstance(item, (WeightStore, list, tuple, dict)) and not is_metric:
                    self._track(item)

    # ------------------------------------------------------------ weights

    @property
    def trainable_weights(self):
        """Variables that training changes; none when `trainable` is False."""
        if not getattr(self, "trainable", True):
            return []
        weights = list(self._trainable_weights)
        for layer in self._sublayers:
            weights += layer.trainable_weights
        return unique(weights) if self._sublayers else weights

    @trainable_weights.setter
    def trainable_weights(self, weights):
        self._trainable_weights = list(weights)
        self._non_trainable_weights = _without(self._non_trainable_weights, weights)

    @property
    def non_trainable_weights(self):
        """Variables that training leaves alone; all of them when `trainable` is False."""
        frozen = not getattr(self, "trainable", True)
        weights = list(self._trainable_weights) if frozen else []
        weights += self._non_trainable_weights
        for layer in self._sublayers:
            weights += layer.weights if frozen else layer.non_trainable_weights
        return unique(weights) if self._sublayers else weights

    @non_trainable_weights.setter
    def non_trainable_weights(self, weights):
        self._non_trainable_weights = list(weights)
        self._trainable_weights = _without(self._trainable_weights, weights)

    @property
    def weights(self):
        """All variables, the trainable ones first."""
        return self.trainable_weights + self.non_trainable_weights

    def get_weights(self):
        """Values of all weights as a list of arrays."""
        return self._values(self.weights)

    def set_weights(self, weights):
        """Sets all weights from a list of arrays, in the order of `get_weights`.

        Raises:
            ValueError: for a wrong number of arrays or a wrong shape.
        """
        self._assign(self.weights, weights)

    def _weight_holders(self):
        """The layers whose weights, one after the other, are those of `get_weights`."""
        return [self]

    def _values(self, params):
        values = K.batch_get_value(params)
        return layouts.to_old(self._weight_holders(), values) if self._keras1_layout else values

    def _assign(self, params, values):
        """Sets variables; arrays in the layout of Keras 1 are given back in it from then on."""
        if not isinstance(values, (list, tuple)):
            values = self._listed(values)
        values = [np.asarray(value) for value in values]
        self._keras1_layout = False
        if [tuple(K.int_shape(param)) for param in params] != [value.shape for value in values]:
            converted = layouts.to_modern(self._weight_holders(), values)
            self._keras1_layout = converted is not None
            spread = layouts.spread(self._weight_holders(), values)
            values = spread if converted is None else converted
        if len(params) != len(values):
            raise ValueError(
                f'You called `set_weights(weights)` on layer "{self.name}" with a weight list of '
                f"length {len(values)}, but the layer was expecting {len(params)} weights: "
                f"{[K.int_shape(p) for p in params]}. "
                f"Provided shapes: {[v.shape for v in values][:10]}"
            )
        for param, value in zip(params, values, strict=True):
            if tuple(K.int_shape(param)) != value.shape:
                raise ValueError(
                    f"Layer {self.name!r}: weight {param.name!r} has shape {K.int_shape(param)}, "
                    f"which is not compatible with the provided shape {value.shape}"
                )
            if value.dtype.kind not in "biufV":
                raise TypeError(
                    f"Layer {self.name!r}: expected numbers for weight {param.name!r}, got an "
                    f"array of dtype {value.dtype}"
                )
        K.batch_set_value(list(zip(params, values, strict=True)))

    def _listed(self, values):
        try:
            return list(values)
        except TypeError:
            raise TypeError(
                f"Layer {self.name!r}: expected a list of arrays as weights, got {values!r}"
            ) from None

    def count_params(self):
        """Number of scalars in all weights.

        Raises:
            RuntimeError: the layer has not been built.
        """
        if not self.built:
            raise RuntimeError(
                f"You tried to call `count_params` on {self.name}, but the layer isn't built. "
                f"You can build it manually via: `{self.name}.build(batch_input_shape)`."
            )
        return sum(int(np.prod(K.int_shape(p), dtype=np.int64)) for p in unique(self.weights))

    # ------------------------------------------------------------ losses and updates

    def add_loss(self, losses, inputs=None):
        """Adds penalties to what training minimizes.

        Inside `call` they belong to that call; given `inputs`, to the call on those inputs;
        otherwise they always count.

        Args:
            losses: a scalar tensor or a list of them.
            inputs: the tensors that the losses depend on.
        """
        self._record(losses, inputs, "losses", self._losses, self._input_losses)

    def add_update(self, updates, inputs=None):
        """Adds assignments that a training step makes; `inputs` as in `add_loss`.

        Args:
            updates: an update (as made by `K.update`) or a list of them.
            inputs: the tensors that the updates depend on.
        """
        self._record(updates, inputs, "updates", self._updates, self._input_updates)

    def _record(self, values, inputs, kind, always, by_inputs):
        values = values if isinstance(values, list) else [values]
        values = [value for value in values if value is not None]
        if not values:
            return
        frame = frames.stack[-1] if frames.stack else None
        if frame is not None:
            getattr(frame, kind).extend(Recorded(value, (self,)) for value in values)
        elif inputs is None or (isinstance(inputs, list) and not inputs):
            always.extend(values)
        else:
            by_inputs.setdefault(object_list_uid(inputs), []).extend(values)

    def _recorded_for(self, inputs, kind):
        """What was added for calls on `inputs`; `kind` is "losses" or "updates"."""
        found = [
            entry.value
            for node in self._inbound_nodes
            if same_tensors(node.input_tensors, inputs)
            for entry in getattr(node, kind)
            if kind == "losses" or entry.active
        ]
        return unique(found + self._given_for(inputs, kind))

    def _given_for(self, inputs, kind):
        """What was added together with `inputs`, to this layer or to one inside."""
        by_inputs = self._input_losses if kind == "losses" else self._input_updates
        found = list(by_inputs.get(object_list_uid(inputs), []))
        for layer in self._sublayers:
            found += layer._given_for(inputs, kind)
        return found

    def get_losses_for(self, inputs):
        """Penalties that depend on `inputs`; those that depend on none for None."""
        if inputs is not None:
            return self._recorded_for(inputs, "losses")
        found = list(self._losses)
        for layer in self._sublayers:
            found += layer.get_losses_for(None)
        return unique(found)

    def get_updates_for(self, inputs):
        """Updates that depend on `inputs`; those that depend on none for None."""
        if not self.trainable and not self.stateful:
            return []
        if inputs is not None:
            return self._recorded_for(inputs, "updates")
        found = list(self._updates)
        for layer in self._sublayers:
            found += layer.get_updates_for(None)
        return found

    @property
    def losses(self):
        """All penalties of this layer, whatever they depend on."""
        found = list(self._losses)
        for values in self._input_losses.values():
            found += values
        for node in self._inbound_nodes:
            found += [entry.value for entry in node.losses]
        for layer in self._sublayers:
            found += layer.losses
        return unique(found)

    @property
    def updates(self):
        """All updates of this layer; none when it is frozen and carries no state."""
        if not self.trainable and not self.stateful:
            return []
        found = list(self._updates)
        for values in self._input_updates.values():
            found += values
        for node in self._inbound_nodes:
            found += [entry.value for entry in node.updates if entry.active]
        for layer in self._sublayers:
            found += layer.updates
        return unique(found)

    # ------------------------------------------------------------ metrics

    @property
    def metrics(self):
        """Metric objects of this layer and its sublayers."""
        found = list(self._metrics)
        for layer in self._sublayers:
            found += layer.metrics
        return unique(found)

    def add_metric(self, value, name=None):
        """Reports `value` (averaged over batches, unless a metric object made it) while training.

        Args:
            value: a scalar tensor, or the result of calling a metric object.
            name: the name in the logs; may be left out for the result of a metric object.

        Raises:
            ValueError: without a name for a plain tensor, or with one that two metrics have.
        """
        if name is not None and sum(m.name == name for m in self._metrics) > 1:
            raise ValueError(
                f"Layer {self.name!r}: expected metrics of different names; several are called "
                f"{name!r}."
            )
        metric = getattr(value, "_metric_obj", None)
        if metric is None:
            if name is None:
                raise ValueError(
                    f"Layer {self.name!r}: add_metric needs a `name` for a plain tensor."
                )
            metric = next((m for m in self._metrics if m.name == name), None)
            if metric is None:
                metric = registry.find("metrics", "Mean")(name=name)
            value = metric(value)
        if all(m is not metric for m in self._metrics):
            self._metrics.append(metric)
        frame = frames.stack[-1] if frames.stack else None
        values = self._metric_values if frame is None else frame.metric_values
        values.append((metric, value))
