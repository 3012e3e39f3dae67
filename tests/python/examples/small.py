"""Runs an example on little data: `python small.py EXAMPLE [EPOCHS]`.

Sets of pictures are replaced by the bundled digits, three times as wide and high, so that every
example still has something real to learn; books and series are cut short.
"""

import runpy
import sys

import numpy as np
from keras_native.datasets import alice, digits
from keras_native.models import Model


def pictures(size, channels=None):
    """A `load_data` of digits in images of `size` x `size` pixels."""

    def enlarged(x):
        x = np.kron(x, np.ones((1, 3, 3))) * (255 / 16)
        before = (size - 24) // 2
        x = np.pad(x, ((0, 0), *[(before, size - 24 - before)] * 2)).astype("uint8")
        return x if channels is None else np.repeat(x[..., np.newaxis], channels, axis=-1)

    def load_data():
        (x_train, y_train), (x_test, y_test) = real()
        return (enlarged(x_train), y_train), (enlarged(x_test), y_test)

    real = digits.load_data
    return load_data


def reviews(num_words=None, count=400):
    """Reviews of random words, a sixth of them from the words of their class."""
    rng = np.random.RandomState(0)
    labels = rng.randint(0, 2, 2 * count)
    words = rng.randint(20, 1000, (2 * count, 60))
    words[:, ::6] = 4 + 8 * labels[:, np.newaxis] + rng.randint(0, 8, (2 * count, 10))
    lists = np.empty(2 * count, object)
    lists[:] = words.tolist()
    return (lists[:count], labels[:count]), (lists[count:], labels[count:])


def replace_data():
    """Puts the stand-ins where examples look for data."""
    from keras_native.datasets import cifar10, fashion_mnist, imdb, mnist

    mnist.load_data = fashion_mnist.load_data = pictures(28)
    cifar10.load_data = pictures(32, channels=3)
    imdb.load_data = reviews
    book = alice.load_data()[:5000]
    alice.load_data = lambda: book


def cut_fit(epochs, samples=2048):
    """Limits every `fit` to the first `samples` and to `epochs`."""
    fit = Model.fit

    def first(data):
        return [first(part) for part in data] if isinstance(data, list) else data[:samples]

    def short_fit(self, x, y=None, batch_size=None, _=1, **options):
        y = None if y is None else first(y)
        return fit(self, first(x), y, batch_size, **{**options, "epochs": epochs})

    Model.fit = short_fit


def main():
    """Replace data, limit epochs, run from a fixed start."""
    np.random.seed(0)
    replace_data()
    if len(sys.argv) > 2:
        cut_fit(int(sys.argv[2]))
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


main()
