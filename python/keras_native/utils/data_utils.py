"""The names that Keras keeps in this module: downloads, and batches by number."""

from .download import get_file, validate_file
from .enqueuers import GeneratorEnqueuer, OrderedEnqueuer, SequenceEnqueuer
from .progbar import Progbar
from .sequence import Sequence, get_index, init_pool, init_pool_generator, next_sample

__all__ = [
    "GeneratorEnqueuer",
    "OrderedEnqueuer",
    "Progbar",
    "Sequence",
    "SequenceEnqueuer",
    "get_file",
    "get_index",
    "init_pool",
    "init_pool_generator",
    "next_sample",
    "validate_file",
]
