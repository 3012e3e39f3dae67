"""Loops and branches by TensorFlow's names.

A `while_loop` that counts up to a number becomes one native loop; any other runs step by step
between two parts of the graph, without gradients.
"""

import numpy as np

from .. import backend as K
from ..backend.between import between, reached
from ..backend.loops import _loop, _placeholder_like, _slice_of
from ..backend.pieces import Piece, chosen, mark, slot_of
from ..backend.shapes import known_ints
from ..backend.tensor import Tensor, cast_value
from . import tensorflow_ops as ops


class TensorArray:
    """Tensors by number, written one after the other; each `write` gives a new array."""

    def __init__(self, dtype="float32", size=None, dynamic_size=None, clear_after_read=None,
                 tensor_array_name=None, handle=None, flow=None, infer_shape=True,
                 element_shape=None, colocate_with_first_write_call=True, name=None):  # fmt: skip
        self.dtype, self._size, self._writes, self._all = dtype, size, (), None

    def _with(self, writes=(), all=None):
        made = TensorArray(self.dtype, self._size)
        made._writes, made._all = writes, all
        return made

    def write(self, index, value, name=None):
        """The array with `value` at `index`."""
        return self._with((*self._writes, (index, ops.as_tensor(value))), self._all)

    def unstack(self, value, name=None):
        """The array with the rows of `value`."""
        return self._with(all=ops.as_tensor(value))

    def stack(self, name=None):
        """All elements as one tensor."""
        if self._all is None or self._writes:
            places = [i if isinstance(i, int) else K.eval(i) for i, _ in self._writes]
            rows = [value for _, (_, value) in sorted(zip(places, self._writes, strict=True),
                                                      key=lambda pair: pair[0])]  # fmt: skip
            return K.stack(rows)
        return self._all

    def concat(self, name=None):
        """The elements joined along their first axis."""
        rows = self.stack()
        return K.reshape(rows, [-1, *rows.shape[2:]])

    def read(self, index, name=None):
        """The element at `index`."""
        for place, value in self._writes:
            if place is index or (isinstance(index, int) and place == index):
                return value
        if self._all is None:
            raise ValueError(f"tensorflow.TensorArray has nothing at {index}.")
        return K.gather(self._all, index)

    def gather(self, indices, name=None):
        """The elements at `indices` as one tensor."""
        return K.gather(self.stack(), indices)

    def size(self, name=None):
        """Number of elements."""
        return K.shape(self.stack())[0] if self._writes or self._all is not None else self._size

    def identity(self):
        """The array."""
        return self


def _leaves(nest):
    if isinstance(nest, (list, tuple)):
        return [leaf for item in nest for leaf in _leaves(item)]
    return [nest]


def _packed(nest, leaves):
    """`leaves`, an iterator, in the form of `nest`."""
    if isinstance(nest, (list, tuple)):
        items = [_packed(item, leaves) for item in nest]
        return type(nest)(*items) if hasattr(nest, "_fields") else type(nest)(items)
    return next(leaves)


def cond(pred=None, true_fn=None, false_fn=None, strict=False, fn1=None, fn2=None):
    """The results of one of two functions.

    Where the results of both have one shape both are computed; else only the one that is wanted.
    """
    start = mark()
    results = (true_fn or fn1)(), (false_fn or fn2)()
    if not K.is_tensor(pred):
        return results[0] if pred else results[1]
    a, b = ([ops.as_tensor(leaf) for leaf in _leaves(r)] for r in results)
    pieces = Piece(start, [], a), Piece(start, [], b)
    same = all(tuple(x.shape) == tuple(y.shape) for x, y in zip(a, b, strict=True))
    if same or any(piece.smooth() for piece in pieces):
        made = [K.switch(pred, x, y) for x, y in zip(a, b, strict=True)]
    else:
        made = chosen(pred, *pieces)
    return _packed(results[0], iter(made))


def while_loop(
    cond, body, loop_vars, shape_invariants=None, maximum_iterations=None,
    return_same_structure=False,
):  # fmt: skip
    """What `loop_vars` become as `body` changes them while `cond` holds."""
    first = [v if isinstance(v, TensorArray) else ops.as_tensor(v) for v in _leaves(loop_vars)]
    start = mark()
    shapes = [v.shape if K.is_tensor(v) else () for v in first]
    if shape_invariants is not None:
        shapes = [getattr(s, "dims", s) for s in shape_invariants]
    slots = [
        v if isinstance(v, TensorArray) else slot_of(s, v.dtype)
        for v, s in zip(first, shapes, strict=True)
    ]
    at_start = [v if K.is_tensor(v) else v._with(all=v._all) for v in slots]
    after = _leaves(body(*_packed(loop_vars, iter(at_start))))
    after = [v if isinstance(v, TensorArray) else ops.as_tensor(v) for v in after]
    goes_on = ops.as_tensor(cond(*_packed(loop_vars, iter(at_start))))
    steps = _Loop(start, first, slots, after, goes_on, maximum_iterations)
    final = steps.counted() or steps.stepwise()
    final = _packed(loop_vars, iter(final))
    return final[0] if len(final) == 1 and not return_same_structure else final


