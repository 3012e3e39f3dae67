"""The names that Keras once kept in this module."""

from ..legacy.paths import moved
from ..utils.layer_utils import get_source_inputs
from .base_layer import InputSpec, Layer, Node
from .input_layer import Input, InputLayer
from .network import Network
from .training import Model as Container  # Keras 1's and 2.0's name of a graph of layers

__all__ = [
    "Container",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "Network",
    "Node",
    "get_source_inputs",
]

# Keras 1's ways to join tensors come when asked for: they are layers, which need this module.
__getattr__ = moved(__name__)
