"""Code that says it was written for Keras 1 gets that version's arithmetic, defaults and names."""

import json
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import dialect
from keras_native import layers as L
from keras_native.models import Sequential, load_model, model_from_json
from keras_native.optimizers import Adam


def run(script, *options):
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "keras_native", *options, str(script)],
        capture_output=True,
        text=True,
        timeout=120,
    )


SCRIPT = """
    import keras
    from keras.models import Sequential
    from keras.layers import LSTM, Convolution2D, Dense
    print(keras.__version__, LSTM(2).recurrent_activation.__name__)
    print(Convolution2D(2, 3, 3).name)
"""


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "2.3.1 sigmoid\nconv2d_1\n"),
        (["--keras", "2"], "2.3.1 sigmoid\nconv2d_1\n"),
        (["--keras", "1"], "1.2.2 hard_sigmoid\nconvolution2d_1\n"),
        (["--keras=1.2.2"], "1.2.2 hard_sigmoid\nconvolution2d_1\n"),
    ],
)
def test_a_script_says_which_keras_it_was_written_for(tmp_path, options, said):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT))
    done = run(script, *options)
    assert done.stdout == said, done.stderr


def test_other_versions_and_help(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('ran')")
    done = run(script, "--keras", "3")
    assert done.returncode == 2 and "version 1 or 2" in done.stderr and "ran" not in done.stdout
    assert "--keras" in run("--help").stdout


@pytest.fixture
def keras1():
    dialect.set_default("1")


def test_defaults_give_way_to_what_is_said(keras1):
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # who asks for Keras 1 is not told of today's spelling
        layer = L.LSTM(output_dim=3, inner_activation="tanh", input_dim=2)
        assert layer.recurrent_activation.__name__ == "tanh"
        assert L.GRU(3, recurrent_activation="relu").recurrent_activation.__name__ == "relu"
        assert L.GRU(3, "tanh", "sigmoid").recurrent_activation.__name__ == "sigmoid"
        assert L.GRU(3).recurrent_activation.__name__ == "hard_sigmoid"
    assert Adam().get_config()["epsilon"] == 1e-8
    assert Adam(epsilon=1e-3).get_config()["epsilon"] == 1e-3


def test_backend_takes_the_output_first(keras1):
    y, p = np.array([[1.0, 0.0]], "float32"), np.array([[0.9, 0.4]], "float32")
    expected = -np.log([[0.9, 0.6]])
    got = K.eval(K.binary_crossentropy(K.constant(p), K.constant(y)))
    np.testing.assert_allclose(got, expected, rtol=1e-5)
    dialect.set_default("2")
    got = K.eval(K.binary_crossentropy(K.constant(y), K.constant(p)))
    np.testing.assert_allclose(got, expected, rtol=1e-5)


def test_names(keras1):
    K.clear_session()
    model = Sequential([L.Convolution2D(2, 3, 3, input_shape=(5, 5, 1)), L.MaxPooling2D()])
    assert [layer.name for layer in model.layers] == ["convolution2d_1", "maxpooling2d_1"]
    assert model.input_names == ["convolution2d_input_1"]
    model.add(L.Flatten())
    model.add(L.Dense(1, activation="sigmoid"))
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy", "mse"])
    assert model.metrics_names == ["loss", "acc", "mean_squared_error"]
    history = model.fit(np.ones((4, 5, 5, 1)), np.ones((4, 1)), verbose=0)
    assert sorted(history.history) == ["acc", "loss", "mean_squared_error"]


def test_a_file_keeps_the_generation_whatever_the_default(tmp_path, keras1):
    x, y = np.random.normal(size=(6, 4, 3)), np.random.normal(size=(6, 2))
    first = Sequential([L.GRU(2, input_shape=(4, 3))])
    first.compile("rmsprop", "mse")
    first.train_on_batch(x, y, sample_weight=np.arange(6.0))
    first.save(tmp_path / "m.h5")
    dialect.set_default("2")
    second = load_model(tmp_path / "m.h5")
    assert second.keras_generation == "1"
    weights = np.array([0.0, 0, 1, 1, 2, 2])
    for _ in range(2):
        assert second.train_on_batch(x, y, weights) == first.train_on_batch(x, y, weights)
    new = Sequential([L.GRU(2, input_shape=(4, 3))])
    assert new.keras_generation == "2" and new.layers[0].recurrent_activation.__name__ == "sigmoid"
    new.save(tmp_path / "n.h5")
    dialect.set_default("1")
    assert load_model(tmp_path / "n.h5", compile=False).keras_generation == "2"


def test_files_load_without_a_word_about_spellings(recwarn):
    """What a file of Keras 1 says is no call of the user's; each layer has its own arguments."""
    layers = [
        {"class_name": "TimeDistributedDense", "config": {
            "name": "t", "output_dim": 3, "init": "glorot_uniform", "activation": "linear",
            "input_dim": 4, "input_length": None, "batch_input_shape": [None, 5, 4],
            "input_dtype": "float32", "bias": True, "W_regularizer": None}},
        {"class_name": "Permute", "config": {"name": "p", "dims": [2, 1]}},
        {"class_name": "BatchNormalization", "config": {
            "name": "b", "mode": 2, "axis": -1, "epsilon": 1e-3, "momentum": 0.9,
            "gamma_regularizer": None, "beta_regularizer": None}},
    ]  # fmt: skip
    config = {"class_name": "Sequential", "config": layers, "keras_version": "1.2.2"}
    model = model_from_json(json.dumps(config))
    assert model.output_shape == (None, 3, 5) and not recwarn.list
    x = np.random.RandomState(0).normal(size=(6, 5, 4)).astype("float32")
    y = model.predict(x)  # of one batch: normalized by that batch alone
    np.testing.assert_allclose(y.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(0, 1)), 1, rtol=0.05)


