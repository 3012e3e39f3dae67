"""MNIST: 28 x 28 images of handwritten digits, 60000 to train and 10000 to test."""

import numpy as np

from .sources import fetch

_MD5 = "8a61469f7ea1b51cbae51d4f78837e45"


def load_data(path="mnist.npz"):
    """MNIST from the cache folder, downloaded at first.

    Args:
        path: name in the cache folder, or an absolute path.
    Returns:
        ((x_train, y_train), (x_test, y_test)): images uint8 (n, 28, 28), classes uint8 (n,).
    """
    path = fetch("mnist.npz", "img-datasets", _MD5, path)
    with np.load(path, allow_pickle=False) as data:
        return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
