"""Lists of word numbers, cut and marked as Keras's text data sets do."""

import warnings

import numpy as np


def shuffled(generator, *arrays):
    """The arrays in one new order, drawn from a RandomState."""
    order = np.arange(len(arrays[0]))
    generator.shuffle(order)
    return [a[order] for a in arrays]


def old_arguments(num_words, kwargs):
    """`num_words`, which Keras 1 called `nb_words`.

    Raises:
        TypeError: for other arguments.
    """
    if "nb_words" in kwargs:
        warnings.warn(
            "The `nb_words` argument in `load_data` has been renamed `num_words`.", stacklevel=3
        )
        num_words = kwargs.pop("nb_words")
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {sorted(kwargs)}")
    return num_words


def prepared(lists, labels, num_words, skip_top, maxlen, start_char, oov_char, index_from):
    """The lists with their numbers moved, long lists and rare or too frequent words taken out.

    Args:
        lists: array of lists of word numbers, 1 for the most frequent.
        labels: array, one per list.
        num_words: numbers from it on are rare words; None: only the last of all.
        skip_top: numbers below it are words too frequent to matter.
        maxlen: lists of this length or more are left out; None: none are.
        start_char: put before each list; None for nothing.
        oov_char: put for the words taken out; None: they are dropped.
        index_from: added to every number.
    Returns:
        (array of lists, array of labels).
    """
    lengths = np.array([len(x) for x in lists], "int64")
    flat = np.fromiter((w for x in lists for w in x), "int64", lengths.sum())
    if start_char is not None or index_from:
        flat = flat + index_from
    if start_char is not None:
        flat = np.insert(flat, _starts(lengths), start_char)
        lengths = lengths + 1
    labels = np.asarray(labels)
    if maxlen:
        kept = lengths < maxlen
        if not kept.any():
            raise ValueError(
                f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was "
                "kept. Increase maxlen."
            )
        flat, lengths, labels = flat[np.repeat(kept, lengths)], lengths[kept], labels[kept]
    if not num_words:
        num_words = flat.max()
    known = (flat >= skip_top) & (flat < num_words)
    if oov_char is not None:
        flat = np.where(known, flat, oov_char)
    else:
        owner = np.repeat(np.arange(len(lengths)), lengths)
        lengths = np.bincount(owner[known], minlength=len(lengths))
        flat = flat[known]
    return _cut(flat.tolist(), lengths), labels


def _starts(lengths):
    return np.cumsum(lengths) - lengths


def _cut(numbers, lengths):
    """Array of lists, also where all have one length."""
    lists = np.empty(len(lengths), object)
    lists[:] = [
        numbers[a : a + n] for a, n in zip(_starts(lengths).tolist(), lengths.tolist(), strict=True)
    ]
    return lists
