"""Estimators: what Keras's own tests ask of them, and what scikit-learn does with them."""

import functools

import numpy as np
import pytest
from keras_native.layers import Dense, Input
from keras_native.models import Model, Sequential
from keras_native.optimizers import Adam
from keras_native.utils.test_utils import get_test_data
from keras_native.wrappers.scikit_learn import BaseWrapper, KerasClassifier, KerasRegressor

np.random.seed(0)
(X, Y), (X_TEST, Y_TEST) = get_test_data(60, 20, input_shape=(4,), num_classes=3)


def classifier(hidden=8, loss="categorical_crossentropy", optimizer=None):
    model = Sequential(
        [Dense(hidden, activation="relu", input_dim=4), Dense(3, activation="softmax")]
    )
    model.compile(optimizer or Adam(0.05), loss, metrics=["accuracy"])
    return model


def functional(hidden=8):
    x = Input((4,))
    model = Model(x, Dense(1, activation="sigmoid")(Dense(hidden, activation="relu")(x)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def regressor(hidden=8):
    model = Sequential([Dense(hidden, activation="relu", input_dim=4), Dense(1)])
    model.compile("adam", "mse")
    return model


class Built:
    def __call__(self, hidden):
        return classifier(hidden)


class Inherited(KerasClassifier):
    def __call__(self, hidden):
        return classifier(hidden)


def test_classifier():
    found = KerasClassifier(classifier, hidden=6, batch_size=10, epochs=15)
    history = found.fit(X, Y, verbose=0)
    assert len(history.epoch) == 15 and found.model.layers[0].units == 6
    assert found.predict(X_TEST, batch_size=4).shape == (20,)
    proba = found.predict_proba(X_TEST)
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-5)
    share = np.mean(found.predict(X_TEST) == Y_TEST)
    assert found.score(X_TEST, Y_TEST) == pytest.approx(share)
    assert found.score(X, Y) > 0.5


@pytest.mark.parametrize(
    "make",
    [
        lambda: KerasClassifier(Built(), hidden=5),
        lambda: KerasClassifier(Built, hidden=5),
        lambda: KerasClassifier(Built().__call__, hidden=5),
        lambda: KerasClassifier(functools.partial(classifier, optimizer="sgd"), hidden=5),
        lambda: Inherited(hidden=5),
        lambda: Inherited(None, hidden=5),
    ],
)
def test_kinds_of_build_functions(make):
    found = make()
    found.fit(X, Y, epochs=1, verbose=0)
    assert found.model.layers[0].units == 5
    assert found.predict(X_TEST).shape == (20,)
    assert found.predict(X_TEST[:0]).shape == (0,)


def test_texts_as_classes_and_their_orders():
    names = np.array(["dog", "ant", "cat"])[Y]
    found = KerasClassifier(classifier, epochs=25, verbose=0)
    found.fit(X, names)
    assert found.classes_.tolist() == ["ant", "cat", "dog"] and found.n_classes_ == 3
    assert set(found.predict(X)) <= {"ant", "cat", "dog"}
    assert found.score(X, names) == pytest.approx(np.mean(found.predict(X) == names))
    assert found.score(X, names) > 0.5
    rows = np.eye(3)[Y]
    found.fit(X, rows)
    assert found.score(X, rows) == pytest.approx(np.mean(found.predict(X) == Y))
    found.fit(X, Y[:, None])
    assert found.predict(X).shape == (60,)
    with pytest.raises(ValueError, match=r"Invalid shape for y: \(60, 1, 1\)"):
        found.fit(X, Y[:, None, None])


def test_two_classes_from_one_output():
    y = np.where(Y > 0, "yes", "no")
    found = KerasClassifier(functional, epochs=20, verbose=0)
    found.fit(X, y)
    proba = found.predict_proba(X)
    assert proba.shape == (60, 2)
    np.testing.assert_array_equal(found.predict(X) == "yes", proba[:, 1] > 0.5)
    assert found.score(X, y) == pytest.approx(np.mean(found.predict(X) == y))


def test_regressor():
    y = X.sum(1)
    found = KerasRegressor(regressor, batch_size=8, epochs=20, verbose=0)
    found.fit(X, y)
    assert found.predict(X_TEST).shape == (20,)
    assert found.score(X, y) == pytest.approx(-np.mean((found.predict(X) - y) ** 2), rel=1e-4)


def test_weights_of_samples():
    """Samples without weight are as if they were not there."""
    weight = (Y < 2).astype("float64")
    found = KerasClassifier(classifier, epochs=60, verbose=0)
    found.fit(X, Y, sample_weight=weight)
    assert 2 not in found.predict(X)
    found.fit(X, Y)
    assert 2 in found.predict(X)


def test_parameters():
    found = KerasClassifier(classifier, hidden=3, nb_epoch=2)
    assert found.get_params() == {"hidden": 3, "nb_epoch": 2, "build_fn": classifier}
    assert found.set_params(hidden=4, verbose=0) is found
    assert len(found.fit(X, Y).epoch) == 2  # the spelling of Keras 1
    assert found.filter_sk_params(Sequential.fit, {"verbose": 1}) == {"epochs": 2, "verbose": 1}
    with pytest.raises(ValueError, match="layers is not a legal parameter"):
        KerasClassifier(classifier, layers=3)
    with pytest.raises(ValueError, match="layers is not a legal parameter"):
        found.set_params(layers=3)
    with pytest.raises(TypeError, match="expected a build_fn"):
        BaseWrapper(hidden=1)
    assert repr(found).startswith("KerasClassifier(hidden=4, ")


def test_accuracy_must_be_there():
    def plain():
        model = classifier()
        model.compile("sgd", "categorical_crossentropy")
        return model

    found = KerasClassifier(plain, verbose=0)
    found.fit(X, Y)
    with pytest.raises(ValueError, match="not configured to compute accuracy"):
        found.score(X, Y)


# ------------------------------------------------------------ with scikit-learn


@pytest.fixture
def sklearn():
    return pytest.importorskip("sklearn")


def test_clone(sklearn):
    from sklearn.base import clone, is_classifier, is_regressor
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    found = KerasClassifier(classifier, hidden=3, epochs=2, class_weight={0: 1.0, 1: 2.0, 2: 1.0})
    found.fit(X, Y, verbose=0)
    copy = clone(found)
    assert copy.get_params() == found.get_params() and not hasattr(copy, "model")
    check_is_fitted(found)
    with pytest.raises(NotFittedError):
        check_is_fitted(copy)
    assert is_classifier(found) and not is_regressor(found)
    assert is_regressor(KerasRegressor(regressor))


def test_cross_validation(sklearn):
    from sklearn.model_selection import StratifiedKFold, cross_val_predict, cross_val_score

    found = KerasClassifier(classifier, epochs=30, batch_size=8, verbose=0)
    folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=0)
    scores = cross_val_score(found, X, Y, cv=folds)
    assert scores.shape == (3,) and scores.mean() > 0.5
    names = np.array(["a", "b", "c"])[Y]
    assert set(cross_val_predict(found, X, names, cv=folds)) <= {"a", "b", "c"}
    assert cross_val_score(found, X, names, cv=3, scoring="f1_macro").shape == (3,)
    weights = {"sample_weight": np.ones(60)}
    assert cross_val_score(found, X, Y, cv=folds, params=weights).shape == (3,)
    y = X.sum(1)
    found = KerasRegressor(regressor, epochs=5, verbose=0)
    assert (cross_val_score(found, X, y, cv=3) < 0).all()
    assert cross_val_score(found, X, y, cv=3, scoring="r2").shape == (3,)


