"""Handwritten digits, 8 x 8 pixels, bundled with the package.

1797 images of digits written by 13 people, each pixel an integer from 0 to 16: the test part of
"Optical Recognition of Handwritten Digits" by E. Alpaydin and C. Kaynak (1998), UCI Machine
Learning Repository, https://doi.org/10.24432/C50P49, licence CC BY 4.0. The copy was taken from
scikit-learn (`sklearn.datasets.load_digits`), values and order unchanged.
"""

import os

import numpy as np

_PATH = os.path.join(os.path.dirname(__file__), "digits.npz")


def load_data(test_split=0.2, seed=113):
    """The digits, shuffled and split.

    Args:
        test_split: share of the images in the test part.
        seed: of the shuffling.
    Returns:
        ((x_train, y_train), (x_test, y_test)): images uint8 (n, 8, 8) with values 0 to 16, classes
        uint8 (n,) from 0 to 9.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"digits: expected 0 <= test_split < 1; received {test_split!r}.")
    with np.load(_PATH, allow_pickle=False) as data:
        x, y = data["x"], data["y"]
    order = np.random.RandomState(seed).permutation(len(x))
    x, y = x[order], y[order]
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
