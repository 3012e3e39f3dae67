"""What goes on around a layer while it is called: collecting, and the tracking of attributes."""

from __future__ import annotations

import contextlib
import functools
import threading

from .node import Recorded


class _Tracking(threading.local):
    on = True


tracking = _Tracking()


def disable_tracking(func):
    """Decorator: what `func` sets as attributes of a layer does not become part of it."""

    @functools.wraps(func)
    def wrapped(*args, **kwargs):
        before, tracking.on = tracking.on, False
        try:
            return func(*args, **kwargs)
        finally:
            tracking.on = before

    return wrapped


class _Frames(threading.local):
    """The calls of layers in progress on this thread, innermost last (None while building)."""

    def __init__(self):
        self.stack: list = []


frames = _Frames()


class CallFrame:
    """Losses, updates and metric values that come up while a layer's `call` runs."""

    __slots__ = ("losses", "metric_values", "updates")

    def __init__(self):
        self.losses: list[Recorded] = []
        self.updates: list[Recorded] = []
        self.metric_values: list = []

    def close(self, layer):
        """Adds `layer` to the owners and hands everything on to the call around this one."""
        for entry in self.losses + self.updates:
            if entry.owners[-1] is not layer:
                entry.owners += (layer,)
        outer = frames.stack[-1] if frames.stack else None
        if outer is not None:
            outer.losses += [Recorded(e.value, e.owners) for e in self.losses]
            outer.updates += [Recorded(e.value, e.owners) for e in self.updates]
            outer.metric_values += self.metric_values


@contextlib.contextmanager
def call_frame(layer, building=False):
    """Collects what is added while `layer` is called (or built: that is unconditional)."""
    frame = None if building else CallFrame()
    frames.stack.append(frame)
    try:
        yield frame
    finally:
        frames.stack.pop()
    if frame is not None and (frame.losses or frame.updates or frame.metric_values):
        frame.close(layer)


@contextlib.contextmanager
def trial():
    """What is added or set inside is recorded nowhere: for runs that only look at shapes."""
    frames.stack.append(CallFrame())
    before, tracking.on = tracking.on, False
    try:
        yield
    finally:
        frames.stack.pop()
        tracking.on = before
