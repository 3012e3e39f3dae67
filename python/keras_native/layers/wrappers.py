"""Layers that hold other layers, under the name that scripts import."""

from ..engine.base_layer import InputSpec, Layer, disable_tracking, has_arg, object_list_uid
from ..legacy.paths import moved
from .bidirectional import Bidirectional
from .time_distributed import TimeDistributed
from .wrapper import Wrapper

__all__ = [
    "Bidirectional",
    "InputSpec",
    "Layer",
    "TimeDistributed",
    "Wrapper",
    "disable_tracking",
    "has_arg",
    "object_list_uid",
]

__getattr__ = moved(__name__)
