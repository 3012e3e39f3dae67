"""Training steps of dense models in mixed precision beside float32, in turn.

python benchmarks/mixed_precision.py [policy]
"""

import sys
import time

import numpy as np
from keras_native.layers import Activation, Dense
from keras_native.mixed_precision import set_global_policy
from keras_native.models import Sequential

MODELS = {
    "784-1000-10, batch 64, Adam": ([1000], 64, "adam"),
    "784-512-512-10, batch 128, Adam": ([512, 512], 128, "adam"),
    "784-4x2048-10, batch 256, SGD": ([2048] * 4, 256, "sgd"),
}
ROUNDS = 7


def build(policy, widths, optimizer):
    """A compiled classifier."""
    set_global_policy(policy)
    model = Sequential()
    for i, width in enumerate(widths):
        model.add(Dense(width, activation="relu", **({} if i else {"input_shape": (784,)})))
    model.add(Dense(10))
    model.add(Activation("softmax", dtype="float32"))
    model.compile(optimizer, "categorical_crossentropy")
    return model


def main():
    """Print one line per model: best of several rounds."""
    policy = sys.argv[1] if len(sys.argv) > 1 else "mixed_bfloat16"
    rng = np.random.default_rng(0)
    for name, (widths, batch, optimizer) in MODELS.items():
        steps = 8 if widths[0] > 1000 else 60
        x = rng.random((batch * steps, 784), dtype="float32")
        y = np.eye(10, dtype="float32")[rng.integers(0, 10, len(x))]
        models = {p: build(p, widths, optimizer) for p in ("float32", policy)}
        best = dict.fromkeys(models, float("inf"))
        for _ in range(ROUNDS):
            for p, model in models.items():
                start = time.perf_counter()
                model.fit(x, y, batch_size=batch, verbose=0)
                best[p] = min(best[p], (time.perf_counter() - start) / steps)
        wide, mixed = (1e3 * t for t in best.values())
        print(f"{name:34s} float32 {wide:8.3f} ms, {policy} {mixed:8.3f} ms: {wide / mixed:.2f}")


if __name__ == "__main__":
    main()
