"""Policies: what layers compute in, keep their weights in, and write into configurations."""

import importlib.util
import subprocess
import sys
import threading

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers, mixed_precision
from keras_native.engine.base_layer import Layer
from keras_native.layers import Activation, BatchNormalization, Dense, Embedding, Input, Lambda
from keras_native.mixed_precision import Policy, global_policy, set_global_policy
from keras_native.models import Model, Sequential, load_model, model_from_json
from keras_native.optimizers import Adam

MIXED = [("mixed_bfloat16", "bfloat16"), ("mixed_float16", "float16")]


class Scale(Layer):
    """x * w, as a user would write it."""

    def build(self, input_shape):
        self.w = self.add_weight(name="w", shape=(input_shape[-1],), initializer="ones")
        super().build(input_shape)

    def call(self, inputs):
        self.seen = K.dtype(inputs), K.dtype(self.w)
        return inputs * self.w


def small(policy, **last):
    set_global_policy(policy)
    model = Sequential()
    model.add(Dense(8, activation="relu", input_shape=(4,)))
    model.add(BatchNormalization())
    model.add(Dense(3))
    model.add(Activation("softmax", **last))
    return model


def test_the_global_policy_is_the_default_float_type_unless_set():
    assert global_policy().name == "float32"
    K.set_floatx("float64")
    assert global_policy().name == "float64"
    set_global_policy("mixed_float16")
    assert global_policy() == Policy("mixed_float16")
    set_global_policy(None)
    assert global_policy().name == "float64"


@pytest.mark.parametrize("name, narrow", MIXED)
def test_a_mixed_policy_computes_narrow_and_keeps_float32(name, narrow):
    policy = Policy(name)
    assert (policy.compute_dtype, policy.variable_dtype) == (narrow, "float32")
    assert repr(policy) == f'<Policy "{name}">'
    assert Policy.from_config(policy.get_config()) == policy
    assert Policy("float16").variable_dtype == "float16"


def test_what_is_no_policy_is_refused():
    with pytest.raises(TypeError, match="must be a string"):
        Policy(np.float16)
    with pytest.raises(ValueError, match="mixed precision Policy"):
        Policy("mixed_float8")
    with pytest.raises(ValueError, match="floating-point"):
        set_global_policy("int32")


@pytest.mark.parametrize("name, narrow", MIXED)
def test_layers_follow_the_global_policy(name, narrow):
    model = small(name, dtype="float32")
    dense, norm, _, softmax = model.layers
    assert (dense.compute_dtype, dense.variable_dtype, dense.dtype) == (
        narrow,
        "float32",
        "float32",
    )
    assert dense.dtype_policy == Policy(name)
    assert softmax.compute_dtype == "float32"
    assert [K.dtype(layer.output) for layer in model.layers] == [narrow] * 3 + ["float32"]
    assert {w.dtype for w in model.get_weights()} == {np.dtype("float32")}
    assert K.dtype(dense.kernel) == K.dtype(norm.gamma) == "float32"
    assert K.dtype(model.input) == "float32"


def test_a_layer_may_have_a_policy_of_its_own():
    x = Input((4,))
    y = Dense(3, dtype=Policy("mixed_bfloat16"))(x)
    assert K.dtype(y) == "bfloat16"
    assert K.dtype(Dense(3, dtype="float32")(y)) == "float32"
    assert K.dtype(Dense(3, dtype="mixed_float16")(y)) == "float16"
    half = Dense(3, dtype="float16")
    assert (K.dtype(half(x)), K.dtype(half.kernel)) == ("float16", "float16")


@pytest.mark.parametrize("name, narrow", MIXED)
def test_a_layer_of_the_users_sees_narrow_inputs_and_weights(name, narrow):
    layer = Scale(dtype=name)
    y = layer(Input((5,)))
    assert layer.seen == (narrow, narrow)
    assert (K.dtype(y), K.dtype(layer.w)) == (narrow, "float32")


