"""Operations of TensorFlow that are put together from several of the backend's."""

import functools
import operator

import numpy as np

from .. import backend as K
from ..backend.movement import full
from . import tensorflow_ops as ops


def _extents(x):
    return [K.shape(x)[i] if n is None else n for i, n in enumerate(x.shape)]


def einsum(equation, *inputs):
    """Sums of products over named axes, of one tensor or of several one after the other.

    Raises:
        ValueError: for an axis that is named twice in one tensor.
    """
    left, arrow, result = equation.replace(" ", "").partition("->")
    names, tensors = left.split(","), [ops.as_tensor(x) for x in inputs]
    if not arrow:
        joined = "".join(names)
        result = "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    if len(names) != len(tensors) or any(len(set(n)) != len(n) for n in [*names, result]):
        raise ValueError(f"tensorflow.einsum cannot compute {equation!r} of {len(inputs)} tensors.")
    name, x = names[0], tensors[0]
    for i, (other, y) in enumerate(zip(names[1:], tensors[1:], strict=True)):
        wanted = set(result).union(*names[i + 2 :])
        name, x = _product(name, x, other, y, wanted)
    gone = [i for i, c in enumerate(name) if c not in result]
    x = K.sum(x, axis=gone) if gone else x
    name = "".join(c for c in name if c in result)
    return K.permute_dimensions(x, [name.index(c) for c in result])


def _product(a, x, b, y, wanted):
    """(axes, product) of two tensors over the axes they share and nobody wants later."""
    for axes, tensor in ((a, x), (b, y)):
        if len(axes) != K.ndim(tensor):
            raise ValueError(f"tensorflow.einsum names {axes!r} axes of shape {tensor.shape}.")
    batch = [c for c in a if c in b and c in wanted]
    inner = [c for c in a if c in b and c not in wanted]
    rows, columns = [c for c in a if c not in b], [c for c in b if c not in a]
    extent = {**dict(zip(b, _extents(y), strict=True)), **dict(zip(a, _extents(x), strict=True))}
    x = K.permute_dimensions(x, [a.index(c) for c in batch + rows + inner])
    y = K.permute_dimensions(y, [b.index(c) for c in batch + inner + columns])
    sizes = [extent[c] for c in batch]
    x = K.reshape(x, [*sizes, _count(rows, extent), _count(inner, extent)])
    y = K.reshape(y, [*sizes, _count(inner, extent), _count(columns, extent)])
    names = batch + rows + columns
    return "".join(names), K.reshape(ops.matmul(x, y), [extent[c] for c in names])


def _count(names, extent):
    total = 1
    for name in names:
        total = total * extent[name]
    return total


def tensordot(a, b, axes):
    """Products summed over pairs of axes, or over so many at the end and the beginning."""
    a, b = ops.as_tensor(a), ops.as_tensor(b)
    if isinstance(axes, int):
        axes = range(K.ndim(a) - axes, K.ndim(a)), range(axes)
    first, second = (np.atleast_1d(list(x) if isinstance(x, range) else x).tolist() for x in axes)
    left = [chr(97 + i) for i in range(K.ndim(a))]
    right = [chr(65 + i) for i in range(K.ndim(b))]
    for i, j in zip(first, second, strict=True):
        right[j % K.ndim(b)] = left[i % K.ndim(a)]
    result = [c for c in left if c not in right] + [c for c in right if c not in left]
    return einsum(f"{''.join(left)},{''.join(right)}->{''.join(result)}", a, b)


def reverse_sequence(input, seq_lengths, seq_axis=None, batch_axis=0, seq_dim=None, batch_dim=None):
    """The first so many steps of each sample in reverse order."""
    time = seq_axis if seq_axis is not None else seq_dim
    batch = batch_dim or batch_axis
    x = ops.as_tensor(input)
    order = [batch, time] + [i for i in range(K.ndim(x)) if i not in (batch, time)]
    x = K.permute_dimensions(x, order)
    extents = _extents(x)
    steps = K.arange(extents[1])
    lengths = K.expand_dims(K.cast(ops.as_tensor(seq_lengths), "int32"), 1)
    taken = K.where(K.less(steps, lengths), lengths - 1 - steps, steps + lengths * 0)
    rows = K.expand_dims(K.arange(extents[0]), 1) * extents[1] + taken
    x = K.gather(K.reshape(x, [-1, *extents[2:]]), rows)
    return K.permute_dimensions(x, np.argsort(order).tolist())


def sequence_mask(lengths, maxlen=None, dtype="bool"):
    """Which steps come before the end of each sequence."""
    lengths = ops.as_tensor(lengths)
    steps = K.arange(K.max(lengths) if maxlen is None else maxlen)
    return K.cast(K.less(steps, K.expand_dims(K.cast(lengths, "int32"), -1)), dtype)


