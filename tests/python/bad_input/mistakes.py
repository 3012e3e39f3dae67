"""Data, a model and checks for tests of mistakes."""

import numpy as np
import pytest
from keras_native.layers import Dense
from keras_native.models import Sequential

N = 6
X = np.linspace(-1, 1, 4 * N).astype("float32").reshape(N, 4)
Y = np.eye(3, dtype="float32")[np.arange(N) % 3]
CLASSES = np.arange(N) % 3
NAN = float("nan")
SPARSE, DENSE = "sparse_categorical_crossentropy", "categorical_crossentropy"


def case(name, *values):
    """A row of a table: what is wrong, then the data, the error and words of its message."""
    return pytest.param(*values, id=name)


def refused(action, error, says):
    """`action()` raises `error` with all parts of `says` (between bars) in its message."""
    with pytest.raises(error) as caught:
        action()
    for words in says.split("|"):
        assert words in str(caught.value)


def dense(loss=DENSE, optimizer="sgd", **kwargs):
    """A compiled model of one layer: 4 numbers in, 3 probabilities out."""
    model = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    model.compile(optimizer, loss, **kwargs)
    return model
