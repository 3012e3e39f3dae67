"""Words, hashes, tokenizers."""

import json

import numpy as np
import pytest
from keras_native.preprocessing.text import (
    Tokenizer,
    hashing_trick,
    one_hot,
    text_to_word_sequence,
    tokenizer_from_json,
)

TEXTS = ["The cat sat on the mat.", "The dog sat on the log.", "Dogs and cats living together."]


def test_words():
    assert text_to_word_sequence("Hello, World! it's") == ["hello", "world", "it's"]
    assert text_to_word_sequence("A-B_c d", filters="-", lower=False) == ["A", "B_c", "d"]
    assert text_to_word_sequence("a,,b,c", filters="", split=",") == ["a", "b", "c"]


def test_hashes():
    assert all(1 <= i < 50 for i in one_hot(TEXTS[0], 50))
    assert hashing_trick(TEXTS[0], 50, "md5") == hashing_trick(TEXTS[0], 50, "md5")
    assert hashing_trick("a bb ccc", 7, len) == [2, 3, 4]


@pytest.fixture
def tokenizer():
    tokenizer = Tokenizer()
    tokenizer.fit_on_texts(TEXTS)
    return tokenizer


def test_the_frequent_words_come_first(tokenizer):
    assert tokenizer.word_index["the"] == 1
    assert {tokenizer.word_index[w] for w in ("sat", "on")} == {2, 3}
    assert tokenizer.word_counts["the"] == 4 and tokenizer.word_docs["the"] == 2
    assert tokenizer.document_count == 3
    assert 0 not in tokenizer.index_word


def test_sequences(tokenizer):
    index = tokenizer.word_index
    got = tokenizer.texts_to_sequences(["the cat unknown", ["THE", "Dog"]])
    assert got == [[1, index["cat"]], [1, index["dog"]]]
    assert tokenizer.sequences_to_texts([[1, index["cat"]]]) == ["the cat"]


def test_unknown_words():
    tokenizer = Tokenizer(num_words=4, oov_token="<oov>")
    tokenizer.fit_on_texts(TEXTS)
    assert tokenizer.word_index["<oov>"] == 1
    assert tokenizer.texts_to_sequences(["the cat zebra"]) == [[2, 1, 1]]
    assert tokenizer.sequences_to_texts([[2, 9, 99]]) == ["the <oov> <oov>"]


def test_characters():
    tokenizer = Tokenizer(char_level=True, lower=False)
    tokenizer.fit_on_texts(["aab"])
    assert tokenizer.texts_to_sequences(["ba"]) == [[2, 1]]


def test_matrices(tokenizer):
    sequences = [[1, 1, 2], []]
    width = len(tokenizer.word_index) + 1
    for mode, row in (
        ("binary", {1: 1, 2: 1}),
        ("count", {1: 2, 2: 1}),
        ("freq", {1: 2 / 3, 2: 1 / 3}),
        ("tfidf", {1: (1 + np.log(2)) * np.log(1 + 3 / 3), 2: np.log(1 + 3 / 3)}),
    ):
        matrix = tokenizer.sequences_to_matrix(sequences, mode=mode)
        expected = np.zeros((2, width))
        for i, value in row.items():
            expected[0, i] = value
        np.testing.assert_allclose(matrix, expected)
    assert tokenizer.texts_to_matrix(TEXTS).shape == (3, width)


def test_matrix_errors():
    with pytest.raises(ValueError, match="num_words, or call fit_on_texts"):
        Tokenizer().sequences_to_matrix([[1]])
    with pytest.raises(ValueError, match="mode 'binary', 'count'"):
        Tokenizer(num_words=3).sequences_to_matrix([[1]], mode="sum")
    with pytest.raises(ValueError, match="before mode 'tfidf'"):
        Tokenizer(num_words=3).sequences_to_matrix([[1]], mode="tfidf")
    tokenizer = Tokenizer(num_words=3)
    tokenizer.fit_on_sequences([[1, 2], [1]])
    matrix = tokenizer.sequences_to_matrix([[1, 5]], mode="tfidf")
    assert matrix[0].tolist() == [0, np.log(1 + 2 / 3), 0]


def test_json(tokenizer):
    again = tokenizer_from_json(tokenizer.to_json())
    assert again.get_config() == tokenizer.get_config()
    assert again.texts_to_sequences(TEXTS) == tokenizer.texts_to_sequences(TEXTS)
    np.testing.assert_array_equal(
        again.texts_to_matrix(TEXTS, "tfidf"), tokenizer.texts_to_matrix(TEXTS, "tfidf")
    )
    assert json.loads(tokenizer.to_json())["class_name"] == "Tokenizer"


def test_keras1_spelling():
    with pytest.warns(UserWarning, match="num_words=3"):
        assert Tokenizer(nb_words=3).num_words == 3
    with pytest.raises(TypeError, match="nonsense"):
        Tokenizer(nonsense=1)
