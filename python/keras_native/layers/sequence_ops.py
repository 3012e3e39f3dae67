"""Cells that a native op runs over a whole sequence, gates and states fused.

A cell class with such an op names it as `sequence_op`. The op knows the usual activations, and a
dropout mask for all gates or one for each; other cells run step by step in a loop.
"""

from .. import activations
from .. import backend as K
from ..backend.loops import swap_time
from ..backend.tensor import cast_value, emit, emit_all
from ..later import activations as later_activations

_ACTIVATIONS = {
    activations.linear: "linear",
    activations.tanh: "tanh",
    activations.sigmoid: "sigmoid",
    activations.hard_sigmoid: "hard_sigmoid",
    activations.relu: "relu",
    K.tanh: "tanh",
    K.sigmoid: "sigmoid",
    K.hard_sigmoid: "hard_sigmoid",
    K.relu: "relu",
    later_activations.hard_sigmoid: "relu6_sigmoid",
}


def run_sequence(cell, projected, states, mask=None, backwards=False):
    """Runs a cell over the projected inputs of all steps.

    Args:
        projected: (time, batch, gates * units), what `cell.project` gives.
        states: initial states (batch, units).
        mask: (batch, time) or None.
        backwards: starts from the last step.

    Returns:
        Outputs (time, batch, units) at the index of their step, and the final states; None where no
        op does what the cell does.
    """
    attrs = _attributes(cell)
    drops = cell._recurrent_dropout_mask or []
    if attrs is None:
        return None
    _, kernel, _, bias = cell._weights_used()
    dtypes = {t.dtype for t in (projected, kernel, *states, *drops)}
    if len(dtypes) > 1:
        return None
    inputs = [projected, kernel, *states]
    if attrs.get("reset_after"):
        inputs.append(K.zeros((3 * cell.units,), dtype=kernel.dtype) if bias is None else bias)
    if mask is not None:
        mask = cast_value(swap_time(mask), "bool")
        inputs.append(emit("squeeze", (mask,), axis=-1) if mask.ndim > 2 else mask)
    if drops:
        inputs.append(K.stack(drops) if len(drops) > 1 else drops[0])
    outputs, *final = emit_all(
        cell.sequence_op,
        inputs,
        reverse=bool(backwards),
        masked=mask is not None,
        dropped=bool(drops),
        apart=len(drops) > 1,
        **attrs,
    )
    return outputs, final


def _attributes(cell):
    """Attributes of the cell's op; None where there is no op for it."""
    owner = next((c for c in type(cell).__mro__ if "sequence_op" in vars(c)), None)
    if owner is None or owner.sequence_op is None or type(cell).step is not owner.step:
        return None
    attrs = {"activation": _name_of(cell.activation)}
    if hasattr(cell, "recurrent_activation"):
        attrs["recurrent_activation"] = _name_of(cell.recurrent_activation)
    if None in attrs.values():
        return None
    if hasattr(cell, "reset_after"):
        attrs["reset_after"] = cell.reset_after
    return attrs


def _name_of(activation):
    try:
        return _ACTIVATIONS.get(activation)
    except TypeError:  # an object that cannot be a key
        return None
