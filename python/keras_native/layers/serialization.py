"""Layers as configurations and back, under the name that scripts import."""

from ..engine.serialization import deserialize, serialize

__all__ = ["deserialize", "serialize"]
