"""Ops that rearrange, join, repeat, pad and look up elements."""

import builtins

import numpy as np

from .common import floatx, normalize_data_format
from .dtypes import array_dtype, dtype_name, promoted
from .indexing import range_tensor
from .shapes import dimensions, integer, packed_shape
from .tensor import Tensor, as_tensor, cast_value, constant_tensor, emit, tensor_name


def _one_type(tensors):
    tensors = [as_tensor(t) for t in tensors]
    if not tensors:
        raise ValueError("Expected one tensor or more to join. Received an empty list.")
    dtype = tensors[0].dtype
    for t in tensors[1:]:
        dtype = promoted(dtype, t.dtype)
    return [cast_value(t, dtype) for t in tensors]


def concatenate(tensors, axis=-1):
    """Joins tensors along an existing axis."""
    return emit("concat", _one_type(tensors), axis=int(axis))


def stack(x, axis=0):
    """Joins tensors of one shape along a new axis."""
    return emit("stack", _one_type(x), axis=int(axis))


def transpose(x):
    """Axes in reverse order."""
    x = as_tensor(x)
    return permute_dimensions(x, range(x.ndim)[::-1])


def permute_dimensions(x, pattern):
    """Axes in the order of `pattern`, e.g. (0, 2, 1)."""
    x = as_tensor(x)
    perm = [int(a) for a in pattern]
    return x if perm == list(range(x.ndim)) else emit("transpose", (x,), perm=perm)


def repeat_elements(x, rep, axis):
    """Each element `rep` times along `axis`, as `np.repeat`."""
    return emit("repeat", (as_tensor(x),), repeats=int(rep), axis=int(axis))


def repeat(x, n):
    """(samples, features) as (samples, n, features); `n` may be a scalar tensor."""
    x = as_tensor(x)
    if x.ndim != 2:
        raise ValueError(f"Expected a tensor of 2 dimensions. Received shape: {x.shape}")
    n = integer(n)
    expanded = emit("expand_dims", (x,), axis=1)
    return tile(expanded, [1, n, 1])


def tile(x, n):
    """`x` repeated n[i] times along each axis; integers, or a tensor of them."""
    x = as_tensor(x)
    if not isinstance(n, (Tensor, list, tuple, np.ndarray)):
        n = [n]
    ints, vector = packed_shape(n)
    if ints is None:
        return emit("tile", (x, vector))
    if len(ints) < x.ndim:
        ints = [1] * (x.ndim - len(ints)) + ints
    return emit("tile", (x,), reps=ints)


def reverse(x, axes):
    """Elements in reverse order along `axes`."""
    axes = [axes] if isinstance(axes, (int, np.integer)) else axes
    return emit("reverse", (as_tensor(x),), axes=[int(a) for a in axes])


def slice(x, start, size):
    """The block of `size` elements per axis from `start` on; a size of -1 is the rest.

    Raises:
        ValueError: where `start` and `size` differ in length from the rank of `x`.
    """
    x = as_tensor(x)
    starts, sizes = _entries(start, x), _entries(size, x)
    begin, end = [0] * x.ndim, [np.iinfo(np.int64).max] * x.ndim
    for axis, (b, n) in enumerate(zip(starts, sizes, strict=True)):
        if not isinstance(b, Tensor) and not isinstance(n, Tensor):
            begin[axis] = b
            if n != -1:
                end[axis] = b + n
    y = emit("slice", (x,), begin=begin, end=end, strides=[1] * x.ndim)
    for axis, (b, n) in enumerate(zip(starts, sizes, strict=True)):
        if isinstance(b, Tensor) or isinstance(n, Tensor):
            rest = not isinstance(n, Tensor) and n == -1
            count = dimensions(x)[axis] - b if rest else n
            y = emit("gather", (y, range_tensor(b, count)), axis=axis)
    return y


def _entries(values, x):
    if isinstance(values, Tensor):
        entries = [integer(values[i]) for i in builtins.range(values.shape[0])]
    else:
        values = [values] if isinstance(values, (int, np.integer)) else values
        entries = [integer(v) for v in values]
    if len(entries) != x.ndim:
        raise ValueError(
            f"Expected one start and one size per axis of shape {x.shape}. Received: {entries}"
        )
    return entries


def gather(reference, indices):
    """Rows of `reference` at `indices`: shape indices.shape + reference.shape[1:]."""
    indices = as_tensor(indices)
    if indices.dtype not in ("int32", "int64", "uint8"):
        indices = cast_value(indices, "int32")
    return emit("gather", (as_tensor(reference), indices), axis=0)


def one_hot(indices, num_classes):
    """Integers of shape s as float vectors of shape s + (num_classes,)."""
    indices = as_tensor(indices)
    if indices.dtype not in ("int32", "int64", "uint8"):
        indices = cast_value(indices, "int32")
    num_classes = integer(num_classes)
    if isinstance(num_classes, Tensor):  # of a shape that is known when the graph runs
        classes = arange(num_classes, dtype=indices.dtype)
        equal = emit("equal", (emit("expand_dims", (indices,), axis=-1), classes))
        return cast_value(equal, floatx())
    return emit("one_hot", (indices,), depth=num_classes, dtype=floatx())


