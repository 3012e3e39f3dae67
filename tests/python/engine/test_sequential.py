"""Stacks of layers."""

import numpy as np
import pytest
from keras_native.layers import Dense, Dropout, Flatten, Input, InputLayer
from keras_native.models import Model, Sequential


def test_add_pop_and_layers():
    model = Sequential()
    model.add(Dense(5, input_shape=(4,)))
    model.add(Dense(3))
    model.add(Dense(2))
    assert [layer.name for layer in model.layers] == ["dense_1", "dense_2", "dense_3"]
    assert model.input_names == ["dense_1_input"] and model.output_shape == (None, 2)
    model.pop()
    assert model.output_shape == (None, 3) and len(model.weights) == 4
    assert model.predict(np.ones((2, 4))).shape == (2, 3)
    model.add(Dense(1))
    assert model.predict(np.ones((2, 4))).shape == (2, 1)
    while model.layers:
        model.pop()
    assert not model.built
    with pytest.raises(TypeError, match="no layers"):
        model.pop()


def test_a_list_of_layers_and_an_input_layer():
    model = Sequential([InputLayer(input_shape=(4,), name="data"), Dense(2)], name="net")
    assert model.name == "net" and model.input_names == ["data"]
    assert [layer.name for layer in model.layers] == ["dense_1"]


def test_deferred_until_data():
    model = Sequential([Dense(5, activation="relu"), Dense(2)])
    assert not model.built and model.weights == []
    with pytest.raises(ValueError, match="not yet been built"):
        model.summary()
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 3)), np.ones((8, 2)), verbose=0)
    assert model.built and model.input_shape == (None, 3)
    assert model.input_names == ["sequential_1_input"]


def test_build_by_hand_is_kept_in_the_config():
    model = Sequential([Dense(5), Dense(2)])
    model.build((None, 4))
    config = model.get_config()
    assert config["build_input_shape"] == (None, 4)
    again = Sequential.from_config(config)
    assert again.input_shape == (None, 4) and again.name == model.name


def test_deferred_stack_called_on_a_tensor():
    stack = Sequential([Dense(3), Dense(2)])
    x = Input(shape=(4,))
    model = Model(x, stack(x))
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    data = np.random.rand(2, 4)
    np.testing.assert_allclose(model.predict(data), again.predict(data), rtol=1e-6)


def test_predict_without_shape_or_data():
    with pytest.raises(RuntimeError, match="compiled"):
        Sequential([Dense(2)]).fit(np.ones((2, 3)), np.ones((2, 2)))
    model = Sequential()
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="has no layers"):
        model.fit(np.ones((2, 3)), np.ones((2, 2)))


def test_config_of_old_files_is_a_list():
    model = Sequential([Dense(3, input_shape=(2,)), Dense(1)])
    again = Sequential.from_config(model.get_config()["layers"])
    assert again.output_shape == (None, 1)


def test_classes_and_probabilities():
    model = Sequential([Flatten(input_shape=(2, 2)), Dense(3, activation="softmax")])
    x = np.random.rand(7, 2, 2)
    proba = model.predict_proba(x)
    np.testing.assert_array_equal(model.predict_classes(x), proba.argmax(axis=1))
    single = Sequential([Dense(1, activation="sigmoid", input_shape=(2,))])
    x = np.random.rand(5, 2)
    np.testing.assert_array_equal(single.predict_classes(x), single.predict(x) > 0.5)
    linear = Sequential([Dense(1, input_shape=(2,))])
    linear.set_weights([np.full((2, 1), 5.0), np.zeros(1)])
    with pytest.warns(UserWarning, match="invalid probability"):
        linear.predict_proba(np.ones((1, 2)))


def test_what_is_no_layer():
    with pytest.raises(TypeError, match="instance of class Layer"):
        Sequential().add("dense")
    with pytest.raises(TypeError, match="a class: add parentheses"):
        Sequential().add(Dense)
    x = Input(shape=(2,))
    with pytest.raises(ValueError, match="single output tensor"):
        Sequential([Model(x, [Dense(1)(x), Dense(1)(x)])])


def test_changing_a_compiled_stack_keeps_it_compiled():
    model = Sequential([Dense(3, input_shape=(2,)), Dropout(0.5)])
    model.compile("sgd", "mse")
    model.add(Dense(1))
    assert model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0).history["loss"]


def test_layers_of_one_stack_in_another():
    first = Sequential([Dense(3, input_shape=(2,)), Dense(1)])
    second = Sequential(first.layers)
    x = np.random.rand(3, 2)
    np.testing.assert_array_equal(first.predict(x), second.predict(x))


def test_a_layer_that_stands_twice_has_its_weights_once(tmp_path):
    twice = Dense(2, input_dim=2, kernel_initializer="ones")
    model = Sequential([twice, twice, Dense(1, kernel_initializer="ones")])
    assert [w.shape for w in model.get_weights()] == [(2, 2), (2,), (2, 1), (1,)]
    model.set_weights([w * 2 for w in model.get_weights()])
    assert model.predict(np.ones((1, 2))) == pytest.approx(64)
    model.save_weights(tmp_path / "twice.h5")  # names of layers do not come twice


def test_a_model_of_an_input_layer_alone():
    model = Sequential([InputLayer((3,))])
    assert (model.input_shape, model.output_shape) == ((None, 3), (None, 3))
    model.add(Dense(2))
    assert model.output_shape == (None, 2)
