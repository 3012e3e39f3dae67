"""The batch files of CIFAR-10 and CIFAR-100."""

import os

import numpy as np

from ..utils.download import extract_archive, get_file, keras_home
from .unpickling import load_arrays

_ORIGIN = "https://www.cs.toronto.edu/~kriz/"


def load_batch(fpath, label_key="labels"):
    """One batch file.

    Args:
        fpath: its path.
        label_key: "labels", or "fine_labels" or "coarse_labels" of CIFAR-100.
    Returns:
        (images uint8 (n, 3, 32, 32), list of classes).
    Raises:
        ValueError: if the file is none of CIFAR.
    """
    with open(fpath, "rb") as f:
        batch = load_arrays(f, fpath)
    batch = {_text(k): v for k, v in batch.items()} if isinstance(batch, dict) else {}
    data, labels = batch.get("data"), batch.get(label_key)
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data[:1].size != 3072:
        raise ValueError(f"{fpath}: expected 'data' as rows of 3072 bytes.")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise ValueError(f"{fpath}: expected {label_key!r} as a list of {len(data)} classes.")
    return data.reshape(len(data), 3, 32, 32), labels


def _text(key):
    return key.decode("utf-8", "replace") if isinstance(key, bytes) else key


def folder(name, archive, file_hash, files):
    """The folder `name` of batch files in the cache, downloaded and unpacked if one is missing."""
    path = os.path.join(keras_home(), "datasets", name)

    def is_whole():
        return all(os.path.exists(os.path.join(path, f)) for f in files)

    if not is_whole():
        get_file(name, origin=_ORIGIN + archive, untar=True, file_hash=file_hash)
    if not is_whole():  # the folder was there, but not all of it
        extract_archive(path + ".tar.gz", os.path.dirname(path), "tar")
    return path
