"""Keras 1's `Merge` layer and `merge` function: one class for all ways to join tensors."""

import types

from .. import backend as K
from ..engine.base_layer import Layer
from ..engine.input_layer import Input
from ..engine.network import Network
from ..engine.serialization import deserialize, serialize
from ..layers import merge as modern
from ..layers.function import _describe, _restore

_MODERN = {
    "sum": modern.Add,
    "mul": modern.Multiply,
    "ave": modern.Average,
    "max": modern.Maximum,
    "concat": modern.Concatenate,
}
_MODES = (*_MODERN, "dot", "cos")


class Merge(Layer):
    """Joins several tensors into one.

    Args:
        layers: models or layers to join at once, as the first layer of a Sequential; None to call
            the layer on tensors.
        mode: "sum", "mul", "ave", "max", "concat", "dot", "cos", or a function of the list of
            tensors.
        concat_axis: for "concat".
        dot_axes: for "dot" and "cos": an axis or two.
        output_shape: for a function: tuple or function of the input shapes; found out by itself.
        output_mask: for a function: a mask or a function of the input masks.
        arguments: dict of keyword arguments of a function.
        node_indices, tensor_indices: which outputs of `layers` to take.
    """

    def __init__(
        self,
        layers=None,
        mode="sum",
        concat_axis=-1,
        dot_axes=-1,
        output_shape=None,
        output_mask=None,
        arguments=None,
        node_indices=None,
        tensor_indices=None,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name, **kwargs)
        if not callable(mode) and mode not in _MODES:
            raise ValueError(
                f"Layer {self.name!r}: expected mode to be one of {', '.join(_MODES)} or a "
                f"function; received {mode!r}."
            )
        self.mode = mode
        self.concat_axis = concat_axis
        self.dot_axes = list(dot_axes) if isinstance(dot_axes, tuple) else dot_axes
        self._output_shape = output_shape
        self._output_mask = output_mask
        self.arguments = arguments or {}
        self.supports_masking = True
        self._joined = self._modern_layer()
        self._joins_branches = layers is not None
        if layers is not None:
            self.layers = list(layers)
            self(_outputs_of(self.layers, node_indices, tensor_indices))

    def _modern_layer(self):
        """The layer of today that does the work, where there is one."""
        if self.mode == "concat":
            return modern.Concatenate(axis=self.concat_axis, name=self.name)
        if self.mode == "dot":
            return modern.Dot(self.dot_axes, name=self.name)
        kind = _MODERN.get(self.mode) if isinstance(self.mode, str) else None
        return kind and kind(name=self.name)

    def build(self, input_shape):
        if self._joined is not None:
            self._joined.build(input_shape)
        self.built = True

    def call(self, inputs, mask=None):
        if callable(self.mode):
            return self.mode(inputs, **self.arguments)
        if self.mode == "cos":
            return self._cosine(inputs)
        return self._joined.call(inputs)

    def _cosine(self, inputs):
        x, y = inputs
        axes = self.dot_axes if isinstance(self.dot_axes, list) else [self.dot_axes] * 2
        axes = [axis % K.ndim(t) for axis, t in zip(axes, inputs, strict=True)]
        squares = K.batch_dot(x, x, axes) * K.batch_dot(y, y, axes)
        norm = K.maximum(K.sqrt(squares), K.epsilon())
        return K.expand_dims(K.batch_dot(x, y, axes) / norm, 1)

    def compute_output_shape(self, input_shape):
        if callable(self._output_shape):
            return tuple(self._output_shape(input_shape))
        if self._output_shape is not None:
            return (input_shape[0][0], *self._output_shape)
        if self._joined is not None:
            return self._joined.compute_output_shape(input_shape)
        return K.int_shape(self.call([K.placeholder(shape=shape) for shape in input_shape]))

    def compute_mask(self, inputs, mask=None):
        if callable(self.mode):
            return self._output_mask(mask) if callable(self._output_mask) else self._output_mask
        if self._joined is None or mask is None:
            return None
        return self._joined.compute_mask(inputs, mask)

    def get_config(self):
        config = {
            **super().get_config(),
            "concat_axis": self.concat_axis,
            "dot_axes": self.dot_axes,
            "arguments": self.arguments,
        }
        if self._joins_branches:
            config["layers"] = [serialize(layer) for layer in self.layers]
        for key, value in (
            ("mode", self.mode),
            ("output_shape", self._output_shape),
            ("output_mask", self._output_mask),
        ):
            described = _describe(value) if callable(value) else (value, "raw")
            config[key], config[f"{key}_type"] = described
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer of a configuration; functions come back as those of `Lambda` do."""
        config = dict(config)
        for key in ("mode", "output_shape", "output_mask"):
            kind = config.pop(f"{key}_type", "raw")
            config[key] = _restore(config.get(key), kind, custom_objects)
        config.pop("input_dtype", None)
        branches = config.pop("layers", None)
        if branches is not None:
            made = [deserialize(b, custom_objects) for b in branches]
            config["layers"] = [made[branches.index(b)] for b in branches]  # one for equal ones
        return cls(**config)


def _outputs_of(layers, node_indices, tensor_indices):
    """Output tensors of the branches; one that comes more than once has one output."""
    zeros, found, result = [0] * len(layers), {}, []
    for layer, node, tensor in zip(
        layers, node_indices or zeros, tensor_indices or zeros, strict=True
    ):
        if (id(layer), node) not in found:
            found[id(layer), node] = _output_of(layer, node)
        output = found[id(layer), node]
        result.append(output[tensor] if isinstance(output, list) else output)
    return result


def _output_of(layer, node_index):
    """Output of a branch. A model is called on inputs of its own, so that it stays whole."""
    if not isinstance(layer, Network):
        return layer.get_output_at(node_index)
    inputs = [
        Input(batch_shape=K.int_shape(x), dtype=K.dtype(x), name=name)
        for x, name in zip(layer.inputs, layer.input_names, strict=True)
    ]
    return layer(inputs if len(inputs) > 1 else inputs[0])


def merge(
    inputs,
    mode="sum",
    concat_axis=-1,
    dot_axes=-1,
    output_shape=None,
    output_mask=None,
    arguments=None,
    name=None,
):
    """Joins tensors, or layers, as `Merge` does; returns a tensor, or the layer for layers."""
    options = {
        "mode": mode,
        "concat_axis": concat_axis,
        "dot_axes": dot_axes,
        "output_shape": output_shape,
        "output_mask": output_mask,
        "arguments": arguments,
        "name": name,
    }
    inputs = list(inputs)
    if all(K.is_tensor(x) for x in inputs):
        return Merge(**options)(inputs)
    return Merge(inputs, **options)


class _CallableModule(types.ModuleType):
    """`keras.layers.merge` is a module, and Keras 1's function as well."""

    def __call__(self, inputs, mode="sum", **kwargs):
        return merge(inputs, mode, **kwargs)


modern.__class__ = _CallableModule
