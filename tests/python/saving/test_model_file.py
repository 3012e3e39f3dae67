"""HDF5 files of models: round trips, resumed training, custom objects, what is no model."""

import io
import json

import h5py
import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native import losses, metrics, optimizers
from keras_native.engine.training import Model
from keras_native.models import Sequential, load_model, save_model
from keras_native.saving import written_with
from keras_native.utils.layer_utils import convert_all_kernels_in_model
from small_models import X, Y, graph, same_weights, stack


@pytest.mark.parametrize(
    "optimizer",
    [
        "sgd", "rmsprop", "adagrad", "adadelta", "adam", "adamax", "nadam",
        optimizers.SGD(lr=0.1, momentum=0.9, decay=0.01, nesterov=True, clipnorm=1.0),
        optimizers.Adam(lr=0.01, amsgrad=True, clipvalue=0.5),
    ],
)  # fmt: skip
def test_training_goes_on_exactly(path, optimizer):
    model = Sequential([L.Dense(5, activation="tanh", input_shape=(4,)), L.Dense(3)])
    model.compile(optimizer, "mse", metrics=["mae"])
    for _ in range(3):
        model.train_on_batch(X, Y)
    model.save(path)
    again = load_model(path)
    assert again.metrics_names == model.metrics_names
    same_weights(model, again)
    for _ in range(3):
        assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    same_weights(model, again)
    for a, b in zip(model.optimizer.get_weights(), again.optimizer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_graph_with_shared_and_nested_layers(path):
    model = graph()
    model.train_on_batch([X, X + 1], [Y, Y[:, :1]])
    model.save(path)
    again = load_model(path)
    assert again.loss_weights == {"p": 1.0, "q": 0.5}
    for a, b in zip(model.predict([X, X]), again.predict([X, X]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert again.train_on_batch([X, X], [Y, Y[:, :1]]) == model.train_on_batch(
        [X, X], [Y, Y[:, :1]]
    )


def test_layout_is_that_of_keras_2(path):
    model = stack()
    model.train_on_batch(X, Y)
    model.save(path)
    with h5py.File(path) as f:
        assert set(f.attrs) == {"backend", "keras_version", "model_config", "training_config"}
        assert set(f) == {"model_weights", "optimizer_weights"}
        config = json.loads(f.attrs["model_config"])
        assert config["class_name"] == "Sequential"
        assert set(json.loads(f.attrs["training_config"])) == {
            "optimizer_config", "loss", "metrics", "weighted_metrics", "sample_weight_mode",
            "loss_weights",
        }  # fmt: skip
        weights = f["model_weights"]
        names = [layer.name for layer in model.layers]
        assert [n.decode() for n in weights.attrs["layer_names"]] == names
        group = weights[names[0]]
        kernel = f"{names[0]}/kernel:0"
        assert [n.decode() for n in group.attrs["weight_names"]] == [
            kernel, f"{names[0]}/bias:0"
        ]  # fmt: skip
        np.testing.assert_array_equal(group[kernel], model.get_weights()[0])
        assert weights[names[2]].attrs["weight_names"].size == 0
        slots = f["optimizer_weights"].attrs["weight_names"]
        assert len(slots) == 1 + 3 * 6  # iterations, m, v and the places of vhat
        assert f["optimizer_weights"][slots[0]].shape == ()


def test_without_optimizer_and_uncompiled(path):
    stack().save(path, include_optimizer=False)
    with pytest.warns(UserWarning, match="not. compiled"):
        assert load_model(path).optimizer is None
    model = stack(compiled=False)
    model.save(path)
    again = load_model(path, compile=False)
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_state_that_does_not_fit_starts_afresh(path):
    model = stack()
    model.train_on_batch(X, Y)
    model.save(path)
    with h5py.File(path, "a") as f:
        group = f["optimizer_weights"]
        group.attrs["weight_names"] = group.attrs["weight_names"][:-8]
    with pytest.warns(UserWarning, match="freshly initialized optimizer"):
        again = load_model(path)
    assert np.isfinite(again.train_on_batch(X, Y)).all()


def test_objects_and_groups_instead_of_paths(path):
    model = stack()
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    same_weights(model, load_model(buffer))
    with h5py.File(path, "w") as f:
        group = f.create_group("inside")
        save_model(model, group)
        same_weights(model, load_model(group))
        with pytest.raises(ValueError, match="empty h5py group"):
            save_model(model, group)


def own_loss(y_true, y_pred):
    return K.mean(K.abs(y_true - y_pred), axis=-1)


class Twice(L.Layer):
    """A user's layer."""

    def call(self, inputs):
        return 2 * inputs


def test_custom_objects(path):
    model = Sequential([L.Dense(3, input_shape=(4,)), Twice()])
    model.compile("sgd", own_loss, metrics=[own_loss])
    model.save(path)
    with pytest.raises(ValueError, match="Unknown layer: 'Twice'.*custom_objects"):
        load_model(path)
    again = load_model(path, custom_objects={"Twice": Twice, "own_loss": own_loss})
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


def test_more_names_than_one_attribute_holds(path):
    x = L.Input((2,))
    outputs = [L.Dense(1, name=f"{'long' * 40}_{i}")(x) for i in range(700)]
    model = Model(x, L.add(outputs))
    model.save(path)
    with h5py.File(path) as f:
        assert "layer_names" not in f["model_weights"].attrs
        assert "layer_names1" in f["model_weights"].attrs
        assert len(f.attrs["model_config"]) > 100_000
    same_weights(model, load_model(path, compile=False))


# ------------------------------------------------------------ weights alone


class Scaled(losses.Loss):
    def __init__(self, factor=1.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, y_true, y_pred):
        return self.factor * K.mean(K.square(y_true - y_pred), axis=-1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@pytest.mark.parametrize(
    ("loss", "found", "weighted"),
    [
        (losses.Huber(delta=0.3), [], None),
        ({"out": losses.MeanSquaredError()}, {"out": [metrics.AUC(num_thresholds=20)]}, None),
        ([Scaled(3.0)], ["mae", metrics.MeanSquaredError(name="m")], [metrics.Precision(0.2)]),
    ],
)
@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_losses_and_metrics_that_are_objects(tmp_path, name, loss, found, weighted):
    model = Sequential([L.Dense(3, activation="sigmoid", input_shape=(4,), name="out")])
    model.compile("sgd", loss, metrics=found, weighted_metrics=weighted)
    model.save(tmp_path / name)
    loaded = load_model(tmp_path / name, custom_objects={"Scaled": Scaled})
    assert loaded.metrics_names == model.metrics_names
    expected = model.evaluate(X, Y > 0.5, verbose=0)
    np.testing.assert_allclose(loaded.evaluate(X, Y > 0.5, verbose=0), expected, rtol=1e-6)


# ------------------------------------------------------------ what is no model


def test_not_a_model(tmp_path):
    with pytest.raises(OSError, match="is no file"):
        load_model(tmp_path / "missing.h5")
    with pytest.raises(OSError, match="is no file"):
        load_model(tmp_path)
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(OSError):
        load_model(tmp_path / "text.h5")
    with h5py.File(tmp_path / "empty.h5", "w"):
        pass
    with pytest.raises(ValueError, match="No model found"):
        load_model(tmp_path / "empty.h5")
    with pytest.raises(ValueError, match="model_weights"):
        stack().load_weights(tmp_path / "empty.h5")


def test_kernels_of_theano_by_a_load_option(tmp_path):
    """Weights of Keras 1 on Theano, which do not say so: kernels (filters, channels, rows, columns)
    that were turned over before they met the image."""
    path = str(tmp_path / "vgg.h5")
    rng = np.random.RandomState(2)
    kernel, bias = rng.normal(size=(4, 3, 2, 2)).astype("f"), rng.normal(size=4).astype("f")
    with h5py.File(path, "w") as f:
        f.attrs["layer_names"] = [b"convolution2d_1"]
        group = f.create_group("convolution2d_1")
        group.attrs["weight_names"] = [b"convolution2d_1_W", b"convolution2d_1_b"]
        group["convolution2d_1_W"], group["convolution2d_1_b"] = kernel, bias
    x = rng.normal(size=(2, 3, 5, 5)).astype("f")
    expected = np.zeros((2, 4, 4, 4)) + bias[:, None, None]
    for row in range(2):
        for column in range(2):
            taps = kernel[:, :, 1 - row, 1 - column]
            part = x[:, :, row : row + 4, column : column + 4]
            expected += np.einsum("nchw,fc->nfhw", part, taps)
    settings = {"input_shape": (3, 5, 5), "data_format": "channels_first"}
    model = Sequential([L.Conv2D(4, 2, **settings)])
    with written_with("theano"):
        model.load_weights(path)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-5)
    model.load_weights(path)
    assert abs(model.predict(x) - expected).max() > 0.1
    convert_all_kernels_in_model(model)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-5)
    with h5py.File(path, "a") as f:  # a file of Keras 2 says it itself
        group = f["convolution2d_1"]
        del group["convolution2d_1_W"]
        group["convolution2d_1_W"] = kernel.transpose(2, 3, 1, 0)
        f.attrs["backend"], f.attrs["keras_version"] = b"theano", b"2.0.8"
    model.load_weights(path)
    np.testing.assert_allclose(model.predict(x), expected, rtol=1e-4, atol=1e-5)
    with written_with("tensorflow"):
        model.load_weights(path)
    assert abs(model.predict(x) - expected).max() > 0.1
    with pytest.raises(ValueError, match="theano"), written_with("mxnet"):
        pass


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        (lambda: [L.Dense(3), L.BatchNormalization(), L.Dense(2)], (5,)),
        (lambda: [L.Dropout(0.5), L.Activation("relu"), L.Dense(2)], (5,)),
        (lambda: [L.Masking(), L.LSTM(3), L.Dense(2)], (4, 5)),
        (lambda: [L.Bidirectional(L.GRU(3)), L.Dense(2)], (4, 5)),
        (lambda: [L.Conv2D(3, 2), L.GlobalMaxPooling2D(), L.Dense(2)], (6, 6, 2)),
        (lambda: [Sequential([L.Dense(3, input_shape=(5,)), L.Dense(2)]), L.Dense(2)], (5,)),
    ],
)
def test_a_sequential_whose_input_layer_was_left_out(path, layers, shape):
    """As Keras 2 saved Sequential([InputLayer(...), ...]), which it could not load again."""
    model = Sequential([L.InputLayer(input_shape=shape), *layers()])
    model.save(path)
    with h5py.File(path, "a") as f:
        config = json.loads(f.attrs["model_config"])
        kept = [one for one in config["config"]["layers"] if one["class_name"] != "InputLayer"]
        for one in [*kept, *kept[0]["config"].get("layers", ())]:
            one["config"].pop("batch_input_shape", None)
        if kept[0]["class_name"] == "Sequential":
            inner = kept[0]["config"]
            inner["layers"] = [x for x in inner["layers"] if x["class_name"] != "InputLayer"]
        config["config"]["layers"] = kept
        f.attrs["model_config"] = json.dumps(config)
    x = np.random.RandomState(0).normal(size=(3, *shape)).astype("float32")
    np.testing.assert_array_equal(load_model(path, compile=False).predict(x), model.predict(x))
