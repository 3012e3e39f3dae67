"""CIFAR-10: 32 x 32 colour images in ten classes, 50000 to train and 10000 to test."""

import os

import numpy as np

from .. import backend as K
from .cifar import folder, load_batch

_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_TRAIN = [f"data_batch_{i}" for i in range(1, 6)]


def load_data():
    """CIFAR-10 from the cache folder, downloaded at first.

    Returns:
        ((x_train, y_train), (x_test, y_test)): images uint8 (n, 32, 32, 3), or (n, 3, 32, 32) with
        channels first; classes (n, 1) of airplane, automobile, bird, cat, deer, dog, frog, horse,
        ship, truck.
    """
    path = folder("cifar-10-batches-py", "cifar-10-python.tar.gz", _SHA256, [*_TRAIN, "test_batch"])
    batches = [load_batch(os.path.join(path, name)) for name in _TRAIN]
    x_train = np.concatenate([x for x, _ in batches])
    y_train = np.concatenate([np.array(y, "uint8") for _, y in batches])
    x_test, y_test = load_batch(os.path.join(path, "test_batch"))
    return _pair(x_train, y_train), _pair(x_test, y_test)


def _pair(images, classes):
    if K.image_data_format() == "channels_last":
        images = images.transpose(0, 2, 3, 1)
    return images, np.reshape(classes, (len(images), 1))
