"""How the CIFAR CNN trains on augmented images, against the same training on plain arrays.

    python benchmarks/augmentation.py [steps]

Best of five, ways in turn. The time of the augmentation alone is that of one thread.
"""

import sys
import time

import numpy as np
from keras_native import layers as L
from keras_native import optimizers
from keras_native.models import Sequential
from keras_native.preprocessing.image import ImageDataGenerator

BATCH = 32
KINDS = {
    "shifts, flips": ImageDataGenerator(
        width_shift_range=0.1, height_shift_range=0.1, horizontal_flip=True
    ),
    "rotations and zooms too": ImageDataGenerator(
        rotation_range=20,
        width_shift_range=0.1,
        height_shift_range=0.1,
        zoom_range=0.1,
        horizontal_flip=True,
    ),
}


def network():
    model = Sequential(
        [
            L.Conv2D(32, 3, padding="same", activation="relu", input_shape=(32, 32, 3)),
            L.Conv2D(32, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Dropout(0.25),
            L.Conv2D(64, 3, padding="same", activation="relu"),
            L.Conv2D(64, 3, activation="relu"),
            L.MaxPooling2D(),
            L.Dropout(0.25),
            L.Flatten(),
            L.Dense(512, activation="relu"),
            L.Dropout(0.5),
            L.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizers.RMSprop(lr=1e-4, decay=1e-6), "categorical_crossentropy", ["accuracy"])
    return model


def main(steps=60):
    np.random.seed(0)
    x = np.random.random_sample((BATCH * steps, 32, 32, 3)).astype("float32")
    y = np.eye(10, dtype="float32")[np.random.randint(0, 10, len(x))]
    model = network()

    def augmented(kind, workers):
        batches = KINDS[kind].flow(x, y, batch_size=BATCH)
        model.fit_generator(batches, steps, workers=workers, verbose=0)

    def alone(kind):
        batches = KINDS[kind].flow(x, y, batch_size=BATCH)
        for i in range(steps):
            batches[i]

    ways = {"training on arrays": lambda: model.fit(x, y, batch_size=BATCH, verbose=0)}
    for kind in KINDS:
        ways[f"augmentation alone: {kind}"] = lambda kind=kind: alone(kind)
        for workers in (1, 2):
            ways[f"training, {workers} worker(s): {kind}"] = lambda kind=kind, workers=workers: (
                augmented(kind, workers)
            )
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(5):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            best[name] = min(best[name], time.perf_counter() - start)
    plain = best["training on arrays"]
    for name, seconds in best.items():
        share = f"{plain / seconds:6.0%} of the speed on arrays" if "worker" in name else ""
        print(f"{name:50}{1e3 * seconds / steps:8.2f} ms a batch {share}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
