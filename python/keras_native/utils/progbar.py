"""The progress bar: one line rewritten on a terminal, one line per epoch in a file."""

import sys
import time

import numpy as np


def _interactive(stream):
    """Whether rewriting a line on `stream` shows one line: a terminal, IDLE or a notebook."""
    return bool(
        (hasattr(stream, "isatty") and stream.isatty())
        or "ipykernel" in sys.modules
        or stream.__class__.__module__.startswith("idlelib")
    )


class Progbar:
    """Shows how far a loop has come and the running values of named numbers.

    On a terminal the line is rewritten in place. Elsewhere (a log file, a pipe) verbose 1 writes
    only the finished bar, so that a log holds one line per epoch.

    Args:
        target: total number of steps; None if unknown.
        width: characters of the bar.
        verbose: 0 silent, 1 bar, 2 one line at the end.
        interval: least number of seconds between two drawings.
        stateful_metrics: names whose values are shown as they are; the others are averaged
            over the steps.
    """

    def __init__(self, target, width=30, verbose=1, interval=0.05, stateful_metrics=None):
        self.target = target
        self.width = width
        self.verbose = verbose
        self.interval = interval
        self.stateful_metrics = set(stateful_metrics or ())
        self._dynamic_display = _interactive(sys.stdout)
        self._values = {}  # name -> [sum of value * steps, steps]; a bare value if stateful
        self._seen_so_far = 0
        self._total_width = 0
        self._start = time.time()
        self._last_update = 0.0

    def update(self, current, values=None):
        """Go to step `current`.

        Args:
            current: index of the step reached.
            values: list of (name, value for the steps since the last call).
        """
        for name, value in values or []:
            self._record(name, value, current - self._seen_so_far)
        self._seen_so_far = current
        now = time.time()
        finished = self.target is not None and current >= self.target
        if self.verbose == 1:
            if finished or (self._dynamic_display and now - self._last_update >= self.interval):
                self._write(self._bar(current) + self._timing(current, now), finished)
                self._last_update = now
        elif self.verbose == 2 and (self.target is None or finished):
            sys.stdout.write(f" - {now - self._start:.0f}s{self._metrics()}\n")
            sys.stdout.flush()

    def add(self, n, values=None):
        """Advance by `n` steps; `values` as in `update`."""
        self.update(self._seen_so_far + n, values)

    def _record(self, name, value, steps):
        if name in self.stateful_metrics:
            self._values[name] = value
        else:
            entry = self._values.setdefault(name, [0.0, 0])
            entry[0] += value * steps
            entry[1] += steps

    def _write(self, line, finished):
        padding = " " * max(0, self._total_width - len(line))
        start = "\r" if self._dynamic_display else ""
        sys.stdout.write(start + line + padding + ("\n" if finished else ""))
        sys.stdout.flush()
        self._total_width = len(line)

    def _bar(self, current):
        if self.target is None:
            return f"{current:7d}/Unknown"
        digits = len(str(self.target))
        done = int(self.width * current / self.target) if self.target else self.width
        filled = ""
        if done > 0:
            filled = "=" * (done - 1) + (">" if current < self.target else "=")
        return f"{current:{digits}d}/{self.target} [{filled}{'.' * (self.width - done)}]"

    def _timing(self, current, now):
        elapsed = now - self._start
        per_step = elapsed / current if current else 0.0
        if self.target is not None and current < self.target:
            return f" - ETA: {_clock(per_step * (self.target - current))}{self._metrics()}"
        if per_step >= 1:
            rate = f"{per_step:.0f}s/step"
        elif per_step >= 1e-3:
            rate = f"{per_step * 1e3:.0f}ms/step"
        else:
            rate = f"{per_step * 1e6:.0f}us/step"
        return f" - {elapsed:.0f}s {rate}{self._metrics()}"

    def _metrics(self):
        shown = []
        for name, entry in self._values.items():
            value = entry[0] / max(1, entry[1]) if isinstance(entry, list) else entry
            shown.append(f" - {name}: {_number(value)}")
        return "".join(shown)


def _number(value):
    try:
        value = float(np.mean(value))
    except (TypeError, ValueError):
        return str(value)
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def _clock(seconds):
    seconds = int(seconds)
    if seconds > 3600:
        return f"{seconds // 3600}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if seconds > 60:
        return f"{seconds // 60}:{seconds % 60:02d}"
    return f"{seconds}s"
