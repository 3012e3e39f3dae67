"""Padding, word pairs, windows over time series."""

import json
import random

import numpy as np
import pytest
from keras_native.preprocessing.sequence import (
    TimeseriesGenerator,
    make_sampling_table,
    pad_sequences,
    skipgrams,
    timeseries_generator_from_json,
)

ROWS = [[1], [1, 2], [1, 2, 3]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 1, 2], [1, 2, 3]]),
        ({"maxlen": 2}, [[0, 1], [1, 2], [2, 3]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [1, 2], [1, 2]]),
        ({"padding": "post", "value": 9}, [[1, 9, 9], [1, 2, 9], [1, 2, 3]]),
        ({"maxlen": 0}, [[], [], []]),
        ({"maxlen": 5}, [[0, 0, 0, 0, 1], [0, 0, 0, 1, 2], [0, 0, 1, 2, 3]]),
    ],
)
def test_padding(options, expected):
    assert pad_sequences(ROWS, **options).tolist() == expected


def test_padding_of_other_items():
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences([[], [1]]).tolist() == [[0], [1]]
    vectors = [np.ones((2, 3)), np.ones((1, 3))]
    padded = pad_sequences(vectors, dtype="float32")
    assert padded.shape == (2, 2, 3) and padded.dtype == np.float32
    assert padded[1].tolist() == [[0, 0, 0], [1, 1, 1]]
    words = pad_sequences([["a"], ["b", "c"]], dtype=object, value="")
    assert words.tolist() == [["", "a"], ["b", "c"]]


@pytest.mark.parametrize(
    ("arguments", "options", "match"),
    [
        ((5,), {}, "list of sequences"),
        (([1, 2],), {}, "it holds 1"),
        ((ROWS,), {"padding": "left"}, "padding 'pre' or 'post'; received 'left'"),
        ((ROWS,), {"truncating": "left"}, "truncating"),
        (([["a"]],), {"value": "x"}, "dtype object or str"),
        (([[[1, 2]], [[1, 2, 3]]],), {}, r"shape \(2,\) in all sequences; sequence 1"),
    ],
)
def test_padding_errors(arguments, options, match):
    with pytest.raises(ValueError, match=match):
        pad_sequences(*arguments, **options)


def test_sampling_table_falls_with_frequency():
    table = make_sampling_table(100)
    assert table.shape == (100,) and (np.diff(table[1:]) > 0).all() and table[0] == table[1]
    assert make_sampling_table(3, sampling_factor=1e6).tolist() == [1, 1, 1]


def test_skipgrams_are_neighbours():
    couples, labels = skipgrams([1, 2, 0, 3], 4, window_size=1, negative_samples=0, shuffle=False)
    assert couples == [[1, 2], [2, 1]] and labels == [1, 1]


def test_skipgrams_draw_negatives_and_mix():
    random.seed(1)
    couples, labels = skipgrams(range(1, 30), 30, negative_samples=2.0, categorical=True)
    positive = [c for c, label in zip(couples, labels, strict=True) if label == [0, 1]]
    assert len(couples) == 3 * len(positive)
    assert all(abs(a - b) <= 4 and a != b for a, b in positive)
    assert labels != sorted(labels)
    assert skipgrams([1, 2, 3], 4, seed=3, negative_samples=0) == skipgrams(
        [1, 2, 3], 4, seed=3, negative_samples=0
    )
    assert skipgrams([], 4) == ([], [])
    assert skipgrams([1, 2], 4, sampling_table=[0, 0, 0, 0]) == ([], [])


def test_windows():
    data = np.arange(10)
    windows = TimeseriesGenerator(data, data * 10, length=3, batch_size=4)
    assert len(windows) == 2
    x, y = windows[0]
    assert x.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4, 5]]
    assert y.tolist() == [30, 40, 50, 60]
    assert windows[1][1].tolist() == [70, 80, 90]


def test_windows_with_options():
    data = np.arange(20)
    options = {"length": 4, "sampling_rate": 2, "stride": 3, "batch_size": 2}
    x, y = TimeseriesGenerator(data, data, start_index=5, end_index=15, **options)[0]
    assert x.tolist() == [[5, 7], [8, 10]] and y.tolist() == [9, 12]
    x, _ = TimeseriesGenerator(data, data, reverse=True, **options)[0]
    assert x.tolist() == [[2, 0], [5, 3]]
    x, y = TimeseriesGenerator(data, data, shuffle=True, length=3, batch_size=50)[0]
    assert (x[:, -1] + 1 == y).all() and len(x) == 50


def test_windows_as_json():
    data = np.arange(10)
    made = TimeseriesGenerator(data, data, length=3)
    again = timeseries_generator_from_json(made.to_json())
    for found, expected in zip(again[0], made[0], strict=True):
        np.testing.assert_array_equal(found, expected)
    config = json.loads(made.to_json())
    assert config["class_name"] == "TimeseriesGenerator"
    assert json.loads(config["config"]["data"]) == data.tolist()
    assert config["config"]["length"] == 3


def test_window_errors():
    with pytest.raises(ValueError, match="one length; received 10 and 9"):
        TimeseriesGenerator(np.arange(10), np.arange(9), length=3)
    with pytest.raises(ValueError, match="no window fits"):
        TimeseriesGenerator(np.arange(10), np.arange(10), length=10)
