"""How batches reach a compiled function.

Arrays in memory go to the core whole, and a stretch of batches is one native call. What can only be
sliced (files on disk, arrays too large to convert at once) is fed batch by batch.
"""

from __future__ import annotations

import math
import time

import numpy as np

from .. import backend as K
from ..backend.sparse import dense, is_sparse_matrix

# Bytes: larger arrays of another dtype, and larger sparse matrices, are converted batch by batch.
_CONVERT_LIMIT = 1 << 30
_DENSE_LIMIT = 1 << 28


def fed_tensors(function):
    """The tensors that the arrays given to a function are for."""
    return function._fed


def for_core(array, dtype):
    """`array` densely laid out in `dtype`, as the core takes it; None if better cut first."""
    if (
        is_sparse_matrix(array)
        and math.prod(array.shape) * np.dtype(dtype).itemsize <= _DENSE_LIMIT
    ):
        array = array.toarray()
    if not isinstance(array, np.ndarray):
        return None
    if array.dtype == dtype and array.flags.c_contiguous:
        return array
    size = array.size * np.dtype(dtype).itemsize
    if size > array.nbytes and size > _CONVERT_LIMIT:
        return None
    return np.ascontiguousarray(array, dtype=dtype)


def converted(function, arrays):
    """The arrays as the core takes them, or as they are where they are better cut first."""
    ready = [for_core(a, x.dtype) for a, x in zip(arrays, fed_tensors(function), strict=True)]
    return [a if r is None else r for a, r in zip(arrays, ready, strict=True)]


class Feed:
    """Arrays for a function with scalar outputs (a loss and metrics), cut into batches.

    Args:
        function: `K.function` result.
        arrays: one per input, of equal lengths.
        batch_size: samples in a batch.
        keep: whether the arrays are wanted more than once, and may stay on a GPU, as they are
            now.
    """

    def __init__(self, function, arrays, batch_size, keep=False):
        self.function = function
        self.samples = int(arrays[0].shape[0])
        self.batch_size = min(batch_size, max(self.samples, 1))
        self.batches = -(-self.samples // batch_size)
        converted = [
            for_core(a, x.dtype) for a, x in zip(arrays, fed_tensors(function), strict=True)
        ]
        # Halves come from metrics of the user's alone; the core adds up wider floats.
        scalars = all(K.int_shape(y) == () and K.dtype(y) != "float16" for y in function.outputs)
        self.native = function.is_whole and scalars and all(a is not None for a in converted)
        self.arrays = converted if self.native else arrays
        self.data = function.keep_on_device(converted) if keep and self.native else None

    def size(self, k):
        """Samples in batch `k`."""
        return min(self.batch_size, self.samples - k * self.batch_size)

    def run(self, first, last, order=None):
        """Runs batches first … last - 1.

        Args:
            order: row numbers to take instead of 0, 1, ….

        Returns:
            values of the outputs at the last batch, loss summed over samples, number of samples.
        """
        if self.native:
            values, sums, samples = self.function.run_batches(
                self.arrays, self.batch_size, first, last, order, data=self.data
            )
            return values.tolist(), float(sums[0]), samples
        total, samples, values = 0.0, 0, []
        for k in range(first, last):
            rows = slice(k * self.batch_size, k * self.batch_size + self.size(k))
            index = rows if order is None else order[rows]
            values = self.function([rows_of(a, index) for a in self.arrays])
            values = [v.item() if np.ndim(v) == 0 else v for v in values]
            total += float(values[0]) * self.size(k)
            samples += self.size(k)
        return values, total, samples


def rows_of(array, index):
    """Rows of an array or of what can be sliced like one.

    Raises:
        TypeError: a file that takes only rows in order.
    """
    if isinstance(index, slice) or isinstance(array, np.ndarray) or is_sparse_matrix(array):
        return dense(array[index])
    try:
        return array[index.tolist()]
    except TypeError as error:
        raise TypeError(
            'TypeError while preparing batch. If using HDF5 input data, pass shuffle="batch".'
        ) from error


class RowFeed:
    """Arrays for a function whose outputs have a row per sample."""

    def __init__(self, function, arrays, batch_size):
        self.function = function
        self.samples = int(arrays[0].shape[0])
        self.batch_size = min(batch_size, max(self.samples, 1))
        self.batches = -(-self.samples // batch_size)
        converted = [
            for_core(a, x.dtype) for a, x in zip(arrays, fed_tensors(function), strict=True)
        ]
        self.native = function.is_whole and all(a is not None for a in converted)
        self.arrays = converted if self.native else arrays
        self.outputs = None

    def size(self, k):
        """Samples in batch `k`."""
        return min(self.batch_size, self.samples - k * self.batch_size)

    def run(self, first, last):
        """Computes the rows of batches first … last - 1 into `outputs`."""
        if self.native:
            self.outputs = self.function.run_rows(
                self.arrays, self.batch_size, first, last, self.outputs
            )
            return
        for k in range(first, last):
            start = k * self.batch_size
            rows = slice(start, start + self.size(k))
            found = self.function([rows_of(a, rows) for a in self.arrays])
            if self.outputs is None:
                self.outputs = [np.zeros((self.samples,) + y.shape[1:], y.dtype) for y in found]
            for out, y in zip(self.outputs, found, strict=True):
                out[rows] = y


class Pace:
    """How many batches to run until someone wants to see something again.

    Args:
        interval: seconds between two looks; None for never.
    """

    def __init__(self, interval):
        self.interval = interval
        self.per_batch = None
        self.started = 0.0

    def take(self, left):
        """Number of batches for the next stretch, at most `left`."""
        self.started = time.perf_counter()
        if self.interval is None:
            return left
        if self.per_batch is None:
            return 1
        return max(1, min(left, int(self.interval / self.per_batch)))

    def done(self, batches):
        """Tells that a stretch is over."""
        self.per_batch = max((time.perf_counter() - self.started) / batches, 1e-7)
