"""Texts as sequences of word indices."""

import hashlib
import json
from collections import OrderedDict, defaultdict

import numpy as np

from ..legacy import accepts_keras1
from ..legacy.paths import moved

__getattr__ = moved(__name__)
_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(text, filters=_FILTERS, lower=True, split=" "):
    """The words of a text.

    Args:
        text: string.
        filters: characters that separate words, as `split` does.
        lower: turn to lower case.
        split: separator of words.
    Returns:
        List of words.
    """
    if lower:
        text = text.lower()
    text = text.translate({ord(c): split for c in filters})
    return [word for word in text.split(split) if word]


def one_hot(text, n, filters=_FILTERS, lower=True, split=" "):
    """Words as integers from 1 to n - 1 by Python's `hash`, which differs from run to run."""
    return hashing_trick(text, n, hash, filters, lower, split)


def hashing_trick(text, n, hash_function=None, filters=_FILTERS, lower=True, split=" "):
    """Words as integers from 1 to n - 1 by a hash; different words may share a number.

    Args:
        text: string.
        n: size of the hashing space.
        hash_function: None for Python's `hash` (differs from run to run), "md5" (stable), or a
            function from word to integer.
    """
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":

        def hash_function(word):
            return int(hashlib.md5(word.encode()).hexdigest(), 16)

    words = text_to_word_sequence(text, filters, lower, split)
    return [hash_function(word) % (n - 1) + 1 for word in words]


@accepts_keras1
class Tokenizer:
    """Gives words indices, the most frequent first, and turns texts into sequences or vectors.

    Index 0 is never given to a word.

    Args:
        num_words: only indices below it are used in sequences and vectors; None: all.
        filters: characters that separate words.
        lower: turn to lower case.
        split: separator of words.
        char_level: every character is a word.
        oov_token: word that stands, with index 1, for words not known; None: they are left out.
        document_count: number of documents seen so far.
    """

    def __init__(
        self,
        num_words=None,
        filters=_FILTERS,
        lower=True,
        split=" ",
        char_level=False,
        oov_token=None,
        document_count=0,
        **kwargs,
    ):
        document_count = kwargs.pop("document_count", document_count)
        if kwargs:
            raise TypeError(f"Tokenizer: unknown arguments {sorted(kwargs)}.")
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.document_count = document_count
        self.word_counts = OrderedDict()
        self.word_docs = defaultdict(int)
        self.index_docs = defaultdict(int)
        self.word_index = {}
        self.index_word = {}

    def _words(self, text):
        if not self.char_level and not isinstance(text, list):
            return text_to_word_sequence(text, self.filters, self.lower, self.split)
        if not self.lower:
            return text
        return [word.lower() for word in text] if isinstance(text, list) else text.lower()

    def fit_on_texts(self, texts):
        """Learn the words of texts (strings, or lists of words); needed before using them."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        counts = self.word_counts
        vocabulary = sorted(counts, key=counts.__getitem__, reverse=True)
        if self.oov_token is not None:
            vocabulary.insert(0, self.oov_token)
        self.word_index = {word: i for i, word in enumerate(vocabulary, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, documents in self.word_docs.items():
            self.index_docs[self.word_index[word]] = documents

    def fit_on_sequences(self, sequences):
        """Learn from sequences of indices; needed before `sequences_to_matrix` without texts."""
        self.document_count += len(sequences)
        for sequence in sequences:
            for i in set(sequence):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts):
        """List of lists of indices; words not known or too rare are left out (or `oov_token`)."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts):
        """As `texts_to_sequences`, one after the other."""
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            indices = (self.word_index.get(word) for word in self._words(text))
            known = (i if self._in_use(i) else unknown for i in indices)
            yield [i for i in known if i is not None]

    def _in_use(self, index):
        return index is not None and not (self.num_words and index >= self.num_words)

    def sequences_to_texts(self, sequences):
        """List of texts: the words of indices, separated by a space."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences):
        """As `sequences_to_texts`, one after the other."""
        unknown = self.word_index.get(self.oov_token)
        for sequence in sequences:
            words = []
            for i in sequence:
                word = self.index_word.get(i)
                if word is not None and self._in_use(i):
                    words.append(word)
                elif unknown is not None:
                    words.append(self.index_word[unknown])
            yield " ".join(words)

    def texts_to_matrix(self, texts, mode="binary"):
        """Texts as vectors; `mode` as in `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode=mode)

    def sequences_to_matrix(self, sequences, mode="binary"):
        """Sequences as vectors over the vocabulary.

        Args:
            mode: "binary", "count", "freq" or "tfidf".
        Returns:
            Array (len(sequences), num_words).
        """
        if mode not in ("binary", "count", "freq", "tfidf"):
            raise ValueError(
                f"Expected mode 'binary', 'count', 'freq' or 'tfidf'; received {mode!r}."
            )
        if not self.num_words and not self.word_index:
            raise ValueError("Give num_words, or call fit_on_texts first.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("Call fit_on_texts or fit_on_sequences before mode 'tfidf'.")
        width = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            indices, counts = np.unique(np.asarray(sequence, "int64"), return_counts=True)
            counts = counts[indices < width]
            indices = indices[indices < width]
            if mode == "binary":
                row[indices] = 1
            elif mode == "count":
                row[indices] = counts
            elif mode == "freq":
                row[indices] = counts / max(1, len(sequence))
            else:
                documents = np.array([self.index_docs.get(int(i), 0) for i in indices])
                idf = np.log(1 + self.document_count / (1 + documents))
                row[indices] = (1 + np.log(counts)) * idf
        return matrix

    def get_config(self):
        """Arguments and vocabulary as JSON-able values."""
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            "word_counts": json.dumps(self.word_counts),
            "word_docs": json.dumps(self.word_docs),
            "index_docs": json.dumps(self.index_docs),
            "index_word": json.dumps(self.index_word),
            "word_index": json.dumps(self.word_index),
        }

    def to_json(self, **kwargs):
        """The tokenizer as JSON; `kwargs` go to `json.dumps`."""
        config = {"class_name": self.__class__.__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def tokenizer_from_json(json_string):
    """The tokenizer that `to_json` wrote."""
    config = dict(json.loads(json_string)["config"])
    tables = {
        name: json.loads(config.pop(name))
        for name in ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    }
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = OrderedDict(tables["word_counts"])
    tokenizer.word_docs = defaultdict(int, tables["word_docs"])
    tokenizer.index_docs = defaultdict(int, {int(k): v for k, v in tables["index_docs"].items()})
    tokenizer.index_word = {int(k): v for k, v in tables["index_word"].items()}
    tokenizer.word_index = tables["word_index"]
    return tokenizer
