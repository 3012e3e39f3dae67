"""A linear model and its data."""

import numpy as np
from keras_native.layers import Dense
from keras_native.models import Sequential
from keras_native.optimizers import SGD


def linear(rate=0.1, **compiled):
    model = Sequential([Dense(1, input_shape=(3,))])
    model.compile(SGD(learning_rate=rate), **{"loss": "mse", **compiled})
    return model


def data(n=20):
    x = np.random.rand(n, 3).astype("float32")
    return x, (x.sum(axis=1, keepdims=True) - 1).astype("float32")
