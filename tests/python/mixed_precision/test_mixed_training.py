"""Training in mixed precision: losses as tf_keras 2.21 has them on the CPU, and loss scaling."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import constraints, optimizers
from keras_native.callbacks import LearningRateScheduler, ReduceLROnPlateau
from keras_native.layers import Activation, Conv2D, Dense, Flatten, MaxPooling2D
from keras_native.mixed_precision import LossScaleOptimizer, experimental, set_global_policy
from keras_native.models import Sequential, load_model

# Losses of `three_classes` over 12 steps.
THEIRS = {
    "mixed_bfloat16": [
        1.415658, 1.441174, 1.490641, 1.227515, 1.143839, 1.167232,
        1.056346, 0.976677, 0.947923, 1.019941, 0.970538, 0.845052,
    ],
    "mixed_float16": [
        1.415133, 1.441519, 1.4904, 1.227161, 1.143301, 1.167675,
        1.056331, 0.976063, 0.948531, 1.020117, 0.970725, 0.845366,
    ],
}  # fmt: skip
# Scale and finite steps since it changed, of `overflowing` over 24 steps.
SCALES = [
    (16384, 0), (8192, 0), (4096, 0), (2048, 0), (1024, 0), (512, 0), (512, 1), (512, 2),
    (1024, 0), (1024, 1), (1024, 2), (2048, 0), (2048, 1), (1024, 0), (1024, 1), (1024, 2),
    (2048, 0), (2048, 1), (2048, 2), (4096, 0), (4096, 1), (2048, 0), (2048, 1), (2048, 2),
]  # fmt: skip


def three_classes():
    """(model, inputs, targets) of a fixed start."""
    random = np.random.RandomState(3)
    x = random.randn(96, 12).astype("f4")
    y = np.eye(3, dtype="f4")[random.randint(0, 3, 96)]
    shapes = ((12, 24), (24,), (24, 3), (3,))
    weights = [(random.randn(*s) * 0.3).astype("f4") for s in shapes]
    model = Sequential([Dense(24, activation="tanh", input_shape=(12,)), Dense(3)])
    model.add(Activation("softmax", dtype="float32"))
    model.set_weights(weights)
    model.compile(optimizers.SGD(0.1, momentum=0.9), "categorical_crossentropy")
    return model, x, y


def overflowing():
    """(model, inputs, targets) whose gradients exceed float16 at the first scale."""
    set_global_policy("mixed_float16")
    random = np.random.RandomState(0)
    x, y = ((random.randn(64, n) * 8).astype("f4") for n in (10, 1))
    model = Sequential([Dense(16, activation="relu", input_shape=(10,)), Dense(1)])
    model.add(Activation("linear", dtype="float32"))
    model.set_weights([random.randn(*w.shape).astype("f4") * 0.3 for w in model.get_weights()])
    scaling = LossScaleOptimizer(optimizers.SGD(0.0005), dynamic_growth_steps=3)
    model.compile(scaling, "mse")
    return model, x, y


def state(model):
    scaling = model.optimizer
    return K.get_value(scaling.loss_scale), K.get_value(scaling.dynamic_counter)


def inner_state(optimizer):
    return getattr(optimizer, "inner_optimizer", optimizer).get_weights()


@pytest.mark.parametrize("policy, allowed", [("mixed_bfloat16", 3e-3), ("mixed_float16", 3e-4)])
def test_losses_are_those_of_tf_keras(policy, allowed):
    set_global_policy(policy)
    model, x, y = three_classes()
    for step, loss in enumerate(THEIRS[policy]):
        rows = slice(step % 3 * 32, step % 3 * 32 + 32)
        assert abs(model.train_on_batch(x[rows], y[rows]) - loss) < allowed


def test_the_scale_goes_as_in_tf_keras():
    model, x, y = overflowing()
    seen = []
    for step in range(len(SCALES)):
        rows = slice(step % 2 * 32, step % 2 * 32 + 32)
        before = model.get_weights()
        model.train_on_batch(x[rows], y[rows])
        seen.append(state(model))
        overflowed = step < 6
        same = all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
        assert same == overflowed or step >= 6
    assert seen == SCALES
    assert K.get_value(model.optimizer.iterations) == len(SCALES)


def test_compile_scales_the_loss_where_float16_needs_it():
    set_global_policy("mixed_float16")
    optimizer = three_classes()[0].optimizer
    assert isinstance(optimizer, LossScaleOptimizer) and optimizer.dynamic
    assert (optimizer.initial_scale, optimizer.dynamic_growth_steps) == (2.0**15, 2000)
    assert isinstance(optimizer.inner_optimizer, optimizers.SGD)
    for policy in ("mixed_bfloat16", "float32"):
        set_global_policy(policy)
        assert isinstance(three_classes()[0].optimizer, optimizers.SGD)
    experimental.set_policy(experimental.Policy("mixed_float16", loss_scale=256))
    optimizer = three_classes()[0].optimizer
    assert (K.get_value(optimizer.loss_scale), optimizer.dynamic) == (256, False)
    experimental.set_policy(experimental.Policy("mixed_float16", loss_scale=None))
    assert isinstance(three_classes()[0].optimizer, optimizers.SGD)


@pytest.mark.parametrize("clipping", [{"clipnorm": 0.3}, {"clipvalue": 0.01}, {}])
def test_clipping_sees_unscaled_gradients(clipping):
    """In float32 a scale that is a power of two changes no bit."""
    weights = []
    for scale in (None, 1024.0):
        model, x, y = three_classes()
        optimizer = optimizers.Adam(0.01, **clipping)
        if scale:
            optimizer = LossScaleOptimizer(optimizer, dynamic=False, initial_scale=scale)
        model.compile(optimizer, "categorical_crossentropy")
        model.fit(x, y, epochs=3, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for plain, scaled in zip(*weights, strict=True):
        np.testing.assert_array_equal(plain, scaled)


RULES = {
    "sgd": lambda: optimizers.SGD(0.1),
    "momentum": lambda: optimizers.SGD(0.1, momentum=0.9),
    "nesterov": lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "rmsprop": lambda: optimizers.RMSprop(0.01),
    "adagrad": lambda: optimizers.Adagrad(0.1),
    "adadelta": lambda: optimizers.Adadelta(),
    "adam": lambda: optimizers.Adam(0.01, decay=0.1, clipnorm=1.0),
    "amsgrad": lambda: optimizers.Adam(0.01, amsgrad=True),
    "adamax": lambda: optimizers.Adamax(0.01),
    "nadam": lambda: optimizers.Nadam(0.01),
}


@pytest.mark.parametrize("constraint", [None, "max_norm"])
@pytest.mark.parametrize("rule", RULES)
def test_a_step_that_overflows_is_left_out(rule, constraint):
    """And all others are those of the inner optimizer: in float32 scaling changes no bit."""
    states = []
    for scaling in (False, True):
        model, x, y = three_classes()
        model.layers[0].kernel.constraint = constraints.get(constraint)
        optimizer = RULES[rule]()
        if scaling:
            optimizer = LossScaleOptimizer(optimizer, dynamic_growth_steps=2)
        model.compile(optimizer, "categorical_crossentropy")
        for _ in range(5):
            model.train_on_batch(x, y)
        states.append(model.get_weights() + inner_state(optimizer))
    for plain, scaled in zip(*states, strict=True):
        np.testing.assert_array_equal(plain, scaled)
    scale = K.get_value(optimizer.loss_scale)
    x[3, 4] = np.inf
    model.train_on_batch(x, y)
    after = model.get_weights() + inner_state(optimizer)
    for i, (a, b) in enumerate(zip(states[1], after, strict=True)):
        counter = i == len(model.get_weights())
        np.testing.assert_array_equal(a + 1 if counter else a, b)
    assert K.get_value(optimizer.loss_scale) == scale / 2


def test_gradients_by_hand():
    set_global_policy("mixed_float16")
    model, x, _ = three_classes()
    scaling, kernel = model.optimizer, model.layers[0].kernel
    loss = K.mean(K.square(model.output))
    scaled = K.gradients(scaling.get_scaled_loss(loss), [kernel])
    (unscaled,) = scaling.get_unscaled_gradients(scaled)
    assert K.dtype(unscaled) == "float32"
    plain = scaling.get_gradients(loss, [kernel])
    a, b, c = K.function([model.input], [*scaled, unscaled, *plain])([x])
    assert np.abs(b).max() > 0
    np.testing.assert_array_equal(a / 2**15, b)
    np.testing.assert_array_equal(b, c)


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_the_scale_is_saved_with_the_model(tmp_path, ending, optimizer):
    model, x, y = overflowing()
    scaling = LossScaleOptimizer(optimizers.get(optimizer), dynamic_growth_steps=5)
    model.compile(scaling, "mse")
    for _ in range(10):
        model.train_on_batch(x, y)
    path = str(tmp_path / f"model.{ending}")
    model.save(path)
    copy = load_model(path)
    assert copy.optimizer.get_config() == scaling.get_config()
    for _ in range(3):
        assert state(copy) == state(model)
        assert copy.train_on_batch(x, y) == model.train_on_batch(x, y)


def test_callbacks_change_the_rate_of_the_inner_optimizer():
    set_global_policy("mixed_float16")
    model, x, y = three_classes()
    schedule = LearningRateScheduler(lambda epoch, rate: 0.5 * rate)
    model.fit(x, y, epochs=2, callbacks=[schedule], verbose=0)
    assert K.get_value(model.optimizer.inner_optimizer.lr) == np.float32(0.025)
    plateau = ReduceLROnPlateau(monitor="loss", factor=0.1, patience=1, min_delta=100)
    model.fit(x, y, epochs=3, callbacks=[plateau], verbose=0)
    assert K.get_value(model.optimizer.lr) < 0.025
    model.optimizer.lr = 0.5
    assert K.get_value(model.optimizer.inner_optimizer.learning_rate) == 0.5


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("last", [{"dtype": "float32"}, {}])
def test_a_convolutional_net_learns(policy, last):
    set_global_policy(policy)
    labels = np.random.randint(0, 2, 160)
    x = np.random.randn(160, 8, 8, 1) + labels[:, None, None, None]
    model = Sequential([Conv2D(6, 3, activation="relu", input_shape=(8, 8, 1)), MaxPooling2D()])
    model.add(Flatten())
    model.add(Dense(2))
    model.add(Activation("softmax", **last))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, labels, epochs=12, validation_split=0.2, verbose=0).history
    assert history["accuracy"][-1] > 0.9
    loss, accuracy = model.evaluate(x, labels, verbose=0)
    assert np.isfinite(loss) and accuracy > 0.9
    rows = model.predict(x)
    assert rows.dtype == ("float16" if policy == "mixed_float16" and not last else "float32")
    assert (rows.argmax(1) == labels).mean() > 0.9


def test_loss_scaling_says_what_it_cannot_wrap():
    sgd = optimizers.SGD()
    with pytest.raises(TypeError, match="must be an optimizer"):
        LossScaleOptimizer("sgd")
    with pytest.raises(TypeError, match="another LossScaleOptimizer"):
        LossScaleOptimizer(LossScaleOptimizer(sgd))
    with pytest.raises(ValueError, match="initial_scale"):
        LossScaleOptimizer(sgd, dynamic=False)
    with pytest.raises(ValueError, match="dynamic_growth_steps"):
        LossScaleOptimizer(sgd, dynamic=False, initial_scale=2, dynamic_growth_steps=3)
    with pytest.raises(ValueError, match="positive"):
        LossScaleOptimizer(sgd, initial_scale=0)
