"""Arguments of fit and its like, and of compile, that make no sense."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense
from keras_native.models import Sequential
from mistakes import NAN, N, X, Y, case, dense, refused


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        case("zero batch", {"batch_size": 0}, ValueError, "batch_size|1 or more|got 0"),
        case("negative batch", {"batch_size": -4}, ValueError, "batch_size|got -4"),
        case("part of a batch", {"batch_size": 2.5}, ValueError, "batch_size|got 2.5"),
        case("batch as text", {"batch_size": "a"}, ValueError, "batch_size|got 'a'"),
        case("batch as truth", {"batch_size": True}, ValueError, "batch_size|got True"),
        case("batch NaN", {"batch_size": NAN}, ValueError, "batch_size|got nan"),
        case("negative epochs", {"epochs": -1}, ValueError, "epochs|got -1"),
        case("part of an epoch", {"epochs": 1.5}, ValueError, "epochs|got 1.5"),
        case("epochs as text", {"epochs": "3"}, ValueError, "epochs|got '3'"),
        case("no epochs", {"epochs": None}, ValueError, "epochs|got None"),
        case("first epoch", {"initial_epoch": -2}, ValueError, "initial_epoch|got -2"),
        case("verbose", {"verbose": "x"}, ValueError, "verbose|got 'x'"),
        case("shuffle", {"shuffle": "a bit"}, ValueError, "shuffle|'batch'|got 'a bit'"),
        case("split of all", {"validation_split": 1.0}, ValueError, "between 0 and 1|got 1.0"),
        case("split below 0", {"validation_split": -0.5}, ValueError, "0 and 1|got -0.5"),
        case("split NaN", {"validation_split": NAN}, ValueError, "validation_split|nan"),
        case("split text", {"validation_split": "0.1"}, TypeError, "validation_split|'0.1'"),
        case("nothing left", {"validation_split": 0.99}, ValueError, "empty part"),
        case("held-out number", {"validation_data": 5}, ValueError, "validation_data|int"),
        case("held-out x", {"validation_data": (X,)}, ValueError, "2 items|3 items"),
        case("held-out y", {"validation_data": (X, Y[:2])}, ValueError, "6 input|2 target"),
        case("held-out size", {"validation_data": (X[:, :2], Y)}, ValueError, "(4,)|(2,)"),
        case("weights", {"sample_weight": np.ones(5)}, ValueError, "sample_weight|(5,)"),
        case("one weight", {"sample_weight": 3.0}, ValueError, "sample_weight|()"),
        case("weights text", {"sample_weight": np.array(["a"] * N)}, TypeError, "numbers|<U1"),
        case("weights complex", {"sample_weight": np.ones(N) * 1j}, TypeError, "complex128"),
        case("missing class", {"class_weight": {0: 1.0}}, ValueError, "all classes|{1, 2}"),
        case("class text", {"class_weight": "heavy"}, TypeError, "dict|'heavy'"),
        case("class number", {"class_weight": 3}, TypeError, "dict|got 3"),
        case("weight text", {"class_weight": {0: 1, 1: 1, 2: "x"}}, TypeError, "class 2|'x'"),
        case("no steps", {"steps_per_epoch": 0}, ValueError, "steps_per_epoch|got 0"),
        case("steps", {"steps_per_epoch": -1}, ValueError, "steps_per_epoch|got -1"),
        case("part of a step", {"steps_per_epoch": 2.5}, ValueError, "steps_per_epoch|2.5"),
        case(
            "steps alone",
            {"steps_per_epoch": 2, "validation_data": (X, Y)},
            ValueError,
            "Must specify `validation_steps`",
        ),
        case("steps and batch", {"steps_per_epoch": 2, "batch_size": 2}, ValueError, "None"),
        case("callback", {"callbacks": [5]}, TypeError, "Callback|got 5"),
        case("callback class", {"callbacks": [K.Function]}, TypeError, "Callback|class"),
        case("unknown", {"colour": "red"}, TypeError, "colour"),
    ],
)
def test_arguments_of_fit(arguments, error, says):
    refused(lambda: dense().fit(X, Y, **{"verbose": 0, **arguments}), error, says)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"batch_size": 0}, "batch_size|got 0"),
        ({"batch_size": "a"}, "batch_size|got 'a'"),
        ({"steps": 0}, "steps|got 0"),
        ({"steps": -1}, "steps|got -1"),
        ({"steps": 1.5}, "steps|got 1.5"),
    ],
)
def test_arguments_of_evaluate_and_predict(arguments, says):
    model = dense()
    refused(lambda: model.evaluate(X, Y, verbose=0, **arguments), ValueError, says)
    refused(lambda: model.predict(X, **arguments), ValueError, says)


@pytest.mark.parametrize(
    ("batches", "arguments", "error", "says"),
    [
        case("no number of steps", [(X, Y)], {}, ValueError, "steps_per_epoch|Sequence"),
        case("too few", [(X, Y)], {"steps_per_epoch": 3}, ValueError, "after 1 batches"),
        case("none", [], {"steps_per_epoch": 1}, ValueError, "after 0 batches"),
        case("no targets", [(X,)], {"steps_per_epoch": 1}, ValueError, "(x, y)"),
        case("numbers", [5], {"steps_per_epoch": 1}, ValueError, "(x, y)|Found: 5"),
        case("lengths", [(X, Y[:3])], {"steps_per_epoch": 1}, ValueError, "6 input|3 target"),
        case("no steps", [(X, Y)], {"steps_per_epoch": 0}, ValueError, "got 0"),
        case("epochs", [(X, Y)], {"steps_per_epoch": 1, "epochs": "a"}, ValueError, "epochs"),
    ],
)
def test_generators(batches, arguments, error, says):
    refused(lambda: dense().fit_generator(iter(batches), verbose=0, **arguments), error, says)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        case("optimizer", {"optimizer": "sdg"}, ValueError, "optimizer|'sdg'"),
        case("optimizer number", {"optimizer": 3}, ValueError, "optimizer|3"),
        case("loss", {"loss": "meen_squared_error"}, ValueError, "loss|'meen_squared_error'"),
        case("loss number", {"loss": 3}, ValueError, "loss|3"),
        case("no loss", {"loss": None}, ValueError, "no loss to optimize"),
        case("two losses", {"loss": ["mse", "mse"]}, ValueError, "one entry per model output"),
        case("loss of nobody", {"loss": {"nobody": "mse"}}, ValueError, "nobody"),
        case("metric", {"metrics": ["acuracy"]}, ValueError, "metric|'acuracy'"),
        case("metric number", {"metrics": [3]}, ValueError, "metric|3"),
        case("metric None", {"metrics": [None]}, ValueError, "metric|None"),
        case("metrics text", {"metrics": "accuracy"}, TypeError, "list or dictionary"),
        case("weights number", {"loss_weights": 3}, TypeError, "list or a dict"),
        case("mode", {"sample_weight_mode": "hourly"}, ValueError, "hourly"),
        case("unknown", {"colour": "red"}, TypeError, "colour"),
    ],
)
def test_arguments_of_compile(arguments, error, says):
    model = Sequential([Dense(3, input_shape=(4,))])
    refused(lambda: model.compile(**{"optimizer": "sgd", "loss": "mse", **arguments}), error, says)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        case("None", lambda t, p: None, "None"),
        case("no gradient", lambda t, p: K.argmax(p, -1), "None|dense_1/kernel"),
        case("constant", lambda t, p: 5.0, "None|dense_1/kernel"),
        case("one argument", lambda p: p, "argument"),
    ],
)
def test_losses_that_make_no_sense(loss, says):
    def use():
        dense(loss).fit(X, Y, verbose=0)

    refused(use, (TypeError, ValueError), says)


def test_metric_that_returns_nothing():
    def nothing(y_true, y_pred):
        return None

    refused(lambda: dense(metrics=[nothing]).fit(X, Y, verbose=0), TypeError, "'nothing'|None")
