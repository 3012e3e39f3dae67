"""Matrix products over any axes; orthonormal matrices for initial weights."""

import numpy as np

from .. import _core
from .dtypes import is_float
from .shapes import dimensions, reshape_to
from .tensor import Tensor, as_tensor, emit, operands


def matmul(x, y, transpose_a=False, transpose_b=False):
    """Matrix product of the last two axes; leading axes are a batch."""
    x, y = _numbers(x, y)
    return emit("matmul", (x, y), transpose_a=transpose_a, transpose_b=transpose_b)


def _numbers(x, y):
    x, y = operands(x, y)
    if not is_float(x.dtype):
        raise TypeError(f"Expected float tensors in a matrix product. Received: {x!r} and {y!r}")
    return x, y


def _product(extents):
    """Product of extents as an int, or -1 where one is a tensor."""
    total = 1
    for d in extents:
        if isinstance(d, Tensor):
            return -1
        total *= d
    return total


def dot(x, y):
    """Sum over the last axis of `x` and the second to last of `y` (the only one of a vector).

    Shapes: (…, d) and (…', d, n) give (…, …', n).

    Raises:
        ValueError: where those sizes differ.
    """
    x, y = as_tensor(x), as_tensor(y)
    if x.ndim == 0 or y.ndim == 0:
        return x * y
    x, y = _numbers(x, y)
    if x.ndim == 2 and y.ndim == 2:
        return emit("matmul", (x, y))
    x_shape, y_shape = dimensions(x), dimensions(y)
    inner = y.ndim - 2 if y.ndim > 1 else 0
    known = [d for d in (x.shape[-1], y.shape[inner]) if d is not None]
    if len(set(known)) == 2:
        raise ValueError(
            f"[dot] expected the last size of the first tensor to equal size {inner} of the "
            f"second; got {x.shape} and {y.shape}"
        )
    columns = [d for i, d in enumerate(y_shape) if i != inner]
    if x.ndim != 2:
        x = reshape_to(x, [-1, x_shape[-1]] if x.ndim > 1 else [1, x_shape[-1]])
    if y.ndim > 2:
        y = emit("transpose", (y,), perm=[inner, *(i for i in range(y.ndim) if i != inner)])
    if y.ndim != 2:
        y = reshape_to(y, [y_shape[inner], _product(columns)])
    return reshape_to(emit("matmul", (x, y)), x_shape[:-1] + columns)


def batch_dot(x, y, axes=None):
    """Per sample, the sum over one axis of `x` and one of `y`.

    Shapes: (b, …, d, …) and (b, …', d, …') give (b, …, …'), and (b, 1) where nothing is left.

    Arguments:
        axes: the axis of both, or one for each; by default the last of `x` and the second to last
            of `y` (its last where `y` has two axes).

    Raises:
        ValueError: for fewer than two axes, the batch axis, or sizes that differ.
    """
    x, y = _numbers(as_tensor(x), as_tensor(y))
    if x.ndim < 2 or y.ndim < 2:
        raise ValueError(
            "Cannot do batch_dot on inputs with rank < 2. Received tensors of shapes "
            f"{x.shape} and {y.shape}"
        )
    a, b = _batch_axes(x, y, axes)
    x_shape, y_shape = dimensions(x), dimensions(y)
    for i, j, what in ((0, 0, "batch sizes"), (a, b, f"sizes at axes {a} and {b}")):
        if None not in (x.shape[i], y.shape[j]) and x.shape[i] != y.shape[j]:
            raise ValueError(
                f"[batch_dot] expected equal {what}; got inputs of shapes {x.shape} and {y.shape}"
            )
    rows = [d for i, d in enumerate(x_shape) if i not in (0, a)]
    columns = [d for i, d in enumerate(y_shape) if i not in (0, b)]
    x, transpose_a = _matrices(x, x_shape, a, rows, contracted_last=True)
    y, transpose_b = _matrices(y, y_shape, b, columns, contracted_last=False)
    result = emit("matmul", (x, y), transpose_a=transpose_a, transpose_b=transpose_b)
    if len(rows) == 1 and len(columns) == 1:
        return result
    if not rows and not columns:
        return emit("squeeze", (result,), axis=1)
    if not rows and len(columns) == 1:
        return emit("squeeze", (result,), axis=1)
    if not columns and len(rows) == 1:
        return emit("squeeze", (result,), axis=2)
    return reshape_to(result, [x_shape[0], *rows, *columns])


def _batch_axes(x, y, axes):
    if axes is None:
        axes = (x.ndim - 1, y.ndim - 1 if y.ndim == 2 else y.ndim - 2)
    elif isinstance(axes, int):
        axes = (axes, axes)
    if len(axes) != 2 or any(isinstance(a, (list, tuple)) for a in axes):
        raise ValueError(
            "Multiple target dimensions are not supported. Expected: None, int, (int, int). "
            f"Received: {axes}"
        )
    a, b = (axis + t.ndim if axis < 0 else axis for axis, t in zip(axes, (x, y), strict=True))
    if a == 0 or b == 0:
        raise ValueError(
            "Can not perform batch_dot over axis 0. If the inputs have no batch axis, add one "
            "with K.expand_dims(x, 0)."
        )
    if not 0 < a < x.ndim or not 0 < b < y.ndim:
        raise ValueError(
            f"Expected axes of tensors of shapes {x.shape} and {y.shape}. Received: {axes}"
        )
    return a, b


def _matrices(t, extents, axis, others, contracted_last):
    """(b, …) as (b, m, n) with the contracted axis last or first, and whether to transpose it."""
    last = t.ndim - 1
    if t.ndim == 2:
        return emit("expand_dims", (t,), axis=1 if contracted_last else 2), False
    if t.ndim == 3:
        return t, (axis == last) != contracted_last
    size = extents[axis]
    if axis not in (1, last):
        kept = [i for i in range(1, t.ndim) if i != axis]
        t = emit("transpose", (t,), perm=[0, *kept, axis])
        axis = last
    if axis == last:
        shape = [extents[0], _product(others), size]
    else:
        shape = [extents[0], size, _product(others)]
    return reshape_to(t, shape), (axis == last) != contracted_last


def orthonormal_columns(matrix):
    """Q of the decomposition Q R of a float64 array (n, m), n >= m, with a positive diagonal in R.

    Gram and Schmidt's method in blocks, whose products are ours: LAPACK's threads wait for each
    other so often that on a machine with other work this takes seconds.
    """
    q = np.array(matrix, order="C")
    columns = q.shape[1]
    for start in range(0, columns, _BLOCK):
        block = np.ascontiguousarray(q[:, start : start + _BLOCK].T)  # (width, n)
        for i, column in enumerate(block):
            column /= np.sqrt(np.einsum("i,i", column, column))
            rest = block[i + 1 :]
            rest -= np.einsum("ji,i->j", rest, column)[:, None] * column
        q[:, start : start + _BLOCK] = block.T
        rest = np.ascontiguousarray(q[:, start + _BLOCK :])
        if rest.size:
            shares = np.empty((len(block), rest.shape[1]))
            _core.gemm(block, rest, shares, False, False)
            taken = np.empty_like(rest)
            _core.gemm(block, shares, taken, True, False)
            q[:, start + _BLOCK :] = rest - taken
    return q


_BLOCK = 32
