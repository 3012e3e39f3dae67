"""Steps of the workloads of `gpu_models.py` by one peer, as lines of JSON.

python benchmarks/gpu_peers.py eager|graph|compile|JAX [--device cpu] [--steps 50]
    [--workloads mlp_small ...]

Needs nothing of keras_native. Without workloads it reads their names from its input, a line each,
and answers each with a line. What fails has an error instead of seconds, and the next is tried.
"""

import argparse
import json
import math
import os
import sys
import time

import gpu_models

PEERS = ("eager", "graph", "compile", "JAX")


def say(**entry):
    """One line of the result."""
    print(json.dumps(entry), flush=True)


def seconds_of(step, wait, steps):
    """Seconds of a step, the best of four stretches after one that warms up."""
    best = float("inf")
    for i in range(5):
        begin = time.perf_counter()
        for _ in range(steps):
            step()
        result = wait()
        if i:
            best = min(best, time.perf_counter() - begin)
    if not math.isfinite(result):
        raise RuntimeError("the result is not finite")
    return best / steps


def measured(peer, workload, device, steps):
    """Seconds of one workload."""
    if peer == "JAX":
        import gpu_jax

        return seconds_of(*gpu_jax.stepper(workload, device), steps)
    import gpu_torch

    if peer == "graph":
        if workload.kind != "train":
            raise ValueError("only training steps are recorded")
        return gpu_torch.graph_seconds(workload)
    return seconds_of(*gpu_torch.stepper(workload, device, peer == "compile"), steps)


def why_not(peer, device):
    """Why the peer cannot use the device, or None."""
    try:
        if peer == "JAX":
            import jax

            jax.devices("gpu" if device == "cuda" else device)
            return None
        import torch
    except (ImportError, RuntimeError) as error:
        return str(error).splitlines()[0]
    if device == "cuda" and not torch.cuda.is_available():
        return "PyTorch shows no GPU"
    return "CUDA graphs need a GPU" if peer == "graph" and device != "cuda" else None


def main():
    """Say that the peer is there, or why not, then measure one workload after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--batch", type=int, help="instead of the workload's own")
    parser.add_argument("--workloads", nargs="*")
    options = parser.parse_args()
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")  # of one GPU for all
    if why := why_not(options.peer, options.device):
        say(absent=why)
        return
    say(ready=options.peer)
    for name in options.workloads or map(str.strip, sys.stdin):
        try:
            workload = gpu_models.find(name, options.batch)
            seconds = measured(options.peer, workload, options.device, options.steps)
            say(workload=name, seconds=seconds)
        except Exception as error:  # a peer's own errors are of any kind
            say(workload=name, error=f"{type(error).__name__}: {str(error).splitlines()[:1]}")


if __name__ == "__main__":
    main()
