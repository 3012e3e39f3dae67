"""Functions applied along an axis: `rnn`, `map_fn`, `foldl`, `foldr`.

They become one native loop over a step graph, whatever the length, unless `rnn` is told to unroll.
"""

from .. import _core
from .dtypes import dtype_name
from .math import cast, where
from .movement import full, permute_dimensions, reverse
from .pieces import Piece, mapped, mark
from .shapes import dimensions, expand_dims
from .tensor import Tensor, as_tensor, cast_value, emit


def _slice_of(sequence, name):
    """A placeholder for one step of a sequence (T, …)."""
    value = _core.placeholder(sequence.shape[1:], sequence.dtype, name)
    return Tensor(value, name)


def _placeholder_like(tensor, name):
    return Tensor(_core.placeholder(tensor.shape, tensor.dtype, name), name)


def _loop(sequences, states, slices, states_in, outputs, states_out, backwards=False):
    """Stacked outputs (T, …) and final states of a step written over placeholders."""
    results = _core.loop(
        *([t._value for t in group] for group in (sequences, states, slices, states_in)),
        [t._value for t in outputs],
        [t._value for t in states_out],
        reverse=backwards,
    )
    return tuple([Tensor(v) for v in group] for group in results)


def _tensors(elems):
    return [as_tensor(t) for t in (elems if isinstance(elems, (list, tuple)) else [elems])]


def _given(slices, elems):
    """Slices in the form in which the elements were given: one tensor, or a sequence of them."""
    return type(elems)(slices) if isinstance(elems, (list, tuple)) else slices[0]


def map_fn(fn, elems, name=None, dtype=None):
    """fn(elems[0]), fn(elems[1]), … stacked; a tuple of tensors is sliced together."""
    sequences, start = _tensors(elems), mark()
    slices = [_slice_of(s, "element") for s in sequences]
    result = fn(_given(slices, elems))
    several = isinstance(result, (list, tuple))
    outputs = [as_tensor(t) for t in (result if several else [result])]
    if isinstance(dtype, str):
        outputs = [cast(t, dtype_name(dtype)) for t in outputs]
    piece = Piece(start, slices, outputs)
    if piece.cuts:  # by extents that depend on values
        stacked = mapped(piece, sequences)
    else:
        stacked, _ = _loop(sequences, [], slices, [], outputs, [])
    return type(result)(stacked) if several else stacked[0]


def foldl(fn, elems, initializer=None, name=None):
    """Accumulates acc = fn(acc, elem) from the first element on."""
    return _fold(fn, elems, initializer, backwards=False)


def foldr(fn, elems, initializer=None, name=None):
    """Accumulates acc = fn(acc, elem) from the last element on."""
    return _fold(fn, elems, initializer, backwards=True)


def _fold(fn, elems, initializer, backwards):
    sequences = _tensors(elems)
    if initializer is None:
        first = -1 if backwards else 0
        rest = slice(None, -1) if backwards else slice(1, None)
        initializer = _given([s[first] for s in sequences], elems)
        sequences = [s[rest] for s in sequences]
    several = isinstance(initializer, (list, tuple))
    start = _tensors(initializer)
    slices = [_slice_of(s, "element") for s in sequences]
    states = [_placeholder_like(t, "accumulated") for t in start]
    result = fn(type(initializer)(states) if several else states[0], _given(slices, elems))
    after = [cast_value(t, s.dtype) for t, s in zip(_tensors(result), start, strict=True)]
    _, final = _loop(sequences, start, slices, states, [], after, backwards)
    return type(initializer)(final) if several else final[0]


def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
):
    """Runs a step over the time axis of `inputs`, carrying states.

    Arguments:
        step_function: step(input of one time step (batch, …), list of states, then constants)
            returns the output and the new states.
        inputs: tensor (batch, time, …).
        initial_states: list of tensors (batch, …).
        go_backwards: starts from the last step; outputs are then in order of processing.
        mask: (batch, time) or (batch, time, 1); where it is 0 the step repeats the last output and
            keeps the states.
        constants: list of tensors handed to every step.
        unroll: writes every step out as graph; needs a known number of steps.
        input_length: not needed; kept for compatibility.

    Returns:
        The last output (batch, …), all outputs (batch, time, …), the final states.

    Raises:
        ValueError: for inputs of fewer than three axes, a mask without states, or unrolling an
            unknown number of steps.
    """
    inputs = as_tensor(inputs)
    if inputs.ndim < 3:
        raise ValueError(f"Input should be at least 3D. Received shape: {inputs.shape}")
    sequence = swap_time(inputs)
    last, outputs, final = rnn_time_first(
        step_function, sequence, initial_states, go_backwards, mask, constants, unroll
    )
    return last, swap_time(outputs), final


