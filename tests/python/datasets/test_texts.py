"""IMDB, Reuters and Boston housing from the cache folder, against Keras's way written plainly."""

import hashlib
import io
import json
import pickle

import numpy as np
import pytest
from keras_native.datasets import boston_housing, imdb, reuters, sources
from keras_native.datasets.unpickling import load_npz
from keras_native.preprocessing.sequence import pad_sequences
from keras_native.utils import download


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Puts a file into the cache folder and makes its hash the one that is asked for."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()

    def put(name, content, module, constant):
        (tmp_path / "datasets" / name).write_bytes(content)
        algorithm = hashlib.sha256 if constant == "_SHA256" else hashlib.md5
        monkeypatch.setattr(module, constant, algorithm(content).hexdigest())

    return put


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def lists(n, seed):
    random = np.random.RandomState(seed)
    found = np.empty(n, object)
    found[:] = [random.randint(1, 30, random.randint(1, 12)).tolist() for _ in range(n)]
    return found


X, X_TEST = lists(40, 0), lists(30, 1)
Y, Y_TEST = np.arange(40) % 2, np.arange(30) % 2


def as_keras(xs, num_words, skip_top, start_char, oov_char, index_from, maxlen, labels):
    """The steps of Keras 2.3.1, one list at a time."""
    if start_char is not None:
        xs = [[start_char] + [w + index_from for w in x] for x in xs]
    elif index_from:
        xs = [[w + index_from for w in x] for x in xs]
    if maxlen:
        kept = [i for i, x in enumerate(xs) if len(x) < maxlen]
        xs, labels = [xs[i] for i in kept], [labels[i] for i in kept]
    num_words = num_words or max(max(x) for x in xs)
    if oov_char is not None:
        xs = [[w if skip_top <= w < num_words else oov_char for w in x] for x in xs]
    else:
        xs = [[w for w in x if skip_top <= w < num_words] for x in xs]
    return list(xs), list(labels)


OPTIONS = [
    {},
    {"num_words": 20},
    {"num_words": 12, "skip_top": 5},
    {"num_words": 12, "oov_char": None},
    {"start_char": None, "maxlen": 6},
    {"start_char": None, "index_from": 0, "oov_char": 7, "num_words": 9},
    {"maxlen": 4, "seed": 5, "index_from": 10},
]
DEFAULTS = {
    "num_words": None, "skip_top": 0, "maxlen": None, "start_char": 1, "oov_char": 2,
    "index_from": 3,
}  # fmt: skip


@pytest.mark.parametrize("options", OPTIONS)
def test_imdb(cache, options):
    content = npz(x_train=X, y_train=Y, x_test=X_TEST, y_test=Y_TEST)
    cache("imdb.npz", content, imdb, "_MD5")
    (x_train, y_train), (x_test, y_test) = imdb.load_data(**options)
    random = np.random.RandomState(options.get("seed", 113))
    order, order_test = np.arange(40), np.arange(30)
    random.shuffle(order)
    random.shuffle(order_test)
    arguments = {**DEFAULTS, **options}
    arguments.pop("seed", None)
    xs, ys = as_keras(
        [*X[order], *X_TEST[order_test]],
        labels=[*Y[order], *Y_TEST[order_test]],
        **arguments,
    )
    assert x_train.tolist() == xs[:40] and x_test.tolist() == xs[40:]
    assert y_train.tolist() == ys[:40] and y_test.tolist() == ys[40:]
    assert x_train.dtype == object and type(x_train[0][0]) is int


