"""The names that Keras keeps in this module: downloads, and batches by number."""

from .download import extract_archive as _extract_archive  # noqa: F401  Keras has it here
from .download import get_file, validate_file
from .download import hash_file as _hash_file  # noqa: F401
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
