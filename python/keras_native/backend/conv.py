"""Convolution and pooling. The native ops work on channels last; kernels are (window…, in, out)."""

import numpy as np

from .common import normalize_data_format
from .linalg import matmul
from .movement import full, permute_dimensions
from .shapes import dimensions, integer, reshape, reshape_to
from .tensor import Tensor, as_tensor, constant_tensor, emit

_PADDINGS = ("valid", "same", "causal")


def _tuple(value, rank, name):
    """`value` as `rank` positive integers."""
    values = (value,) * rank if isinstance(value, (int, np.integer)) else tuple(value)
    if len(values) != rank or any(int(v) != v or v < 1 for v in values):
        raise ValueError(f"Expected `{name}` of {rank} positive integers. Received: {value}")
    return [int(v) for v in values]


def _padding(padding, allowed=_PADDINGS):
    if padding not in allowed:
        raise ValueError(f"Invalid padding. Expected one of {allowed}. Received: {padding!r}")
    return padding


def _channels_last(x, data_format):
    """`x` with channels last, and a function that brings a result to the layout of `x`."""
    if normalize_data_format(data_format) == "channels_last":
        return x, lambda y: y
    spatial = range(2, x.ndim)
    order = (0, x.ndim - 1, *range(1, x.ndim - 1))
    return permute_dimensions(x, (0, *spatial, 1)), lambda y: permute_dimensions(y, order)


def _conv(x, kernel, strides, padding, data_format, dilation_rate, groups, rank):
    x, kernel = as_tensor(x), as_tensor(kernel)
    if x.ndim != rank + 2:
        raise ValueError(f"Expected an input of {rank + 2} axes. Received shape: {x.shape}")
    x, restore = _channels_last(x, data_format)
    return restore(
        emit(
            "conv",
            (x, kernel),
            strides=_tuple(strides, rank, "strides"),
            dilations=_tuple(dilation_rate, rank, "dilation_rate"),
            padding=_padding(padding, _PADDINGS if rank == 1 else ("valid", "same")),
            groups=int(groups),
        )
    )


def conv1d(x, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1, groups=1):
    """Convolution over one axis: x (batch, steps, channels), kernel (window, channels, filters).

    Padding 'causal' looks at earlier steps only. With groups, kernel (window, channels / groups,
    filters): each group of channels gives filters / groups channels of the result.

    Raises:
        ValueError: for another rank, padding or channels that differ.
    """
    return _conv(x, kernel, strides, padding, data_format, dilation_rate, groups, 1)


def conv2d(
    x,
    kernel,
    strides=(1, 1),
    padding="valid",
    data_format=None,
    dilation_rate=(1, 1),
    groups=1,
):
    """Convolution over two axes: kernel (rows, columns, channels / groups, filters)."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate, groups, 2)


def conv3d(
    x,
    kernel,
    strides=(1, 1, 1),
    padding="valid",
    data_format=None,
    dilation_rate=(1, 1, 1),
    groups=1,
):
    """Convolution over three axes: kernel (window…, channels / groups, filters)."""
    return _conv(x, kernel, strides, padding, data_format, dilation_rate, groups, 3)


def _conv_transpose(x, kernel, output_shape, strides, padding, data_format, dilation_rate, rank):
    x, kernel = as_tensor(x), as_tensor(kernel)
    first = normalize_data_format(data_format) == "channels_first"
    if isinstance(output_shape, Tensor):
        output_shape = [output_shape[i] for i in range(rank + 2)]
    extents = [-1 if d is None else integer(d) for d in output_shape]
    size = extents[2:] if first else extents[1:-1]
    x, restore = _channels_last(x, data_format)
    attrs = dict(
        strides=_tuple(strides, rank, "strides"),
        dilations=_tuple(dilation_rate, rank, "dilation_rate"),
        padding=_padding(padding, ("valid", "same")),
    )
    if not any(isinstance(d, Tensor) for d in size):
        return restore(emit("conv_data", (x, kernel), size=size, **attrs))
    like = full([dimensions(x)[0], *size, kernel.shape[-2]], 0, x.dtype)
    return restore(emit("conv_data", (x, kernel, like), **attrs))


def conv2d_transpose(
    x, kernel, output_shape, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Transposed convolution to `output_shape`: kernel (rows, columns, filters, channels)."""
    return _conv_transpose(x, kernel, output_shape, strides, padding, data_format, dilation_rate, 2)


def conv3d_transpose(x, kernel, output_shape, strides=(1, 1, 1), padding="valid", data_format=None):
    """Transposed convolution over three axes: kernel (window…, filters, channels)."""
    return _conv_transpose(x, kernel, output_shape, strides, padding, data_format, (1, 1, 1), 3)


def _depthwise(x, kernel, strides, padding, dilation_rate, rank):
    """x with channels last; kernel (window…, channels, multiplier)."""
    channels, multiplier = kernel.shape[-2:]
    kernel = reshape(kernel, [*kernel.shape[:-2], 1, channels * multiplier])
    return emit(
        "conv",
        (x, kernel),
        strides=_tuple(strides, rank, "strides"),
        dilations=_tuple(dilation_rate, rank, "dilation_rate"),
        padding=_padding(padding),
        groups=channels,
    )


