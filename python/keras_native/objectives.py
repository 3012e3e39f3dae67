"""Keras 1 name of `losses`."""

from .losses import *  # noqa: F403
from .losses import deserialize, get, serialize  # noqa: F401
