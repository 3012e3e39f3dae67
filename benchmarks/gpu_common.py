"""What the GPU benchmarks share: the chip, our timings, those of peers where they are installed,
rows of tables.

Beside every time stands its share of the chip's peak: of its arithmetic or of its memory, whichever
binds. Rows are printed as soon as they are measured.
"""

import argparse
import datetime
import importlib.util
import time

# Dense peaks in FLOP/s and bytes/s, by a part of the device's name, from the vendors' data sheets.
PEAKS = {
    "H200": {"float32": 67e12, "tf32": 494e12, "half": 989e12, "memory": 4.8e12},
    "H100": {"float32": 67e12, "tf32": 494e12, "half": 989e12, "memory": 3.35e12},
    "A100": {"float32": 19.5e12, "tf32": 156e12, "half": 312e12, "memory": 1.55e12},
}
STAND_IN = "stand-in"
COLUMNS = ("what", "size", "ours", "peer", "peer / ours", "bound by", "kernel")


class Budget:
    """Seconds that a script may take."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds that are left."""
        return self.end - time.monotonic()

    def is_over(self, what):
        """Whether no time is left; says then that `what` is not run."""
        if self.left() > 0:
            return False
        print(f"{what}: NOT RUN, no time is left  ", flush=True)
        return True


def arguments(description):
    """A parser that knows --seconds."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=1e9, help="begin nothing after so many")
    return parser


def need_a_gpu():
    """End the script, with the reason, where nothing can be measured."""
    from keras_native import config

    reason = config.why_no_gpu()
    if reason:
        raise SystemExit(f"no GPU to measure on: {reason}")


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


def bound(flop, kind, moved):
    """The least seconds that the chip needs, and what binds: "flop" or "memory".

    The arithmetic named `kind`, of which `flop` operations are done, or moving `moved` bytes,
    whichever takes longer at its peak. None and "-" where the peaks are not known.
    """
    name = device()
    limits = next((numbers for chip, numbers in PEAKS.items() if chip in name), None)
    if limits is None:
        return None, "-"
    arithmetic, memory = flop / limits[kind], moved / limits["memory"]
    return max(arithmetic, memory), "flop" if arithmetic > memory else "memory"


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
    side.wait_stream(found.cuda.current_stream())
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


def time_cell(seconds, least=None):
    """A time for tables, with its share of the peak where `least` says what the chip needs."""
    if seconds is None:
        return "-"
    share = f" ({100 * least / seconds:.0f}%)" if least else ""
    return f"{1e6 * seconds:.1f} us{share}"


def ratio_cell(theirs, ours):
    """How many times as long a peer takes."""
    return f"{theirs / ours:.2f}" if theirs and ours else "-"


def line(cells):
    """Print a row of a table."""
    print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def row(what, size, seconds, peer, flop, kind, moved, by=""):
    """Print what an op took, beside a peer; what binds is said by `bound`."""
    least, word = bound(flop, kind, moved)
    times = time_cell(seconds, least), time_cell(peer, least)
    line((what, size, *times, ratio_cell(peer, seconds), word, by))


def heading(title, columns=COLUMNS, peers=True):
    """Print the head of a table, with date and device; `peers`: say so if PyTorch is missing."""
    today = datetime.date.today().isoformat()
    print(f"\n### {title} ({today}, {device()})\n", flush=True)
    if peers and why_no_torch():
        print(f"{why_no_torch()}.\n")
    line(columns)
    print("|" + "---|" * len(columns), flush=True)
