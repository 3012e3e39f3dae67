"""Bundled data, the cache folder, and files that are not what they say."""

import gzip
import io
import struct

import numpy as np
import pytest
from keras_native.datasets import alice, digits, fashion_mnist, idx, mnist, sunspots


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def test_digits():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert x_train.max() == 16 and set(y_test) == set(range(10))
    everything, _ = digits.load_data(test_split=0)
    assert everything[0].shape == (1797, 8, 8)
    # known sums of the published data
    assert everything[0].sum() == 561718 and np.bincount(everything[1]).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180
    ]  # fmt: skip
    again, _ = digits.load_data()
    np.testing.assert_array_equal(again[0], x_train)
    assert (digits.load_data(seed=1)[0][0] != x_train).any()
    with pytest.raises(ValueError, match="0 <= test_split < 1"):
        digits.load_data(test_split=1.5)


def test_alice():
    book = alice.load_data()
    assert len(book) == 148460 and len(set(book)) == 72
    assert book.startswith("ALICE'S ADVENTURES IN WONDERLAND") and book.endswith("THE END\n")


def test_sunspots():
    time, numbers = sunspots.load_data()
    assert time.shape == numbers.shape == (2820,)
    assert time[0] == 1749 and time[-1] == 1983 + 11 / 12
    np.testing.assert_allclose(np.diff(time), 1 / 12, rtol=1e-9)
    assert numbers[:3].tolist() == [58, 62.6, 70] and numbers[-1] == 33.4
    # The highest month in the record is October 1957.
    assert numbers.max() == 253.8 and int(time[numbers.argmax()] * 12 + 0.5) == 1957 * 12 + 9


def write_idx(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    with gzip.open(path, "wb") as f:
        f.write(header + array.tobytes())


def test_fashion_mnist_from_the_cache(home):
    folder = home / "datasets" / "fashion-mnist"
    images = np.arange(2 * 28 * 28, dtype=np.uint8).reshape(2, 28, 28)
    for part in ("train", "t10k"):
        write_idx(folder / f"{part}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", np.array([3, 9], np.uint8))
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
    np.testing.assert_array_equal(x_train, images)
    np.testing.assert_array_equal(x_test, images)
    assert y_train.tolist() == y_test.tolist() == [3, 9]


def test_fashion_mnist_from_the_system(home, tmp_path, monkeypatch):
    monkeypatch.setattr(fashion_mnist, "_SYSTEM", str(tmp_path / "system"))
    for name in fashion_mnist._MD5:
        write_idx(tmp_path / "system" / name, np.zeros((3,), np.uint8))
    assert fashion_mnist.load_data()[0][1].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "ends after 0"),
        (b"\0\0\x08", "4 more bytes; the file ends after 3"),
        (b"\0\0\x0d\x01\0\0\0\x01\0", "unsigned bytes"),
        (b"\0\0\x08\x01\0\0\0\x05abc", "5 more bytes; the file ends after 3"),
        (b"\0\0\x08\x02\xff\xff\xff\xff\xff\xff\xff\xff", "at most"),
        (b"\0\0\x08\xff", "unsigned bytes"),
    ],
)
def test_broken_idx_files(tmp_path, data, match):
    path = tmp_path / "x.gz"
    with gzip.open(path, "wb") as f:
        f.write(data)
    with pytest.raises(ValueError, match=match):
        idx.read_idx(path)


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_mnist_is_read_without_pickles(home, monkeypatch):
    names = ("x_train", "y_train", "x_test", "y_test")
    path = home / "mnist.npz"
    monkeypatch.setattr(mnist, "fetch", lambda *arguments: str(path))
    path.write_bytes(archive(**{name: np.full(3, i, np.uint8) for i, name in enumerate(names)}))
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert [int(a[0]) for a in (x_train, y_train, x_test, y_test)] == [0, 1, 2, 3]
    path.write_bytes(archive(**{name: np.array([None], object) for name in names}))
    with pytest.raises(ValueError, match="allow_pickle"):
        mnist.load_data()
