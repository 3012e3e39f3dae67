"""Class vectors and normalization."""

import numpy as np
import pytest
from keras_native.utils.np_utils import normalize, probas_to_classes, to_categorical


def test_one_hot_of_any_shape():
    assert to_categorical([0, 2, 1]).tolist() == [[1, 0, 0], [0, 0, 1], [0, 1, 0]]
    assert to_categorical([[1], [0]]).shape == (2, 2)
    assert to_categorical(np.zeros((4, 5), int), 3).shape == (4, 5, 3)
    assert to_categorical([1.0, 0.0], dtype="int64").dtype == np.int64
    assert to_categorical([], 4).shape == (0, 4)


@pytest.mark.parametrize("y", [[0, 5], [-1, 2]])
def test_class_out_of_range(y):
    with pytest.raises(ValueError, match="expected classes from 0 to 3; received"):
        to_categorical(y, 4)


def test_keras1_spelling():
    with pytest.warns(UserWarning, match="num_classes=3"):
        assert to_categorical([1], nb_classes=3).shape == (1, 3)


def test_normalize():
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    assert normalize(x).tolist() == [[0.6, 0.8], [0.0, 0.0]]
    assert normalize(x, axis=0, order=1).tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_probas_to_classes():
    assert probas_to_classes([[0.2, 0.8], [0.9, 0.1]]).tolist() == [1, 0]
    assert probas_to_classes([[0.2], [0.9]]).tolist() == [0, 1]