class _Loop:
    def __init__(self, start, first, slots, after, goes_on, limit):
        self.start, self.first, self.slots, self.limit = start, first, slots, limit
        self.after, self.goes_on = after, goes_on
        self.at = [i for i, v in enumerate(first) if K.is_tensor(v)]
        self.arrays = [i for i, v in enumerate(first) if not K.is_tensor(v)]
        self.written = {}
        for i in self.arrays:
            if len(after[i]._writes) != 1:
                raise ValueError(
                    "tensorflow.while_loop expected one write to each TensorArray in a step; got "
                    f"{len(after[i]._writes)}."
                )
            self.written[i] = after[i]._writes[0]

    def counted(self):
        """The final values where the loop counts from 0 to a number; None where it does not."""
        test = self.goes_on._value
        if self.limit is not None or test.op != "less":
            return None
        counters = [i for i in self.at if self.slots[i]._value == test.inputs[0]]
        fed = {self.slots[i]._value for i in self.at}
        if not counters or not fed.isdisjoint(reached([test.inputs[1]])):
            return None
        number, count = counters[0], Tensor(test.inputs[1])
        slot, values = self.slots[number], [v for _, v in self.written.values()]
        others = [i for i in self.at if i != number]
        states = [cast_value(self.after[i], self.slots[i].dtype) for i in others]
        if not self._counts(number) or Piece(self.start, [slot], states + values).cuts:
            return None
        if any(tuple(a.shape) != tuple(self.slots[i].shape)
               for a, i in zip(states, others, strict=True)):  # fmt: skip
            return None
        if any(K.is_tensor(at) and at._value != slot._value for at, _ in self.written.values()):
            return None
        numbers = K.cast(K.arange(count), slot.dtype)
        return self._native(number, count, numbers, others, states, values)

    def _native(self, number, count, numbers, others, states, values):
        # The counter is the loop's own sequence: its slot stands for one element of it.
        stacked, final = _loop(
            [numbers], [self.first[i] for i in others], [self.slots[number]],
            [self.slots[i] for i in others], values, states,
        )  # fmt: skip
        found = {
            number: K.maximum(count, self.first[number]),
            **dict(zip(others, final, strict=True)),
        }
        for i, rows in zip(self.arrays, stacked, strict=True):
            found[i] = self.first[i]._with(all=rows)
        return [found[i] for i in range(len(self.first))]

    def _counts(self, i):
        """Whether this loop variable goes 0, 1, 2, …"""
        value, slot = self.after[i]._value, self.slots[i]._value
        known = known_ints(self.first[i])
        if value.op != "add" or known is None or list(known) != [0]:
            return False
        ones = [known_ints(Tensor(v)) for v in value.inputs if v != slot]
        return len(ones) == 1 and ones[0] is not None and list(ones[0]) == [1]

    def stepwise(self):
        """The final values, step by step."""
        slots = [self.slots[i] for i in self.at]
        changed = [cast_value(self.after[i], self.slots[i].dtype) for i in self.at]
        places = [ops.as_tensor(at) for at, _ in self.written.values()]
        values = [v for _, v in self.written.values()]
        test = Piece(self.start, slots, [self.goes_on])
        step = Piece(self.start, slots, changed + places + values)
        states, split = len(slots), len(slots) + len(test.around)

        def run(arrays, phase):
            now, outside, inside = arrays[:states], arrays[states:split], arrays[split:]
            rows, done = [{} for _ in values], 0
            while test.run(now, outside, phase)[0] and done != self.limit:
                results = step.run(now, inside, phase)
                now, done = results[:states], done + 1
                places, written = results[states:][: len(rows)], results[states + len(rows) :]
                for kept, place, value in zip(rows, places, written, strict=True):
                    kept[int(place)] = value
            return [*now, *(_stacked(kept, v) for kept, v in zip(rows, values, strict=True))]

        kinds = [(t.shape, t.dtype) for t in slots]
        kinds += [((None, *v.shape), v.dtype) for v in values]
        inputs = [self.first[i] for i in self.at] + test.around + step.around
        smooth = step.smooth()
        found = between(run, inputs, kinds, "while_loop", smooth)
        result = dict(zip(self.at, found, strict=False))
        for i, rows in zip(self.arrays, found[states:], strict=True):
            result[i] = self.first[i]._with(all=rows)
        return [result[i] for i in range(len(self.first))]


def _stacked(rows, like):
    if not rows:
        return np.zeros((0, *(d or 0 for d in like.shape)), like.dtype)
    return np.stack([rows[i] for i in sorted(rows)])


def scan(fn, elems, initializer=None, reverse=False):
    """All of acc = fn(acc, elem), stacked."""
    sequences = [K.as_tensor(e) for e in _leaves(elems)]
    before = []
    if initializer is None:
        at, rest = (-1, slice(None, -1)) if reverse else (0, slice(1, None))
        initializer = _packed(elems, iter([s[at] for s in sequences]))
        before = [K.expand_dims(K.as_tensor(v), 0) for v in _leaves(initializer)]
        sequences = [s[rest] for s in sequences]
    initial = [ops.as_tensor(v) for v in _leaves(initializer)]
    slices = [_slice_of(s, "element") for s in sequences]
    states = [_placeholder_like(t, "accumulated") for t in initial]
    result = fn(_packed(initializer, iter(states)), _packed(elems, iter(slices)))
    after = [cast_value(ops.as_tensor(v), s.dtype) for v, s in
             zip(_leaves(result), initial, strict=True)]  # fmt: skip
    stacked, _ = _loop(sequences, initial, slices, states, after, after, reverse)
    if before:
        pairs = zip(before, stacked, strict=True)
        stacked = [K.concatenate([s, b] if reverse else [b, s], axis=0) for b, s in pairs]
    return _packed(initializer, iter(stacked))
