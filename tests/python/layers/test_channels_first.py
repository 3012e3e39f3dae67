"""Channels first and channels last train the same: the plan chooses how tensors lie."""

import random

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.models import Model
from keras_native.optimizers import SGD


def _steps(rng):
    """Layers of a random network of images, as functions of (layout, channel axis)."""
    n, k = rng.randint(2, 5), rng.randint(1, 3)
    act = rng.choice(["relu", "tanh", None])
    return rng.choice([
        lambda axis: [L.Conv2D(n, k, padding="same", activation=act)],
        lambda axis: [L.Conv2D(n, 3, padding="same", strides=2), L.Activation("relu")],
        lambda axis: [L.Conv2D(n, k, padding="same", use_bias=False), L.BatchNormalization(axis)],
        lambda axis: [L.SeparableConv2D(n, 3, padding="same"), L.LeakyReLU(0.1)],
        lambda axis: [L.Conv2DTranspose(n, 2, strides=2), L.MaxPooling2D(2)],
        lambda axis: [L.ZeroPadding2D(((0, 1), (2, 0))), L.MaxPooling2D(2, strides=1)],
        lambda axis: [L.Cropping2D(((0, 1), (1, 0))), L.PReLU(shared_axes=_spatial(axis))],
        lambda axis: [L.UpSampling2D(2), L.AveragePooling2D(2)],
        lambda axis: [L.Softmax(axis), L.Lambda(lambda x: x * 3 + K.mean(x, axis=0))],
        lambda axis: [L.Permute((2, 1, 3) if axis == 3 else (1, 3, 2))],
    ])  # fmt: skip


def _spatial(axis):
    return [1, 2] if axis == 3 else [2, 3]


def _model(seed, axis):
    rng = random.Random(seed)
    x = y = L.Input((12, 12, 3) if axis == 3 else (3, 12, 12))
    for _ in range(5):
        before = y
        for layer in _steps(rng)(axis):
            y = layer(y)
        kind = rng.choice(["chain", "concat", "add", "gate"])
        if K.int_shape(before)[1:] == K.int_shape(y)[1:] and kind == "add":
            y = L.Add()([before, y])
        elif K.int_shape(before)[1:] == K.int_shape(y)[1:] and kind == "concat":
            y = L.Concatenate(axis)([y, before])
        elif kind == "gate":
            channels = K.int_shape(y)[axis]
            gate = L.Dense(channels, activation="sigmoid")(L.GlobalAveragePooling2D()(y))
            shape = (1, 1, channels) if axis == 3 else (channels, 1, 1)
            y = L.Multiply()([y, L.Reshape(shape)(gate)])
    y = L.Flatten()(y) if rng.random() < 0.5 else L.GlobalMaxPooling2D()(y)
    model = Model(x, L.Dense(3)(y))
    model.compile(SGD(lr=0.02), "mse")
    return model


@pytest.mark.parametrize("seed", range(12))
def test_layouts_train_the_same(seed):
    numbers = np.random.RandomState(seed)
    x, y = numbers.normal(size=(4, 12, 12, 3)), numbers.normal(size=(4, 3))
    K.set_image_data_format("channels_last")
    last = _model(seed, 3)
    K.set_image_data_format("channels_first")
    first = _model(seed, 1)
    first.set_weights([
        w if w.shape == v.shape else w.transpose(2, 0, 1)  # alpha of PReLU: (1, 1, C)
        for w, v in zip(last.get_weights(), first.get_weights(), strict=True)
    ])  # fmt: skip
    turned = x.transpose(0, 3, 1, 2)
    np.testing.assert_allclose(first.predict(turned), last.predict(x), rtol=1e-4, atol=1e-4)
    for _ in range(3):
        loss = last.train_on_batch(x, y)
        np.testing.assert_allclose(first.train_on_batch(turned, y), loss, rtol=1e-3)
    np.testing.assert_allclose(first.predict(turned), last.predict(x), rtol=1e-2, atol=1e-3)
