"""Files of weights alone: by order, by name, and what does not fit."""

import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import Sequential
from small_models import same_weights, stack


def test_weights_round_trip(path):
    model, other = stack(), stack()
    model.save_weights(path)
    other.load_weights(path)
    same_weights(model, other)
    model.save(path)  # weights can be taken from a whole model too
    other = stack()
    other.load_weights(path)
    same_weights(model, other)


def test_weights_by_name(path):
    source = Sequential([L.Dense(5, input_shape=(4,), name="one"), L.Dense(3, name="two")])
    source.save_weights(path)
    target = Sequential([L.Dense(3, input_shape=(5,), name="two"), L.Dense(2, name="three")])
    third = target.layers[1].get_weights()
    target.load_weights(path, by_name=True)
    np.testing.assert_array_equal(
        source.layers[1].get_weights()[0], target.layers[0].get_weights()[0]
    )
    np.testing.assert_array_equal(third[0], target.layers[1].get_weights()[0])
    wrong = Sequential([L.Dense(4, input_shape=(4,), name="one")])
    with pytest.raises(ValueError, match="mismatch in shape of one/kernel:0"):
        wrong.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="Skipping loading of weights for layer one"):
        wrong.load_weights(path, by_name=True, skip_mismatch=True)


def test_the_head_of_a_classifier_is_left_out(path):
    """Another number of classes than the file has, far fewer as a rule; what fits is loaded."""
    source = Sequential([L.Dense(6, input_shape=(4,), name="body"), L.Dense(1000, name="head")])
    source.save_weights(path)
    target = Sequential([L.Dense(6, input_shape=(4,), name="body"), L.Dense(3, name="head")])
    head = target.layers[1].get_weights()
    with pytest.raises(ValueError, match=r"'head'.*mismatch in shape.*\(6, 1000\)"):
        target.load_weights(path, by_name=True)
    with pytest.raises(ValueError, match=r"'head'.*\[\(6, 3\), \(3,\)\].*do not fit.*\(6, 1000\)"):
        target.load_weights(path)
    with pytest.warns(UserWarning, match="Skipping loading of weights for layer head"):
        target.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])
    np.testing.assert_array_equal(target.layers[1].get_weights()[0], head[0])


def test_weights_are_skipped_one_by_one(path):
    source = Sequential([L.Dense(3, input_shape=(5,), name="one")])
    source.set_weights([np.ones((5, 3)), np.ones(3)])
    source.save_weights(path)
    target = Sequential([L.Dense(3, input_shape=(4,), name="one")])
    kernel = target.get_weights()[0]
    with pytest.warns(UserWarning, match="one/kernel:0"):
        target.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(target.get_weights()[0], kernel)
    np.testing.assert_array_equal(target.get_weights()[1], np.ones(3))
    source.load_weights(path, skip_mismatch=True)  # Keras looks at it only by name


def test_weights_that_do_not_fit_leave_the_model_as_it_was(path):
    stack().save_weights(path)
    other = Sequential([L.Dense(5, input_shape=(4,)), L.BatchNormalization(), L.Dense(2)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"weight '.*kernel:0' has shape \(5, 2\)"):
        other.load_weights(path)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="containing 3 layers into a model with 1 layers"):
        Sequential([L.Dense(5, input_shape=(4,))]).load_weights(path)


def test_reshape(path):
    Sequential([L.Dense(6, input_shape=(2,), use_bias=False)]).save_weights(path)
    model = Sequential([L.Dense(4, input_shape=(3,), use_bias=False)])
    with pytest.raises(ValueError, match="has shape"):
        model.load_weights(path)
    model.load_weights(path, reshape=True)
