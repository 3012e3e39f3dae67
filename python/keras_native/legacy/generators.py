"""Samples of an epoch (Keras 1) as batches of an epoch (today)."""

import itertools
import math

_COUNTS = (
    # old count of samples, new count of batches, argument that yields them
    ("samples_per_epoch", "steps_per_epoch", "generator"),
    ("val_samples", "steps", "generator"),
    ("nb_val_samples", "validation_steps", "validation_data"),
)


def samples_to_steps(kwargs):
    """`kwargs` of a generator method with counts of samples turned into counts of batches.

    The batch length is the generator's `batch_size`, or that of its first batch, which is put back.
    """
    new = dict(kwargs)
    for samples, steps, source in _COUNTS:
        count = new.pop(samples, None)
        if count is not None and _yields(new.get(source)):
            size, new[source] = _batch_length(new[source])
            new[steps] = math.ceil(count / size)
    return new


def _yields(source):
    return (
        hasattr(source, "__next__")
        or hasattr(source, "__getitem__")
        and not isinstance(source, (tuple, list))
    )


def _batch_length(generator):
    """(samples in one batch of `generator`, a generator that still yields all of them)."""
    size = getattr(generator, "batch_size", None)
    if isinstance(size, int):
        return size, generator
    if hasattr(generator, "__getitem__"):
        return _samples(generator[0]), generator
    first = next(generator)
    return _samples(first), itertools.chain([first], generator)


def _samples(batch):
    x = batch[0] if isinstance(batch, tuple) else batch
    if isinstance(x, dict):
        x = next(iter(x.values()))
    return len(x[0]) if isinstance(x, (list, tuple)) else len(x)
