"""Reuters: 11228 newswires as lists of word numbers, in 46 topics."""

import json

import numpy as np

from .sources import fetch
from .unpickling import load_npz
from .word_lists import old_arguments, prepared, shuffled

_MD5 = "87aedbeb0cb229e378797a632c1997b6"
_INDEX_MD5 = "4d44cc38712099c9e383dc6e5f11a921"


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    **kwargs,
):
    """Reuters newswires from the cache folder, downloaded at first.

    Args:
        test_split: share of the newswires in the test part.
        path, num_words, skip_top, maxlen, seed, start_char, oov_char, index_from, kwargs: as in
            `imdb.load_data`.
    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays of lists of ints, and of topics 0 to 45.
    Raises:
        ValueError: if `maxlen` leaves no newswire.
    """
    num_words = old_arguments(num_words, kwargs)
    path = fetch("reuters.npz", "text-datasets", _MD5, path)
    lists, labels = shuffled(np.random.RandomState(seed), *load_npz(path, ["x", "y"]))
    lists, labels = prepared(
        lists, labels, num_words, skip_top, maxlen, start_char, oov_char, index_from
    )
    cut = int(len(lists) * (1 - test_split))
    return (lists[:cut], labels[:cut]), (lists[cut:], labels[cut:])


def get_word_index(path="reuters_word_index.json"):
    """{word: number}, without `index_from`."""
    file = fetch("reuters_word_index.json", "text-datasets", _INDEX_MD5, path)
    with open(file, encoding="utf-8") as f:
        return json.load(f)
