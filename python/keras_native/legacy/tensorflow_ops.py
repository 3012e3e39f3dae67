"""Operations that TensorFlow has and the backend has otherwise: with TensorFlow's arguments.

`tensorflow_tables` gives them, and the backend's own, their names. Tensors are as in the backend:
dense, with axes that may be of unknown extent; shapes may hold tensors. ValueError where something
has to be known that is not, or is asked for that is not there.
"""

import sys

import numpy as np

from .. import backend as K
from ..backend.movement import full
from ..backend.tensor import float_unary, logical, unary


def position(function):
    """`argmax` or `argmin`: along the first axis unless said otherwise."""

    def find(input, axis=0, output_type="int64"):
        return K.cast(function(input, axis), output_type)

    return find


def is_finite(x):
    """Which elements are neither NaN nor infinite."""
    return K.logical_not(logical("logical_or", unary("is_nan", x), unary("is_inf", x)))


def constant(value, dtype=None, shape=None):
    """A constant; its type is that of the values unless given, floats as the default ones."""
    if dtype is None:
        kind = np.asarray(value).dtype.kind
        dtype = {"b": "bool", "i": "int32", "u": "int32"}.get(kind)
    return K.constant(value, dtype, shape)


def as_tensor(value, dtype=None):
    """A tensor as it is, a list of tensors as one, or a constant; of type `dtype` if given."""
    if isinstance(value, (list, tuple)) and any(K.is_tensor(item) for item in value):
        value = K.as_tensor(value)
    value = value if K.is_tensor(value) else constant(value)
    return value if dtype is None else K.cast(value, dtype)


def variable(initial_value, trainable=True, dtype=None):
    """A variable with a first value."""
    made = K.variable(initial_value, dtype)
    made.trainable = trainable
    return made


def squeeze(x, axis=None):
    """Without the axes, all of extent 1 unless said which."""
    x = as_tensor(x)
    if axis is None:
        axis = [i for i, extent in enumerate(K.int_shape(x)) if extent == 1]
    rank = K.ndim(x)
    for i in sorted((a % rank for a in np.atleast_1d(axis)), reverse=True):
        x = K.squeeze(x, int(i))
    return x


def transpose(a, perm=None):
    """With axes in the order `perm`, turned around unless given."""
    a = as_tensor(a)
    return K.permute_dimensions(a, range(K.ndim(a))[::-1] if perm is None else perm)


