"""Data that do not fit: arrays, targets, class numbers, weights."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.layers import Dense, Input
from keras_native.models import Model, Sequential
from mistakes import CLASSES, DENSE, NAN, SPARSE, N, X, Y, case, dense, refused

OBJECTS = np.array([[None] * 4] * N, dtype=object)
RECORDS = np.zeros((N, 4), dtype=[("a", "f4")])


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize(
    ("x", "error", "says"),
    [
        case("another size", np.ones((N, 5)), ValueError, "dense_1_input|(4,)|(5,)"),
        case("another rank", np.ones((N, 4, 1)), ValueError, "dense_1_input|2 dim|(6, 4, 1)"),
        case("one axis too few", np.ones(N), ValueError, "dense_1_input|(4,)|(1,)"),
        case("a number", np.float32(3), ValueError, "dense_1_input|2 dimensions|()"),
        case("no features", np.empty((N, 0)), ValueError, "dense_1_input|(4,)|(0,)"),
        case("no samples", np.empty((0, 4)), ValueError, "dense_1_input|at least one|(0, 4)"),
        case("strings", X.astype(str), TypeError, "dense_1_input|numbers|<U32"),
        case("complex numbers", X.astype(complex), TypeError, "dense_1_input|complex128"),
        case("dates", X.astype("datetime64[s]"), TypeError, "dense_1_input|datetime64"),
        case("records", RECORDS, TypeError, "dense_1_input|numbers"),
        case("None in an array", OBJECTS, TypeError, "dense_1_input|numbers|object"),
        case("ragged lists", [[1, 2], [3]], ValueError, "array of numbers"),
        case("an empty list", [], ValueError, "empty list"),
        case("an empty tuple", (), ValueError, "empty list"),
        case("an empty dict", {}, ValueError, "dense_1_input|keys []"),
        case("another name", {"other": X}, ValueError, "dense_1_input|other"),
        case("two for one input", [X, X], ValueError, "1 array(s)|got 2"),
        case("None", None, ValueError, "dense_1_input|None"),
        case("a string", "text", TypeError, "dense_1_input|numbers|<U4"),
        case("a set", {1, 2}, TypeError, "dense_1_input|numbers"),
        case("a function", len, TypeError, "dense_1_input|numbers"),
    ],
)
def test_inputs(x, error, says, seen_before):
    model = dense()
    if seen_before:  # short ways are open then
        model.train_on_batch(X, Y)
        model.test_on_batch(X, Y)
        model.predict_on_batch(X)
        model.predict(X)
    refused(lambda: model.fit(x, Y, verbose=0), error, says)
    refused(lambda: model.evaluate(x, Y, verbose=0), error, says)
    refused(lambda: model.train_on_batch(x, Y), error, says)
    refused(lambda: model.test_on_batch(x, Y), error, says)
    refused(lambda: model.predict(x), error, says)
    refused(lambda: model.predict_on_batch(x), error, says)
    assert np.isfinite(model.train_on_batch(X, Y))  # nothing is broken afterwards


@pytest.mark.parametrize("seen_before", [False, True])
@pytest.mark.parametrize(
    ("loss", "y", "error", "says"),
    [
        case("another size", "mse", np.ones((N, 2)), ValueError, "(6, 2)|(None, 3)|squared"),
        case("classes for mse", "mse", CLASSES, ValueError, "(6, 1)|(None, 3)|mean_squared"),
        case("another rank", "hinge", np.ones((N, 3, 1)), ValueError, "dense_1|2 dimensions"),
        case("fewer than inputs", "mse", Y[:5], ValueError, "6 input samples and 5 target"),
        case("a number", "mse", 3, ValueError, "dense_1|2 dimensions|()"),
        case("an empty list", "mse", [], ValueError, "empty list"),
        case("None", "mse", None, ValueError, "expects targets|dense_1|y=None"),
        case("strings", "mse", Y.astype(str), TypeError, "dense_1|numbers|<U32"),
        case("complex numbers", "mse", Y.astype(complex), TypeError, "dense_1|complex128"),
        case("another name", "mse", {"other": Y}, ValueError, "dense_1|other"),
        case("two for one output", "mse", [Y, Y], ValueError, "1 array(s)|got 2"),
        case("classes", DENSE, CLASSES, ValueError, f"(6, 1)|to_categorical|`{SPARSE}`"),
        case("one-hot", SPARSE, Y, ValueError, f"(6, 3)|`{DENSE}`|argmax"),
        case("a class too large", SPARSE, CLASSES + 1, ValueError, "within [0, 3)|got 3"),
        case("a negative class", SPARSE, CLASSES - 1, ValueError, "within [0, 3)|got -1"),
        case("NaN as class", SPARSE, np.full(N, NAN), ValueError, "within [0, 3)"),
    ],
)
def test_targets(loss, y, error, says, seen_before):
    right = CLASSES if loss == SPARSE else Y
    model = dense(loss, metrics=["accuracy"])
    if seen_before:
        model.train_on_batch(X, right)
        model.test_on_batch(X, right)
    refused(lambda: model.fit(X, y, verbose=0), error, says)
    refused(lambda: model.evaluate(X, y, verbose=0), error, says)
    refused(lambda: model.train_on_batch(X, y), error, says)
    refused(lambda: model.test_on_batch(X, y), error, says)
    assert np.isfinite(model.train_on_batch(X, right)[0])


def test_class_out_of_range_in_one_batch_of_many():
    model = dense(SPARSE)
    x, y = np.random.rand(5000, 4), np.random.randint(0, 3, 5000)
    y[3210] = 7
    refused(lambda: model.fit(x, y, verbose=0), ValueError, "class numbers|within [0, 3)|got 7")
    y[3210] = 2
    assert np.isfinite(model.evaluate(x, y, verbose=0))


@pytest.mark.parametrize("bad", [5, -1, NAN])
def test_row_of_an_embedding_that_is_not_there(bad):
    model = Sequential([L.Embedding(5, 2, input_length=3), L.Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    x = np.array([[0, 1, 2], [3, 4, bad]], dtype="float32")
    says = "indices within [0, 5)|embedding_1"
    refused(lambda: model.predict(x), ValueError, says)
    refused(lambda: model.fit(x, np.ones((2, 1)), verbose=0), ValueError, says)
    refused(lambda: model.train_on_batch(x, np.ones((2, 1))), ValueError, says)
    assert model.predict(np.ones((2, 3))).shape == (2, 1)


def test_lookups_out_of_range():
    table, row = K.variable(np.ones((2, 3))), K.constant([5], dtype="int32")
    refused(lambda: K.eval(K.gather(table, row)), ValueError, "[gather]|[0, 2)|got 5")
    refused(lambda: K.eval(K.gather(K.ones((2, 3)), row)), ValueError, "[gather]|[0, 2)|got 5")
    constant = K.constant(np.ones((2, 3)))
    refused(lambda: K.eval(K.gather(constant, row)), ValueError, "[gather]|[0, 2)|got 5")


def test_numbers_in_unusual_arrays_are_right():
    """What can only mean one thing is taken."""
    model = dense()
    wanted = model.predict(X)
    turned = np.ascontiguousarray(X[:, ::-1])[:, ::-1]
    for x in (X.astype(object), X.tolist(), np.asfortranarray(X), X.astype(">f4"), turned):
        np.testing.assert_allclose(model.predict(x), wanted, rtol=1e-6)
    assert model.fit(X, Y, batch_size=10**12, verbose=0).history["loss"]


def test_several_inputs():
    a, b = Input((2,), name="a"), Input((3,), name="b")
    model = Model([a, b], Dense(1)(L.concatenate([a, b])))
    model.compile("sgd", "mse")
    one, two, y = np.ones((4, 2)), np.ones((4, 3)), np.ones((4, 1))
    refused(lambda: model.predict(one), ValueError, "2 array(s)|got 1")
    refused(lambda: model.predict([two, one]), ValueError, "a to have shape (2,)|(3,)")
    refused(lambda: model.fit({"a": one}, y), ValueError, "\"b\"|keys ['a']")
    refused(lambda: model.fit([one, two[:3]], y), ValueError, "same number|(4, 2)|(3, 3)")
