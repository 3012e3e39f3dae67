"""Boston housing: 506 suburbs, 13 attributes, and the median price of homes in 1000 dollars."""

import numpy as np

from .sources import fetch
from .word_lists import shuffled

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """Boston housing from the cache folder, downloaded at first.

    Args:
        path: name in the cache folder, or an absolute path.
        test_split: share of the suburbs in the test part.
        seed: of the order.
    Returns:
        ((x_train, y_train), (x_test, y_test)): floats (n, 13) and (n,).
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"boston_housing: expected 0 <= test_split < 1; received {test_split!r}.")
    path = fetch("boston_housing.npz", "keras-datasets", _SHA256, path)
    with np.load(path, allow_pickle=False) as data:
        x, y = shuffled(np.random.RandomState(seed), data["x"], data["y"])
    cut = int(len(x) * (1 - test_split))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])
