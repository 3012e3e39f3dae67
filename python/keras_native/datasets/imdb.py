"""IMDB: 25000 film reviews to train and 25000 to test, as lists of word numbers, good or bad."""

import json

import numpy as np

from .sources import fetch
from .unpickling import load_npz
from .word_lists import old_arguments, prepared, shuffled

_MD5 = "599dadb1135973df5b59232a0e9a887c"
_INDEX_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    **kwargs,
):
    """IMDB from the cache folder, downloaded at first.

    Words are numbered by how frequent they are; 0 is free for padding.

    Args:
        path: name in the cache folder, or an absolute path.
        num_words: how many numbers are kept apart; the words from there on become `oov_char`.
        skip_top: the words below become `oov_char` too.
        maxlen: reviews of this length or longer are left out. As in Keras, the training part then
            still has 25000 (or as many as there are) and takes the missing ones from the test part.
        seed: of the order.
        start_char: number before each review.
        oov_char: number for words left out; None drops them.
        index_from: added to the numbers of the words.
        kwargs: `nb_words`, the name of `num_words` in Keras 1.
    Returns:
        ((x_train, y_train), (x_test, y_test)): arrays of lists of ints, and of 0 or 1.
    Raises:
        ValueError: if `maxlen` leaves no review.
    """
    num_words = old_arguments(num_words, kwargs)
    path = fetch("imdb.npz", "text-datasets", _MD5, path)
    x_train, y_train, x_test, y_test = load_npz(path, ["x_train", "y_train", "x_test", "y_test"])
    generator = np.random.RandomState(seed)
    x_train, y_train = shuffled(generator, x_train, y_train)
    x_test, y_test = shuffled(generator, x_test, y_test)
    lists, labels = prepared(
        np.concatenate([x_train, x_test]),
        np.concatenate([y_train, y_test]),
        num_words,
        skip_top,
        maxlen,
        start_char,
        oov_char,
        index_from,
    )
    cut = len(x_train)
    return (lists[:cut], labels[:cut]), (lists[cut:], labels[cut:])


def get_word_index(path="imdb_word_index.json"):
    """{word: number}, without `index_from`."""
    file = fetch("imdb_word_index.json", "text-datasets", _INDEX_MD5, path)
    with open(file, encoding="utf-8") as f:
        return json.load(f)
