"""Lengths, tuples and kernels of convolutions."""

import numpy as np

from ..backend.common import normalize_data_format as normalize_data_format  # was here before 2.2


def normalize_tuple(value, n, name):
    """An integer as a tuple of n, a sequence of n integers as a tuple.

    Raises:
        ValueError: if it is neither; `name` says of which argument.
    """
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return (int(value),) * n
    try:
        values = tuple(value)
    except TypeError:
        values = ()
    whole = all(isinstance(v, (int, np.integer)) and not isinstance(v, bool) for v in values)
    if len(values) != n or not whole:
        raise ValueError(f"Expected {name!r} as an integer or {n} integers; received {value!r}.")
    return tuple(int(v) for v in values)


def normalize_padding(value):
    """The padding in lower case.

    Raises:
        ValueError: if it is none of 'valid', 'same' and 'causal'.
    """
    padding = value.lower() if isinstance(value, str) else value
    if padding not in ("valid", "same", "causal"):
        raise ValueError(f"Expected padding 'valid', 'same' or 'causal'; received {value!r}.")
    return padding


def conv_output_length(input_length, filter_size, padding, stride, dilation=1):
    """Extent of a convolution's output, None where that of the input is unknown."""
    if input_length is None:
        return None
    span = filter_size + (filter_size - 1) * (dilation - 1)
    lengths = {
        "same": input_length,
        "causal": input_length,
        "valid": input_length - span + 1,
        "full": input_length + span - 1,
    }
    if padding not in lengths:
        raise ValueError(f"Expected padding among {sorted(lengths)}; received {padding!r}.")
    return (lengths[padding] + stride - 1) // stride


def conv_input_length(output_length, filter_size, padding, stride):
    """Extent of the input that gives an output of that extent, None where it is unknown."""
    if output_length is None:
        return None
    return (output_length - 1) * stride - 2 * _cut(padding, filter_size) + filter_size


def deconv_length(dim_size, stride_size, kernel_size, padding, output_padding, dilation=1):
    """Extent of a transposed convolution's output, None where that of the input is unknown."""
    if dim_size is None:
        return None
    kernel_size = kernel_size + (kernel_size - 1) * (dilation - 1)
    if output_padding is not None:
        cut = 2 * _cut(padding, kernel_size)
        return (dim_size - 1) * stride_size + kernel_size - cut + output_padding
    if padding == "same":
        return dim_size * stride_size
    if padding == "full":
        return dim_size * stride_size - (stride_size + kernel_size - 2)
    return dim_size * stride_size + max(kernel_size - stride_size, 0)


def _cut(padding, filter_size):
    """How much of a filter hangs over each edge."""
    cuts = {"same": filter_size // 2, "valid": 0, "full": filter_size - 1}
    if padding not in cuts:
        raise ValueError(f"Expected padding among {sorted(cuts)}; received {padding!r}.")
    return cuts[padding]


def convert_kernel(kernel):
    """A convolution kernel (…, in, out) turned over along its spatial axes, as Theano had them."""
    kernel = np.asarray(kernel)
    if not 3 <= kernel.ndim <= 5:
        raise ValueError(f"Expected a kernel of three to five axes; received {kernel.shape}.")
    return np.copy(np.flip(kernel, tuple(range(kernel.ndim - 2))))
