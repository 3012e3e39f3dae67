"""Wrapper: base of layers that hold another layer."""

from ..engine.base_layer import Layer
from ..engine.serialization import deserialize


class Wrapper(Layer):
    """Base of layers that hold another layer: weights, losses and the rest are that layer's.

    Args:
        layer: the layer.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(f"{type(self).__name__} expected a layer to wrap; received {layer!r}.")
        super().__init__(**kwargs)
        self.layer = layer
        if "trainable" in kwargs:
            self.trainable = kwargs["trainable"]

    def build(self, input_shape=None):
        self.built = True

    @property
    def activity_regularizer(self):
        """Penalty on the output: that of the wrapped layer."""
        return getattr(self.layer, "activity_regularizer", None)

    @property
    def trainable(self):
        """Whether training changes the wrapped layer."""
        return self.layer.trainable if "layer" in self.__dict__ else self._trainable

    @trainable.setter
    def trainable(self, value):
        if "layer" in self.__dict__:
            self.layer.trainable = value
        else:  # set while the base is made, before there is a layer
            self.__dict__["_trainable"] = value

    def get_weights(self):
        return self.layer.get_weights()

    def set_weights(self, weights):
        self.layer.set_weights(weights)

    def get_losses_for(self, inputs=None):
        return super().get_losses_for(inputs)

    def get_updates_for(self, inputs=None):
        return super().get_updates_for(inputs)

    def get_config(self):
        layer = self.layer
        return {
            **super().get_config(),
            "layer": {"class_name": type(layer).__name__, "config": layer.get_config()},
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        layer = deserialize(config.pop("layer"), custom_objects=custom_objects)
        return cls(layer, **config)
