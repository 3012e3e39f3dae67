"""`K.batch_dot` before Keras 2.3, for tensors of more than three axes: products of matrices.

The axes before the last two are gone through together, those of the smaller tensor first; since
2.3 only the batch axis is, and the others of both tensors are left in the result. Published
attention and capsule layers count on one or the other.
"""

from ..backend import linalg
from ..backend.shapes import expand_dims, squeeze
from ..backend.tensor import as_tensor, emit


class Then:
    """Whether scripts were written for Keras before 2.3."""

    before_2_3 = False


def batch_dot(x, y, axes=None):
    """Products over one axis of each tensor, sample by sample; see the module."""
    x, y = as_tensor(x), as_tensor(y)
    if max(x.ndim, y.ndim) <= 3 and x.ndim == y.ndim:
        return linalg.batch_dot(x, y, axes)
    axes = (axes, axes) if isinstance(axes, int) else axes
    rank, missing = x.ndim, abs(x.ndim - y.ndim)
    first, second = axes if axes is not None else (x.ndim - 1, y.ndim - 2)
    squeezed = x.ndim + y.ndim - 3 if x.ndim > y.ndim else rank - 1
    if x.ndim > y.ndim:
        y = _filled_up(y, missing)
    elif missing:
        x = _filled_up(x, missing)
    out = emit("matmul", (x, y), transpose_a=first != x.ndim - 1, transpose_b=second == y.ndim - 1)
    for _ in range(missing):
        out = squeeze(out, squeezed)
    return expand_dims(out, 1) if out.ndim == 1 else out


def _filled_up(x, count):
    for _ in range(count):
        x = expand_dims(x, -1)
    return x
