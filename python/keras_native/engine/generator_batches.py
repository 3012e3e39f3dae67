"""What generators and Sequences yield: prepared ahead, counted and taken apart."""

from __future__ import annotations

import contextlib
import math
import warnings

import numpy as np

from ..utils.arguments import whole_number
from ..utils.enqueuers import GeneratorEnqueuer, OrderedEnqueuer, kept_of
from .training_utils import (
    is_sequence,
    iter_sequence_infinite,
)


@contextlib.contextmanager
def batches_of(source, workers, use_multiprocessing, max_queue_size, shuffle=False, progress=None):
    """Batches without end, prepared ahead by workers where there are any.

    Args:
        progress: of a training, which begins at its epoch, and finds there what the source keeps.

    Yields:
        An iterator over the batches; and a function to call after an epoch of training, told
        whether to wait until a Sequence has had its `on_epoch_end`.
    """
    if workers <= 0:
        if progress is not None:
            progress.find_kept = lambda epoch: kept_of(source)
        if is_sequence(source):
            yield iter_sequence_infinite(source), lambda wait: source.on_epoch_end()
        else:
            yield iter(source), lambda wait: None
        return
    if is_sequence(source):
        enqueuer = OrderedEnqueuer(source, use_multiprocessing, shuffle=shuffle)
        if progress is not None:
            enqueuer.seed, enqueuer.epoch = progress.seed, progress.epoch
            progress.find_kept = enqueuer.kept_at
    else:
        if use_multiprocessing and workers > 1:
            warnings.warn(
                "Using a generator with `use_multiprocessing=True` and multiple workers may "
                "duplicate your data. Please consider using the `keras_native.utils.Sequence` "
                "class.",
                stacklevel=4,
            )
        enqueuer = GeneratorEnqueuer(source, use_multiprocessing)
    enqueuer.start(workers=workers, max_queue_size=max_queue_size)
    try:
        yield enqueuer.get(), lambda wait: enqueuer.join_end_of_epoch() if wait else None
    finally:
        enqueuer.stop()


def steps_of(source, steps, name):
    """Number of batches: the argument, or the length of a Sequence.

    Part of a step counts as one: `len(x) / 32` is what scripts say.

    Raises:
        ValueError: a generator without a number.
    """
    if steps is None:
        if not is_sequence(source):
            raise ValueError(
                f"`{name}=None` is only valid for a generator based on the `Sequence` class. "
                f"Please specify `{name}` or use the `Sequence` class."
            )
        steps = len(source)
    if isinstance(steps, (float, np.floating)) and math.isfinite(steps):
        steps = math.ceil(steps)
    return whole_number(steps, f"`{name}`", 1)


def next_batch(batches, seen):
    try:
        return next(batches)
    except StopIteration:
        raise ValueError(
            f"Your generator ran out of data after {seen} batches. Make sure that it yields at "
            f"least `steps_per_epoch * epochs` batches (or as many as `steps`): a generator for "
            f"training should go on without end."
        ) from None


def unpacked(batch, with_targets=True):
    """(x, y, sample weights) of what a generator yields.

    Raises:
        ValueError: something that is no tuple of that kind.
    """
    kinds = (list, tuple) if with_targets else tuple  # for predictions a list holds inputs
    if isinstance(batch, kinds) and len(batch) in (2, 3):
        x, y, *weight = batch
        return x, y, weight[0] if weight else None
    if not with_targets:
        return (batch[0] if isinstance(batch, tuple) and len(batch) == 1 else batch), None, None
    raise ValueError(
        f"Output of generator should be a tuple `(x, y, sample_weight)` or `(x, y)`. "
        f"Found: {str(batch)[:200]}"
    )


def size_of_batch(x):
    """Number of samples in a batch."""
    if x is None or (isinstance(x, (list, tuple, dict)) and not x):
        return 1
    if isinstance(x, dict):
        x = next(iter(x.values()))
    elif isinstance(x, (list, tuple)):
        x = x[0]
    return int(x.shape[0]) if hasattr(x, "shape") else len(x)
