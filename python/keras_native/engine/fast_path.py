"""Calls for arrays like those seen before: what was checked once is not checked again."""

from __future__ import annotations

import numpy as np


class FastPredict:
    """A prediction for arrays like the one seen last: nothing to check or convert."""

    __slots__ = ("_dtype", "_run", "_single", "_tail")

    def __init__(self, function, x):
        self._run = function.executable.run
        self._single = len(function.outputs) == 1
        self._dtype, self._tail = x.dtype, x.shape[1:]

    def fits(self, x):
        """Whether `x` is such an array."""
        return (
            type(x) is np.ndarray
            and x.dtype == self._dtype
            and x.shape[1:] == self._tail
            and len(x) > 0
        )

    def run(self, x):
        """The outputs for `x`."""
        outputs = self._run((x,))
        return outputs[0] if self._single else outputs


class FastBatch:
    """As `FastPredict`, for a training or test step of a model with one input and one target."""

    __slots__ = ("_run", "_x", "_y")

    def __init__(self, function, x, y):
        self._run = function.executable.run
        self._x, self._y = (x.dtype, x.shape[1:]), (y.dtype, y.shape[1:])

    def fits(self, x, y):
        """Whether the arrays are of the kind seen before."""
        return (
            type(x) is np.ndarray
            and type(y) is np.ndarray
            and (x.dtype, x.shape[1:]) == self._x
            and (y.dtype, y.shape[1:]) == self._y
            and len(x) == len(y) > 0
        )

    def run(self, x, y):
        """Loss and metrics of the step."""
        return self._run((x, y))
