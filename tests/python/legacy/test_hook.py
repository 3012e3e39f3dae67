"""Calls written for Keras 1 are turned into calls of today."""

import inspect
import warnings

import pytest
from keras_native.legacy import Keras1SpellingWarning
from keras_native.legacy.hook import translate, translate_calls
from keras_native.legacy.table import CLASSES, TABLE, Spelling


def wrapped(key, signature):
    """A function that returns its arguments, behind the table's row `key`."""
    body = (
        "{k: v for k, v in {**locals(), **kw}.items() if k not in ('self', 'kw') and v is not None}"
    )
    namespace = {}
    exec(f"def f(self, {signature}, **kw):\n    return {body}", namespace)
    return translate_calls(namespace["f"], TABLE[key], key, skip=1)


DENSE = "units, activation=None, use_bias=True, kernel_initializer='glorot_uniform'"
CONV = "filters, kernel_size, strides=None, padding=None, data_format=None, activation=None"


def test_todays_call_passes_through_without_a_warning():
    dense = wrapped("Dense", DENSE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert dense(None, 4, "relu") == {
            "units": 4,
            "activation": "relu",
            "use_bias": True,
            "kernel_initializer": "glorot_uniform",
        }


def test_names_are_renamed_with_one_warning_that_shows_todays_call():
    dense = wrapped("Dense", DENSE)
    with pytest.warns(Keras1SpellingWarning) as record:
        got = dense(None, output_dim=4, init="uniform", bias=False, W_regularizer="l2")
    assert got == {
        "units": 4,
        "use_bias": False,
        "kernel_initializer": "uniform",
        "kernel_regularizer": "l2",
    }
    assert len(record) == 1
    assert "Dense(units=4, kernel_initializer='uniform'" in str(record[0].message)
    assert record[0].filename == __file__


def test_positional_initializer_means_the_order_of_keras1():
    dense = wrapped("Dense", DENSE)
    with pytest.warns(Keras1SpellingWarning):
        got = dense(None, 10, "uniform", "relu")
    assert (got["kernel_initializer"], got["activation"]) == ("uniform", "relu")


@pytest.mark.parametrize(
    ("args", "kwargs", "kernel"),
    [
        ((64, 3, 5), {}, (3, 5)),
        ((64,), {"nb_row": 3, "nb_col": 5}, (3, 5)),
        ((64, 3), {"nb_col": 5}, (3, 5)),
        ((64, 3, 5, "he_normal", "relu"), {}, (3, 5)),
    ],
)
def test_convolution_with_rows_and_columns(args, kwargs, kernel):
    conv = wrapped("Conv2D", CONV)
    with pytest.warns(Keras1SpellingWarning):
        got = conv(None, *args, border_mode="same", dim_ordering="th", **kwargs)
    assert got["kernel_size"] == kernel
    assert got["padding"] == "same"
    assert got["data_format"] == "channels_first"


def test_todays_convolution_is_left_alone():
    conv = wrapped("Conv2D", CONV)
    assert conv(None, 64, (3, 3), 2)["strides"] == 2
    assert conv(None, 64, 3, padding="same")["kernel_size"] == 3


def test_half_of_a_joined_argument_is_an_error():
    with pytest.raises(TypeError, match="nb_row, nb_col together; received only nb_row"):
        wrapped("Conv2D", CONV)(None, 64, nb_row=3)


def test_both_spellings_at_once_are_an_error():
    with pytest.raises(TypeError, match="'units' and its Keras 1 spelling 'output_dim'"):
        wrapped("Dense", DENSE)(None, units=3, output_dim=4)


def test_unknown_old_value_is_an_error():
    with pytest.raises(ValueError, match="expected one of|Expected one of"):
        wrapped("Conv2D", CONV)(None, 64, (3, 3), dim_ordering="nchw")


def test_recurrent_values():
    got = translate(
        TABLE["LSTM"], {"consume_less": "gpu", "forget_bias_init": "one", "dropout_W": 0.2}
    )
    assert got == {"implementation": 2, "unit_forget_bias": True, "dropout": 0.2}


def test_input_dim_and_length_give_the_input_shape():
    assert translate(TABLE["LSTM"], {"input_dim": 16, "input_length": 10}) == {
        "input_shape": (10, 16)
    }
    assert translate(TABLE["LSTM"], {"input_dim": 16}) == {"input_shape": (None, 16)}


def test_initializer_of_keras1_is_called_without_dtype():
    def init(shape, name=None):
        return shape

    got = translate(TABLE["Dense"], {"init": init})
    assert got["kernel_initializer"]((2, 3), dtype="float32") == (2, 3)


def test_arguments_without_effect_are_named_in_the_warning():
    compile_ = wrapped("Model.compile", "optimizer, loss=None")
    with pytest.warns(Keras1SpellingWarning, match="Without effect today: class_mode"):
        assert compile_(None, "sgd", "mse", class_mode="binary") == {
            "optimizer": "sgd",
            "loss": "mse",
        }


class Batches:
    """An endless generator of batches of 5 that counts what was taken."""

    def __init__(self):
        self.taken = 0

    def __iter__(self):
        return self

    def __next__(self):
        self.taken += 1
        return [[self.taken] * 5], [0] * 5


def test_samples_of_an_epoch_become_steps_and_no_batch_is_lost():
    fit = wrapped("GeneratorMethods.fit_generator", "generator, steps_per_epoch=None, epochs=1")
    batches = Batches()
    with pytest.warns(Keras1SpellingWarning):
        got = fit(None, batches, samples_per_epoch=12, nb_epoch=3)
    assert (got["steps_per_epoch"], got["epochs"]) == (3, 3)
    assert next(got["generator"])[0][0][0] == 1
    assert next(got["generator"])[0][0][0] == 2
    with pytest.warns(Keras1SpellingWarning):  # positional, but nb_epoch says which Keras
        got = fit(None, Batches(), 20, nb_epoch=3)
    assert got["steps_per_epoch"] == 4


def test_todays_generator_call_counts_steps():
    fit = wrapped("GeneratorMethods.fit_generator", "generator, steps_per_epoch=None, epochs=1")
    assert fit(None, Batches(), 20, 3)["steps_per_epoch"] == 20


def test_samples_of_validation_data():
    fit = wrapped("GeneratorMethods.fit_generator", "generator, steps_per_epoch=None, epochs=1")
    with pytest.warns(Keras1SpellingWarning):
        got = fit(None, Batches(), 20, 3, validation_data=Batches(), nb_val_samples=11)
    assert got["validation_steps"] == 3
    assert got["steps_per_epoch"] == 4


def test_signature_stays_visible():
    assert list(inspect.signature(wrapped("Dense", DENSE)).parameters)[:2] == ["self", "units"]


def test_rows_are_consistent():
    for key, row in TABLE.items():
        assert isinstance(row, Spelling), key
        order = row.order.split()
        assert len(order) == len(set(order)), key
        assert all(i < len(order) for i, _ in row.order_if), key
        for parts in row.joined.values():
            assert all(part in order for part in parts), key
    assert not set(CLASSES) & set(CLASSES.values())


def test_history_of_a_fit_in_keras1_spelling():
    class History:
        def __init__(self):
            self.history = {"loss": [1], "accuracy": [0.5], "val_accuracy": [0.4], "lr": [0.1]}

    class LearningRateScheduler:
        pass

    fit = translate_calls(lambda self, **kw: History(), TABLE["Model.fit"], "fit", skip=1)
    assert set(fit(None, epochs=1).history) == {"loss", "accuracy", "val_accuracy", "lr"}
    with pytest.warns(Keras1SpellingWarning):
        result = fit(None, nb_epoch=1, callbacks=[LearningRateScheduler()])
    assert set(result.history) == {"loss", "acc", "val_acc"}
