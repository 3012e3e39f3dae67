"""Batches by number: `Sequence`, and what worker processes do with one."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

_SEQUENCES: dict = {}  # in each worker process: {number: sequence or generator}


class Sequence:
    """Batches by number: safe to be read by several workers, each batch once an epoch.

    Subclasses define `__getitem__(index)`, which returns a batch, and `__len__`, their number.
    """

    use_sequence_api = True

    @abstractmethod
    def __getitem__(self, index):
        """Batch `index`."""
        raise NotImplementedError

    @abstractmethod
    def __len__(self):
        """Number of batches."""
        raise NotImplementedError

    def on_epoch_end(self):
        """Called when all batches of an epoch have been read."""

    def __iter__(self):
        """The batches of one epoch."""
        for i in range(len(self)):
            yield self[i]


# ---------------------------------------------------------------- in worker processes


def init_pool(seqs):
    """Puts the sequences where the functions below find them (called in each process)."""
    _SEQUENCES.clear()
    _SEQUENCES.update(seqs)


def init_pool_generator(gens, random_seed=None):
    """As `init_pool`, and gives each process random numbers of its own."""
    init_pool(gens)
    if random_seed is not None:
        import multiprocessing

        identity = multiprocessing.current_process()._identity
        np.random.seed(random_seed + (identity[0] if identity else 0))


def get_index(uid, i):
    """Batch `i` of sequence `uid`."""
    return _SEQUENCES[uid][i]


def next_sample(uid):
    """The next batch of generator `uid`."""
    return next(_SEQUENCES[uid])
