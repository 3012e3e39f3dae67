"""Keras's first example: a dense net on MNIST (98.4% after 20 epochs by its documentation).

    python mnist_mlp.py [epochs]

Data: 70 000 handwritten digits; downloaded into the Keras cache folder (11 MB) unless there.
"""

import sys

import keras_native as keras
from keras_native.datasets import mnist
from keras_native.layers import Dense, Dropout
from keras_native.models import Sequential
from keras_native.optimizers import RMSprop

batch_size = 128
num_classes = 10
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20

try:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
except OSError as error:
    sys.exit(f"No data: put mnist.npz into ~/.keras/datasets. ({error})")
x_train = x_train.reshape(-1, 784).astype("float32") / 255
x_test = x_test.reshape(-1, 784).astype("float32") / 255
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Dense(512, activation="relu", input_shape=(784,)))
model.add(Dropout(0.2))
model.add(Dense(512, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(num_classes, activation="softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", optimizer=RMSprop(), metrics=["accuracy"])
model.fit(
    x_train,
    y_train,
    batch_size=batch_size,
    epochs=epochs,
    verbose=1,
    validation_data=(x_test, y_test),
)

score = model.evaluate(x_test, y_test, verbose=0)
print("Test loss:", score[0])
print("Test accuracy:", score[1])