def swap_time(x):
    """(batch, time, …) as (time, batch, …), and the other way round."""
    x = as_tensor(x)
    swapped = permute_dimensions(x, (1, 0, *range(2, x.ndim)))
    if getattr(x, "_uses_learning_phase", False):
        swapped._uses_learning_phase = True
    return swapped


def rnn_time_first(
    step_function, sequence, initial_states, go_backwards=False, mask=None, constants=None,
    unroll=False,
):  # fmt: skip
    """As `rnn`, with inputs and outputs (time, batch, …); the mask is (batch, time) as there."""
    if mask is not None:
        if not initial_states:
            raise ValueError(
                "No initial states provided! When using masking in an RNN, you should provide "
                "initial states (and your step function should return as its first state at time "
                "`t` the output at time `t-1`)."
            )
        mask = cast(swap_time(mask), "bool")
    step = _Step(step_function, list(constants or []))
    run = _unrolled if unroll else _looped
    states = [as_tensor(s) for s in initial_states]
    last, outputs, final = run(step, sequence, states, mask, go_backwards)
    if step.uses_learning_phase:
        last._uses_learning_phase = True
        outputs._uses_learning_phase = True
    return last, outputs, final[: len(states)]


class _Step:
    """The user's step, checked."""

    def __init__(self, function, constants):
        self.function = function
        self.constants = constants
        self.uses_learning_phase = False

    def __call__(self, x, states):
        output, new_states = self.function(x, list(states) + self.constants)
        if getattr(output, "_uses_learning_phase", False):
            self.uses_learning_phase = True
        if len(new_states) != len(states):
            raise ValueError(
                "The step function must return as many states as it was given: expected "
                f"{len(states)}. Received: {len(new_states)}"
            )
        return output, [
            cast_value(as_tensor(n), s.dtype) for n, s in zip(new_states, states, strict=True)
        ]


def _masked(mask, output, new_states, states, previous):
    """Output and states where the step counts, those before it elsewhere."""
    kept = [_where(mask, new, old) for new, old in zip(new_states, states, strict=True)]
    return _where(mask, output, previous), kept


def _where(mask, a, b):
    """A choice by a mask (batch,) or (batch, 1), brought to the rank of `a`."""
    while mask.ndim < a.ndim:
        mask = expand_dims(mask, -1)
    while mask.ndim > a.ndim:
        mask = emit("squeeze", (mask,), axis=-1)
    return where(mask, a, b)


def _looped(step, sequence, initial, mask, backwards):
    x = _slice_of(sequence, "input")
    states = [_placeholder_like(s, "state") for s in initial]
    sequences, slices = [sequence], [x]
    output, after = step(x, states)
    if mask is not None:
        sequences.append(mask)
        slices.append(_slice_of(mask, "mask"))
        previous = _placeholder_like(output, "last output")  # one more state
        output, after = _masked(slices[1], output, after, states, previous)
        initial = [*initial, _zeros(output, dimensions(initial[0])[0])]
        states, after = [*states, previous], [*after, output]
    stacked, final = _loop(sequences, initial, slices, states, [output], after, backwards)
    outputs = stacked[0]
    # Where the last output is a final state anyway, nothing need be stacked for it.
    same = [i for i, a in enumerate(after) if a is output]
    last = final[same[0]] if same else outputs[0 if backwards else -1]
    return last, reverse(outputs, 0) if backwards else outputs, final


def _zeros(output, batch):
    if None in output.shape[1:]:
        raise ValueError(
            f"Expected outputs of known sizes under a mask. Received shape: {output.shape}"
        )
    return full([batch, *output.shape[1:]], 0, output.dtype)


def _unrolled(step, sequence, states, mask, backwards):
    length = sequence.shape[0]
    if not length:
        raise ValueError(
            "Unrolling requires a fixed number of timesteps, one at least. Received inputs of "
            f"shape (time first): {sequence.shape}"
        )
    outputs = []
    for t in range(length)[::-1] if backwards else range(length):
        output, after = step(sequence[t], states)
        if mask is not None:
            previous = outputs[-1] if outputs else emit("zeros_like", (output,))
            output, after = _masked(mask[t], output, after, states, previous)
        states = after
        outputs.append(output)
    return outputs[-1], emit("stack", outputs, axis=0), states
