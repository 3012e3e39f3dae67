"""CIFAR-100: 32 x 32 colour images in 100 classes, 50000 to train and 10000 to test."""

import os

from .cifar import folder, load_batch
from .cifar10 import _pair

_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode="fine"):
    """CIFAR-100 from the cache folder, downloaded at first.

    Args:
        label_mode: "fine" for the 100 classes, "coarse" for the 20 groups of them.
    Returns:
        ((x_train, y_train), (x_test, y_test)): images uint8 (n, 32, 32, 3), or (n, 3, 32, 32) with
        channels first; classes (n, 1).
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"cifar100: label_mode expected 'fine' or 'coarse'; got {label_mode!r}.")
    path = folder("cifar-100-python", "cifar-100-python.tar.gz", _SHA256, ["train", "test"])
    train, test = (
        load_batch(os.path.join(path, part), label_key=label_mode + "_labels")
        for part in ("train", "test")
    )
    return _pair(*train), _pair(*test)
