"""Compiled functions of tensors: `K.function`, `K.eval` and `K.gradients`."""

import numpy as np

from .. import _core
from .between import parts, refuse_gradients
from .control import is_learning_phase
from .drawn import DrawnTensor
from .sparse import dense, is_sparse_matrix
from .tensor import Tensor, as_tensor, cast_value, emit
from .variables import Update, Variable, get_value, update

_DTYPES = {
    name: np.dtype(name)
    for name in ("float16", "float32", "float64", "int32", "int64", "uint8", "bool")
}


class Function:
    """Outputs and updates of variables as a function of input arrays.

    Compiled on construction, planned once per set of input shapes. Calling it with a list of
    arrays (one per input, in order) returns the list of output arrays (NumPy numbers for outputs
    without axes) and performs the updates.

    Arguments:
        inputs: list of tensors to feed: placeholders, but any tensor will do; the learning phase
            may be among them and takes 0 or 1. At the end of them it may be left out of a call.
        outputs: list of tensors.
        updates: list of `K.update(…)` results or of (variable, new value) pairs; all variables are
            read before any is written.
        phase: 0 or 1 fixes the learning phase; -1 leaves it to the inputs (0 without one).
    """

    def __init__(self, inputs, outputs, updates=None, name=None, phase=-1):
        if not isinstance(inputs, (list, tuple)):
            raise TypeError(f"`inputs` should be a list or tuple of tensors. Received: {inputs!r}")
        if isinstance(outputs, Tensor):
            outputs = [outputs]
        if not isinstance(outputs, (list, tuple)):
            raise TypeError(
                f"`outputs` should be a list or tuple of tensors. Received: {outputs!r}"
            )
        self.inputs = list(inputs)
        self.outputs = [_in_numpy(as_tensor(y)) for y in outputs]
        self.name = name or ""
        self._phase_at = _phase_position(self.inputs)
        fed = [x for i, x in enumerate(self.inputs) if i != self._phase_at]
        for x in fed:
            if not isinstance(x, Tensor):
                raise TypeError(f"Expected tensors as inputs of a function. Received: {x!r}")
        fed = [getattr(x, "_fed_as", x) for x in fed]
        self._fed = fed
        self._dtypes = [_DTYPES.get(x.dtype) for x in fed]
        self.updates = _pairs(updates, self.outputs)
        made = (
            [x._value for x in fed],
            [y._value for y in self.outputs],
            [(v._variable, value) for v, value in self.updates],
            phase,
            self.name,
        )
        cut = parts(*made)
        self.executable = _core.Executable(*made) if cut is None else cut.executable
        self._run = self.executable.run if cut is None else cut.run
        self.is_whole = cut is None  # nothing happens between parts of the graph
        finishes = {i: getattr(y, "_finish", None) for i, y in enumerate(self.outputs)}
        finishes = {i: finish for i, finish in finishes.items() if finish is not None}
        if finishes:  # shapes that depend on values
            self._run = _finishing(self._run, finishes)
        # Whether a call is no more than a run of the executable.
        self.is_plain = self.is_whole and not finishes
        self._numbers = [i for i, y in enumerate(self.outputs) if y.ndim == 0]

    def __call__(self, inputs=()):
        phase = -1
        if isinstance(inputs, (list, tuple)) and any(isinstance(x, (list, tuple)) for x in inputs):
            inputs = self._spread(inputs)
        if self._phase_at is not None:
            inputs, phase = self._without_phase(inputs)
        if not hasattr(inputs, "__len__"):
            raise TypeError(
                f"Function {self.name!r} expects a list of input arrays. Received: {inputs!r}"
            )
        if len(inputs) == len(self._dtypes) + 1 and np.ndim(inputs[-1]) == 0:
            if inputs[-1] in (0, 1):
                inputs = inputs[:-1]  # a learning phase that nobody asked for
        if len(inputs) != len(self._dtypes):
            raise ValueError(
                f"Function {self.name!r} expects {len(self._dtypes)} input arrays "
                f"({[x.name for x in self._fed]}). Received: {len(inputs)}"
            )
        # asarray returns its argument where type and layout fit already.
        try:
            arrays = [
                np.asarray(x, d, order="C") for x, d in zip(inputs, self._dtypes, strict=True)
            ]
        except (ValueError, TypeError) as error:
            if any(isinstance(x, Tensor) or is_sparse_matrix(x) for x in inputs):
                # A tensor is fed with what it is at this moment.
                inputs = [x.eval() if isinstance(x, Tensor) else dense(x) for x in inputs]
                arrays = [np.asarray(x, d) for x, d in zip(inputs, self._dtypes, strict=True)]
            else:
                raise self._bad_input(inputs, error) from error
        results = self._run(arrays, phase)
        for i in self._numbers:  # as sessions of TensorFlow return them
            results[i] = results[i][()]
        return results

    def _spread(self, inputs):
        """Lists of arrays, as `_standardize_user_data` gives them, one after the other.

        A list that makes an array for its input, in the number of axes, stays what it is.
        """
        holds = [
            isinstance(x, (list, tuple)) and all(isinstance(v, np.ndarray) for v in x)
            for x in inputs
        ]
        if len(inputs) == len(self.inputs) and all(
            not lists or not x or 1 + x[0].ndim == tensor.ndim
            for x, lists, tensor in zip(inputs, holds, self.inputs, strict=True)
        ):
            return inputs
        return [v for x, lists in zip(inputs, holds, strict=True) for v in (x if lists else [x])]

    def _without_phase(self, inputs):
        if len(inputs) == self._phase_at == len(self.inputs) - 1:
            return inputs, -1
        if len(inputs) != len(self.inputs):
            raise ValueError(
                f"Function {self.name!r} expects {len(self.inputs)} inputs, the learning phase "
                f"among them. Received: {len(inputs)}"
            )
        at = self._phase_at
        rest = [x for i, x in enumerate(inputs) if i != at]
        return rest, int(bool(np.asarray(inputs[at]).reshape(())))

    def _bad_input(self, inputs, error):
        for x, tensor in zip(inputs, self._fed, strict=True):
            try:
                np.asarray(x, tensor.dtype)
            except (ValueError, TypeError):
                return TypeError(
                    f"Function {self.name!r} cannot take the value for input {tensor.name!r} as an "
                    f"array of {tensor.dtype} (shape {tensor.shape}): {error}"
                    f". Received: {x!r:.200}"
                )
        return error

    def run_batches(
        self, arrays, batch_size, first_batch, last_batch, order=None, constants=(), data=None
    ):
        """Runs a stretch of batches natively; see `Executable.run_batches`."""
        return self.executable.run_batches(
            arrays, batch_size, first_batch, last_batch, order, constants, data
        )

    def keep_on_device(self, arrays):
        """The arrays on the function's device, for `run_batches`; see `Executable`."""
        return self.executable.keep_on_device(arrays)

    def run_rows(self, arrays, batch_size, first_batch, last_batch, outputs=None):
        """Runs batches in order and collects rows; see `Executable.run_rows`."""
        return self.executable.run_rows(arrays, batch_size, first_batch, last_batch, outputs)