def matrix_band_part(input, num_lower, num_upper):
    """Zeros but for so many diagonals below and above the middle; all for negative numbers."""
    x = ops.as_tensor(input)
    rows, columns = _extents(x)[-2:]
    i, j = K.expand_dims(K.arange(rows), 1), K.expand_dims(K.arange(columns), 0)
    inside = K.equal(i, i) if num_lower < 0 else K.less_equal(i - j, num_lower)
    if num_upper >= 0:
        inside = K.logical_and(inside, K.less_equal(j - i, num_upper))
    return x * K.cast(inside, K.dtype(x))


def diag(diagonal):
    """A matrix with that diagonal; of vectors each its own."""
    x = ops.as_tensor(diagonal)
    count = _extents(x)[-1]
    if not isinstance(count, int):
        raise ValueError(f"tensorflow.diag expected a known extent; got shape {x.shape}.")
    return K.expand_dims(x, -1) * K.constant(np.eye(count), K.dtype(x))


def diag_part(input):
    """The diagonals of matrices."""
    x = ops.as_tensor(input)
    return K.sum(matrix_band_part(x, 0, 0), axis=-1)


def clip_by_norm(t, clip_norm, axes=None):
    """Scaled down where the norm is larger."""
    norm = K.sqrt(K.sum(K.square(t), axis=axes, keepdims=True))
    return t * clip_norm / K.maximum(norm, clip_norm)


def global_norm(t_list):
    """The norm of all tensors together; None among them counts as nothing."""
    return K.sqrt(sum(K.sum(K.square(t)) for t in t_list if t is not None))


def clip_by_global_norm(t_list, clip_norm, use_norm=None):
    """(tensors scaled down together where their norm is larger, the norm)."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    scale = clip_norm / K.maximum(norm, clip_norm)
    return [None if t is None else t * scale for t in t_list], norm


def scatter_nd(indices, updates, shape):
    """Zeros of a shape, to which updates are added at their places."""
    indices, updates = K.cast(ops.as_tensor(indices), "int32"), ops.as_tensor(updates)
    depth = indices.shape[-1]
    extents = [shape[i] for i in range(shape.shape[0])] if K.is_tensor(shape) else list(shape)
    at = indices[..., 0]
    for axis in range(1, depth):
        at = at * extents[axis] + indices[..., axis]
    rows, rest = functools.reduce(operator.mul, extents[:depth]), extents[depth:]
    zeros = full([rows, *rest], 0, K.dtype(updates))
    added = K.emit("scatter_add", (zeros, K.flatten(at), K.reshape(updates, [-1, *rest])))
    return K.reshape(added, extents)


def segment_sum(data, segment_ids, num_segments):
    """Sums of the rows with one number, for numbers below `num_segments`."""
    data, ids = ops.as_tensor(data), K.cast(ops.as_tensor(segment_ids), "int32")
    zeros = full([num_segments, *_extents(data)[1:]], 0, K.dtype(data))
    return K.emit("scatter_add", (zeros, ids, data))


def depth_to_space(input, block_size):
    """(n, h, w, b·b·c) as (n, h·b, w·b, c)."""
    n, h, w, c = _extents(ops.as_tensor(input))
    b, c = block_size, c // block_size**2
    x = K.permute_dimensions(K.reshape(input, [n, h, w, b, b, c]), (0, 1, 3, 2, 4, 5))
    return K.reshape(x, [n, h * b, w * b, c])


def space_to_depth(input, block_size):
    """(n, h·b, w·b, c) as (n, h, w, b·b·c)."""
    n, h, w, c = _extents(ops.as_tensor(input))
    b = block_size
    x = K.reshape(input, [n, h // b, b, w // b, b, c])
    return K.reshape(K.permute_dimensions(x, (0, 1, 3, 2, 4, 5)), [n, h // b, w // b, b * b * c])


def batch_gather(params, indices):
    """What lies at the indices of its own row, along the last axis of the indices."""
    params, indices = ops.as_tensor(params), K.cast(ops.as_tensor(indices), "int32")
    axis = K.ndim(indices) - 1
    lead, rest = _extents(params)[:axis], _extents(params)[axis:]
    rows = K.reshape(indices, [-1, _extents(indices)[-1]])
    starts = K.expand_dims(K.arange(K.shape(rows)[0]), 1) * rest[0]
    found = K.gather(K.reshape(params, [-1, *rest[1:]]), rows + starts)
    return K.reshape(found, [*lead, _extents(indices)[-1], *rest[1:]])


def meshgrid(*args, indexing="xy"):
    """Grids of the values of vectors, along the rows for the second of them with 'xy'."""
    axes = [ops.as_tensor(x) for x in args]
    order = [1, 0, *range(2, len(axes))] if indexing == "xy" and len(axes) > 1 else None
    shape = [K.shape(x)[0] if x.shape[0] is None else x.shape[0] for x in axes]
    places = order or list(range(len(axes)))
    made = []
    for x, place in zip(axes, places, strict=True):
        line = K.reshape(x, [-1 if i == place else 1 for i in range(len(axes))])
        repeats = [1 if i == place else shape[places[i]] for i in range(len(axes))]
        made.append(K.tile(line, repeats))
    return made


def linspace(start, stop, num):
    """`num` numbers at equal distances."""
    return start + K.cast(K.arange(num), "float32") * ((stop - start) / (num - 1))
