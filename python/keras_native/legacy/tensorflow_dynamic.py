"""Operations of TensorFlow whose results have as many elements as their values say.

Positions are found between two parts of a graph (`backend.between`); what lies there is gathered
by the graph itself, so gradients pass as they do in TensorFlow.
"""

from typing import NamedTuple

import numpy as np

from .. import backend as K
from ..backend.between import between
from ..backend.dtypes import dtype_name
from ..backend.shapes import integer
from . import tensorflow_ops as ops


class TopK(NamedTuple):
    """The largest elements and where they are."""

    values: K.Tensor
    indices: K.Tensor


class Unique(NamedTuple):
    """Different values in the order they come in, and for each element which one it is."""

    y: K.Tensor
    idx: K.Tensor


def where(condition, x=None, y=None):
    """The positions (number, axes) where a condition holds, or a choice of two tensors."""
    if (x is None) != (y is None):
        raise ValueError("tensorflow.where expected both x and y, or neither.")
    if x is not None:
        return ops.choose(condition, x, y)
    condition = K.as_tensor(condition)
    return between(_positions, [condition], [((None, K.ndim(condition)), "int64")], "Where")[0]


def _positions(arrays, phase):
    return [np.argwhere(arrays[0])]


def _places(arrays, phase):
    return [np.flatnonzero(arrays[0])]


def boolean_mask(tensor, mask, axis=0):
    """The elements, rows, … of `tensor` where the mask, over its axes from `axis` on, holds."""
    tensor, mask = K.as_tensor(tensor), K.as_tensor(mask)
    axis = (axis or 0) % K.ndim(tensor)
    places = between(_places, [mask], [((None,), "int64")], "boolean_mask")[0]
    if K.ndim(mask) > 1:
        extents = [K.shape(tensor)[i] if n is None else n for i, n in enumerate(tensor.shape)]
        joined = [*extents[:axis], -1, *extents[axis + K.ndim(mask) :]]
        tensor = K.reshape(tensor, joined)
    return ops.gather(tensor, places, axis)


def unique(x, out_idx="int32"):
    """The different values of a vector and, for each element, which one it is."""
    x = K.as_tensor(x)
    first, index = between(_unique, [x], [((None,), "int64"), (x.shape, out_idx)], "Unique")
    return Unique(ops.gather(x, first), index)


def _unique(arrays, phase):
    _, first, inverse = np.unique(arrays[0], return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return [first[order], rank[inverse.reshape(-1)]]


def top_k(input, k=1, sorted=True):
    """The `k` largest elements along the last axis; `k` may be a tensor for a vector or rows."""
    input = K.as_tensor(input)
    k = integer(k)
    if isinstance(k, int):
        return TopK(*K.top_k(input, k))
    last = [*input.shape[:-1], None]
    indices = between(_largest, [input, k], [(last, "int32")], "TopKV2")[0]
    if K.ndim(input) == 1:
        return TopK(K.gather(input, indices), indices)
    # (…, n) as one vector: row r begins at r * n.
    rows = K.reshape(indices, [-1, K.shape(indices)[-1]])
    starts = K.expand_dims(K.arange(K.shape(rows)[0]), -1) * K.shape(input)[-1]
    values = K.gather(K.flatten(input), rows + starts)
    return TopK(K.reshape(values, K.shape(indices)), indices)


def _largest(arrays, phase):
    x, k = arrays
    return [np.argsort(-x.astype("float64"), axis=-1, kind="stable")[..., : int(k)]]


def random_shuffle(value, seed=None):
    """Rows in a random order, anew at every run."""
    value = K.as_tensor(value)
    draw = np.random if seed is None else np.random.RandomState(seed)

    def shuffle(arrays, phase):
        return [draw.permutation(int(arrays[0]))]

    order = between(shuffle, [K.shape(value)[0]], [(value.shape[:1], "int64")])[0]
    return K.gather(value, order)


def non_max_suppression(
    boxes, scores, max_output_size, iou_threshold=0.5, score_threshold=float("-inf")
):
    """Numbers of boxes (y1, x1, y2, x2), best first, that overlap no better one by more than the
    threshold."""
    inputs = [ops.as_tensor(x) for x in (boxes, scores, max_output_size, iou_threshold,
                                         score_threshold)]  # fmt: skip
    return between(_suppressed, inputs, [((None,), "int32")], "NonMaxSuppression")[0]


def _suppressed(arrays, phase):
    boxes, scores, most, overlap, least = arrays
    low, high = np.minimum(boxes[:, :2], boxes[:, 2:]), np.maximum(boxes[:, :2], boxes[:, 2:])
    areas = np.prod(high - low, axis=1)
    waiting = np.argsort(-scores, kind="stable")
    waiting = waiting[scores[waiting] > least]
    chosen = []
    while len(waiting) and len(chosen) < most:
        best, rest = waiting[0], waiting[1:]
        chosen.append(best)
        shared = np.minimum(high[best], high[rest]) - np.maximum(low[best], low[rest])
        shared = np.prod(np.maximum(shared, 0), axis=1)
        union = areas[best] + areas[rest] - shared
        # Boxes without area overlap nothing.
        none = (areas[best] <= 0) | (areas[rest] <= 0)
        ratio = np.where(none, 0, shared / np.where(none, 1, union))
        waiting = rest[ratio <= overlap]
    return [chosen]


def set_intersection(a, b):
    """Rows of sorted values that are in both rows of `a` and of `b`, filled up with zeros."""
    a, b = K.as_tensor(a), K.as_tensor(b)
    shape = [*a.shape[:-1], None]
    return between(_shared, [a, b], [(shape, a.dtype)], "DenseToDenseSetOperation")[0]


def _shared(arrays, phase):
    a, b = arrays
    rows = [np.intersect1d(x, y) for x, y in
            zip(a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]), strict=True)]  # fmt: skip
    longest = max((len(row) for row in rows), default=0)
    rows = [np.pad(row, (0, longest - len(row))) for row in rows]
    return [np.reshape(rows, (*a.shape[:-1], longest))]


def py_func(func, inp, Tout, stateful=True):
    """What a Python function makes of arrays, while the graph runs.

    The shapes of results are not known before: `set_shape` tells them.
    """
    several = isinstance(Tout, (list, tuple))
    types = [dtype_name(t) for t in (Tout if several else [Tout])]
    made = _PyFunc(func, types)
    results = made.tensors([K.as_tensor(x) for x in inp])
    return results if several else results[0]


class _PyFunc:
    """A Python function as a call between parts of a graph; its rank is what it gives for ones."""

    def __init__(self, function, types):
        self.function, self.types = function, types

    def run(self, arrays, phase):
        given = self.function(*arrays)
        return list(given) if isinstance(given, (list, tuple)) else [given]

    def tensors(self, inputs):
        shapes = [tuple(1 if d is None else d for d in x.shape) for x in inputs]
        try:
            tried = self.run([np.ones(s, x.dtype) for s, x in zip(shapes, inputs, strict=True)], 0)
            ranks = [np.ndim(v) for v in tried]
        except Exception as error:
            raise ValueError(
                "tensorflow.py_func asked the function for the number of axes of its results, with "
                f"arrays of ones of shapes {shapes}, and it failed: {error}"
            ) from error
        kinds = [((None,) * rank, t) for rank, t in zip(ranks, self.types, strict=True)]
        return between(self.run, inputs, kinds, getattr(self.function, "__name__", "PyFunc"))
