"""An MLP on Fashion-MNIST: 60 000 images of clothes to learn from, 10 000 to be tested on.

The data come from the Keras cache folder, from Debian's package dataset-fashion-mnist, or are
downloaded.
"""

import numpy as np
from keras_native.datasets import fashion_mnist
from keras_native.layers import Dense, Dropout, Flatten
from keras_native.models import Sequential

np.random.seed(1)

(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train.astype("float32") / 255
x_test = x_test.astype("float32") / 255

model = Sequential(
    [
        Flatten(input_shape=(28, 28)),
        Dense(256, activation="relu"),
        Dropout(0.2),
        Dense(128, activation="relu"),
        Dropout(0.2),
        Dense(10, activation="softmax"),
    ]
)
model.compile(loss="sparse_categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, epochs=20, batch_size=128, validation_split=0.1)
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.2%}")
