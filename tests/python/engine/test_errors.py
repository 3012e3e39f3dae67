"""What the engine says when data or arguments make no sense."""

import numpy as np
import pytest
from keras_native.layers import Dense, Input
from keras_native.models import Model, Sequential


@pytest.fixture
def model():
    made = Sequential([Dense(3, activation="softmax", input_shape=(4,))])
    made.compile("sgd", "categorical_crossentropy")
    return made


X, Y = np.ones((6, 4), "float32"), np.eye(3, dtype="float32")[[0, 1, 2, 0, 1, 2]]


@pytest.mark.parametrize(
    ("x", "y", "error", "says"),
    [
        (np.ones((6, 5)), Y, ValueError, r"dense_1_input to have shape \(4,\) but got .*\(5,\)"),
        (np.ones((6, 4, 1)), Y, ValueError, r"dense_1_input to have 2 dimensions.*\(6, 4, 1\)"),
        (X, Y[:5], ValueError, "6 input samples and 5 target samples"),
        (X, np.ones((6, 2)), ValueError, r"shape \(6, 2\) was passed for an output.*\(None, 3\)"),
        (X, np.ones((6, 3, 1)), ValueError, "dense_1 to have 2 dimensions"),
        (X, np.arange(6) % 3, ValueError, "to_categorical.*sparse_categorical_crossentropy"),
        ([X, X], Y, ValueError, r"Expected to see 1 array\(s\)"),
        (np.array([["a"] * 4] * 6), Y, TypeError, "expected numbers for 'dense_1_input'"),
        (np.zeros((6, 4), complex), Y, TypeError, "dtype complex128"),
        (np.empty((0, 4)), np.empty((0, 3)), ValueError, "at least one sample"),
        ({"other": X}, Y, ValueError, 'No data provided for "dense_1_input"'),
        (None, Y, ValueError, "No data provided for input"),
        ([[1, 2], [3]], Y, ValueError, "array of numbers"),
        (X, None, ValueError, "expects targets.*dense_1.*y=None"),
    ],
)
def test_wrong_data(model, x, y, error, says):
    for use in (model.fit, model.train_on_batch):
        with pytest.raises(error, match="(?s)" + says):
            use(x, y)
    assert np.isfinite(model.train_on_batch(X, Y))  # nothing is broken afterwards


def test_classes_out_of_one_unit():
    """As in Keras: a softmax of one unit is always 1, so nothing would be learned."""
    model = Sequential([Dense(1, activation="softmax", input_shape=(4,))])
    model.compile("sgd", "categorical_crossentropy")
    with pytest.raises(ValueError, match="one class.*(?s:.*)sparse_categorical_crossentropy"):
        model.fit(X, Y[:, :1])


def test_wrong_data_after_right_data(model):
    model.train_on_batch(X, Y)
    model.predict_on_batch(X)
    with pytest.raises(ValueError, match="input samples and 5 target"):
        model.train_on_batch(X, Y[:5])
    with pytest.raises(ValueError, match="to have shape"):
        model.predict_on_batch(np.ones((6, 3), "float32"))
    with pytest.raises(ValueError, match="at least one sample"):
        model.predict_on_batch(X[:0])


@pytest.mark.parametrize("use", ["fit", "evaluate", "train_on_batch", "test_on_batch"])
def test_use_before_compile(use):
    made = Sequential([Dense(3, input_shape=(4,))])
    with pytest.raises(RuntimeError, match="'sequential_1' needs to be compiled"):
        getattr(made, use)(X, Y)
    assert made.predict(X).shape == (6, 3)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ({"optimizer": "sdg"}, ValueError, "sdg"),
        ({"loss": "meen_squared_error"}, ValueError, "meen_squared_error"),
        ({"metrics": ["acuracy"]}, ValueError, "acuracy"),
        ({"metrics": "accuracy"}, TypeError, "list or dictionary"),
        ({"loss": ["mse", "mse"]}, ValueError, "one entry per model output.*1 outputs"),
        ({"loss": {"nobody": "mse"}}, ValueError, "nobody"),
        ({"metrics": {"nobody": "mse"}}, ValueError, "nobody"),
        ({"loss_weights": {"nobody": 1}}, ValueError, "nobody"),
        ({"loss_weights": 3}, TypeError, "list or a dict"),
        ({"loss_weights": [1, 2]}, ValueError, "one entry per model output"),
        ({"sample_weight_mode": "hourly"}, ValueError, "hourly"),
        ({"target_tensors": [1, 2]}, ValueError, "one entry per model output"),
        ({"loss": None}, ValueError, "no loss to optimize"),
        ({"colour": "red"}, TypeError, "colour"),
        ({"optimizer": 3}, ValueError, "3"),
    ],
)
def test_wrong_arguments_of_compile(arguments, error, says):
    made = Sequential([Dense(3, input_shape=(4,))])
    with pytest.raises(error, match=says):
        made.compile(**{"optimizer": "sgd", "loss": "mse", **arguments})


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"batch_size": 0}, "batch_size"),
        ({"batch_size": 2.5}, "batch_size"),
        ({"validation_split": 1.5}, "between 0 and 1"),
        ({"validation_split": 0.99}, "empty part"),
        ({"validation_data": (X,)}, "2 items.*3 items"),
        ({"validation_data": (X, Y[:2])}, "6 input samples and 2 target"),
        ({"sample_weight": np.ones(5)}, "sample_weight"),
        ({"sample_weight": np.ones((6, 2))}, "sample_weight array with shape"),
        ({"class_weight": {0: 1.0}}, "must contain all classes"),
        ({"steps_per_epoch": 3, "batch_size": 2}, "`batch_size` must be None"),
        ({"validation_steps": 3}, "step-wise"),
    ],
)
def test_wrong_arguments_of_fit(model, arguments, says):
    with pytest.raises(ValueError, match=says):
        model.fit(X, Y, verbose=0, **arguments)


def test_unknown_arguments_of_fit(model):
    with pytest.raises(TypeError, match="colour"):
        model.fit(X, Y, colour="red")


def test_keras1_spellings(model):
    with pytest.warns(UserWarning, match="epochs=2"):
        assert model.fit(X, Y, nb_epoch=2, verbose=0).epoch == [0, 1]


@pytest.mark.parametrize("units", [-1, 0.5, "ten", None])
def test_impossible_units(units):
    with pytest.raises((ValueError, TypeError), match="units|int"):
        Sequential([Dense(units, input_shape=(4,))])


def test_arrays_for_several_inputs():
    a, b = Input(shape=(2,), name="a"), Input(shape=(2,), name="b")
    from keras_native.layers import add

    made = Model([a, b], Dense(1)(add([a, b])))
    made.compile("sgd", "mse")
    x, y = np.ones((4, 2)), np.ones((4, 1))
    with pytest.raises(ValueError, match=r"Expected to see 2 array\(s\).*got 1"):
        made.predict(x)
    with pytest.raises(ValueError, match='No data provided for "b"'):
        made.fit({"a": x}, y)
    with pytest.raises(ValueError, match="same number of samples"):
        made.fit([x, x[:3]], y)