@pytest.mark.parametrize("options", [*OPTIONS, {"test_split": 0.5}])
def test_reuters(cache, options):
    cache("reuters.npz", npz(x=X, y=Y), reuters, "_MD5")
    (x_train, y_train), (x_test, y_test) = reuters.load_data(**options)
    order = np.arange(40)
    np.random.RandomState(options.get("seed", 113)).shuffle(order)
    arguments = {**DEFAULTS, **options}
    arguments.pop("seed", None)
    share = arguments.pop("test_split", 0.2)
    xs, ys = as_keras(X[order], labels=Y[order], **arguments)
    cut = int(len(xs) * (1 - share))
    assert x_train.tolist() == xs[:cut] and x_test.tolist() == xs[cut:]
    assert y_train.tolist() == ys[:cut] and y_test.tolist() == ys[cut:]


def test_as_the_tutorials_use_it(cache):
    """Lists of one length stay lists, and pad_sequences takes them."""
    same = np.empty(10, object)
    same[:] = [[1, 2, 3]] * 10
    cache("reuters.npz", npz(x=same, y=np.arange(10)), reuters, "_MD5")
    with pytest.warns(UserWarning, match="renamed `num_words`"):
        (x, _), _ = reuters.load_data(nb_words=5)
    assert x.shape == (8,)
    assert pad_sequences(x, maxlen=3).tolist() == [[4, 2, 2]] * 8
    with pytest.raises(ValueError, match="maxlen=1, no sequence was kept"):
        reuters.load_data(maxlen=1)
    with pytest.raises(TypeError, match="words"):
        reuters.load_data(words=5)


def test_word_indices(cache):
    for module, name in ((imdb, "imdb"), (reuters, "reuters")):
        cache(f"{name}_word_index.json", json.dumps({"the": 1}).encode(), module, "_INDEX_MD5")
        assert module.get_word_index() == {"the": 1}


def test_boston_housing(cache):
    x, y = np.arange(130.0).reshape(10, 13), np.arange(10.0)
    cache("boston_housing.npz", npz(x=x, y=y), boston_housing, "_SHA256")
    (x_train, y_train), (x_test, y_test) = boston_housing.load_data()
    order = np.arange(10)
    np.random.RandomState(113).shuffle(order)
    assert y_train.tolist() == order[:8].tolist() and y_test.tolist() == order[8:].tolist()
    np.testing.assert_array_equal(x_test, x[order[8:]])
    assert len(boston_housing.load_data(test_split=0.5, seed=1)[0][0]) == 5
    with pytest.raises(ValueError, match="0 <= test_split < 1"):
        boston_housing.load_data(test_split=1)


def test_where_files_come_from(tmp_path, monkeypatch):
    """Keras's address first, then the mirror; the hash decides on both."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    asked = []

    def serve(origin, target, file_hash, algorithm):
        asked.append(origin)
        if len(asked) == 1:
            raise OSError("gone")
        with open(target, "wb") as f:
            f.write(b"{}")

    monkeypatch.setattr(download, "_download", serve)
    assert imdb.get_word_index() == {}
    assert asked == [
        "https://s3.amazonaws.com/text-datasets/imdb_word_index.json",
        sources.MIRROR + "imdb_word_index.json",
    ]


class Evil:
    def __reduce__(self):
        return print, ("hacked",)


def test_hostile_arrays_are_refused(tmp_path, capsys):
    path = tmp_path / "x.npz"
    content = np.empty(1, object)
    content[0] = Evil()
    path.write_bytes(npz(x=content))
    with pytest.raises(ValueError, match="only; got builtins.print"):
        load_npz(path, ["x"])
    parts = np.zeros(1, [("a", object)])
    path.write_bytes(npz(x=parts))
    with pytest.raises(ValueError, match="numbers or lists"):
        load_npz(path, ["x"])
    for broken in (b"", b"PK\3\4", npz(y=np.zeros(1))):
        path.write_bytes(broken)
        with pytest.raises(ValueError, match="expected an .npz file with x"):
            load_npz(path, ["x"])
    assert "hacked" not in capsys.readouterr().out
    path.write_bytes(pickle.dumps(X))
    with pytest.raises(ValueError, match="expected an .npz"):
        load_npz(path, ["x"])
