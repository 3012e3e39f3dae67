"""Models in the clothes of other libraries."""

from .._lazy import lazy

__getattr__, __dir__, __all__ = lazy(__name__, {}, ["scikit_learn"])
