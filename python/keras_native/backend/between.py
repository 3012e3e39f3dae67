"""Tensors that Python makes between two parts of a graph, as their extents depend on values.

A plan knows all extents before it runs. Where one is known only afterwards, as how many elements
meet a condition, the graph is cut: what the call needs is computed first, the call gives arrays,
and they are fed to the rest. `K.function` does so by itself. Gradients do not pass a call: for
positions and conditions there are none, and for others `refuse_gradients` says so.
"""

import weakref

import numpy as np

from .. import _core
from .tensor import Tensor, as_tensor

_FLOATS = ("float16", "float32", "float64")
_SOURCES = ("constant", "variable", "placeholder", "learning_phase")
_calls: "weakref.WeakValueDictionary[int, _Call]" = weakref.WeakValueDictionary()


class _Call:
    """`run(arrays, phase)` gives the arrays of the placeholders `results` from those of `inputs`.

    The nodes that read the results own it.
    """

    def __init__(self, run, inputs, results, smooth):
        self.run, self.inputs, self.results, self.smooth = run, inputs, results, smooth

    def owned(self, array):
        """Observes a result, and lives as long as that node."""


def between(run, inputs, kinds, name=None, smooth=False):
    """Tensors that a call in Python gives while a graph runs.

    Args:
        run: function of the arrays of `inputs` and the learning phase (-1, 0 or 1); returns a list
            of arrays.
        inputs: tensors.
        kinds: (shape, dtype) of each result; None for extents that are not known.
        name: of the results.
        smooth: whether there would be gradients, which are then refused.
    """
    name = name or run.__name__
    results = [_core.placeholder(tuple(shape), dtype, name) for shape, dtype in kinds]
    call = _Call(run, [as_tensor(x)._value for x in inputs], results, smooth)
    for value in results:
        _calls[value.id] = call
    return [Tensor(_core.observe(value, call.owned)) for value in results]


def as_extents(vector):
    """A vector of integers as extents that plans know, also where they depend on values.

    The call gives an array without elements whose shape holds them, from -1 on.
    """
    if not _depends_on_values(vector._value):
        return vector
    count = vector.shape[0]
    shaped = between(_shaped, [vector], [((None,) * count + (0,), "bool")], "extents")[0]
    shape = _core.apply("shape_of", [shaped._value])[0]
    part = _core.apply("slice", [shape], {"begin": [0], "end": [count], "strides": [1]})[0]
    one = _core.constant(np.ones((1,), part.dtype))
    return Tensor(_core.apply("sub", [part, one])[0])


def _shaped(arrays, phase):
    return [np.empty((*np.maximum(arrays[0] + 1, 0), 0), bool)]


def _depends_on_values(value):
    waiting, seen = [value], set()
    while waiting:
        value = waiting.pop()
        if value in seen or value.op in ("shape_of", "size_of", "constant"):
            continue
        seen.add(value)
        if not value.inputs and value.op not in ("eye", "arange", "full"):
            return True
        waiting += value.inputs
    return False


def reached(values, stop=()):
    """All values that `values` are computed from, themselves among them, but for what `stop` is
    computed from."""
    found, waiting = dict.fromkeys(stop), list(values)
    while waiting:
        value = waiting.pop()
        if value not in found:
            found[value] = None
            waiting.extend(value.inputs)
    return found


def calls_below(values, given=()):
    """The calls whose results `values` are computed from directly."""
    found = {}
    for value in reached(values, given) if _calls else ():
        if value.op == "placeholder" and value not in given and value.id in _calls:
            found[_calls[value.id]] = None
    return list(found)


def crossed(value):
    """The inputs of the call that gives this placeholder; none for other values."""
    call = _calls.get(value.id) if value.op == "placeholder" else None
    return [] if call is None else call.inputs


def refuse_gradients(losses, wanted):
    """Raises ValueError where gradients of `losses` by `wanted` would have to pass a call."""
    if not _calls:
        return
    waiting, seen = list(losses), set()
    while waiting:
        value = waiting.pop()
        if value in seen or value.op == "stop_gradient":
            continue
        seen.add(value)
        waiting.extend(value.inputs)
        call = _calls.get(value.id) if value.op == "placeholder" else None
        if call is not None and call.smooth and not reached(call.inputs).keys().isdisjoint(wanted):
            raise ValueError(
                f"Gradients through {value.attrs.get('name', value.op)!r} are not available: it "
                "runs step by step while the graph waits. Use K.stop_gradient where none is "
                "wanted, K.rnn, K.map_fn or K.foldl with steps of fixed shapes where one is."
            )


def _rounds(values, given):
    """The calls that `values` need, in lists; each needs only results of the lists before it."""
    level = {}

    def place(calls):
        for call in calls:
            if call not in level:
                below = calls_below(call.inputs, given)
                place(below)
                level[call] = 1 + max((level[c] for c in below), default=-1)

    place(calls_below(values, given))
    return [[c for c in level if level[c] == r] for r in range(max(level.values(), default=-1) + 1)]


class Parts:
    """A function as parts of a graph with calls between them.

    Args:
        fed: values of the inputs.
        outputs: values.
        updates: (variable, value) pairs, for the last part.
        phase, name: as of `Executable`.
    """

    def __init__(self, rounds, fed, outputs, updates, phase, name):
        self.phase = phase
        self._steps = []
        fed = list(fed)
        last = [*outputs, *(value for _, value in updates)]
        for i, calls in enumerate(rounds):
            wanted = list(dict.fromkeys(v for call in calls for v in call.inputs))
            later = [v for below in rounds[i + 1 :] for c in below for v in c.inputs] + last
            # Gradients read nearly all that was computed: there it is computed again.
            kept = [] if updates else _kept(wanted, later, fed)
            at = {value: k for k, value in enumerate(wanted)}
            part = _core.Executable(fed, wanted + kept, [], phase, name)
            steps = [(call.run, [at[v] for v in call.inputs], call.results) for call in calls]
            self._steps.append((part, len(wanted), steps))
            fed += [value for call in calls for value in call.results] + kept
        self.executable = _core.Executable(fed, outputs, updates, phase, name)

    def run(self, arrays, phase=-1):
        """As `Executable.run`."""
        arrays = list(arrays)
        called_with = phase if self.phase < 0 else self.phase
        for part, count, steps in self._steps:
            results = part.run(arrays, phase)
            for run, places, values in steps:
                given = run([results[k] for k in places], called_with)
                arrays += [
                    np.asarray(array, value.dtype, order="C")
                    for array, value in zip(given, values, strict=True)
                ]
            arrays += results[count:]
        return self.executable.run(arrays, phase)


def parts(fed, outputs, updates, phase, name):
    """`Parts` of a function, or None where no call is between its inputs and outputs."""
    if not _calls:
        return None
    rounds = _rounds([*outputs, *(value for _, value in updates)], fed)
    return Parts(rounds, fed, outputs, updates, phase, name) if rounds else None


def _kept(wanted, later, fed):
    """Values computed for `wanted` that what comes later starts from.

    Only floats are kept: integers may be shapes, which plans have to see computed.
    """
    now = reached(wanted, fed)
    after = reached(later, fed)
    waiting = [v for v in after if v not in now]
    kept = {v: None for v in later if v in now and v.dtype in _FLOATS and v.op not in _SOURCES}
    seen = set(waiting)
    while waiting:
        for value in waiting.pop().inputs:
            if value not in now or value in seen or value in fed or value.op in _SOURCES:
                continue
            seen.add(value)
            if value.dtype in _FLOATS:
                kept[value] = None
            else:
                waiting.append(value)
    return [v for v in kept if v not in fed]
