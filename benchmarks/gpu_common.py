"""What the GPU benchmarks share: the chip, our timings, those of peers where they are installed,
rows of tables.

Every row says what was measured, ours, the peer's, the ratio, and the share of the chip's peak: of
its arithmetic or of its memory, whichever binds.
"""

import datetime
import importlib.util

# Dense peaks in FLOP/s and bytes/s, by a part of the device's name, from the vendors' data sheets.
PEAKS = {
    "H200": {"float32": 67e12, "tf32": 494e12, "half": 989e12, "memory": 4.8e12},
    "H100": {"float32": 67e12, "tf32": 494e12, "half": 989e12, "memory": 3.35e12},
    "A100": {"float32": 19.5e12, "tf32": 156e12, "half": 312e12, "memory": 1.55e12},
}
STAND_IN = "stand-in"
COLUMNS = ("what", "size", "ours", "peer", "peer / ours", "of peak", "by")


def missing():
    """Why nothing can be measured here, or None."""
    from keras_native import config

    reason = config.why_no_gpu()
    return f"no GPU to measure on: {reason}" if reason else None


def device():
    """The description of the GPU."""
    from keras_native import config

    return config.device_info("cuda:0")["description"]


def on_stand_in():
    """Whether the device is the stand-in for one: sizes are then made small, times mean nothing."""
    return STAND_IN in device()


def torch():
    """PyTorch with a GPU, or None."""
    if on_stand_in() or importlib.util.find_spec("torch") is None:
        return None
    import torch as found

    return found if found.cuda.is_available() else None


def why_no_torch():
    """Why there is no peer, as text; None where there is one."""
    if torch():
        return None
    if on_stand_in():
        return "PyTorch does not know the stand-in"
    return "PyTorch is not installed, or shows no GPU: without peers"


def peaks(name=None):
    """Those of a chip, by default of this one; none where they are not known."""
    name = device() if name is None else name
    return next((numbers for chip, numbers in PEAKS.items() if chip in name), {})


def share(seconds, flop, kind, moved, chip=None):
    """What of the chip's peak is reached: of the arithmetic named `kind` or of the memory.

    The one that binds: `flop` operations take longer at the peak than moving `moved` bytes, or less
    long.
    """
    limits = peaks(chip)
    if not seconds or not limits:
        return "-"
    arithmetic, memory = flop / limits[kind] if flop else 0.0, moved / limits["memory"]
    word = "flop" if arithmetic > memory else "memory"
    return f"{100 * max(arithmetic, memory) / seconds:.0f}% {word}"


def all_of(arrays):
    """One array or several, as a list."""
    return arrays if isinstance(arrays, list) else [arrays]


def ours(op, inputs, attrs=None, by="", repeats=20):
    """Seconds of one op on the device, and the kernel's name; None where no kernel takes it."""
    from keras_native import _cuda

    try:
        return _cuda.time_op(op, inputs, attrs or {}, by, 1 if on_stand_in() else repeats)
    except ValueError:
        return None, "none"


def theirs(function, repeats=20):
    """Seconds of one call of a PyTorch function, of `repeats` in a CUDA graph; None without it."""
    found = torch()
    return recorded(found, function, repeats) if found else None


def recorded(found, function, repeats=20):
    """Seconds of one call of a function of PyTorch, which is `found`, in a CUDA graph of many."""
    side = found.cuda.Stream()
    with found.cuda.stream(side):
        for _ in range(3):
            function()
    found.cuda.synchronize()
    graph = found.cuda.CUDAGraph()
    with found.cuda.graph(graph, stream=side):
        for _ in range(repeats):
            function()
    return timed_by_events(found, graph.replay) / repeats


def timed_by_events(found, work, stretches=3):
    """The least seconds of `work()` on the device."""
    work()
    best = float("inf")
    for _ in range(stretches):
        begin, end = (found.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        work()
        end.record()
        found.cuda.synchronize()
        best = min(best, begin.elapsed_time(end) * 1e-3)
    return best


def microseconds(seconds):
    """For tables."""
    return "-" if seconds is None else f"{1e6 * seconds:.1f} us"


def line(cells):
    """Print a row of a table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def row(what, size, seconds, peer, flop, kind, moved, by=""):
    """Print what an op took, beside a peer; `share` says what of the peak it is."""
    ratio = f"{peer / seconds:.2f}" if seconds and peer else "-"
    of_peak = share(seconds, flop, kind, moved)
    line((what, size, microseconds(seconds), microseconds(peer), ratio, of_peak, by))


def heading(title, columns=COLUMNS):
    """Print the head of a table, with date and device."""
    today = datetime.date.today().isoformat()
    print(f"\n### {title} ({today}, {device()})\n", flush=True)
    if why_no_torch():
        print(f"{why_no_torch()}.\n")
    line(columns)
    print("|" + "---|" * len(columns), flush=True)
