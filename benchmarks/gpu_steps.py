"""Training steps on the GPU against PyTorch, eager and as CUDA graphs: recurrent layers there are
cuDNN's, convolutions too.

python benchmarks/gpu_steps.py [--seconds 240] [model ...]
"""

import argparse
import time

import gpu_common as common
import gpu_models
import numpy as np
from keras_native import config, layers
from keras_native.models import Model, Sequential

STEPS = 50
COLUMNS = ("model", "batch", "ours", "eager", "CUDA graph", "eager / ours", "graph / ours")


def our_seconds(build, data, batch, optimizer, steps):
    """Seconds of a step of `fit`, the data on the device."""
    x, y = data(np.random.default_rng(1), batch * steps)
    one = y[0] if isinstance(y, list) else y
    loss = "categorical_crossentropy" if one.shape[1] > 1 else "binary_crossentropy"
    with config.device("cuda:0"):
        built = build(layers)
        model = Sequential(built) if isinstance(built, list) else Model(*built)
        model.compile(optimizer.lower(), loss)
        best = float("inf")
        for _ in range(4):
            begin = time.perf_counter()
            model.fit(x, y, batch_size=batch, epochs=1, verbose=0)
            best = min(best, time.perf_counter() - begin)
    return best / steps


def all_of(arrays):
    """One array or several, as a list."""
    return arrays if isinstance(arrays, list) else [arrays]


def torch_step(torch, name, data, batch, optimizer):
    """A function that trains a batch which lies on the device."""
    x, y = data(np.random.default_rng(1), batch)
    images = not isinstance(x, list) and x.ndim == 4
    features, labels = ([torch.from_numpy(a).cuda() for a in all_of(v)] for v in (x, y))
    model = gpu_models.in_torch(torch, name)
    if images:
        features = [f.permute(0, 3, 1, 2) for f in features]  # channels last in memory
        model = model.to(memory_format=torch.channels_last)
    options = {"capturable": True} if optimizer in ("Adam", "RMSprop") else {}
    update = getattr(torch.optim, optimizer)(model.parameters(), lr=1e-3, **options)
    functional = torch.nn.functional
    binary = labels[0].shape[1] == 1
    loss_of = functional.binary_cross_entropy_with_logits if binary else functional.cross_entropy

    def step():
        update.zero_grad(set_to_none=True)
        outputs = model(*features)
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        sum(map(loss_of, outputs, labels)).backward()
        update.step()

    return step


def eager_seconds(torch, step):
    """Seconds of a step, launched one by one."""
    best = float("inf")
    for _ in range(4):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        for _ in range(STEPS):
            step()
        torch.cuda.synchronize()
        best = min(best, time.perf_counter() - begin)
    return best / STEPS


def peers(name, data, batch, optimizer):
    """Seconds of PyTorch's step, eager and recorded; None for what did not run."""
    torch = common.torch()
    if torch is None:
        return None, None
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    eager = recorded = None
    try:
        step = torch_step(torch, name, data, batch, optimizer)
        eager = eager_seconds(torch, step)
        recorded = common.theirs(step, repeats=10)
    except RuntimeError as error:
        print(f"PyTorch, {name}: {str(error).splitlines()[0]}", flush=True)
    return eager, recorded


def main():
    """Print one row for each model, while time is left."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("models", nargs="*")
    options = parser.parse_args()
    if common.missing():
        raise SystemExit(common.missing())
    models = gpu_models.TINY if common.on_stand_in() else gpu_models.MODELS
    common.heading("Training steps, float32 with TF32", COLUMNS)
    end = time.perf_counter() + options.seconds
    for name, (build, data, batch, optimizer) in models.items():
        if options.models and name not in options.models:
            continue
        if time.perf_counter() > end:
            print(f"{name}: NOT RUN, no time is left", flush=True)
            continue
        seconds = our_seconds(build, data, batch, optimizer, 2 if common.on_stand_in() else STEPS)
        eager, recorded = peers(name, data, batch, optimizer)
        ratios = [f"{t / seconds:.2f}" if t else "-" for t in (eager, recorded)]
        times = [common.microseconds(t) for t in (seconds, eager, recorded)]
        print("| " + " | ".join([name, str(batch), *times, *ratios]) + " |", flush=True)


if __name__ == "__main__":
    main()
