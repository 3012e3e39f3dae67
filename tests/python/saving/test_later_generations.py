"""What only models of tf.keras and Keras 3 have, loaded from their configurations."""

import io
import json

import h5py
import numpy as np
import pytest
from keras_native import backend as K
from keras_native import dialect
from keras_native import layers as L
from keras_native.later import optimizers as later
from keras_native.later import schedules
from keras_native.models import Sequential, load_model, model_from_config
from keras_native.saving import archive, training


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


def test_scaling_and_standardizing():
    layers = [
        ("Rescaling", {"scale": [0.5, 1.0, 2.0], "offset": 1.0}),
        ("Normalization", {"axis": [-1], "mean": None, "variance": None, "invert": False}),
        ("Normalization", {"axis": None, "mean": 0.5, "variance": 4.0, "invert": True}),
    ]
    model = model_from_config(keras_3(*layers, shape=(4, 3)))
    mean, variance = np.array([1.0, 2.0, 3.0]), np.array([4.0, 1.0, 0.25])
    assert [w.shape for w in model.get_weights()] == [(3,), (3,), ()]
    model.set_weights([mean, variance, np.array(7)])
    x = np.random.normal(size=(2, 4, 3)).astype("float32")
    expected = (x * [0.5, 1.0, 2.0] + 1 - mean) / np.sqrt(variance) * 2 + 0.5
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-5, atol=1e-5)
    again = model_from_config({"class_name": "Sequential", "config": model.get_config()} | {
        "keras_generation": "3"
    })  # fmt: skip
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(x), model.predict(x))


def test_resizing():
    for way, expected in (("nearest", [0, 0, 1, 2, 2]), ("bilinear", [0, 0.4, 1, 1.6, 2])):
        settings = {"height": 2, "width": 5, "interpolation": way}
        model = model_from_config(keras_3(("Resizing", settings), shape=(2, 3, 1)))
        assert model.output_shape == (None, 2, 5, 1)
        x = np.stack([np.arange(3.0), 10 + np.arange(3.0)])[None, :, :, None]
        got = model.predict(x)[0, :, :, 0]
        np.testing.assert_allclose(got, [expected, np.add(expected, 10)], atol=1e-6)


def test_depthwise_convolution_over_time():
    settings = {"kernel_size": [2], "strides": [2], "padding": "same", "depth_multiplier": 2}
    model = model_from_config(keras_3(("DepthwiseConv1D", settings), shape=(5, 3)))
    kernel, bias = model.get_weights()
    assert kernel.shape == (2, 3, 2) and model.output_shape == (None, 3, 6)
    x = np.random.normal(size=(2, 5, 3)).astype("float32")
    padded = np.concatenate([x, np.zeros((2, 1, 3))], axis=1).reshape(2, 3, 2, 3)
    expected = np.einsum("ntkc,kcm->ntcm", padded, kernel).reshape(2, 3, 6) + bias
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-6)
    config = model.layers[-1].get_config()
    assert config["kernel_size"] == (2,) and config["depth_multiplier"] == 2


def test_state_of_an_optimizer_before_its_first_step(tmp_path, recwarn):
    model = model_from_config(keras_3(("Dense", {"units": 2}), shape=(3,)))
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as f:
        group = f.create_group("optimizer_weights")
        group["iteration"], group["learning_rate"] = 0, np.float32(0.01)
        group.attrs["weight_names"] = [b"iteration", b"learning_rate"]
    loaded = load_model(tmp_path / "m.h5")
    assert not [str(w.message) for w in recwarn if "optimizer" in str(w.message)]
    loaded.train_on_batch(np.ones((4, 3)), np.ones((4, 2)))


def compiled(loss, metrics=(), optimizer=None, outputs=3):
    """A loaded model of Keras 3 that was compiled so."""
    config = keras_3(("Dense", {"units": outputs, "activation": "sigmoid"}), shape=(4,))
    model = model_from_config(config)
    settings = {"optimizer_config": optimizer or {"class_name": "SGD", "config": {}}}
    settings |= {"loss": loss, "metrics": list(metrics)}
    training.compile_from_config(model, settings, None)
    return model


def test_names_of_losses_and_arguments_that_say_nothing():
    x, y = np.random.random((8, 4)), np.random.randint(0, 2, (8, 3)).astype("float32")
    for name, old in (("huber", "huber_loss"), ("log_cosh", "logcosh"),
                      ("kl_divergence", "kullback_leibler_divergence")):  # fmt: skip
        model = compiled(name)
        assert model.loss == old and np.isfinite(model.evaluate(x, y, verbose=0))
    auc = {"name": "auc", "num_thresholds": 20, "curve": "ROC", "multi_label": False}
    auc |= {"summation_method": "interpolation", "num_labels": None, "label_weights": None}
    described = {"class_name": "AUC", "config": {**auc, "from_logits": False}}
    cosine = {"name": "c", "reduction": "sum_over_batch_size", "axis": -1}
    model = compiled({"class_name": "CosineSimilarity", "config": cosine}, [described])
    assert model.loss == "cosine_similarity" and 0 <= model.evaluate(x, y, verbose=0)[1] <= 1


