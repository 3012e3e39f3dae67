"""A convolution net on Fashion-MNIST: at least 91% of the clothes it has never seen in 5 epochs.

Three convolutions, each with batch normalization, and a learning rate that falls from epoch to
epoch.

On one core in less than two minutes.

    python fashion_cnn.py [epochs]

Data: 60 000 images of clothes to learn from, 10 000 to be tested on; from the Keras cache folder,
from Debian's package dataset-fashion-mnist, or downloaded.
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
    Dropout,
    Flatten,
    InputLayer,
    MaxPooling2D,
)
from keras_native.models import Sequential

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
classes = "T-shirt trouser pullover dress coat sandal shirt sneaker bag boot".split()
np.random.seed(1)

(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255

model = Sequential()
model.add(InputLayer(input_shape=(28, 28, 1)))
for filters in (32, 64, 128):
    model.add(Conv2D(filters, (3, 3), padding="same", use_bias=False))
    model.add(BatchNormalization())
    model.add(Activation("relu"))
    model.add(MaxPooling2D((2, 2)))
model.add(Flatten())
model.add(Dropout(0.3))
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.3))
model.add(Dense(10, activation="softmax"))
model.summary()
model.compile(
    loss="sparse_categorical_crossentropy",
    optimizer="adam",
    metrics=["accuracy"],
)
model.fit(
    x_train,
    y_train,
    batch_size=64,
    epochs=epochs,
    validation_data=(x_test, y_test),
    callbacks=[LearningRateScheduler(lambda epoch: 0.001 * (1 - epoch / epochs))],
)

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
guesses = model.predict_classes(x_test)
print(f"\nTest loss {loss:.3f}, test accuracy {accuracy:.2%}. Of each class it knows:")
for number, name in enumerate(classes):
    print(f"  {name:8s} {np.mean(guesses[y_test == number] == number):6.1%}")
