"""GEMM of this build against NumPy's BLAS at the shapes of Keras models: GFLOP/s, best of many.

python benchmarks/gemm.py [--seconds 0.3]
"""

import argparse
import time

import numpy as np
from keras_native import _core

SHAPES = [  # (where it comes from, rows, inner, columns)
    ("mlp_small", 32, 64, 64),
    ("mlp_mnist", 64, 784, 1000),
    ("mlp_mnist output", 64, 1000, 10),
    ("mlp_wide", 256, 2048, 2048),
    ("lstm step", 32, 128, 512),
    ("lstm inputs", 2560, 128, 512),
    ("cnn_mnist dense", 128, 9216, 128),
    ("vgg dense", 32, 30976, 256),
    ("im2col cnn_mnist", 73728, 288, 64),
    ("square", 2048, 2048, 2048),
    ("one unit", 128, 1024, 1),
    ("three units", 10000, 64, 3),
    ("one sample", 1, 4096, 4096),
]


def best_seconds(function, budget):
    """Shortest time of a call within the budget."""
    function()
    best, end = float("inf"), time.perf_counter() + budget
    while time.perf_counter() < end:
        start = time.perf_counter()
        for _ in range(10):
            function()
        best = min(best, (time.perf_counter() - start) / 10)
    return best


def main():
    """Print one row per shape and pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.3)
    budget = parser.parse_args().seconds
    rng = np.random.default_rng(0)
    print(f"{'shape':34s} {'pass':8s} {'native':>8s} {'numpy':>8s} {'ratio':>6s}")
    for where, m, k, n in SHAPES:
        x, w, dy = (rng.random(s, dtype="float32") for s in ((m, k), (k, n), (m, n)))
        passes = {
            "forward": (x, w, (m, n), False, False),
            "dx": (dy, w, (m, k), False, True),
            "dw": (x, dy, (k, n), True, False),
        }
        for name, (a, b, shape, ta, tb) in passes.items():
            out = np.empty(shape, dtype="float32")
            ours = best_seconds(lambda a=a, b=b, o=out, t=(ta, tb): _core.gemm(a, b, o, *t), budget)
            left, right = (a.T if ta else a), (b.T if tb else b)
            theirs = best_seconds(lambda p=left, q=right, o=out: np.matmul(p, q, out=o), budget)
            rate = 2e-9 * m * k * n
            print(
                f"{where + f' {m}x{k}x{n}':34s} {name:8s} {rate / ours:8.1f} {rate / theirs:8.1f}"
                f" {theirs / ours:6.2f}"
            )


if __name__ == "__main__":
    main()
