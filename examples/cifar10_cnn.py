"""The CIFAR-10 net of Keras's own examples: four convolutions, dropout, images shifted and flipped.

Keras's documentation has it at 75% of the test images after 25 epochs, at 79% after 50.

    python cifar10_cnn.py [epochs]

Data: 60 000 colour images of 32 x 32 pixels in ten classes; downloaded into the Keras cache folder
(170 MB) unless it is there.
"""

import sys

import keras_native as keras
from keras_native.datasets import cifar10
from keras_native.layers import Activation, Conv2D, Dense, Dropout, Flatten, MaxPooling2D
from keras_native.models import Sequential
from keras_native.preprocessing.image import ImageDataGenerator

batch_size = 32
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 25

try:
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
except OSError as error:
    sys.exit(f"No data: put cifar-10-batches-py.tar.gz into ~/.keras/datasets.\n({error})")
x_train = x_train.astype("float32") / 255
x_test = x_test.astype("float32") / 255
y_train = keras.utils.to_categorical(y_train, 10)
y_test = keras.utils.to_categorical(y_test, 10)

model = Sequential()
model.add(Conv2D(32, (3, 3), padding="same", input_shape=x_train.shape[1:]))
model.add(Activation("relu"))
model.add(Conv2D(32, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))

model.add(Conv2D(64, (3, 3), padding="same"))
model.add(Activation("relu"))
model.add(Conv2D(64, (3, 3)))
model.add(Activation("relu"))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))

model.add(Flatten())
model.add(Dense(512))
model.add(Activation("relu"))
model.add(Dropout(0.5))
model.add(Dense(10))
model.add(Activation("softmax"))
model.summary()
model.compile(
    loss="categorical_crossentropy",
    optimizer=keras.optimizers.RMSprop(learning_rate=0.0001, decay=1e-6),
    metrics=["accuracy"],
)

images = ImageDataGenerator(width_shift_range=0.1, height_shift_range=0.1, horizontal_flip=True)
model.fit_generator(
    images.flow(x_train, y_train, batch_size=batch_size),
    steps_per_epoch=len(x_train) // batch_size,
    epochs=epochs,
    validation_data=(x_test, y_test),
)
model.save("cifar10_cnn.h5")

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.2%}; the model is in cifar10_cnn.h5")
