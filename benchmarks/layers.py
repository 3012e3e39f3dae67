"""Training steps of single layers, beside the same in eager PyTorch.

python benchmarks/layers.py --engine native --json ours.json
python benchmarks/layers.py --engine torch --json theirs.json      # where PyTorch is installed
python benchmarks/layers.py --compare ours.json theirs.json

A step is forward, mean squared error, backward and SGD; milliseconds, the median of a second each.
PyTorch takes images with channels first and last, and the faster one counts. One engine per
process: their threads would get in each other's way.
"""

import argparse
import json
import re
import time
from pathlib import Path

import numpy as np
from layer_cases import all_cases


def median_ms(step, seconds):
    """Milliseconds of a call, in the middle of those within so many seconds."""
    step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return 1e3 * float(np.median(times))


def native_ms(case, seconds):
    """A step by keras_native: of a `fit` of enough batches for a tenth of a second."""
    from keras_native import layers, models, optimizers

    inputs = x = layers.Input(case.shape, dtype="int32" if case.vocabulary else "float32")
    for layer in case.ours(layers):
        x = layer(x)
    model = models.Model(inputs, x)
    model.compile(optimizers.SGD(0.001), "mse")
    rows = 4 * case.batch
    rng = np.random.default_rng(0)
    if case.vocabulary:
        data = rng.integers(0, case.vocabulary, (rows, *case.shape), dtype="int32")
    else:
        data = rng.random((rows, *case.shape), dtype="float32")
    targets = np.zeros((rows, *model.output_shape[1:]), "float32")

    def fit(epochs=1):
        model.fit(data, targets, batch_size=case.batch, epochs=epochs, verbose=0, shuffle=False)

    fit()
    start = time.perf_counter()
    fit()
    epochs = max(1, round(0.1 / (time.perf_counter() - start)))
    return median_ms(lambda: fit(epochs), seconds) / (4 * epochs)


def torch_ms(case, seconds):
    """A step by eager PyTorch, in the faster of its layouts."""
    import torch
    from torch import nn

    class LastStep(nn.Module):
        def forward(self, results):
            return results[0][:, -1]

    parts = case.theirs(nn)
    if isinstance(parts[-1], nn.RNNBase):
        parts.append(LastStep())
    model = nn.Sequential(*parts)
    shape = (case.shape[-1], *case.shape[:-1]) if case.images else case.shape
    layouts = {3: torch.channels_last, 4: torch.channels_last_3d}
    formats = [torch.contiguous_format]
    if case.images and len(shape) in layouts:
        formats.append(layouts[len(shape)])
    return min(_torch_ms(case, model, shape, layout, seconds) for layout in formats)


def _torch_ms(case, model, shape, layout, seconds):
    import torch

    if case.vocabulary:
        x = torch.randint(0, case.vocabulary, (case.batch, *shape))
    else:
        x = torch.rand(case.batch, *shape).to(memory_format=layout)
    model = model.to(memory_format=layout)
    with torch.no_grad():
        targets = torch.zeros_like(model(x))
    optimizer = torch.optim.SGD(model.parameters(), 0.001)
    loss = torch.nn.MSELoss()

    def step():
        optimizer.zero_grad()
        loss(model(x), targets).backward()
        optimizer.step()

    return median_ms(step, seconds)


def compare(ours, theirs):
    """Prints both, those where we are worst first."""
    a, b = (json.loads(Path(path).read_text()) for path in (ours, theirs))
    print(f"{'layer':48s} {'native':>9s} {'torch':>9s} {'ratio':>6s}")
    for name in sorted(a.keys() & b.keys(), key=lambda name: b[name] / a[name]):
        print(f"{name:48s} {a[name]:9.3f} {b[name]:9.3f} {b[name] / a[name]:6.2f}")


def main():
    """Measure one engine, or compare two results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", choices=("native", "torch"), default="native")
    parser.add_argument("--only", default="", help="a regular expression for names of layers")
    parser.add_argument("--seconds", type=float, default=1.0)
    parser.add_argument("--json", help="where to write the milliseconds")
    parser.add_argument("--compare", nargs=2, metavar=("OURS", "THEIRS"))
    options = parser.parse_args()
    if options.compare:
        compare(*options.compare)
        return
    measure = native_ms if options.engine == "native" else torch_ms
    found = {}
    for name, case in all_cases().items():
        if re.search(options.only, name):
            found[name] = measure(case, options.seconds)
            print(f"{name:48s} {found[name]:9.3f}", flush=True)
    if options.json:
        Path(options.json).write_text(json.dumps(found))


if __name__ == "__main__":
    main()