def test_integers_are_not_cast():
    set_global_policy("mixed_bfloat16")
    model = Sequential([Embedding(10, 4, input_length=3), layers.Flatten(), Dense(1)])
    assert K.dtype(model.layers[0].output) == "bfloat16"
    ids = np.arange(6).reshape(2, 3)
    assert model.predict(ids).shape == (2, 1)


def test_an_embedding_casts_rows_and_not_its_table():
    set_global_policy("mixed_bfloat16")
    model = Sequential([Embedding(5000, 4, input_length=3, dropout=0.1), layers.Flatten()])
    assert K.dtype(model.output) == "bfloat16"
    model.compile("sgd", "mse")
    model.train_on_batch(np.ones((2, 3)), np.ones((2, 12)))
    plan = model._training._train_function.executable.text().rpartition("plan for")[2]
    assert "sparse_sgd_update" in plan
    assert "bfloat16(5000, 4)" not in plan


@pytest.mark.parametrize("name", ["mixed_bfloat16", "mixed_float16"])
def test_a_policy_survives_configurations_and_files(name, tmp_path):
    model = small(name, dtype="float32")
    model.compile("sgd", "mse")
    set_global_policy(None)
    x = np.random.randn(6, 4)
    copies = [Sequential.from_config(model.get_config()), model_from_json(model.to_json())]
    for copy in copies:
        copy.set_weights(model.get_weights())
    for ending in ("h5", "keras"):
        path = str(tmp_path / f"model.{ending}")
        model.save(path)
        copies.append(load_model(path))
    for copy in copies:
        assert [layer.dtype_policy for layer in copy.layers] == [
            layer.dtype_policy for layer in model.layers
        ]
        np.testing.assert_array_equal(copy.predict(x), model.predict(x))


@pytest.mark.parametrize(
    "dtype",
    [
        {"class_name": "Policy", "config": {"name": "mixed_float16"}},
        {
            "module": "keras",
            "class_name": "DTypePolicy",
            "config": {"name": "mixed_float16"},
            "registered_name": None,
        },
    ],
)
def test_policies_are_read_as_later_keras_writes_them(dtype):
    layer = Dense.from_config({**Dense(3).get_config(), "dtype": dtype})
    assert layer.dtype_policy == Policy("mixed_float16")


def test_statistics_of_batches_are_float32():
    """Squares beyond the largest float16."""
    set_global_policy("mixed_float16")
    model = Sequential([BatchNormalization(input_shape=(2,), momentum=0.0)])
    model.compile("sgd", "mse")
    x = np.array([[1000.0, -3000.0], [3000.0, 9000.0]] * 8)
    model.train_on_batch(x, np.zeros_like(x))
    norm = model.layers[0]
    np.testing.assert_allclose(K.get_value(norm.moving_mean), [2000, 3000], rtol=1e-3)
    assert np.isfinite(K.get_value(norm.moving_variance)).all()
    assert (K.get_value(norm.moving_variance) > 65504).all()


def test_models_inside_models_and_recurrent_layers():
    set_global_policy("mixed_bfloat16")
    inner = Sequential([Dense(6, activation="tanh", input_shape=(5,))])
    x = Input((7, 5))
    y = layers.TimeDistributed(inner)(x)
    y = layers.Bidirectional(layers.LSTM(4, return_sequences=True))(y)
    y = layers.GRU(3)(y)
    model = Model(x, Dense(2, dtype="float32")(y))
    model.compile("adam", "mse")
    batch = np.random.randn(8, 7, 5)
    losses = [model.train_on_batch(batch, np.ones((8, 2))) for _ in range(30)]
    assert losses[-1] < losses[0]


def test_the_names_are_where_scripts_look_for_them():
    import keras_native

    experimental = keras_native.mixed_precision.experimental
    experimental.set_policy(experimental.Policy("mixed_bfloat16"))
    assert mixed_precision.global_policy().compute_dtype == "bfloat16"
    assert experimental.Policy("mixed_float16", loss_scale=128).loss_scale() == 128
    assert experimental.Policy("mixed_float16").loss_scale.increment_period == 2000
    assert experimental.Policy("mixed_bfloat16").loss_scale is None


