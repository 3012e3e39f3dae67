"""Variables that read as a narrower float type while a layer of mixed precision computes."""

import contextlib

from .. import _core


class _Reading:
    dtype: str | None = None  # what variables of layers read as; None: as they are


@contextlib.contextmanager
def autocast(dtype):
    """Inside, float weights of layers read as `dtype`; None: as they are stored."""
    before, _Reading.dtype = _Reading.dtype, dtype
    try:
        yield
    finally:
        _Reading.dtype = before


def as_read(value):
    """A variable's graph value as it is read now."""
    if _Reading.dtype is None or value.dtype == _Reading.dtype:
        return value
    return _core.apply("cast", [value], {"dtype": _Reading.dtype})[0]
