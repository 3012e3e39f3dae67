"""The layer: weights made once in `build`, a function of tensors in `call`, a node per call."""

from __future__ import annotations

import math
import re

from .. import backend as K
from .. import dialect
from ..legacy import accepts_keras1
from ..legacy.attributes import OldAttributes
from ..legacy.table import NAMES_THEN
from ..utils.generic_utils import (
    has_arg,
    is_all_none,
    object_list_uid,
    to_list,
    unpack_singleton,
)
from ..utils.layer_utils import count_params
from ..utils.trust import claim_weights
from .call_frames import disable_tracking
from .input_spec import InputSpec
from .layer_calls import CalledOnTensors
from .layer_nodes import NodeAccess
from .layer_weights import WeightStore
from .node import Node
from .policy import FLOATS, TypedByPolicy, of_layer

__all__ = [
    "InputSpec",
    "Layer",
    "Node",
    "count_params",
    "disable_tracking",
    "has_arg",
    "is_all_none",
    "object_list_uid",
    "to_list",
    "unpack_singleton",
]

_ALLOWED = {
    "input_shape",
    "batch_input_shape",
    "batch_size",
    "dtype",
    "name",
    "trainable",
    "weights",
}


def automatic_name(class_name):
    """What a layer of a class is called by itself, without the number."""
    if dialect.current().keras1_names:
        return NAMES_THEN.get(class_name, class_name).lower()
    return snake_case(class_name)


def snake_case(name):
    """`Conv2DTranspose` as `conv2d_transpose`."""
    text = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    text = re.sub("([a-z])([A-Z])", r"\1_\2", text).lower()
    return "private" + text if text[0] == "_" else text


_to_snake_case = snake_case  # as Keras calls it


@accepts_keras1
class Layer(CalledOnTensors, NodeAccess, WeightStore, TypedByPolicy, OldAttributes):
    """Base of all layers.

    Subclasses make their weights in `build(input_shape)` and say what they compute in
    `call(inputs)`. Calling a layer on tensors builds it if need be, and records a `Node`.

    Args:
        **kwargs: `name`, `trainable`, `dtype`, `weights` (initial values), and for the first layer
            of a model `input_shape` (without batch axis), `batch_input_shape`, `batch_size`.

    Raises:
        TypeError: for any other keyword.
    """

    def __init__(self, **kwargs):
        self._init_store()
        self._inbound_nodes = []
        self._outbound_nodes = []
        self._built = False
        self.input_spec = None
        self.supports_masking = False
        self.stateful = False

        for keyword in kwargs:
            if keyword not in _ALLOWED:
                raise TypeError(
                    f"Keyword argument not understood: {keyword!r} "
                    f"(layer class {type(self).__name__})"
                )
        self.name = self._check_name(kwargs.get("name"))
        self.trainable = kwargs.get("trainable", True)
        if "batch_input_shape" in kwargs:
            self.batch_input_shape = tuple(kwargs["batch_input_shape"])
        elif kwargs.get("input_shape") is not None:
            shape = kwargs["input_shape"]
            shape = (shape,) if isinstance(shape, int) else tuple(shape)
            self.batch_input_shape = (kwargs.get("batch_size"),) + shape
        self._policy, self.dtype = of_layer(kwargs.get("dtype"))
        self._initial_weights = kwargs.get("weights")
        self._dialect = dialect.current()

    def _check_name(self, name):
        if not name:
            prefix = automatic_name(type(self).__name__)
            return f"{prefix}_{K.get_uid(prefix)}"
        if not isinstance(name, str):
            raise TypeError(f"A layer's name has to be a text, got {name!r}")
        return name

    @property
    def built(self):
        """Whether the weights have been made."""
        return self._built

    @built.setter
    def built(self, value):
        self._built = value

    # ------------------------------------------------------------ for subclasses

    def build(self, input_shape):
        """Makes the weights. `input_shape`: a shape tuple, or a list of them for several inputs."""
        self.built = True

    def call(self, inputs, **kwargs):
        """The computation: tensor (or list) in, tensor (or list) out."""
        return inputs

    def compute_output_shape(self, input_shape):
        """Shape (or list of shapes) of the output for that of the input, batch axis included."""
        return input_shape

    def _declares_output_shape(self):
        return type(self).compute_output_shape is not Layer.compute_output_shape

    def compute_mask(self, inputs, mask=None):
        """Mask of the output. Layers that know nothing of masks refuse one.

        Raises:
            TypeError: a mask came to a layer that does not support masking.
        """
        if self.supports_masking:
            return mask
        if not is_all_none(mask):
            raise TypeError(
                f"Layer {self.name} does not support masking, but was passed an input_mask: {mask}"
            )
        return None

    @accepts_keras1
    def add_weight(
        self,
        name=None,
        shape=None,
        dtype=None,
        initializer=None,
        regularizer=None,
        trainable=True,
        constraint=None,
    ):
        """Makes a variable that belongs to this layer.

        Args:
            name: its name below the layer's.
            shape: shape tuple; a scalar if left out.
            dtype: defaults to the float type in use.
            initializer: name, function or object that makes the first value.
            regularizer: function of the variable whose value is added to the loss.
            trainable: whether training changes it.
            constraint: function applied to it after each update.

        Returns:
            The variable.
        """
        shape = () if shape is None else tuple(shape)
        if any(extent is None for extent in shape):
            raise ValueError(
                f"Layer {self.name!r}: weight {name!r} cannot have an unknown extent, "
                f"got shape {shape}. The last axes of the layer's input have to be known."
            )
        if any(extent < 0 for extent in shape):
            raise ValueError(
                f"Layer {self.name!r}: weight {name!r} expected extents >= 0, got shape {shape}"
            )
        from .. import initializers

        claim_weights(math.prod(shape), f"Layer {self.name!r}, weight {name!r}")
        dtype = dtype or self._weight_dtype()
        initializer = initializers.get(initializer or "glorot_uniform")
        try:
            first = initializers.first_values(initializer, shape, dtype)
            weight = K.variable(first, dtype=dtype, name=name, constraint=constraint)
        except MemoryError as error:
            raise RuntimeError(
                f"Layer {self.name!r}: weight {name!r} of shape {shape} does not fit into memory"
            ) from error
        if K.int_shape(weight) != shape:
            raise ValueError(
                f"Layer {self.name!r}: weight {name!r} expected an initializer that makes an array "
                f"of shape {shape}, got one of shape {K.int_shape(weight)}"
            )
        weight.trainable, weight._made_by = trainable, initializer
        weight._autocasts = self._policy.is_mixed and K.dtype(weight) in FLOATS
        (self._trainable_weights if trainable else self._non_trainable_weights).append(weight)
        if regularizer is not None:
            penalty = regularizer(weight)
            if penalty is None:
                raise TypeError(
                    f"Layer {self.name!r}: the regularizer of weight {name!r} has to return a "
                    f"tensor or a number, got None"
                )
            self._losses.append(penalty)
        return weight

    def get_config(self):
        """What `from_config` needs to make this layer again (without its weights)."""
        config = {"name": self.name, "trainable": self.trainable}
        if hasattr(self, "batch_input_shape"):
            config["batch_input_shape"] = self.batch_input_shape
        if hasattr(self, "dtype"):
            # By its name, which tf_keras and Keras 3 understand as well.
            config["dtype"] = self._policy.name if self._policy.is_mixed else self.dtype
        return config

    @classmethod
    def from_config(cls, config):
        """A new layer from the result of `get_config`."""
        return cls(**config)

    def __repr__(self):
        return f"<{type(self).__module__}.{type(self).__name__} {self.name!r}>"