def _in_numpy(y):
    """`y` in a type that NumPy has."""
    if y.dtype != "bfloat16":
        return y
    wide = cast_value(y, "float32")
    wide.__dict__.update({k: v for k, v in y.__dict__.items() if k not in ("_value", "_fed_as")})
    return wide


def _finishing(run, finishes):
    """`run` with some results changed: {number of the output: function of its array}."""

    def finished(arrays, phase):
        results = run(arrays, phase)
        for i, finish in finishes.items():
            results[i] = finish(results[i])
        return results

    return finished


def _phase_position(inputs):
    """Where among the inputs the learning phase is fed, or None."""
    for i, x in enumerate(inputs):
        if is_learning_phase(x):
            return i
    return None


def _pairs(updates, outputs):
    """(variable, graph value) pairs, one per variable; updates that outputs carry are added."""
    carried = [u for y in outputs for u in getattr(y, "_updates", ())]
    joined, seen = {}, set()
    for made in [*carried, *_listed(updates)]:
        if id(made) not in seen:
            seen.add(id(made))
            before = joined.get(made.variable)
            joined[made.variable] = made if before is None else before.joined(made)
    return [(variable, made._value) for variable, made in joined.items()]


def _listed(updates):
    """Updates of a list that may hold pairs, None and further lists."""
    for item in updates or ():
        if isinstance(item, Update):
            yield item
        elif isinstance(item, (tuple, list)):
            if len(item) == 2 and isinstance(item[0], Variable):
                yield update(*item)
            else:
                yield from _listed(item)
        elif item is not None:
            raise TypeError(
                "Expected updates made by K.update, K.update_add or K.update_sub, or "
                f"(variable, new value) pairs. Received: {item!r}"
            )


def function(inputs, outputs, updates=None, **kwargs):
    """Compiles a function of tensors; see `Function`.

    Raises:
        ValueError: for keyword arguments other than `name` and `phase`.
    """
    for key in kwargs:
        if key not in ("name", "phase"):
            raise ValueError(
                f"Invalid argument {key!r} passed to K.function. Expected 'name' or 'phase'."
            )
    return Function(inputs, outputs, updates=updates, **kwargs)


def eval(x):
    """Value of a tensor that depends on no placeholder: a NumPy array, or number if it has no axes.

    Raises:
        ValueError: where it does depend on one.
    """
    if isinstance(x, Variable):
        return get_value(x)
    if not isinstance(x, Tensor):
        return np.asarray(x)
    if isinstance(x, DrawnTensor):
        value = x.drawn()
        return value if value.ndim else value[()]
    known = x.__dict__.get("_array")
    if known is not None:
        return np.array(known) if known.ndim else known[()]
    run = x.__dict__.get("_evaluate")
    if run is None:
        # Kept with the tensor: random tensors draw anew at every evaluation, reproducibly.
        run = x._evaluate = Function([], [x], name="eval")._run
    value = run([], -1)[0]
    return value if value.ndim else value[()]


def gradients(loss, variables):
    """Gradients of `loss` (summed, where it is no scalar) by each of `variables`.

    Returns a list with None where the loss does not depend on a variable.
    """
    wanted = list(variables) if isinstance(variables, (list, tuple)) else [variables]
    losses = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    for v in wanted:
        if not isinstance(v, Tensor):
            raise TypeError(f"Expected variables or tensors to differentiate by. Received: {v!r}")
    refuse_gradients([as_tensor(part)._value for part in losses], [v._value for v in wanted])
    total = None
    for part in losses:
        grads = _core.gradients(as_tensor(part)._value, [v._value for v in wanted])
        grads = [None if g is None else Tensor(g) for g in grads]
        total = (
            grads if total is None else [_added(a, b) for a, b in zip(total, grads, strict=True)]
        )
    return total


def _added(a, b):
    if a is None or b is None:
        return b if a is None else a
    return a + b


def stop_gradient(variables):
    """The same values, treated as constants when gradients are taken; takes a tensor or a list."""
    if isinstance(variables, (list, tuple)):
        return [stop_gradient(v) for v in variables]
    return emit("stop_gradient", (as_tensor(variables),))
