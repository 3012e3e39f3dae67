"""Convolution kernels of this build: GFLOP/s of the three passes, by each candidate that applies.

python benchmarks/conv.py [--seconds 0.2] [--by winograd direct bands]

Operations are counted as a plain convolution would do them, so Winograd can exceed the peak.
"""

import argparse
import time

import numpy as np
from keras_native import _core

CASES = [  # (where it comes from, batch, height, width, channels, filters, kernel, stride, pads)
    ("cnn_mnist 1", 128, 28, 28, 1, 32, (3, 3), 1, 0),
    ("cnn_mnist 2", 128, 26, 26, 32, 64, (3, 3), 1, 0),
    ("vgg 1", 32, 100, 100, 3, 32, (3, 3), 1, 0),
    ("vgg 4", 32, 46, 46, 64, 64, (3, 3), 1, 0),
    ("resnet 16", 32, 32, 32, 16, 16, (3, 3), 1, 1),
    ("resnet down", 32, 32, 32, 16, 32, (3, 3), 2, 1),
    ("resnet 64", 32, 8, 8, 64, 64, (3, 3), 1, 1),
    ("bottleneck", 32, 28, 28, 128, 128, (1, 1), 1, 0),
    ("5 x 5", 32, 28, 28, 32, 64, (5, 5), 1, 2),
    ("strided", 32, 56, 56, 64, 128, (3, 3), 2, 1),
    ("strided", 32, 28, 28, 128, 256, (3, 3), 2, 1),
    ("1 x 7", 32, 17, 17, 128, 128, (1, 7), 1, 0),
    ("late", 8, 7, 7, 512, 512, (3, 3), 1, 1),
    ("one image", 1, 14, 14, 256, 256, (3, 3), 1, 1),
    ("text", 32, 1, 400, 64, 64, (1, 3), 1, 0),
    ("decoder", 16, 64, 64, 64, 3, (3, 3), 1, 1),
    ("mask", 16, 64, 64, 16, 1, (1, 1), 1, 0),
    ("growth", 16, 32, 32, 48, 12, (3, 3), 1, 1),
]


def best_seconds(function, budget):
    """Shortest time of a call within the budget."""
    function()
    best, end = float("inf"), time.perf_counter() + budget
    while time.perf_counter() < end:
        start = time.perf_counter()
        function()
        best = min(best, time.perf_counter() - start)
    return best


def rates(case, by, budget, rng):
    """GFLOP/s of forward, dx and dw by one candidate; None where it refuses."""
    _, batch, height, width, channels, filters, kernel, stride, pad = case
    out = [(n + 2 * pad - k) // stride + 1 for n, k in zip((height, width), kernel, strict=True)]
    x = rng.random((batch, height, width, channels), dtype="float32")
    w = rng.random((*kernel, channels, filters), dtype="float32")
    dy = rng.random((batch, *out, filters), dtype="float32")
    y, dx, dw = (np.empty_like(a) for a in (dy, x, w))
    rest = (stride, ((pad, pad), (pad, pad)), by)
    passes = [
        (_core.conv2d_forward, (x, w, y)),
        (_core.conv2d_backward_input, (dy, w, dx)),
        (_core.conv2d_backward_weights, (x, dy, dw)),
    ]
    work = 2e-9 * dy.size * channels * kernel[0] * kernel[1]
    for function, arrays in passes:
        try:
            yield work / best_seconds(lambda f=function, a=arrays: f(*a, *rest), budget)
        except ValueError:
            yield None


def main():
    """Print one row per shape and candidate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument(
        "--by", nargs="+", default=["product", "winograd", "sheets", "direct", "bands"]
    )
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    print(f"{'shape':44s} {'by':10s} {'forward':>8s} {'dx':>8s} {'dw':>8s}")
    for case in CASES:
        where, batch, height, width, channels, filters, kernel, stride, _ = case
        shape = (
            f"{batch}x{height}x{width}x{channels} -> {filters}, {kernel[0]}x{kernel[1]}/{stride}"
        )
        for by in options.by:
            row = list(rates(case, by, options.seconds, rng))
            if any(row):
                cells = " ".join(f"{r:8.0f}" if r else f"{'-':>8s}" for r in row)
                print(f"{where + ' ' + shape:44s} {by:10s} {cells}")


if __name__ == "__main__":
    main()
