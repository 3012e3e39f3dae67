"""HDF5 files of models and weights: round trips, resumed training, atomic writing."""

import io
import json
import os
import signal
import subprocess
import sys
import textwrap

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

X = np.random.RandomState(0).normal(size=(12, 4)).astype("float32")
Y = np.random.RandomState(1).uniform(size=(12, 3)).astype("float32")


def stack(compiled=True, optimizer="adam"):
    model = Sequential(
        [
            L.Dense(5, activation="tanh", input_shape=(4,), kernel_regularizer="l2"),
            L.BatchNormalization(),
            L.Dropout(0.2),
            L.Dense(3, activation="sigmoid"),
        ]
    )
    if compiled:
        model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"])
    return model


def graph():
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    shared = L.Dense(3, name="shared")
    inner = Sequential([L.Dense(2, input_shape=(3,)), L.BatchNormalization()], name="inner")
    out = L.concatenate([inner(shared(a)), shared(b)])
    model = Model([a, b], [L.Dense(3, name="p")(out), L.Dense(1, name="q")(out)])
    model.compile("rmsprop", {"p": "mse", "q": "mae"}, loss_weights={"p": 1.0, "q": 0.5})
    return model


def same_weights(a, b):
    for x, y in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "model.h5")


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


def test_weights_round_trip(path):
    model, other = stack(), stack()
    model.save_weights(path)
    other.load_weights(path)
    same_weights(model, other)
    model.save(path)  # weights can be taken from a whole model too
    other = stack()
    other.load_weights(path)
    same_weights(model, other)


def test_weights_by_name(path):
    source = Sequential([L.Dense(5, input_shape=(4,), name="one"), L.Dense(3, name="two")])
    source.save_weights(path)
    target = Sequential([L.Dense(3, input_shape=(5,), name="two"), L.Dense(2, name="three")])
    third = target.layers[1].get_weights()
    target.load_weights(path, by_name=True)
    np.testing.assert_array_equal(
        source.layers[1].get_weights()[0], target.layers[0].get_weights()[0]
    )
    np.testing.assert_array_equal(third[0], target.layers[1].get_weights()[0])
    wrong = Sequential([L.Dense(4, input_shape=(4,), name="one")])
    with pytest.raises(ValueError, match="mismatch in shape of one/kernel:0"):
        wrong.load_weights(path, by_name=True)
    with pytest.warns(UserWarning, match="Skipping loading of weights for layer one"):
        wrong.load_weights(path, by_name=True, skip_mismatch=True)


def test_the_head_of_a_classifier_is_left_out(path):
    """Another number of classes than the file has, far fewer as a rule; what fits is loaded."""
    source = Sequential([L.Dense(6, input_shape=(4,), name="body"), L.Dense(1000, name="head")])
    source.save_weights(path)
    target = Sequential([L.Dense(6, input_shape=(4,), name="body"), L.Dense(3, name="head")])
    head = target.layers[1].get_weights()
    with pytest.raises(ValueError, match=r"'head'.*mismatch in shape.*\(6, 1000\)"):
        target.load_weights(path, by_name=True)
    with pytest.raises(ValueError, match=r"'head'.*\[\(6, 3\), \(3,\)\].*do not fit.*\(6, 1000\)"):
        target.load_weights(path)
    with pytest.warns(UserWarning, match="Skipping loading of weights for layer head"):
        target.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(target.get_weights()[0], source.get_weights()[0])
    np.testing.assert_array_equal(target.layers[1].get_weights()[0], head[0])


def test_weights_are_skipped_one_by_one(path):
    source = Sequential([L.Dense(3, input_shape=(5,), name="one")])
    source.set_weights([np.ones((5, 3)), np.ones(3)])
    source.save_weights(path)
    target = Sequential([L.Dense(3, input_shape=(4,), name="one")])
    kernel = target.get_weights()[0]
    with pytest.warns(UserWarning, match="one/kernel:0"):
        target.load_weights(path, by_name=True, skip_mismatch=True)
    np.testing.assert_array_equal(target.get_weights()[0], kernel)
    np.testing.assert_array_equal(target.get_weights()[1], np.ones(3))
    source.load_weights(path, skip_mismatch=True)  # Keras looks at it only by name


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


def test_weights_that_do_not_fit_leave_the_model_as_it_was(path):
    stack().save_weights(path)
    other = Sequential([L.Dense(5, input_shape=(4,)), L.BatchNormalization(), L.Dense(2)])
    before = other.get_weights()
    with pytest.raises(ValueError, match=r"weight '.*kernel:0' has shape \(5, 2\)"):
        other.load_weights(path)
    for a, b in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="containing 3 layers into a model with 1 layers"):
        Sequential([L.Dense(5, input_shape=(4,))]).load_weights(path)


def test_reshape(path):
    Sequential([L.Dense(6, input_shape=(2,), use_bias=False)]).save_weights(path)
    model = Sequential([L.Dense(4, input_shape=(3,), use_bias=False)])
    with pytest.raises(ValueError, match="has shape"):
        model.load_weights(path)
    model.load_weights(path, reshape=True)


def test_questions_before_overwriting(path, monkeypatch):
    stack().save_weights(path)
    before = os.stat(path).st_mtime_ns
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    stack().save_weights(path, overwrite=False)
    stack().save(path, overwrite=False)
    assert os.stat(path).st_mtime_ns == before


# ------------------------------------------------------------ atomic writing


def test_failure_leaves_the_old_file(path, monkeypatch):
    model = stack()
    model.save(path)
    with open(path, "rb") as f:
        old = f.read()
    monkeypatch.setattr(type(model.optimizer), "get_config", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save(path)
    with open(path, "rb") as f:
        assert f.read() == old
    assert os.listdir(os.path.dirname(path)) == ["model.h5"]


def test_names_that_files_can_have(tmp_path):
    """The longest there are, in letters of three bytes; as bytes; with a path of its own kind."""
    model = stack()
    name = "模" * 84 + ".h5"
    for path in (tmp_path / name, os.fsencode(tmp_path / "b.h5"), str(tmp_path / "ü.keras")):
        model.save(path)
        same_weights(model, load_model(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_files_are_replaced(tmp_path):
    model = stack()
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "folder.h5").mkdir()
    for name in ("pipe.h5", "folder.h5"):
        with pytest.raises(OSError, match=f"something else: .*{name}"):
            model.save(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="No such folder.*missing"):
        model.save(tmp_path / "missing" / "model.h5")
    assert sorted(os.listdir(tmp_path)) == ["folder.h5", "pipe.h5"]


def test_permissions_and_links_are_kept(tmp_path):
    real, link = tmp_path / "real.h5", tmp_path / "link.h5"
    model = stack()
    model.save(real)
    assert os.stat(real).st_mode & 0o777 == 0o666 & ~_umask()
    os.chmod(real, 0o640)
    link.symlink_to(real)
    model.save(link)
    assert link.is_symlink() and os.stat(real).st_mode & 0o777 == 0o640


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_killed_while_saving_the_file_is_whole(path):
    code = """
        import sys
        from keras_native import layers as L
        from keras_native.models import Sequential
        model = Sequential([L.Dense(300, input_shape=(300,)), L.Dense(300)])
        model.save(sys.argv[1])
        print("saved", flush=True)
        while True:
            model.save(sys.argv[1])
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "saved\n"
    for _ in range(3):
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert load_model(path, compile=False).count_params() == 2 * (300 * 300 + 300)


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
