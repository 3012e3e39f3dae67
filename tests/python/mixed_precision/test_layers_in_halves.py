"""Every kind of layer in mixed precision: close to float32, and it trains."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.mixed_precision import set_global_policy
from keras_native.models import Model, Sequential

VECTOR, SEQUENCE, IMAGE, VOLUME = (6,), (5, 4), (8, 8, 3), (6, 6, 6, 2)
STACKS = {
    "dense": lambda: [
        L.Dense(3, activation="tanh", input_shape=VECTOR),
        L.ActivityRegularization(0.01),
        L.GaussianNoise(0.1),
        L.GaussianDropout(0.1),
        L.AlphaDropout(0.1),
    ],
    "activations": lambda: [
        L.Dense(4, input_shape=VECTOR),
        L.LeakyReLU(),
        L.PReLU(),
        L.ELU(),
        L.ReLU(6.0),
        L.Softmax(),
    ],
    "named activations": lambda: [
        L.Dense(4, input_shape=VECTOR, activation="selu"),
        L.Activation("softplus"),
        L.Activation("softsign"),
        L.Activation("hard_sigmoid"),
        L.Activation("exponential"),
    ],
    "lambda": lambda: [
        L.Lambda(lambda x: 2 * x + K.mean(x, -1, keepdims=True), input_shape=VECTOR)
    ],
    "one axis": lambda: [
        L.Conv1D(3, 3, activation="relu", input_shape=SEQUENCE),
        L.MaxPooling1D(),
        L.Flatten(),
    ],
    "images": lambda: [
        L.Conv2D(4, 3, activation="relu", input_shape=IMAGE),
        L.BatchNormalization(),
        L.AveragePooling2D(),
        L.Flatten(),
        L.Dense(2),
    ],
    "separable": lambda: [
        L.SeparableConv2D(4, 3, input_shape=IMAGE),
        L.DepthwiseConv2D(3),
        L.SpatialDropout2D(0.2),
        L.GlobalMaxPooling2D(),
    ],
    "transposed": lambda: [
        L.Conv2DTranspose(4, 3, input_shape=IMAGE),
        L.UpSampling2D(),
        L.Cropping2D(1),
        L.ZeroPadding2D(1),
        L.GlobalAveragePooling2D(),
    ],
    "channels first": lambda: [
        L.Conv2D(4, 3, data_format="channels_first", input_shape=(3, 8, 8)),
        L.MaxPooling2D(data_format="channels_first"),
        L.Flatten(),
    ],
    "volumes": lambda: [L.Conv3D(2, 3, input_shape=VOLUME), L.MaxPooling3D(), L.Flatten()],
    "local": lambda: [L.LocallyConnected2D(2, 3, input_shape=IMAGE), L.Flatten()],
    "recurrent": lambda: [
        L.LSTM(4, return_sequences=True, input_shape=SEQUENCE),
        L.GRU(3, return_sequences=True, reset_after=True),
        L.SimpleRNN(3),
    ],
    "bidirectional": lambda: [
        L.Masking(input_shape=SEQUENCE),
        L.Bidirectional(L.LSTM(4, return_sequences=True)),
        L.TimeDistributed(L.Dense(2)),
    ],
    "cells": lambda: [L.RNN([L.LSTMCell(3), L.GRUCell(2)], input_shape=SEQUENCE)],
    "stateful": lambda: [L.LSTM(3, stateful=True, batch_input_shape=(8, 5, 4))],
    "unrolled": lambda: [L.GRU(3, unroll=True, input_shape=SEQUENCE), L.RepeatVector(3)],
    "convolutional LSTM": lambda: [L.ConvLSTM2D(2, 3, input_shape=(3, 6, 6, 2)), L.Flatten()],
    "embedding": lambda: [L.Embedding(7, 4, input_length=5, mask_zero=True), L.LSTM(3)],
}


def made(policy, layers, weights=None):
    set_global_policy(policy)
    model = Sequential(layers())
    if weights is not None:
        model.set_weights(weights)
    return model


@pytest.mark.parametrize("policy, allowed", [("mixed_bfloat16", 0.04), ("mixed_float16", 0.005)])
@pytest.mark.parametrize("name", STACKS)
def test_close_to_float32(name, policy, allowed):
    wide = made(None, STACKS[name])
    narrow = made(policy, STACKS[name], wide.get_weights())
    if name == "embedding":
        x = np.random.randint(0, 7, (8, 5))
    else:
        x = np.random.randn(8, *K.int_shape(wide.input)[1:])
    want, got = wide.predict(x, batch_size=8), narrow.predict(x, batch_size=8)
    np.testing.assert_allclose(got, want, atol=allowed * np.abs(want).max())
    before = narrow.get_weights()
    narrow.compile("sgd", "mse")
    loss = narrow.train_on_batch(x, np.ones_like(want))
    assert np.isfinite(loss)
    if not before:
        return
    changed = [not np.array_equal(a, b) for a, b in zip(before, narrow.get_weights(), strict=True)]
    assert any(changed)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_merges(policy):
    set_global_policy(policy)
    a, b = L.Input((4,)), L.Input((4,))
    x, y = L.Dense(4)(a), L.Dense(4)(b)
    kinds = [
        L.Add(),
        L.Multiply(),
        L.Average(),
        L.Maximum(),
        L.Subtract(),
        L.Concatenate(),
        L.Dot(1),
    ]
    merged = [layer([x, y]) for layer in kinds]
    assert {K.dtype(tensor) for tensor in merged} == {policy[6:]}
    model = Model([a, b], L.Concatenate()([*merged, L.Add()([x, b])]))
    values = np.random.randn(2, 3, 4)
    first, second = (dense.get_weights() for dense in model.layers if isinstance(dense, L.Dense))
    p, q = values[0] @ first[0] + first[1], values[1] @ second[0] + second[1]
    dot = (p * q).sum(1, keepdims=True)
    parts = [p + q, p * q, (p + q) / 2, np.maximum(p, q), p - q, p, q, dot, p + values[1]]
    want = np.concatenate(parts, 1)
    np.testing.assert_allclose(model.predict(list(values)), want, atol=0.04 * np.abs(want).max())