SCRIPT = """
from tensorflow.keras import layers, mixed_precision, models
from tensorflow.keras.mixed_precision import experimental

experimental.set_policy(experimental.Policy("mixed_float16"))
model = models.Sequential([layers.Dense(2, input_shape=(3,))])
model.compile("sgd", "mse")
assert isinstance(model.optimizer, mixed_precision.LossScaleOptimizer)
print(model.layers[0].compute_dtype)
"""


@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="the real one is here"
)
def test_scripts_for_tensorflow_find_it(tmp_path):
    (tmp_path / "script.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "keras_native", str(tmp_path / "script.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "float16\n", done.stderr


def test_weights_have_the_type_of_their_layer():
    layer = Dense(2, dtype="float64")
    assert K.dtype(layer(Input((3,), dtype="float64"))) == "float64"
    assert [w.dtype for w in layer.get_weights()] == ["float64", "float64"]
    assert K.dtype(Dense(2, dtype="int32", input_shape=(3,)).add_weight("w", ())) == "float32"


@pytest.mark.parametrize("dtype, bits", [("float16", 10), ("bfloat16", 7)])
def test_the_default_float_type_may_be_narrow(dtype, bits):
    """Layers, fit and predict in halves wholesale."""
    K.set_floatx(dtype)
    x, labels = np.random.randn(200, 6), np.random.randint(0, 3, 200)
    x[np.arange(200), labels] += 3
    model = Sequential([Dense(16, activation="relu", input_shape=(6,)), BatchNormalization()])
    model.add(Dense(3, activation="softmax"))
    # Steps below a 256th of a weight are lost in bfloat16.
    model.compile(Adam(0.02), "sparse_categorical_crossentropy", metrics=["acc"])
    history = model.fit(x, labels, epochs=20, verbose=0)
    assert {K.dtype(layer.output) for layer in model.layers} == {dtype}
    assert K.dtype(model.layers[0].kernel) == dtype
    assert history.history["acc"][-1] > 0.9
    predicted = model.predict(x)
    assert predicted.dtype == ("float16" if dtype == "float16" else "float32")
    np.testing.assert_allclose(predicted.sum(1), 1, atol=3 * 2.0**-bits)


def test_tensors_of_bfloat16_come_and_go_as_float32():
    x = K.placeholder((None, 2), dtype="bfloat16")
    v = K.variable([[1.0, 1 / 3]], dtype="bfloat16")
    f = K.function([x], [x + v, K.constant([1 / 3], dtype="bfloat16")], [K.update(v, v * 2)])
    y, third = f([np.array([[0.5, 1 / 3]])])
    assert y.dtype == third.dtype == np.float32
    np.testing.assert_array_equal(third, [0.333984375])
    np.testing.assert_array_equal(y, [[1.5, 0.66796875]])
    np.testing.assert_array_equal(K.get_value(v), [[2.0, 0.66796875]])
    K.set_value(v, [[np.nan, -np.inf]])
    np.testing.assert_array_equal(K.get_value(v), [[np.nan, -np.inf]])


def test_threads_build_layers_of_different_policies_at_once():
    inside, looked = threading.Event(), threading.Event()

    def wait(x):
        inside.set()
        assert looked.wait(10)
        return x

    layers = []

    def build():
        layers.append(Lambda(wait, dtype="mixed_float16")(Input((3,))))

    thread = threading.Thread(target=build)
    thread.start()
    assert inside.wait(10)
    dense = Dense(2, dtype="mixed_bfloat16")
    dense.build((None, 3))
    read = K.dtype(dense.kernel * 1.0)  # no layer computes on this thread
    looked.set()
    thread.join()
    assert read == "float32"
    assert K.dtype(dense(Input((3,)))) == "bfloat16"
    assert K.dtype(layers[0]) == "float16"
