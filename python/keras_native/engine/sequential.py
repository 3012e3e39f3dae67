"""A stack of layers."""

from __future__ import annotations

from .. import backend as K
from .. import dialect
from ..legacy import accepts_keras1
from ..utils.layer_utils import get_source_inputs
from .base_layer import Layer, automatic_name
from .input_layer import Input, InputLayer
from .serialization import deserialize
from .training import Model

__all__ = ["Input", "InputLayer", "Layer", "Model", "Sequential"]


def _input_name(layer):
    """Name of the input layer that the first layer gets."""
    if dialect.current().keras1_names:
        prefix = f"{automatic_name(type(layer).__name__)}_input"
        return f"{prefix}_{K.get_uid(prefix)}"
    return layer.name + "_input"


class Sequential(Model):
    """Layers one after the other.

    The first layer should know its input (`input_shape=…`); otherwise the model is built when it
    first sees data, or by `build(input_shape)`.

    Args:
        layers: list of layers to add.
        name: name of the model.
    """

    def __init__(self, layers=None, name=None):
        self._init_network(name)
        self._build_input_shape = None
        self._tail = None  # output tensor of the last layer
        if layers is not None and not hasattr(layers, "__iter__"):
            raise TypeError(f"Sequential expected a list of layers, got {layers!r}")
        for layer in layers or ():
            self._append(layer)
        self._rebuild()

    @property
    def layers(self):
        """The layers that were added (without the input layer made for the first)."""
        layers = self._layers
        return layers[1:] if layers and isinstance(layers[0], InputLayer) else list(layers)

    @property
    def model(self):
        """The model itself; Keras 1 had another one inside."""
        return self

    def add(self, layer):
        """Puts a layer on top of the stack.

        Args:
            layer: a layer or a model.

        Raises:
            TypeError: something that is no layer.
            ValueError: a layer with several outputs.
        """
        self._append(layer)
        self._rebuild()

    def _append(self, layer):
        if not isinstance(layer, Layer):
            raise TypeError(
                f"The added layer must be an instance of class Layer. Found: {layer!r}"
                + (" (a class: add parentheses)" if isinstance(layer, type) else "")
            )
        self._built = False
        if not self._layers:
            self._append_first(layer)
        elif self._tail is not None:
            self._tail = self._single(layer, layer(self._tail))
            self._layers.append(layer)
        else:
            self._layers.append(layer)

    def _append_first(self, layer):
        shares_tensors = dialect.current().generation == "1"
        if isinstance(layer, InputLayer):
            self._layers = [layer]
            self._tail = layer._inbound_nodes[-1].output_tensors[0]
        elif getattr(layer, "_joins_branches", False):  # Keras 1's Merge: called when made
            self._layers = [layer]
            self._tail = self._single(layer, layer._inbound_nodes[-1].output_tensors)
        elif shares_tensors and isinstance(layer, Model) and layer._inbound_nodes:
            # Keras 1 stacked on a model's own tensors: gradients to those inside it exist.
            self._layers = [layer]
            self._tail = self._single(layer, layer._inbound_nodes[0].output_tensors)
        else:
            first = _first_layer(layer)
            shape = getattr(first, "batch_input_shape", None)
            self._layers = [layer]
            if shape is None:
                return
            x = Input(batch_shape=shape, dtype=first.dtype, name=_input_name(layer))
            self._tail = self._single(layer, layer(x))
            self._layers = [x._keras_history[0], layer]

    def _single(self, layer, output):
        if isinstance(output, (list, tuple)):
            if len(output) != 1:
                raise ValueError(
                    f"All layers in a Sequential model should have a single output tensor, but "
                    f"layer {layer.name!r} has {len(output)}. For multi-output layers, use the "
                    f"functional API."
                )
            output = output[0]
        return output

    def pop(self):
        """Takes the last layer off.

        Raises:
            TypeError: the model is empty.
        """
        if not self.layers:
            raise TypeError("There are no layers in the model.")
        self._layers.pop()
        self._built = False
        if not self.layers:
            self._layers, self._tail = [], None
            self.__dict__["inputs"] = self.__dict__["outputs"] = []
        elif self._tail is not None:
            last = self._layers[-1]
            last._outbound_nodes = []
            self._tail = last._inbound_nodes[-1].output_tensors[0]
        self._rebuild()

    def _rebuild(self):
        """Maps the graph from the sources of the last tensor to it."""
        if self._tail is None:
            self._reset_functions()
            return
        layers = self._layers
        if isinstance(layers[0], InputLayer):
            inputs = [layers[0]._inbound_nodes[0].output_tensors[0]]
        else:
            inputs = get_source_inputs(self._tail)
        self._init_graph_network(inputs, [self._tail])
        self._layers = list(dict.fromkeys(layers))  # one that stands twice has its weights once

    def build(self, input_shape=None):
        """Builds a model whose first layer did not know its input.

        Args:
            input_shape: shape with the batch axis.
        """
        if input_shape and self._tail is None and self._layers:
            shape = tuple(input_shape)
            x = Input(batch_shape=shape, dtype=K.floatx(), name=self.name + "_input")
            self._build_on_tensor(x)
            self._build_input_shape = shape
        elif self._tail is not None and not self._built:
            self._rebuild()

    def _build_on_tensor(self, x):
        source = x._keras_history[0]
        layers = list(self._layers)
        for layer in layers:
            x = self._single(layer, layer(x))
        self._tail = x
        self._layers = [source, *layers]
        self._rebuild()

    @accepts_keras1
    def predict_proba(self, x, batch_size=32, verbose=0):
        """Predictions, one row per sample; warns where they cannot be probabilities.

        Args:
            x: input array or list of arrays.
            batch_size: samples at a time.
            verbose: 0 or 1.
        """
        preds = self.predict(x, batch_size, verbose)
        if preds.min() < 0.0 or preds.max() > 1.0:
            import warnings

            warnings.warn(
                "Network returning invalid probability values. The last layer might not normalize "
                "predictions into probabilities (like softmax or sigmoid would).",
                stacklevel=2,
            )
        return preds

    @accepts_keras1
    def predict_classes(self, x, batch_size=32, verbose=0):
        """Class numbers: the largest of several outputs, or whether a single one is over 0.5.

        Args:
            x: input array or list of arrays.
            batch_size: samples at a time.
            verbose: 0 or 1.
        """
        proba = self.predict(x, batch_size=batch_size, verbose=verbose)
        if proba.shape[-1] > 1:
            return proba.argmax(axis=-1)
        return (proba > 0.5).astype("int32")

    def get_config(self):
        """{'name', 'layers'} and, where it was built by hand, 'build_input_shape'."""
        config = {
            "name": self.name,
            "layers": [
                {"class_name": type(layer).__name__, "config": layer.get_config()}
                for layer in self.layers
            ],
        }
        if self._build_input_shape:
            config["build_input_shape"] = self._build_input_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """A new model from the result of `get_config`, or from the bare list of Keras < 2.2.3."""
        name = build_shape = None
        if isinstance(config, dict):
            name, build_shape = config.get("name"), config.get("build_input_shape")
            config = config["layers"]
        model = cls(name=name)
        for description in config:
            model._append(deserialize(description, custom_objects=custom_objects))
        model._rebuild()
        if not model.inputs and build_shape:
            model.build(tuple(build_shape))
        return model


def _first_layer(layer):
    """The layer that sees the data first: `layer`, or the first one inside a model."""
    while isinstance(layer, Model):
        inner = layer._layers
        if not inner:
            raise ValueError(
                f"Cannot add an empty model ({layer.name!r}) as the first layer of a model."
            )
        layer = inner[0]
    return layer
