"""`K.get_session().run` and training steps by hand, as scripts wrote them beside Keras."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import BatchNormalization, Dense, Dropout, Input
from keras_native.legacy import tensorflow
from keras_native.legacy.tensorflow_tables import OPERATIONS
from keras_native.models import Model, Sequential
from keras_native.optimizers import SGD, Adam

train = tensorflow.train
X = np.random.RandomState(0).rand(8, 4).astype("f")


def small():
    return Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(1)])


def test_fetches_keep_their_form():
    x, y = K.placeholder((None, 4)), K.placeholder((None, 4))
    total, v = K.sum(x + y), K.variable(2.0)
    session = K.get_session()
    found = session.run({"a": [total, v], "b": (x,)}, feed_dict={x: X, y: X})
    assert found["a"] == [pytest.approx(2 * X.sum(), rel=1e-5), 2.0]
    np.testing.assert_array_equal(found["b"][0], X)
    assert session.run(v) == 2.0 and total.eval(feed_dict={x: X, y: -X}) == 0
    assert session.run(total * 2, {x: X, y: X, total: 3.0}) == 6.0  # any tensor may be fed
    assert session.run(K.update_add(v, 1.0)) == 3.0 == session.run(v)


def test_the_learning_phase_is_fed():
    model = Sequential([Dropout(0.5, input_shape=(4,)), BatchNormalization()])
    session, feed = K.get_session(), {model.input: X}
    kept = session.run(model.output, {**feed, K.learning_phase(): 0})
    np.testing.assert_allclose(kept, model.predict(X), rtol=1e-6)
    assert np.abs(kept - session.run(model.output, {**feed, K.learning_phase(): 1})).max() > 0.1


def test_mistakes():
    x = K.placeholder((None, 4), name="images")
    with pytest.raises(ValueError, match="images"):
        K.get_session().run(K.sum(x))
    with pytest.raises(TypeError, match="tensors, updates or operations.*'conv'"):
        K.get_session().run("conv")
    with pytest.raises(RuntimeError, match="set_memory_limit"):
        K.set_session(object())


@pytest.mark.parametrize(
    "rule,keras_rule",
    [
        (train.GradientDescentOptimizer(0.1), SGD(0.1)),
        (train.MomentumOptimizer(0.1, 0.9), SGD(0.1, momentum=0.9)),
        (train.MomentumOptimizer(0.1, 0.9, use_nesterov=True), SGD(0.1, 0.9, nesterov=True)),
        (train.AdamOptimizer(0.01), Adam(0.01, epsilon=1e-8)),
    ],
)
def test_steps_are_those_of_keras(rule, keras_rule):
    by_hand, by_fit = small(), small()
    by_fit.set_weights(by_hand.get_weights())
    target = K.placeholder((None, 1))
    loss = K.mean(K.square(by_hand.output - target))
    step = rule.minimize(loss)
    by_fit.compile(keras_rule, "mse")
    y, session = X[:, :1], K.get_session()
    for _ in range(4):
        value, nothing = session.run([loss, step], {by_hand.input: X, target: y})
        assert value == pytest.approx(by_fit.train_on_batch(X, y), rel=1e-4) and nothing is None
    for a, b in zip(by_hand.get_weights(), by_fit.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    "rule,wanted",  # of TensorFlow 1.15, three steps
    [
        (train.AdagradOptimizer(0.1), [0.7822992, -1.7762966]),
        (train.RMSPropOptimizer(0.1), [0.574523, -1.4053718]),
        (train.RMSPropOptimizer(0.1, momentum=0.5), [0.387154, -1.131669]),
        (train.RMSPropOptimizer(0.1, centered=True), [0.5589303, -1.3636529]),
    ],
)
def test_rules_of_tensorflow(rule, wanted):
    v = K.variable([1.0, -2.0])
    step = rule.minimize(K.sum(K.square(v)), var_list=[v])
    for _ in range(3):
        step.run()
    np.testing.assert_allclose(K.get_value(v), wanted, rtol=2e-5)


def test_gradients_through_two_nets():
    """The actor moves where the critic says: gradients of actions handed to the actor's weights."""
    state, action = Input((4,)), Input((2,))
    actor = Model(state, Dense(2, activation="tanh")(state))
    critic = Sequential([Dense(1, input_shape=(2,))])
    given = OPERATIONS["placeholder"]("float32", [None, 2])
    params = actor.trainable_weights
    grads = OPERATIONS["gradients"](actor.output, params, -given)
    step = train.AdamOptimizer(0.01).apply_gradients(zip(grads, params, strict=True))
    slope = K.gradients(critic(action), action)[0]
    session = K.get_session()
    before = critic.predict(actor.predict(X)).mean()
    for _ in range(20):
        towards = session.run(slope, {action: actor.predict(X)})
        session.run(step, {actor.input: X, given: towards})
    assert critic.predict(actor.predict(X)).mean() > before


def test_a_compiled_model_takes_an_optimizer_of_tensorflow():
    model = small()
    model.compile(train.RMSPropOptimizer(0.01), "mse")
    losses = model.fit(X, X[:, :1], epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_weights_start_again():
    """As answers to "how do I reset a model" have it."""
    model, session = small(), K.get_session()
    before = model.get_weights()
    for layer in model.layers:
        layer.kernel.initializer.run(session=session)
        session.run(layer.bias.initializer)
    after = model.get_weights()
    assert all((a != b).any() for a, b in zip(before[::2], after[::2], strict=True))
    assert all((b == 0).all() for b in after[1::2]) and after[0].std() > 0.1
    assert not hasattr(K.variable(1.0), "initializer")