def test_accuracy_goes_by_the_shape_of_the_output():
    """Of several outputs the largest has to be right, also with a binary loss."""
    x, y = np.random.random((50, 4)), np.random.randint(0, 2, (50, 3)).astype("float32")
    model = compiled("binary_crossentropy", ["accuracy"])
    right = np.mean(model.predict(x).argmax(-1) == y.argmax(-1))
    np.testing.assert_allclose(model.evaluate(x, y, verbose=0)[1], right, rtol=1e-6)
    one = compiled("binary_crossentropy", ["accuracy"], outputs=1)
    right = np.mean((one.predict(x) > 0.5) == y[:, :1])
    np.testing.assert_allclose(one.evaluate(x, y[:, :1], verbose=0)[1], right, rtol=1e-6)


def test_a_cosine_that_restarts():
    settings = {"initial_learning_rate": 0.5, "first_decay_steps": 2, "t_mul": 2.0}
    for m_mul in (1.0, 0.5):
        schedule = schedules.get({"class_name": "CosineDecayRestarts",
                                  "config": {**settings, "m_mul": m_mul}})  # fmt: skip
        got = [float(K.eval(schedule(K.constant(float(step))))) for step in range(6)]
        parts = [0, 0.5] + [0, 0.25, 0.5, 0.75]
        heights = [1, 1] + [m_mul] * 4
        expected = [0.25 * h * (1 + np.cos(np.pi * p)) for h, p in zip(heights, parts, strict=True)]
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


def test_slots_lie_as_their_keras_had_them():
    for layout, rule, together in (
        ("tf_keras", "Adadelta", True), ("3", "Adadelta", True), ("legacy", "Adadelta", False),
        ("legacy", "Ftrl", True), ("legacy", "Adam", False), ("tf_keras", "Adam", True),
    ):  # fmt: skip
        generation = "3" if layout == "3" else "tf_keras"
        own = {"is_legacy_optimizer": layout == "legacy", "name": rule}
        optimizer = later.from_config({"class_name": rule, "config": own}, generation)
        model = Sequential([L.Dense(3, input_shape=(4,))])
        model.compile(optimizer, "mse")
        model.train_on_batch(np.ones((2, 4)), np.ones((2, 3)))
        shapes = [w.shape for w in optimizer.get_weights() if w.ndim]
        pairs = [(4, 3), (4, 3), (3,), (3,)]
        assert shapes == (pairs if together else [(4, 3), (3,)] * 2), (layout, rule)


@pytest.mark.parametrize("kind", ["BinaryCrossentropy", "CategoricalCrossentropy"])
def test_logits_are_those_behind_the_activation(kind):
    """TensorFlow 2 and Keras 3 look behind a sigmoid or softmax that ends the model."""
    activation = "sigmoid" if kind[0] == "B" else "softmax"
    config = keras_3(("Dense", {"units": 3, "activation": activation}), shape=(4,))
    model = model_from_config(config)
    x, y = np.random.random((8, 4)), np.eye(3, dtype="float32")[np.arange(8) % 3]
    found = []
    for from_logits in (True, False):
        loss = {"class_name": kind, "config": {"name": "l", "from_logits": from_logits}}
        settings = {"optimizer_config": {"class_name": "SGD", "config": {}}, "loss": loss}
        training.compile_from_config(model, settings, None)
        found.append(model.evaluate(x, y, verbose=0))
    np.testing.assert_allclose(*found, rtol=1e-4)


def test_sensitivity_among_the_thresholds_that_reach_the_specificity():
    x = np.array([[0.1], [0.4], [0.6], [0.8]])
    y = np.array([[0.0], [1.0], [0.0], [1.0]])
    own = {"name": "s", "specificity": 0.6, "num_thresholds": 3, "class_id": None}
    described = {"class_name": "SensitivityAtSpecificity", "config": own}
    model = compiled("mse", [described], outputs=1)
    model.set_weights([np.array([[1.0], [0], [0], [0]]), np.zeros(1)])
    rows = np.concatenate([np.log(x / (1 - x)), np.zeros((4, 3))], axis=1)
    # thresholds 0, ½, 1 have specificities 0, ½, 1, and sensitivities 1, ½, 0
    assert model.evaluate(rows, y, verbose=0)[1] == 0


def test_an_archive_that_forgot_its_optimizer(tmp_path):
    """Keras 3 writes it so after it saved the same model as HDF5; its default is RMSprop."""
    config = keras_3(("Dense", {"units": 2}), shape=(3,))
    config["compile_config"] = {"loss": "mse", "metrics": None}
    content = io.BytesIO()
    with h5py.File(content, "w") as f:
        f["layers/dense/vars/0"], f["layers/dense/vars/1"] = np.ones((3, 2)), np.zeros(2)
        state = f.create_group("optimizer/vars")
        for i, value in enumerate((3, 0.1, -np.ones((3, 2)), -np.ones(2))):
            state[str(i)] = value
    path = tmp_path / "m.keras"
    archive.write(path, '{"keras_version": "3.15.1"}', json.dumps(config), content.getvalue())
    model = load_model(path)
    assert type(model.optimizer).__name__ == "RMSprop"
    for _ in range(2):
        assert np.isfinite(model.train_on_batch(np.ones((4, 3)), np.ones((4, 2))))
