"""Keras's convolution net on MNIST (99% after 12 epochs by its documentation).

    python mnist_cnn.py [epochs]

Data: 70 000 handwritten digits; downloaded into the Keras cache folder (11 MB) unless there.
"""

import sys

import keras_native as keras
from keras_native import backend as K
from keras_native.datasets import mnist
from keras_native.layers import Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras_native.models import Sequential

batch_size = 128
num_classes = 10
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 12
img_rows, img_cols = 28, 28

try:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
except OSError as error:
    sys.exit(f"No data: put mnist.npz into ~/.keras/datasets. ({error})")
if K.image_data_format() == "channels_first":
    input_shape = (1, img_rows, img_cols)
else:
    input_shape = (img_rows, img_cols, 1)
x_train = x_train.reshape((-1, *input_shape)).astype("float32") / 255
x_test = x_test.reshape((-1, *input_shape)).astype("float32") / 255
y_train = keras.utils.to_categorical(y_train, num_classes)
y_test = keras.utils.to_categorical(y_test, num_classes)

model = Sequential()
model.add(Conv2D(32, kernel_size=(3, 3), activation="relu", input_shape=input_shape))
model.add(Conv2D(64, (3, 3), activation="relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))
model.add(Flatten())
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.5))
model.add(Dense(num_classes, activation="softmax"))
model.compile(
    loss=keras.losses.categorical_crossentropy,
    optimizer=keras.optimizers.Adadelta(),
    metrics=["accuracy"],
)
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
