"""A residual net of 20 layers (ResNet-20 v1) on Fashion-MNIST.

Three stages of three blocks; each block adds what two convolutions found to what it was given. The
learning rate falls by ten for the last epoch.

    python fashion_resnet.py [epochs]
"""

import sys

import numpy as np
from keras_native.callbacks import LearningRateScheduler
from keras_native.datasets import fashion_mnist
from keras_native.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Input,
    add,
)
from keras_native.models import Model
from keras_native.optimizers import Adam
from keras_native.regularizers import l2

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 3
np.random.seed(1)


def conv(x, filters, size=3, strides=1):
    return Conv2D(
        filters,
        size,
        strides=strides,
        padding="same",
        kernel_initializer="he_normal",
        kernel_regularizer=l2(1e-4),
    )(x)


def block(x, filters, strides):
    """Two convolutions and a way around them; `strides` 2 halves the image."""
    y = Activation("relu")(BatchNormalization()(conv(x, filters, strides=strides)))
    y = BatchNormalization()(conv(y, filters))
    if strides != 1:
        x = conv(x, filters, size=1, strides=strides)
    return Activation("relu")(add([x, y]))


(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255

image = Input(shape=(28, 28, 1))
x = Activation("relu")(BatchNormalization()(conv(image, 16)))
for stage, filters in enumerate((16, 32, 64)):
    for number in range(3):
        x = block(x, filters, strides=2 if stage and not number else 1)
model = Model(image, Dense(10, activation="softmax")(GlobalAveragePooling2D()(x)))
print(f"{model.count_params():,} parameters in {len(model.layers)} layers")
model.compile(loss="sparse_categorical_crossentropy", optimizer=Adam(), metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    batch_size=128,
    epochs=epochs,
    validation_data=(x_test, y_test),
    callbacks=[LearningRateScheduler(lambda epoch: 1e-3 if epoch < epochs - 1 else 1e-4)],
)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.2%}")
