"""Training steps of image models with channels last and channels first, in turn.

python benchmarks/layouts.py [--rounds 3]
"""

import argparse
import time

import numpy as np
from keras_native import backend as K
from keras_native.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    MaxPooling2D,
)
from keras_native.models import Sequential


def mnist_cnn():
    """The MNIST example's net, batch 128, Adam."""
    layers = [Conv2D(32, 3, activation="relu"), Conv2D(64, 3, activation="relu")]
    layers += [MaxPooling2D(2), Dropout(0.25), Flatten(), Dense(128, activation="relu")]
    return [*layers, Dropout(0.5)], (28, 28, 1), 128, "adam"


def vgg_like():
    """The guide's VGG-like net, batch 32, SGD."""
    layers = []
    for filters in (32, 64):
        layers += [Conv2D(filters, 3, activation="relu") for _ in range(2)]
        layers += [MaxPooling2D(2), Dropout(0.25)]
    return (
        [*layers, Flatten(), Dense(256, activation="relu"), Dropout(0.5)],
        (100, 100, 3),
        32,
        "sgd",
    )


def normalized():
    """Four convolutions with batch normalization, global average pooling, batch 32, SGD."""
    axis, layers = -1 if K.image_data_format() == "channels_last" else 1, []
    for filters in (32, 64):
        for _ in range(2):
            layers += [Conv2D(filters, 3, padding="same", use_bias=False)]
            layers += [BatchNormalization(axis=axis), Activation("relu")]
        layers += [MaxPooling2D(2), Dropout(0.25)]
    return [*layers, GlobalAveragePooling2D()], (32, 32, 3), 32, "sgd"


def steps(build, layout, count):
    """Milliseconds of `count` training steps of a fresh model, sorted."""
    K.set_image_data_format(layout)
    layers, shape, batch, optimizer = build()
    if layout == "channels_first":
        shape = (shape[-1], *shape[:-1])
    model = Sequential([*layers, Dense(10, activation="softmax")])
    model.compile(optimizer, "categorical_crossentropy")
    rng = np.random.default_rng(0)
    x = rng.random((batch, *shape), dtype="float32")
    y = np.eye(10, dtype="float32")[rng.integers(0, 10, batch)]
    model.train_on_batch(x, y)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        model.train_on_batch(x, y)
        times.append(1e3 * (time.perf_counter() - start))
    return sorted(times)


def main():
    """Print one line per model and layout."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    for build in (mnist_cnn, vgg_like, normalized):
        times = {"channels_last": [], "channels_first": []}
        for _ in range(rounds):
            for layout, taken in times.items():
                taken.extend(steps(build, layout, 12 if build is vgg_like else 50))
        for layout, taken in times.items():
            best, median = min(taken), sorted(taken)[len(taken) // 2]
            print(f"{build.__name__:11s} {layout:15s} best {best:7.2f} ms, median {median:7.2f}")


if __name__ == "__main__":
    main()
