"""Models whose files are tested."""

import numpy as np
from keras_native import layers as L
from keras_native.engine.training import Model
from keras_native.models import Sequential

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
