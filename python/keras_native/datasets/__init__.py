"""Real data sets, bundled or fetched into the Keras cache folder."""

from .._lazy import lazy

__getattr__, __dir__, __all__ = lazy(__name__, {}, ["digits", "fashion_mnist", "mnist"])
