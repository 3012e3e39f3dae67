"""Real data sets, bundled or fetched into the Keras cache folder."""

from .._lazy import lazy

_MODULES = [
    "alice",
    "boston_housing",
    "cifar",
    "cifar10",
    "cifar100",
    "digits",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
    "sunspots",
]
__getattr__, __dir__, __all__ = lazy(__name__, {}, _MODULES)
