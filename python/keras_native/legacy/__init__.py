"""Keras 1 spellings: data in `table`, applied to calls by `hook`, to model files by `config`."""

from .hook import Keras1SpellingWarning, accepts_keras1

__all__ = ["Keras1SpellingWarning", "accepts_keras1"]