def test_grid_search(sklearn):
    from sklearn.model_selection import GridSearchCV

    grid = {"hidden": [2, 8], "epochs": [1, 20], "optimizer": ["adam"]}
    search = GridSearchCV(KerasClassifier(classifier, verbose=0), grid, cv=3)
    search.fit(X, Y)
    assert search.best_params_["epochs"] == 20
    assert search.best_estimator_.model.layers[0].units == search.best_params_["hidden"]
    assert search.predict(X_TEST).shape == (20,)
    assert search.predict_proba(X_TEST).shape == (20, 3)
    assert len(search.cv_results_["mean_test_score"]) == 4


def test_pipelines(sklearn):
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    line = make_pipeline(StandardScaler(), KerasClassifier(classifier, epochs=25, verbose=0))
    line.fit(X, Y, kerasclassifier__sample_weight=np.ones(60))
    assert line.score(X, Y) > 0.5
    assert line.predict(X_TEST).shape == (20,)
    search = GridSearchCV(line, {"kerasclassifier__hidden": [2, 4]}, cv=2)
    search.fit(X, np.array(["x", "y", "z"])[Y])
    assert search.best_params_["kerasclassifier__hidden"] in (2, 4)
    line = make_pipeline(StandardScaler(), KerasRegressor(regressor, verbose=0))
    assert line.fit(X, X.sum(1)).predict(X_TEST).shape == (20,)


@pytest.mark.slow
def test_several_processes(sklearn):
    from sklearn.model_selection import cross_val_score

    found = KerasClassifier(classifier, epochs=1, verbose=0)
    assert cross_val_score(found, X, Y, cv=2, n_jobs=2).shape == (2,)


def test_pickles(sklearn):
    import pickle

    found = KerasClassifier(classifier, epochs=1, verbose=0)
    found.fit(X, Y)
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.predict_proba(X), found.predict_proba(X))
    assert again.get_params() == found.get_params()
