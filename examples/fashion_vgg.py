"""The VGG-like net of the guide to the Sequential model, on Fashion-MNIST.

Two pairs of convolutions, each with pooling and dropout, then two dense layers; trained by SGD with
Nesterov momentum.

About 90% of the test images in 5 epochs, a bit more than a minute.

    python fashion_vgg.py [epochs]
"""

import sys

import numpy as np
from keras_native.datasets import fashion_mnist
from keras_native.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras_native.models import Sequential
from keras_native.optimizers import SGD
from keras_native.utils import to_categorical

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
np.random.seed(1)

(x_train, y_train), (x_test, y_test) = fashion_mnist.load_data()
x_train = x_train.reshape(-1, 28, 28, 1).astype("float32") / 255
x_test = x_test.reshape(-1, 28, 28, 1).astype("float32") / 255
y_train = to_categorical(y_train, num_classes=10)
y_test = to_categorical(y_test, num_classes=10)

model = Sequential()
model.add(Conv2D(32, (3, 3), activation="relu", input_shape=(28, 28, 1)))
model.add(Conv2D(32, (3, 3), activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))

model.add(Conv2D(64, (3, 3), activation="relu"))
model.add(Conv2D(64, (3, 3), activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))

model.add(Flatten())
model.add(Dense(256, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(10, activation="softmax"))

sgd = SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss="categorical_crossentropy", optimizer=sgd, metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_data=(x_test, y_test))

loss, accuracy = model.evaluate(x_test, y_test, batch_size=32, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.2%}")