def arange(start, stop=None, step=1, dtype="int32"):
    """start, start + step, … before `stop`; one argument counts from 0. Bounds may be tensors."""
    if stop is None:
        start, stop = 0, start
    if not isinstance(step, Tensor) and step == 0:
        raise ValueError("Expected a step other than zero. Received: 0")
    if any(isinstance(v, Tensor) for v in (start, stop)):
        start, stop = integer(start), integer(stop)
    if isinstance(start, Tensor) or isinstance(stop, Tensor):
        return cast_value(_dynamic_range(start, stop, integer(step)), dtype_name(dtype))
    return constant_tensor(np.arange(start, stop, step).astype(dtype_name(dtype)))


def _dynamic_range(start, stop, step):
    way, size = (stop - start, step) if step > 0 else (start - stop, -step)
    count = (way + (size - 1)) // size
    zero = as_tensor(np.int64(0))
    return range_tensor(zero, emit("maximum", (count, zero))) * step + start


def _pad(x, pairs, name=None):
    return emit(
        "pad",
        (as_tensor(x),),
        name,
        paddings=[int(p) for pair in pairs for p in pair],
        mode="constant",
        value=0.0,
    )


def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after the time steps of (batch, time, features)."""
    padding = (padding, padding) if isinstance(padding, int) else tuple(padding)
    if len(padding) != 2:
        raise ValueError(f"Expected two paddings (left, right). Received: {padding}")
    return _pad(x, [(0, 0), padding, (0, 0)])


def _spatial_padding(x, padding, data_format, rank):
    if len(padding) != rank or any(len(p) != 2 for p in padding):
        raise ValueError(f"Expected {rank} pairs of paddings. Received: {padding}")
    if normalize_data_format(data_format) == "channels_first":
        return _pad(x, [(0, 0), (0, 0), *padding])
    return _pad(x, [(0, 0), *padding, (0, 0)])


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around the rows and columns of a batch of images."""
    return _spatial_padding(x, padding, data_format, 2)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Zeros around the three spatial axes of a batch of volumes."""
    return _spatial_padding(x, padding, data_format, 3)


def asymmetric_temporal_padding(x, left_pad=1, right_pad=1):
    """Keras 1 spelling of `temporal_padding`."""
    return temporal_padding(x, (left_pad, right_pad))


def asymmetric_spatial_2d_padding(
    x, top_pad=1, bottom_pad=1, left_pad=1, right_pad=1, dim_ordering="default"
):
    """Keras 1 spelling of `spatial_2d_padding`."""
    data_format = {"tf": "channels_last", "th": "channels_first"}.get(dim_ordering)
    return spatial_2d_padding(x, ((top_pad, bottom_pad), (left_pad, right_pad)), data_format)


def resize_images(
    x, height_factor, width_factor, data_format, interpolation="nearest", half_pixel=False
):
    """Images enlarged by whole factors, 'nearest' or 'bilinear' (corners not aligned).

    Args:
        half_pixel: whether the bilinear one puts samples at the centres of pixels, as later
            generations of Keras do.

    Raises:
        ValueError: for another interpolation or data format.
    """
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(
            f"Expected interpolation 'nearest' or 'bilinear'. Received: {interpolation!r}"
        )
    first = normalize_data_format(data_format) == "channels_first"
    x = as_tensor(x)
    if interpolation == "nearest":
        rows, columns = (2, 3) if first else (1, 2)
        x = repeat_elements(x, height_factor, rows)
        return repeat_elements(x, width_factor, columns)
    if first:
        x = permute_dimensions(x, (0, 2, 3, 1))
    factors = [int(height_factor), int(width_factor)]
    x = emit("resize_bilinear", (x,), factors=factors, half_pixel=bool(half_pixel))
    return permute_dimensions(x, (0, 3, 1, 2)) if first else x


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Volumes enlarged by whole factors, each element repeated."""
    first = 2 if normalize_data_format(data_format) == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), first):
        x = repeat_elements(x, factor, axis)
    return x


def zeros_like(x, dtype=None, name=None):
    """Zeros of the shape of `x`, of its type unless `dtype` is given."""
    return _filled_like("zeros_like", x, dtype, name)


def ones_like(x, dtype=None, name=None):
    """Ones of the shape of `x`, of its type unless `dtype` is given."""
    return _filled_like("ones_like", x, dtype, name)


def _filled_like(op, x, dtype, name):
    x = as_tensor(x)
    if dtype is not None:
        x = cast_value(x, dtype_name(dtype))
    return emit(op, (x,), name)


def full(extents, value, dtype=None, name=None):
    """A tensor of one value; extents may be integers or tensors."""
    ints, vector = packed_shape(extents)
    dtype = dtype_name(dtype)
    if ints is None:
        return emit("full", (vector,), name, value=float(value), dtype=dtype)
    result = cast_value(constant_tensor(np.full(ints, value, array_dtype(dtype))), dtype)
    result._name = tensor_name(name)
    return result
