"""Variables that read as a narrower float type while a layer of mixed precision computes."""

import contextlib
import threading

from .. import _core


class _Reading(threading.local):
    dtype: str | None = None  # what variables of layers read as; None: as they are


_reading = _Reading()


@contextlib.contextmanager
def autocast(dtype):
    """Inside, float weights of layers read as `dtype`; None: as they are stored."""
    before, _reading.dtype = _reading.dtype, dtype
    try:
        yield
    finally:
        _reading.dtype = before


def as_read(value):
    """A variable's graph value as it is read now."""
    dtype = _reading.dtype
    if dtype is None or value.dtype == dtype:
        return value
    return _core.apply("cast", [value], {"dtype": dtype})[0]
