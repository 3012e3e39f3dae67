"""What only models of tf.keras and Keras 3 have, loaded from their configurations."""

import numpy as np
from keras_native import dialect
from keras_native import layers as L
from keras_native.models import Sequential, model_from_config


def keras_3(*layers, shape):
    first = {"class_name": "InputLayer", "config": {"batch_shape": [None, *shape], "name": "i"}}
    layers = [first, *({"class_name": name, "config": config} for name, config in layers)]
    return {
        "module": "keras",
        "class_name": "Sequential",
        "config": {"name": "s", "layers": layers},
    }


def test_transposed_convolution_over_time():
    settings = {"filters": 2, "kernel_size": [3], "strides": [2], "padding": "same"}
    model = model_from_config(keras_3(("Conv1DTranspose", settings), shape=(5, 3)))
    kernel, bias = model.get_weights()
    assert kernel.shape == (3, 2, 3) and model.output_shape == (None, 10, 2)
    x = np.random.normal(size=(2, 5, 3)).astype("float32")
    full = np.zeros((2, 11, 2))
    for step in range(5):
        full[:, 2 * step : 2 * step + 3] += np.einsum("nc,kfc->nkf", x[:, step], kernel)
    np.testing.assert_allclose(model.predict(x), full[:, :10] + bias, rtol=1e-5, atol=1e-6)


def test_weights_of_time_steps_need_no_mode():
    model = model_from_config(keras_3(("Dense", {"units": 2}), shape=(6, 3)))
    model.compile("sgd", "mse")
    x, y = np.random.normal(size=(4, 6, 3)), np.random.normal(size=(4, 6, 2))
    by_sample, by_step = np.arange(4.0), np.arange(24.0).reshape(4, 6)

    def expected(weights):
        errors = np.mean((model.predict(x) - y) ** 2, axis=-1)
        return np.mean(errors * weights)

    for weights in (by_sample, by_step, by_sample):
        wanted = expected(weights if weights.ndim == 2 else weights[:, None])
        np.testing.assert_allclose(model.test_on_batch(x, y, weights), wanted, rtol=1e-5)
        wanted = expected(weights if weights.ndim == 2 else weights[:, None])
        np.testing.assert_allclose(model.train_on_batch(x, y, weights), wanted, rtol=1e-5)
    wanted = expected(np.ones((4, 6)))
    np.testing.assert_allclose(model.train_on_batch(x, y), wanted, rtol=1e-5)


def test_a_matrix_for_a_local_convolution():
    settings = {"filters": 2, "kernel_size": [3], "padding": "same", "implementation": 2}
    config = keras_3(("LocallyConnected1D", settings), shape=(4, 1))
    config["keras_generation"] = "tf_keras"
    model = model_from_config(config)
    assert model.get_weights()[0].shape == (4, 1, 4, 2)
    model.set_weights([np.ones((4, 1, 4, 2)), np.zeros((4, 2))])
    got = model.predict(np.array([[[1.0], [2.0], [3.0], [4.0]]]))[0, :, 0]
    np.testing.assert_allclose(got, [3, 6, 9, 7])


def test_new_models_stay_of_keras_2():
    assert dialect.current().generation == "2"
    assert Sequential([L.Dense(1, input_shape=(1,))]).keras_generation == "2"
