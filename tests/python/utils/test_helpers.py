"""Helpers for tests, several GPUs, layer tables, and names that only Keras 1 had."""

import marshal

import numpy as np
import pytest
from keras_native.engine.base_layer import Layer
from keras_native.layers import Conv2D, Dense, Dropout, Input, add
from keras_native.models import Model, Sequential
from keras_native.utils import (
    generic_utils,
    layer_utils,
    multi_gpu_model,
    np_utils,
    test_utils,
)


def test_data_that_can_be_learnt():
    (x, y), (x_test, y_test) = test_utils.get_test_data(300, 50, input_shape=(4,), num_classes=3)
    assert (x.shape, x.dtype, y.shape, x_test.shape) == ((300, 4), "float32", (300,), (50, 4))
    for k in range(3):
        assert abs(x[y == k].mean() - k) < 0.2 and abs(x[y == k].std() - 0.7) < 0.1
    model = Sequential([Dense(16, activation="relu", input_dim=4), Dense(3, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=20, verbose=0)
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.7
    (x, y), _ = test_utils.get_test_data(
        num_train=400, num_test=0, output_shape=(2, 3), classification=False
    )
    assert y.shape == (400, 2, 3) and np.corrcoef(x.mean(1), y.mean((1, 2)))[0, 1] > 0.5
    with pytest.warns(UserWarning, match="num_train=7"):
        assert len(test_utils.get_test_data(nb_train=7, nb_test=1)[0][0]) == 7


def test_layer_test_passes_good_layers():
    x = np.random.rand(2, 3).astype("float32")
    kwargs = {"units": 4, "kernel_initializer": "ones"}
    expected = np.repeat(x.sum(1, keepdims=True), 4, 1)
    out = test_utils.layer_test(Dense, kwargs, input_data=x, expected_output=expected)
    assert out.shape == (2, 4)
    assert test_utils.layer_test(Dropout, {"rate": 0.5}, input_shape=(2, None, 3)).ndim == 3
    kwargs = {"filters": 2, "kernel_size": 2}
    test_utils.layer_test(Conv2D, kwargs, input_shape=(2, 4, 4, 1), fixed_batch_size=True)


class Wrong(Layer):
    """Forgets to say that it doubles the features."""

    def call(self, x):
        from keras_native import backend as K

        return K.concatenate([x, x])


class Forgetful(Layer):
    def __init__(self, units=1, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def get_config(self):
        return {**super().get_config(), "units": self.units + 1}


@pytest.mark.parametrize(("layer", "match"), [(Wrong, "shape"), (Forgetful, "configuration")])
def test_layer_test_finds_mistakes(layer, match):
    with pytest.raises(AssertionError, match=match):
        test_utils.layer_test(layer, input_shape=(2, 3))


def test_several_gpus():
    model = Sequential([Dense(1, input_dim=2)])
    with pytest.warns(UserWarning, match="runs each step on one device"):
        parallel = multi_gpu_model(model, gpus=2)
    parallel.compile("sgd", "mse")
    before = model.get_weights()[0]
    parallel.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    assert (model.get_weights()[0] != before).all()
    x = np.ones((1, 2))
    np.testing.assert_array_equal(parallel.predict(x), model.predict(x))
    for gpus in (1, [0]):
        with pytest.raises(ValueError, match="gpus >= 2"):
            multi_gpu_model(model, gpus=gpus)


def test_rows_of_the_summary():
    lines = []
    layer_utils.print_layer_summary(Dense(3, name="d"), print_fn=lines.append)
    assert lines == ["d (Dense)                    multiple                  0 (unused)"]
    a = Input((2,), name="a")
    dense = Dense(2, name="d")
    model = Model(a, add([dense(a), a], name="sum"))
    lines.clear()
    layer_utils.print_layer_summary(
        model.layers[-1], [12, 30, 40, 60], lines.append, model._graph.nodes
    )
    assert [line.rstrip() for line in lines] == [
        "sum (Add)   (None, 2)         0         d[0][0]",
        " " * 40 + "a[0][0]",
    ]


# ------------------------------------------------------------ Keras 1


def test_numbers_of_keras_1():
    p, y = np.array([0.9, 0.2]), np.array([1, 0])
    assert np_utils.accuracy([1, 2, 3, 4], [1, 2, 0, 4]) == 0.75
    assert np_utils.binary_logloss(p, y) == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2)
    rows = np.array([[0.1, 0.9], [0.6, 0.4]])
    assert np_utils.multiclass_logloss(rows, [1, 0]) == pytest.approx(-np.log([0.9, 0.6]).mean())
    assert np_utils.probas_to_classes(rows).tolist() == [1, 0]
    assert np_utils.conv_output_length(10, 3, "valid", 2) == 4
    assert np_utils.conv_input_length(4, 3, "valid", 2) == 9


def test_kernels_of_keras_1():
    kernel = np.arange(24).reshape(2, 3, 2, 2)
    np.testing.assert_array_equal(np_utils.convert_kernel(kernel, "tf"), kernel[::-1, ::-1])
    np.testing.assert_array_equal(np_utils.convert_kernel(kernel, "th"), kernel[..., ::-1, ::-1])


def test_layers_of_keras_1():
    dense = Dense(3, input_dim=2)
    model = Sequential([dense, Dense(1, trainable=False)])
    assert layer_utils.count_total_params(model.layers) == (9, 4)
    assert layer_utils.count_total_params([dense, dense], {dense}) == (0, 0)
    made = layer_utils.layer_from_config({"class_name": "Dense", "config": dense.get_config()})
    assert made.units == 3
    found = generic_utils.get_from_module({"name": "D", "units": 4}, {"D": Dense}, "layer")
    assert found.units == 4
    assert generic_utils.get_from_module("D", {"D": Dense}, "layer") is Dense
    with pytest.raises(ValueError, match="Invalid layer: E"):
        generic_utils.get_from_module("E", {}, "layer")


def test_transform_of_keras_1():
    from keras_native.preprocessing import image

    x = np.arange(12.0).reshape(1, 3, 4)
    shift = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    moved = image.apply_transform(x, shift, channel_axis=0, fill_mode="constant", cval=-1)
    np.testing.assert_array_equal(moved[0], [[4, 5, 6, 7], [8, 9, 10, 11], [-1] * 4])


def test_functions_as_they_were_written_before_base64():
    scale = 3.0

    def scaled(x, shift=1):
        return scale * x + shift

    text = marshal.dumps(scaled.__code__).decode("raw_unicode_escape")
    again = generic_utils.func_load(text, defaults=(1,), closure=(scale,))
    assert again(2) == scaled(2) == 7
    code, defaults, closure = generic_utils.func_dump(scaled)
    assert generic_utils.func_load(code, defaults, closure)(2) == 7
    with pytest.raises(ValueError, match="bytecode of another Python"):
        generic_utils.func_load("no code")
