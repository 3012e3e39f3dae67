"""From raw sequences, texts and images to arrays."""

from .._lazy import lazy

__getattr__, __dir__, __all__ = lazy(__name__, {}, ["image", "sequence", "text"])
