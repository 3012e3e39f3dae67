"""Sequences of different lengths, word pairs, and windows over time series."""

import json
import random

import numpy as np

from ..utils.sequence import Sequence


def pad_sequences(
    sequences, maxlen=None, dtype="int32", padding="pre", truncating="pre", value=0.0
):
    """Sequences of different lengths as one array.

    Args:
        sequences: list of sequences, of numbers or of equal-shaped items.
        maxlen: length of all rows; None: that of the longest.
        dtype: of the result; `object` for strings of any length.
        padding: "pre" or "post": where short rows are filled.
        truncating: "pre" or "post": where long rows are cut.
        value: what rows are filled with.
    Returns:
        Array of shape (len(sequences), maxlen, …).
    Raises:
        ValueError: on another `padding` or `truncating`, or items of different shapes.
    """
    for name, choice in (("padding", padding), ("truncating", truncating)):
        if choice not in ("pre", "post"):
            raise ValueError(
                f"pad_sequences: expected {name} 'pre' or 'post'; received {choice!r}."
            )
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"pad_sequences: expected a list of sequences; received {sequences!r}.")
    for row in sequences:
        if not hasattr(row, "__len__"):
            raise ValueError(f"pad_sequences: expected a list of sequences; it holds {row!r}.")
    if isinstance(value, str) and dtype is not object and not np.issubdtype(dtype, np.str_):
        raise ValueError(
            f"pad_sequences: expected dtype object or str for value {value!r}; received {dtype!r}."
        )
    if maxlen is None:
        maxlen = max((len(row) for row in sequences), default=0)
    item_shape = next((np.shape(row)[1:] for row in sequences if len(row)), ())
    padded = np.full((len(sequences), maxlen, *item_shape), value, dtype)
    for i, row in enumerate(sequences):
        if not len(row) or not maxlen:
            continue
        kept = np.asarray(row[-maxlen:] if truncating == "pre" else row[:maxlen], dtype)
        if kept.shape[1:] != item_shape:
            raise ValueError(
                f"pad_sequences: expected items of shape {item_shape} in all sequences; sequence "
                f"{i} has items of shape {kept.shape[1:]}."
            )
        if padding == "post":
            padded[i, : len(kept)] = kept
        else:
            padded[i, maxlen - len(kept) :] = kept
    return padded


def make_sampling_table(size, sampling_factor=1e-5):
    """Probability to keep the word of each rank, as word2vec thins out frequent words.

    Frequencies are taken from Zipf's law: the word of rank r has 1 / (r * (log r + gamma) + 1/2 -
    1 / 12r).

    Returns:
        Array (size,): the i-th value is for the i-th most common word.
    """
    gamma = 0.577
    rank = np.arange(size)
    rank[:1] = 1
    inverse_frequency = rank * (np.log(rank) + gamma) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence,
    vocabulary_size,
    window_size=4,
    negative_samples=1.0,
    shuffle=True,
    categorical=False,
    sampling_table=None,
    seed=None,
):
    """Pairs of words that stand near each other (label 1) and random pairs (label 0).

    Args:
        sequence: word indices; 0 is no word and is skipped.
        vocabulary_size: largest index + 1.
        window_size: pairs are at most so far apart.
        negative_samples: random pairs per near pair.
        shuffle: mix both kinds.
        categorical: labels [1, 0] and [0, 1] instead of 0 and 1.
        sampling_table: probability to keep each word (`make_sampling_table`).
        seed: of the shuffling.
    Returns:
        (list of [word, other word], list of labels).
    """
    couples = []
    for i, word in enumerate(sequence):
        if not word or sampling_table is not None and sampling_table[word] < random.random():
            continue
        for j in range(max(0, i - window_size), min(len(sequence), i + window_size + 1)):
            if j != i and sequence[j]:
                couples.append([word, sequence[j]])
    labels = [[0, 1] if categorical else 1 for _ in couples]
    if negative_samples > 0 and couples:
        words = [couple[0] for couple in couples]
        random.shuffle(words)
        count = int(len(labels) * negative_samples)
        couples += [
            [words[i % len(words)], random.randint(1, vocabulary_size - 1)] for i in range(count)
        ]
        labels += [[1, 0] if categorical else 0 for _ in range(count)]
    if shuffle:
        if seed is None:
            seed = random.randint(0, 10_000_000)
        random.Random(seed).shuffle(couples)
        random.Random(seed).shuffle(labels)
    return couples, labels


class TimeseriesGenerator(Sequence):
    """Batches of windows over a time series, with the value that follows each window.

    Args:
        data: steps of the series along axis 0.
        targets: one for each step of `data`.
        length: number of steps a window spans.
        sampling_rate: every so many-th step of the window is taken.
        stride: distance between the starts of successive windows.
        start_index, end_index: range of `data` that is used, both included.
        shuffle: take windows at random instead of in order.
        reverse: windows with the newest step first.
        batch_size: windows in a batch.
    """

    def __init__(
        self,
        data,
        targets,
        length,
        sampling_rate=1,
        stride=1,
        start_index=0,
        end_index=None,
        shuffle=False,
        reverse=False,
        batch_size=128,
    ):
        if len(data) != len(targets):
            raise ValueError(
                f"TimeseriesGenerator: expected data and targets of one length; received "
                f"{len(data)} and {len(targets)}."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size
        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: expected start_index + length <= end_index; received "
                f"{self.start_index} > {self.end_index}: no window fits."
            )

    def __len__(self):
        steps = self.batch_size * self.stride
        return (self.end_index - self.start_index + steps) // steps

    def __getitem__(self, index):
        if self.shuffle:
            rows = np.random.randint(self.start_index, self.end_index + 1, size=self.batch_size)
        else:
            steps = self.batch_size * self.stride
            first = self.start_index + steps * index
            rows = np.arange(first, min(first + steps, self.end_index + 1), self.stride)
        samples = np.array([self.data[r - self.length : r : self.sampling_rate] for r in rows])
        targets = np.array([self.targets[r] for r in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self):
        """The arguments as JSON-able values; data and targets as JSON text."""
        return {
            "data": _json_text("data", self.data),
            "targets": _json_text("targets", self.targets),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs):
        """The generator as JSON; `kwargs` go to `json.dumps`."""
        config = {"class_name": self.__class__.__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def timeseries_generator_from_json(json_string):
    """The generator that `TimeseriesGenerator.to_json` wrote."""
    config = dict(json.loads(json_string)["config"])
    for name in ("data", "targets"):
        config[name] = np.array(json.loads(config[name]))
    config["start_index"] -= config["length"]  # it was written as where the first window ends
    return TimeseriesGenerator(**config)


def _json_text(name, values):
    values = values.tolist() if isinstance(values, np.ndarray) else values
    try:
        return json.dumps(values)
    except TypeError as error:
        raise TypeError(f"TimeseriesGenerator: {name} cannot be written as JSON.") from error


def _remove_long_seq(maxlen, seq, label):
    """The sequences shorter than `maxlen`, and their labels, as two lists."""
    kept = [(x, y) for x, y in zip(seq, label, strict=False) if len(x) < maxlen]
    return [x for x, _ in kept], [y for _, y in kept]
