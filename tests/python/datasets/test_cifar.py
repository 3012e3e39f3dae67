"""CIFAR from the cache folder: files as Python 2 wrote them, and files that want to do harm."""

import hashlib
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.datasets import cifar, cifar10, cifar100
from keras_native.datasets.unpickling import load_arrays
from keras_native.utils import download


def text(value):
    """A string as Python 2 pickled it."""
    value = value.encode() if isinstance(value, str) else value
    if len(value) < 256:
        return b"U" + bytes([len(value)]) + value
    return b"T" + struct.pack("<i", len(value)) + value


def batch(images, **labels):
    """A batch file, opcode by opcode as the published ones."""
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text("b") + b"\x87R"
        b"(K\x01M" + struct.pack("<H", len(images)) + b"M\0\x0c\x86cnumpy\ndtype\n" + text("u1")
        + b"K\0K\x01\x87R(K\x03" + text("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb\x89"
        + text(images.tobytes()) + b"tb"
    )  # fmt: skip
    items = text("data") + array + text("batch_label") + text("training batch 1 of 5")
    for name, values in labels.items():
        items += text(name) + b"](" + b"".join(b"K" + bytes([v]) for v in values) + b"e"
    return b"\x80\x02}(" + items + b"u."


def images(n, seed):
    return np.random.RandomState(seed).randint(0, 256, (n, 3072)).astype("uint8")


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def write_tar(path, files):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_cifar10(home, monkeypatch):
    files = {f"data_batch_{i}": batch(images(4, i), labels=[i, 1, 2, 3]) for i in range(1, 6)}
    files["test_batch"] = batch(images(3, 9), labels=[7, 8, 9])
    files = {f"cifar-10-batches-py/{name}": content for name, content in files.items()}
    digest = write_tar(home / "cifar-10-batches-py.tar.gz", files)
    monkeypatch.setattr(cifar10, "_SHA256", digest)
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert (x_train.shape, x_train.dtype, x_test.shape) == (
        (20, 32, 32, 3),
        "uint8",
        (3, 32, 32, 3),
    )
    assert (y_train.shape, y_train.dtype) == ((20, 1), "uint8")
    assert y_train[:5, 0].tolist() == [1, 1, 2, 3, 2] and y_test[:, 0].tolist() == [7, 8, 9]
    first = images(4, 1)[0].reshape(3, 32, 32)
    np.testing.assert_array_equal(x_train[0], first.transpose(1, 2, 0))
    assert sorted(p.name for p in home.iterdir()) == [
        "cifar-10-batches-py", "cifar-10-batches-py.tar.gz"
    ]  # fmt: skip
    (home / "cifar-10-batches-py" / "data_batch_2").unlink()
    assert cifar10.load_data()[0][0].shape == (20, 32, 32, 3)
    # the unpacked folder is enough
    (home / "cifar-10-batches-py.tar.gz").unlink()
    K.set_image_data_format("channels_first")
    np.testing.assert_array_equal(cifar10.load_data()[0][0][0], first)


def test_cifar100(home):
    folder = home / "cifar-100-python"
    folder.mkdir()
    labels = {"fine_labels": [99, 0], "coarse_labels": [19, 3]}
    for name in ("train", "test"):
        (folder / name).write_bytes(batch(images(2, 0), **labels))
    assert cifar100.load_data()[0][1].tolist() == [[99], [0]]
    assert cifar100.load_data("coarse")[1][1].tolist() == [[19], [3]]
    with pytest.raises(ValueError, match="'fine' or 'coarse'; got 'both'"):
        cifar100.load_data("both")


def test_a_changed_archive_is_fetched_again(home, monkeypatch):
    write_tar(home / "cifar-10-batches-py.tar.gz", {"cifar-10-batches-py/test_batch": b"x"})
    asked = []

    def refuse(origin, *rest):
        asked.append(origin)
        raise OSError("no network")

    monkeypatch.setattr(download, "_download", refuse)
    with pytest.raises(OSError, match="no network"):
        cifar10.load_data()
    assert asked == ["https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"]


def test_pickles_of_python_3(tmp_path):
    data = {b"data": images(2, 0), "labels": [1, 2], b"filenames": [b"a", b"b"]}
    for protocol in (2, 3, 4):
        (tmp_path / "b").write_bytes(pickle.dumps(data, protocol))
        x, y = cifar.load_batch(tmp_path / "b")
        np.testing.assert_array_equal(x.reshape(2, -1), data[b"data"])
        assert y == [1, 2]


@pytest.mark.parametrize("dtype", ["<i4", ">f8", "?", "S3", "<U2", object])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(dtype, order):
    array = np.array([[1, 0, 2], [3, 4, 5]]).astype(dtype)
    found = load_arrays(io.BytesIO(pickle.dumps(np.asarray(array, order=order), 4)), "it")
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


class Evil:
    def __reduce__(self):
        import os

        return os.system, ("touch hacked",)


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R"
HOSTILE = {
    "code": pickle.dumps({"data": Evil(), "labels": []}, 2),
    "builtin": b"cbuiltins\neval\n(V1+1\ntR.",
    "attribute": b"cnumpy\nload\n(Vx\ntR.",
    "memo": b"\x80\x02Nr\xf0\xff\xff\xff.",
    "long": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",
    "size": ARRAY + b"(K\x01M\xff\xffM\xff\xff\x86cnumpy\ndtype\nU\x02u1K\0K\x01\x87R\x89U\x01xtb.",
    "negative": ARRAY + b"(K\x01J\xff\xff\xff\xff\x85cnumpy\ndtype\nU\x02u1\x85R\x89U\x01xtb.",
    # objects whose addresses come from the file
    "addresses": ARRAY + b"(K\x01K\x01\x85cnumpy\ndtype\nU\x02O8\x85R\x89U\x08AAAAAAAAtb.",
    "parts": ARRAY + b"(K\x01K\x01\x85cnumpy\ndtype\nU\x05i4,O8\x85R\x89U\x08AAAAAAAAtb.",
    "encoding": b"c_codecs\nencode\nVabc\nVzlib\n\x86R.",
    "empty": ARRAY + b".",
    "nothing": b"",
    "number": b"K\x01.",
    "cut": batch(images(2, 0), labels=[1, 2])[:-9],
    "rows": pickle.dumps({"data": np.zeros((2, 5), "u1"), "labels": [1, 2]}, 2),
    "kind": pickle.dumps({"data": np.zeros((2, 3072)), "labels": [1, 2]}, 2),
    "count": pickle.dumps({"data": np.zeros((2, 3072), "u1"), "labels": [1]}, 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_batches_are_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "batch").write_bytes(HOSTILE[name])
    with pytest.raises(ValueError, match="batch: expected"):
        cifar.load_batch("batch")
    assert [p.name for p in tmp_path.iterdir()] == ["batch"]


def test_changed_batches_never_do_more_than_fail(tmp_path):
    good = batch(images(1, 0), labels=[1])
    path, random = tmp_path / "batch", np.random.RandomState(5)
    head = len(good) - 3072  # most of what is not pixels
    for _ in range(300):
        changed = bytearray(good)
        for at in random.randint(0, head, 2):
            changed[at if at < 180 else at + 3072 - 180] = random.randint(256)
        path.write_bytes(bytes(changed))
        try:
            x, labels = cifar.load_batch(path)
            assert x.shape[1:] == (3, 32, 32) and len(labels) == len(x)
        except ValueError as error:
            assert "expected" in str(error)