def test_layers_that_left_out_where_the_channels_are():
    """As in a VGG of Keras 1: its convolutions say so."""

    def model(*orderings):
        layers = [
            {
                "class_name": "ZeroPadding2D",
                "config": {"name": "z", "padding": [1, 1], "batch_input_shape": [None, 3, 6, 8]},
            }
        ]
        layers += [
            {
                "class_name": "MaxPooling2D",
                "config": {
                    "name": f"m{i}",
                    "pool_size": [2, 2],
                    "strides": [2, 2],
                    "border_mode": "valid",
                    "dim_ordering": ordering,
                },
            }
            for i, ordering in enumerate(orderings)
        ]
        layers += [{"class_name": "UpSampling2D", "config": {"name": "u", "size": [2, 2]}}]
        config = {"class_name": "Sequential", "config": layers, "keras_version": "1.2.2"}
        return model_from_json(json.dumps(config)).output_shape  # fmt: skip

    assert model("th") == (None, 3, 8, 10)
    assert model("tf") == (None, 4, 8, 8)
    assert model("tf", "th") == (None, 4, 4, 4)  # they do not agree: as `K` says


def test_a_stack_on_a_model_shares_its_tensors(keras1):
    """Maps of what a class looks at are made this way: gradients to tensors of the inner model."""
    inner = Sequential([L.Convolution2D(4, 3, 3, input_shape=(8, 8, 1)), L.Flatten(), L.Dense(3)])
    model = Sequential([inner, L.Lambda(lambda x: x[:, :1], output_shape=(1,))])
    assert model.layers[0] is inner and len(model.weights) == 4
    seen = model.layers[0].layers[0].output
    (gradient,) = K.gradients(K.sum(model.layers[-1].output), [seen])
    values = K.function([model.layers[0].input, K.learning_phase()], [seen, gradient])(
        [np.ones((1, 8, 8, 1)), 0]
    )
    assert values[1].shape == (1, 6, 6, 4) and np.abs(values[1]).max() > 0
    again = model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    x = np.random.RandomState(0).rand(2, 8, 8, 1)
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