def split(value, num_or_size_splits, axis=0):
    """A list of equal parts, or of parts of given extents."""
    value = as_tensor(value)
    if isinstance(num_or_size_splits, int):
        extent = K.int_shape(value)[axis]
        if extent is None or extent % num_or_size_splits:
            raise ValueError(
                f"tensorflow.split expected an extent of axis {axis} that is a multiple of "
                f"{num_or_size_splits}; got shape {K.int_shape(value)}."
            )
        num_or_size_splits = [extent // num_or_size_splits] * num_or_size_splits
    axis %= K.ndim(value)
    return list(K.emit_all("split", (value,), axis=axis, sizes=list(num_or_size_splits)))


def sort(values, axis=-1, direction="ASCENDING"):
    """Elements in order along an axis, whose extent is known."""
    rank = K.ndim(values)
    extent = K.int_shape(values)[axis]
    if extent is None or direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(
            f"tensorflow.sort expected an axis of known extent, and the direction 'ASCENDING' or "
            f"'DESCENDING'; got axis {axis} of shape {K.int_shape(values)}, {direction!r}."
        )
    order = [i for i in range(rank) if i != axis % rank] + [axis % rank]
    sign = 1 if direction == "DESCENDING" else -1
    ordered = sign * K.top_k(sign * K.permute_dimensions(values, order), extent)[0]
    return K.permute_dimensions(ordered, np.argsort(order).tolist())


def unstack(value, num=None, axis=0):
    """A list of what lies along an axis, without it."""
    value = as_tensor(value)
    count = num or K.int_shape(value)[axis]
    if count is None:
        raise ValueError(
            f"tensorflow.unstack expected a known extent of axis {axis}; got shape "
            f"{K.int_shape(value)}."
        )
    return [K.squeeze(part, axis % K.ndim(value)) for part in split(value, count, axis)]


def pad(tensor, paddings, mode="CONSTANT", constant_values=0):
    """With so many elements before and after each axis; modes CONSTANT, REFLECT, SYMMETRIC.

    Numbers of elements may be tensors where the elements are constant.
    """
    if not K.is_tensor(paddings) and any(K.is_tensor(n) for pair in paddings for n in pair):
        return _padded(K.as_tensor(tensor), paddings, mode, constant_values)
    if K.is_tensor(paddings):
        paddings = K.eval(paddings)
    flat = [int(extent) for pair in np.asarray(paddings).tolist() for extent in pair]
    kind, value = mode.lower(), float(constant_values)
    return K.emit("pad", (K.as_tensor(tensor),), paddings=flat, mode=kind, value=value)


def _padded(x, paddings, mode, value):
    if mode.upper() != "CONSTANT":
        raise ValueError(f"tensorflow.pad expected numbers for mode {mode!r}; got tensors.")
    for axis, pair in enumerate(paddings):
        # Below zero in the branch of a condition that does not count.
        pair = [K.maximum(n, 0) if K.is_tensor(n) else n for n in pair]
        extents = [K.shape(x)[i] if n is None else n for i, n in enumerate(x.shape)]
        parts = [
            full([*extents[:axis], n, *extents[axis + 1 :]], value, K.dtype(x))
            for n in pair
            if K.is_tensor(n) or n
        ]
        if parts:
            before = K.is_tensor(pair[0]) or bool(pair[0])
            joined = [*parts[:before], x, *parts[before:]]
            x = K.concatenate(joined, axis=axis)
    return x


def gather(params, indices, axis=0):
    """What lies at `indices` along an axis."""
    params = as_tensor(params)
    axis %= K.ndim(params)
    return K.emit("gather", (params, K.cast(K.as_tensor(indices), "int32")), axis=axis)


def gather_nd(params, indices):
    """What lies in `params` at each row of `indices`, which count along its first axes."""
    params, indices = as_tensor(params), K.cast(K.as_tensor(indices), "int32")
    extents, depth = K.shape(params), K.int_shape(indices)[-1]
    if depth is None:
        raise ValueError(
            "tensorflow.gather_nd expected indices whose last axis has a known extent. Received: "
            f"indices of shape {K.int_shape(indices)}"
        )
    at = indices[..., 0]
    for axis in range(1, depth):
        at = at * K.cast(extents[axis], "int32") + indices[..., axis]
    below = [extents[axis] for axis in range(depth, K.ndim(params))]
    return K.gather(K.reshape(params, [-1, *below]), at)


def one_hot(indices, depth, on_value=1, off_value=0, axis=-1, dtype="float32"):
    """`on_value` at each index along a new axis of extent `depth`."""
    result = K.cast(K.one_hot(indices, int(depth)), dtype) * (on_value - off_value) + off_value
    rank = K.ndim(result)
    if axis in (-1, rank - 1):
        return result
    order = list(range(rank - 1))
    return K.permute_dimensions(result, order[:axis] + [rank - 1] + order[axis:])


def choose(condition, x=None, y=None):
    """Elements of `x` where the condition holds, of `y` elsewhere; a vector chooses rows."""
    if x is None or y is None:
        raise ValueError(
            "tensorflow.where expected two tensors to choose from: the number of places where a "
            "condition holds is not known before it is computed. Use tensorflow.where(c, x, y)."
        )
    condition = K.as_tensor(condition)
    rank = max(np.ndim(x) if not K.is_tensor(x) else K.ndim(x) for x in (x, y))
    if K.ndim(condition) == 1 < rank:
        condition = K.reshape(condition, [-1] + [1] * (rank - 1))
    return K.where(condition, x, y)


def matmul(a, b, transpose_a=False, transpose_b=False):
    """Products of matrices, or of batches of matrices."""
    a, b = K.as_tensor(a), K.as_tensor(b)
    return K.emit("matmul", (a, b), transpose_a=transpose_a, transpose_b=transpose_b)


def norm(tensor, ord="euclidean", axis=None, keepdims=False):
    """Length of vectors."""
    if ord in ("euclidean", 2):
        return K.sqrt(K.sum(K.square(tensor), axis, keepdims))
    if ord == 1:
        return K.sum(K.abs(tensor), axis, keepdims)
    if ord == np.inf:
        return K.max(K.abs(tensor), axis, keepdims)
    raise ValueError(f"tensorflow.norm expected ord 'euclidean', 1, 2 or np.inf; received {ord!r}.")


def l2_normalize(x, axis=None, epsilon=1e-12):
    """Vectors divided by their length."""
    length = K.maximum(K.sum(K.square(x), axis, keepdims=True), epsilon)
    return x * float_unary("rsqrt", length)


def dropout(x, keep_prob=None, noise_shape=None, seed=None, rate=None):
    """Elements kept with probability `keep_prob`, or dropped with `rate`, at any time."""
    return K.dropout(x, 1 - keep_prob if rate is None else rate, noise_shape, seed)


def _layout(data_format):
    """(layout of images, where their height and width come)."""
    first = data_format == "NCHW"
    return ("channels_first", slice(2, 4)) if first else ("channels_last", slice(1, 3))


def pooling(pool_mode):
    """`max_pool` or `avg_pool` of images."""

    def pool(value, ksize, strides, padding, data_format="NHWC"):
        layout, at = _layout(data_format)
        size, step = tuple(ksize[at]), tuple(strides[at])
        return K.pool2d(value, size, step, padding.lower(), layout, pool_mode)

    return pool


def conv2d(input, filter, strides, padding, data_format="NHWC"):
    """Convolution of images."""
    layout, at = _layout(data_format)
    step = (strides, strides) if isinstance(strides, int) else tuple(strides[at])
    return K.conv2d(input, filter, step, padding.lower(), layout)


def gradients(ys, xs, grad_ys=None):
    """Gradients of the sum of `ys`, or of each with the weights `grad_ys`, by each of `xs`."""
    xs = list(xs) if isinstance(xs, (list, tuple)) else [xs]
    if grad_ys is None:
        return K.gradients(ys, xs)
    pairs = zip(*(v if isinstance(v, (list, tuple)) else [v] for v in (ys, grad_ys)), strict=True)
    return K.gradients([K.sum(y * K.stop_gradient(as_tensor(g))) for y, g in pairs], xs)


def fill(dims, value):
    """A tensor of a shape with one value everywhere, which may be a tensor."""
    value = as_tensor(value)
    return full(dims, 0, K.dtype(value)) + value


def print_(input_, data, message="", first_n=-1, summarize=3):
    """`input_` itself; whenever it is computed, the first elements of `data` are written to stderr.

    Args:
        first_n: how often at most; -1 for always.
        summarize: how many elements of each tensor.
    """
    input_, parts = as_tensor(input_), [as_tensor(d) for d in data]
    left = [first_n]

    def show(value):
        if left[0] == 0:
            return
        left[0] -= 1
        shown, at = [], 0
        for count, dtype in zip(value[: len(parts)].astype(int), types, strict=True):
            first = value[len(parts) + at :][: min(count, summarize)].astype(dtype)
            more = "..." if count > summarize else ""
            shown.append(f"[{' '.join(map(str, first))}{more}]")
            at += count
        print(message + "".join(shown), file=sys.stderr)

    types = [K.dtype(d) for d in parts]
    wide = "float64"
    sizes = K.stack([K.cast(K.size(d), wide) for d in parts])
    flat = [K.cast(K.flatten(d), wide) for d in parts]
    # The elements that are shown travel with those that are returned.
    joined = K.concatenate([sizes, *flat, K.cast(K.flatten(input_), wide)], axis=0)
    seen = K.observe(K.stop_gradient(joined[: K.size(joined) - K.size(input_)]), show)
    kept = K.concatenate([seen, joined[K.size(joined) - K.size(input_) :]], axis=0)
    back = kept[K.size(seen) :]
    return K.cast(K.reshape(back, K.shape(input_)), K.dtype(input_))
