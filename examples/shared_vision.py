"""A shared vision model: are these two handwritten digits the same digit?

One convolution net looks at both images (the same layers, called twice, with one set of weights),
and a dense layer compares what it saw. The guide to the functional API has this model.

About 95% of pairs right in 20 seconds.

    python shared_vision.py [epochs]

Data: the 8 x 8 pixel digits that come with the package (UCI).
"""

import sys

import numpy as np
from keras_native import backend as K
from keras_native.datasets import digits
from keras_native.layers import Conv2D, Dense, Dropout, Flatten, Input, Lambda, MaxPooling2D
from keras_native.models import Model

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
rng = np.random.RandomState(1)
np.random.seed(1)


def pairs(x, y, count):
    """`count` pairs of images, every second one of the same digit."""
    members = [np.flatnonzero(y == digit) for digit in range(10)]
    first = rng.randint(len(x), size=count)
    second = rng.randint(len(x), size=count)
    second[::2] = [rng.choice(members[digit]) for digit in y[first[::2]]]
    return [x[first], x[second]], (y[first] == y[second]).astype("float32")


(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train = x_train.reshape(-1, 8, 8, 1).astype("float32") / 16
x_test = x_test.reshape(-1, 8, 8, 1).astype("float32") / 16
train, same_train = pairs(x_train, y_train, 20000)
test, same_test = pairs(x_test, y_test, 5000)

image = Input(shape=(8, 8, 1))
x = Conv2D(32, (3, 3), activation="relu", padding="same")(image)
x = Conv2D(32, (3, 3), activation="relu")(x)
x = MaxPooling2D((2, 2))(x)
x = Dropout(0.25)(x)
out = Dense(64)(Flatten()(x))
vision = Model(image, out)

digit_a, digit_b = Input(shape=(8, 8, 1)), Input(shape=(8, 8, 1))
distance = Lambda(lambda ab: K.abs(ab[0] - ab[1]))([vision(digit_a), vision(digit_b)])
model = Model([digit_a, digit_b], Dense(1, activation="sigmoid")(distance))
model.summary()
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(train, same_train, batch_size=64, epochs=epochs, validation_data=(test, same_test))

loss, accuracy = model.evaluate(test, same_test, verbose=0)
print(f"On {len(same_test)} pairs of digits it has never seen: {accuracy:.2%} right.")
guesses = model.predict(test).ravel()
for number in range(4):
    truth = "yes" if same_test[number] else "no"
    print(f"\nThe same digit? It says {guesses[number]:.1%}; in truth {truth}.")
    for rows in zip(test[0][number, ..., 0], test[1][number, ..., 0]):
        print("   ".join("".join(" .:-=+*%@"[int(8 * shade)] * 2 for shade in row) for row in rows))
