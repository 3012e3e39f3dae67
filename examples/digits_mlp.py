"""Train a classifier on real handwritten digits, look at it, keep it, use it.

1797 images of 8 x 8 pixels (UCI, bundled with the package): 1437 to learn from, 360 held out.
"""

import time

import numpy as np
from keras_native.datasets import digits
from keras_native.layers import Dense, Dropout
from keras_native.models import Sequential, load_model
from keras_native.utils import to_categorical

np.random.seed(7)

(x_train, y_train), (x_test, y_test) = digits.load_data()
x_train = x_train.reshape(len(x_train), 64).astype("float32") / 16
x_test = x_test.reshape(len(x_test), 64).astype("float32") / 16

model = Sequential()
model.add(Dense(128, activation="relu", input_dim=64))
model.add(Dropout(0.25))
model.add(Dense(128, activation="relu"))
model.add(Dropout(0.25))
model.add(Dense(10, activation="softmax"))
model.summary()
model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])

start = time.perf_counter()
history = model.fit(
    x_train,
    to_categorical(y_train, 10),
    epochs=60,
    batch_size=32,
    validation_data=(x_test, to_categorical(y_test, 10)),
)
seconds = time.perf_counter() - start

loss, accuracy = model.evaluate(x_test, to_categorical(y_test, 10), verbose=0)
print(f"\nTrained for {seconds:.2f} s.")
print(f"On {len(x_test)} digits it has never seen: {accuracy:.1%} right.")

model.save("digits_mlp.h5")
restored = load_model("digits_mlp.h5")
guesses = restored.predict(x_test).argmax(axis=1)
print("Saved to digits_mlp.h5, loaded back, and asked about the first ten test images:")
print("  it says", *guesses[:10])
print("  they are", *y_test[:10])

try:
    import matplotlib
except ImportError:
    print("(pip install matplotlib to get a picture of the training curves)")
else:
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
    for axes, name in ((left, "loss"), (right, "accuracy")):
        axes.plot(history.history[name], label="training")
        axes.plot(history.history["val_" + name], label="held out")
        axes.set(xlabel="epoch", ylabel=name)
        axes.legend()
    figure.tight_layout()
    figure.savefig("digits_mlp.png", dpi=120)
    print("The training curves are in digits_mlp.png.")