def depthwise_conv2d(
    x, depthwise_kernel, strides=(1, 1), padding="valid", data_format=None, dilation_rate=(1, 1)
):
    """Each channel convolved by its own filters: kernel (rows, columns, channels, multiplier)."""
    x, restore = _channels_last(as_tensor(x), data_format)
    kernel = as_tensor(depthwise_kernel)
    return restore(_depthwise(x, kernel, strides, padding, dilation_rate, 2))


def _separable(
    x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate, rank
):
    x, restore = _channels_last(as_tensor(x), data_format)
    y = _depthwise(x, as_tensor(depthwise_kernel), strides, padding, dilation_rate, rank)
    return restore(emit("conv", (y, as_tensor(pointwise_kernel)), padding="valid"))


def separable_conv1d(
    x,
    depthwise_kernel,
    pointwise_kernel,
    strides=1,
    padding="valid",
    data_format=None,
    dilation_rate=1,
):
    """A depthwise convolution, then one of window 1 that mixes channels."""
    return _separable(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate, 1
    )


def separable_conv2d(
    x,
    depthwise_kernel,
    pointwise_kernel,
    strides=(1, 1),
    padding="valid",
    data_format=None,
    dilation_rate=(1, 1),
):
    """A depthwise convolution, then one of window 1 by 1 that mixes channels."""
    return _separable(
        x, depthwise_kernel, pointwise_kernel, strides, padding, data_format, dilation_rate, 2
    )


def _pool(x, pool_size, strides, padding, data_format, pool_mode, rank):
    if pool_mode not in ("max", "avg"):
        raise ValueError(f"Invalid pooling mode. Expected 'max' or 'avg'. Received: {pool_mode!r}")
    x = as_tensor(x)
    if x.ndim != rank + 2:
        raise ValueError(f"Expected an input of {rank + 2} axes. Received shape: {x.shape}")
    x, restore = _channels_last(x, data_format)
    return restore(
        emit(
            "max_pool" if pool_mode == "max" else "average_pool",
            (x,),
            window=_tuple(pool_size, rank, "pool_size"),
            strides=_tuple(strides, rank, "strides"),
            padding=_padding(padding, ("valid", "same")),
        )
    )


def pool1d(x, pool_size, strides=1, padding="valid", data_format=None, pool_mode="max"):
    """The largest ('max') or mean ('avg') of each window of steps."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode, 1)


def pool2d(x, pool_size, strides=(1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest ('max') or mean ('avg') of each window of an image."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode, 2)


def pool3d(x, pool_size, strides=(1, 1, 1), padding="valid", data_format=None, pool_mode="max"):
    """The largest ('max') or mean ('avg') of each window of a volume."""
    return _pool(x, pool_size, strides, padding, data_format, pool_mode, 3)


def _windows(x, axis, window, stride, count):
    """Axis `axis` of x as two: (count, window), the positions of each window."""
    starts = stride * np.arange(count)[:, None]
    indices = constant_tensor((starts + np.arange(window)).astype("int32"))
    return emit("gather", (x, indices), axis=axis)


def _local(patches, kernel):
    """patches (batch, positions, taps), kernel (positions, taps, filters), per position."""
    product = matmul(permute_dimensions(patches, (1, 0, 2)), kernel)
    return permute_dimensions(product, (1, 0, 2))


def local_conv1d(inputs, kernel, kernel_size, strides, data_format=None):
    """A convolution whose kernel differs from position to position.

    Shapes: inputs (batch, steps, channels), kernel (positions, window * channels, filters), result
    (batch, positions, filters); channels first, the last two axes are swapped, and taps are ordered
    as (channels, window).
    """
    first = normalize_data_format(data_format) == "channels_first"
    x, restore = _channels_last(as_tensor(inputs), data_format)
    kernel = as_tensor(kernel)
    (window,), (stride,) = _tuple(kernel_size, 1, "kernel_size"), _tuple(strides, 1, "strides")
    positions, taps, _ = kernel.shape
    patches = _windows(x, 1, window, stride, positions)  # (batch, positions, window, channels)
    if first:
        patches = permute_dimensions(patches, (0, 1, 3, 2))
    patches = reshape_to(patches, [dimensions(x)[0], positions, taps])
    return restore(_local(patches, kernel))


def local_conv2d(inputs, kernel, kernel_size, strides, output_shape, data_format=None):
    """A convolution of images whose kernel differs from position to position.

    Shapes: kernel (rows * columns of the result, taps, filters); taps are ordered as (window rows,
    window columns, channels), or channels before the window with channels first.
    """
    first = normalize_data_format(data_format) == "channels_first"
    x, restore = _channels_last(as_tensor(inputs), data_format)
    kernel = as_tensor(kernel)
    window, stride = _tuple(kernel_size, 2, "kernel_size"), _tuple(strides, 2, "strides")
    rows, columns = (int(d) for d in output_shape)
    patches = _windows(x, 1, window[0], stride[0], rows)
    patches = _windows(patches, 3, window[1], stride[1], columns)
    # (batch, rows, window rows, columns, window columns, channels)
    order = (0, 1, 3, 5, 2, 4) if first else (0, 1, 3, 2, 4, 5)
    batch = dimensions(x)[0]
    positions, taps, filters = kernel.shape
    patches = reshape_to(permute_dimensions(patches, order), [batch, positions, taps])
    return restore(reshape_to(_local(patches, kernel), [batch, rows, columns, filters]))
