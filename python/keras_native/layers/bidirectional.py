"""Bidirectional: a recurrent layer run over a sequence in both directions."""

from .. import backend as K
from ..utils.generic_utils import has_arg, to_list
from .rnn_arguments import call_with_states, standardize_args
from .wrapper import Wrapper

_MERGE_MODES = ("sum", "mul", "ave", "concat", None)


class Bidirectional(Wrapper):
    """A recurrent layer and a second one like it that reads the sequence from the end.

    Args:
        layer: the recurrent layer; the second one is made from its configuration.
        merge_mode: how the outputs are joined: "sum", "mul", "ave", "concat", or None for a list of
            both.
        weights: initial values, those of the forward layer first.

    Initial states are given, and final states returned, as those of the forward layer followed by
    those of the backward layer.

    Raises:
        ValueError: for another merge mode.
    """

    def __init__(self, layer, merge_mode="concat", weights=None, **kwargs):
        if merge_mode not in _MERGE_MODES:
            raise ValueError(
                f"Invalid merge mode. Expected one of {_MERGE_MODES}; received {merge_mode!r}."
            )
        super().__init__(layer, **{k: v for k, v in kwargs.items() if k != "trainable"})
        config = {**layer.get_config(), "name": "forward_" + layer.name}
        self.forward_layer = _again(layer, config)
        config["name"] = "backward_" + layer.name
        config["go_backwards"] = not config.get("go_backwards", False)
        self.backward_layer = _again(layer, config)
        if self._dialect.masked_loss == "unmasked":  # later generations give zeros under a mask
            for one in (self.forward_layer, self.backward_layer):
                one.zero_output_for_mask = one.return_sequences
        self._sublayers = [self.forward_layer, self.backward_layer]
        self.merge_mode = merge_mode
        self._initial_weights = weights
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self.supports_masking = True
        self.input_spec = layer.input_spec
        self._num_constants = None
        if "trainable" in kwargs:
            self.trainable = kwargs["trainable"]

    @property
    def trainable(self):
        """Whether training changes the two layers."""
        return self.__dict__.get("_trainable", True)

    @trainable.setter
    def trainable(self, value):
        self.__dict__["_trainable"] = value
        for name in ("forward_layer", "backward_layer"):
            if name in self.__dict__:
                getattr(self, name).trainable = value

    def get_weights(self):
        return self.forward_layer.get_weights() + self.backward_layer.get_weights()

    def set_weights(self, weights):
        weights = list(weights)
        half = len(weights) // 2
        self.forward_layer.set_weights(weights[:half])
        self.backward_layer.set_weights(weights[half:])

    @property
    def constraints(self):
        """{weight: constraint} of both layers."""
        return {w: w.constraint for w in self.weights if w.constraint is not None}

    def build(self, input_shape):
        for layer in (self.forward_layer, self.backward_layer):
            layer._num_constants = self._num_constants
            with K.name_scope(layer.name):
                layer.build(input_shape)
            layer.built = True
        self.built = True

    def compute_output_shape(self, input_shape):
        shapes = self.forward_layer.compute_output_shape(input_shape)
        shapes, states = (shapes[:1], shapes[1:]) if self.return_state else ([shapes], [])
        shape = tuple(shapes[0])
        if self.merge_mode == "concat":
            shape = (*shape[:-1], None if shape[-1] is None else 2 * shape[-1])
        outputs = [shape, shape] if self.merge_mode is None else [shape]
        outputs += states + states
        return outputs if len(outputs) > 1 else outputs[0]

    def assert_input_compatibility(self, inputs):
        """Checks x only; the layers check the states that are theirs."""
        super().assert_input_compatibility(to_list(inputs)[:1])

    def __call__(self, inputs, initial_state=None, constants=None, **kwargs):
        inputs, initial_state, constants = standardize_args(
            inputs, initial_state, constants, self._num_constants
        )
        if initial_state is None and constants is None:
            return super().__call__(inputs, **kwargs)
        if initial_state is not None and len(initial_state) % 2:
            raise ValueError(
                f"Layer {self.name!r}: the initial state of a Bidirectional layer has to be a list "
                f"with the states of both layers; received {initial_state}."
            )
        return call_with_states(self, super().__call__, inputs, initial_state, constants, kwargs)

    def call(self, inputs, mask=None, training=None, initial_state=None, constants=None):
        if isinstance(inputs, list):
            inputs, initial_state, constants = standardize_args(
                inputs, initial_state, constants, self._num_constants
            )
        kwargs = {}
        for name, value in (("training", training), ("mask", mask), ("constants", constants)):
            if value is not None and has_arg(self.layer.call, name):
                kwargs[name] = value
        ahead, back = dict(kwargs), dict(kwargs)
        if initial_state is not None:
            half = len(initial_state) // 2
            ahead["initial_state"] = initial_state[:half]
            back["initial_state"] = initial_state[half:]
        y = to_list(self.forward_layer.call(inputs, **ahead))
        y_back = to_list(self.backward_layer.call(inputs, **back))
        states = y[1:] + y_back[1:]
        outputs = self._merged(y[0], y_back[0])
        for output in outputs:
            if getattr(y[0], "_uses_learning_phase", False):
                output._uses_learning_phase = True
        outputs += states if self.return_state else []
        return outputs if len(outputs) > 1 else outputs[0]

    def _merged(self, y, y_back):
        if self.return_sequences:
            y_back = K.reverse(y_back, 1)
        if self.merge_mode == "concat":
            return [K.concatenate([y, y_back])]
        if self.merge_mode == "sum":
            return [y + y_back]
        if self.merge_mode == "ave":
            return [(y + y_back) / 2]
        if self.merge_mode == "mul":
            return [y * y_back]
        return [y, y_back]

    def compute_mask(self, inputs, mask):
        if isinstance(mask, list):
            mask = mask[0]
        mask = mask if self.return_sequences else None
        masks = [mask] if self.merge_mode else [mask, mask]
        if self.return_state:
            masks += [None] * 2 * len(self.forward_layer.states)
        return masks if len(masks) > 1 else masks[0]

    def reset_states(self):
        """Sets the states of both layers to zeros."""
        self.forward_layer.reset_states()
        self.backward_layer.reset_states()

    def get_config(self):
        config = {**super().get_config(), "merge_mode": self.merge_mode}
        if self._num_constants is not None:
            config["num_constants"] = self._num_constants
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        num_constants = config.pop("num_constants", None)
        layer = super().from_config(config, custom_objects)
        layer._num_constants = num_constants
        return layer


def _again(layer, config):
    """A layer of the same kind as `layer`, from a configuration; its cells may be of any class."""
    from_config = type(layer).from_config
    if not has_arg(from_config, "custom_objects"):
        return from_config(config)
    cell = getattr(layer, "cell", None)
    classes = {type(c).__name__: type(c) for c in getattr(cell, "cells", [cell])}
    return from_config(config, custom_objects=classes)
