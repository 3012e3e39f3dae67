"""Calls for arrays like those seen before: what was checked once is not checked again."""

from __future__ import annotations

import numpy as np


class _Kind:
    """Arrays of one dtype and shape (but for the number of rows), and what the core takes."""

    __slots__ = ("_dtype", "_tail", "_wanted")

    def __init__(self, array, tensor):
        self._dtype, self._tail = array.dtype, array.shape[1:]
        self._wanted = None if array.dtype == tensor.dtype else np.dtype(tensor.dtype)

    def fits(self, x):
        """Whether `x` is such an array."""
        return (
            type(x) is np.ndarray
            and x.dtype == self._dtype
            and x.shape[1:] == self._tail
            and len(x) > 0
        )

    def fed(self, x):
        """`x` in the dtype of the tensor it is for."""
        return x if self._wanted is None else x.astype(self._wanted)


def is_ready(x, tensor):
    """Whether `x` goes to `tensor` with no more than a conversion of numbers."""
    any_rows = tensor.shape[:1] == (None,)
    return (
        type(x) is np.ndarray
        and any_rows
        and x.ndim == len(tensor.shape)
        and x.dtype.kind in "biuf"
    )


class FastPredict(_Kind):
    """A prediction for arrays like one that was checked."""

    __slots__ = ("_run", "_single")

    def __init__(self, function, x):
        super().__init__(x, function._fed[0])
        self._run = function.executable.run
        self._single = len(function.outputs) == 1

    def run(self, x):
        """The outputs for `x`."""
        outputs = self._run((x if self._wanted is None else self.fed(x),))
        return outputs[0] if self._single else outputs


class FastBatch:
    """As `FastPredict`, for a training or test step of a model with one input and one target."""

    __slots__ = ("_run", "_x", "_y")

    def __init__(self, function, x, y):
        self._run = function.executable.run
        self._x, self._y = _Kind(x, function._fed[0]), _Kind(y, function._fed[1])

    def fits(self, x, y):
        """Whether the arrays are of the kind seen before."""
        return self._x.fits(x) and self._y.fits(y) and len(x) == len(y)

    def run(self, x, y):
        """Loss and metrics of the step."""
        return self._run((self._x.fed(x), self._y.fed(y)))
