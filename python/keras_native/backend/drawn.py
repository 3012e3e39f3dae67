"""Tensors of drawn values that lie nowhere until somebody asks: most are only first values of a
weight and are then drawn straight into its memory."""

import operator

import numpy as np

from .. import _core
from .tensor import Tensor, TensorShape, tensor_name

PIECE = 1 << 18  # elements, an even number; what lies in a processor's own cache
_SHARED = 8  # pieces from which on threads share them


class DrawnTensor(Tensor):
    """A constant whose elements `draw(first, last)` gives, flat, the same ones at each call.

    Args:
        draw: function of a range of elements in row-major order that begins at a multiple of
            `PIECE` and is no longer than that; other threads may call it too.
        shape, dtype: the tensor's; no bfloat16, for which NumPy has no type.
    """

    def __init__(self, draw, shape, dtype, name=None):
        self._draw = draw
        self._shape = TensorShape(operator.index(extent) for extent in shape)
        self._dtype = dtype
        self._size = self._shape.num_elements()
        if name is not None:
            self._name = tensor_name(name)

    def __getattr__(self, name):
        if name != "_value":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self._value = _core.constant(self.drawn())
        return self._value

    @property
    def shape(self):
        return self._shape

    @property
    def ndim(self):
        return len(self._shape)

    @property
    def dtype(self):
        return self._dtype

    def drawn(self):
        """The values, as an array of its own."""
        array = np.empty(self._size, self._dtype)

        def write(first, values):
            array[first : first + len(values)] = values

        self._for_pieces(write)
        return array.reshape(self._shape)

    def variable(self, name):
        """A variable of the core that starts from the values.

        Raises:
            MemoryError: where there is no room for it.
        """
        try:
            made = _core.unwritten_variable(self._shape, self._dtype, name)
        except RuntimeError as error:
            raise MemoryError(str(error)) from error
        self._for_pieces(made.write_part)
        return made

    def _for_pieces(self, write):
        def draw_at(first):
            last = min(first + PIECE, self._size)
            write(first, self._draw(first, last).astype(self._dtype, copy=False))

        starts = range(0, self._size, PIECE)
        if len(starts) < _SHARED:
            for first in starts:
                draw_at(first)
            return
        from concurrent.futures import ThreadPoolExecutor  # takes longer than a small model's draws

        with ThreadPoolExecutor(_core.num_threads()) as threads:
            for _ in threads.map(draw_at, starts):
                pass  # raises what a thread raised


def filled(value, shape, dtype, name=None):
    """A tensor of one number."""
    return DrawnTensor(lambda first, last: np.full(last - first, value, dtype), shape, dtype, name)
