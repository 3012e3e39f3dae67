"""Pieces of a graph that Python runs one by one: steps of loops without a fixed shape, branches.

What a piece uses of the graph around it is an input of the call that runs it.
"""

import numpy as np

from .. import _core
from .between import between, crossed
from .functions import Function
from .tensor import Tensor

_FREE = ("constant", "variable", "learning_phase")


def mark():
    """A number below those of all values that are made from now on."""
    return _core.placeholder((), "float32", "mark").id


def slot_of(shape, dtype):
    """A tensor to feed at every run of a piece."""
    return Tensor(_core.placeholder(tuple(shape), dtype, "slot"))


class Piece:
    """A part of a graph as a function of `slots` and of what it uses from before `start`.

    Args:
        start: `mark()` from before the slots were made.
        slots: tensors to feed at every run.
        outputs: tensors.
    """

    def __init__(self, start, slots, outputs):
        self.slots, self.outputs = list(slots), list(outputs)
        self.cuts = False
        self.around = [Tensor(v) for v in self._used(start)]
        self._function = None

    def _used(self, start):
        fed = {t._value for t in self.slots}
        found, seen, waiting = {}, set(fed), [y._value for y in self.outputs]
        while waiting:
            value = waiting.pop()
            if value in seen or value.op in _FREE:
                continue
            seen.add(value)
            if value.id < start:
                found[value] = None
            else:
                below = crossed(value)
                self.cuts = self.cuts or bool(below)
                waiting += [*value.inputs, *below]
        return list(found)

    def smooth(self):
        """Whether the outputs have gradients by what is fed."""
        by = [t._value for t in self.slots + self.around if t.dtype.startswith("float")]
        return any(
            grad is not None
            for y in self.outputs
            if y.dtype.startswith("float")
            for grad in _core.gradients(y._value, by)
        )

    def run(self, fed, around, phase):
        """Arrays of the outputs."""
        if self._function is None:
            self._function = Function(self.slots + self.around, self.outputs, name="piece")
        return self._function._run(
            [np.asarray(a, t.dtype, order="C") for a, t in
             zip([*fed, *around], self.slots + self.around, strict=True)],
            phase,
        )  # fmt: skip


def mapped(piece, sequences):
    """Outputs of `piece` for the elements of `sequences` along their first axis, stacked."""
    count = len(sequences)

    def map_fn(arrays, phase):
        rows = list(zip(*arrays[:count], strict=True))
        results = [piece.run(row, arrays[count:], phase) for row in rows]
        if not results:
            return [np.zeros((0, *(d or 0 for d in y.shape)), y.dtype) for y in piece.outputs]
        return [np.stack(parts) for parts in zip(*results, strict=True)]

    extent = next((s.shape[0] for s in sequences if s.shape[0] is not None), None)
    kinds = [((extent, *y.shape), y.dtype) for y in piece.outputs]
    return between(map_fn, [*sequences, *piece.around], kinds, smooth=piece.smooth())


def chosen(condition, if_true, if_false):
    """Outputs of one of two pieces, of which only that one runs."""
    split = len(if_true.around) + 1

    def cond(arrays, phase):
        if arrays[0]:
            return if_true.run([], arrays[1:split], phase)
        return if_false.run([], arrays[split:], phase)

    kinds = [(_common(a, b), a.dtype)
             for a, b in zip(if_true.outputs, if_false.outputs, strict=True)]  # fmt: skip
    around = [condition, *if_true.around, *if_false.around]
    return between(cond, around, kinds, smooth=if_true.smooth() or if_false.smooth())


def _common(a, b):
    if len(a.shape) != len(b.shape):
        raise ValueError(
            f"Expected branches with results of one rank; got shapes {a.shape} and {b.shape}."
        )
    return [x if x == y else None for x, y in zip(a.shape, b.shape, strict=True)]
