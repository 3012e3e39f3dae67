"""Milliseconds per training step and per single-sample prediction of a few dense models.

python benchmarks/train_step.py
"""

import time

import numpy as np
from keras_native.layers import Dense, Dropout
from keras_native.models import Sequential


def small():
    """20-64-64-10 with dropout, batch 32: bound by the cost of a step, not of arithmetic."""
    layers = [Dense(64, activation="relu", input_shape=(20,)), Dropout(0.5)]
    layers += [Dense(64, activation="relu"), Dropout(0.5), Dense(10, activation="softmax")]
    return Sequential(layers), (20,), 32, "sgd"


def mnist():
    """784-1000-10, batch 64: GEMM and Adam."""
    layers = [Dense(1000, activation="relu", input_shape=(784,)), Dense(10, activation="softmax")]
    return Sequential(layers), (784,), 64, "adam"


def wide():
    """Four Dense(2048), batch 256: large GEMM."""
    layers = [Dense(2048, activation="relu", input_shape=(784,))]
    layers += [Dense(2048, activation="relu") for _ in range(3)]
    return Sequential(layers + [Dense(10, activation="softmax")]), (784,), 256, "sgd"


def main():
    """Print one line per model."""
    rng = np.random.default_rng(0)
    for build in (small, mnist, wide):
        model, shape, batch, optimizer = build()
        steps = 10 if build is wide else 200
        x = rng.random((batch * steps, *shape), dtype="float32")
        y = np.eye(10, dtype="float32")[rng.integers(0, 10, len(x))]
        model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=batch, verbose=0)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            model.fit(x, y, batch_size=batch, verbose=0)
            times.append((time.perf_counter() - start) / steps)
        one = x[:1]
        model.predict_on_batch(one)
        start = time.perf_counter()
        for _ in range(1000):
            model.predict_on_batch(one)
        latency = (time.perf_counter() - start) / 1000
        print(
            f"{build.__name__:6s} {1e3 * sorted(times)[2]:9.4f} ms a training step of {batch},"
            f" {1e6 * latency:7.1f} us for predict_on_batch of one sample"
        )


if __name__ == "__main__":
    main()
