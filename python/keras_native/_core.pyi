"""The compiled core. Only keras_native.backend imports it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

class Value:
    """One output of a node of an expression graph: immutable, freed when nobody refers to it."""

    @property
    def dtype(self) -> str: ...
    @property
    def shape(self) -> tuple[int | None, ...]: ...
    @property
    def op(self) -> str: ...
    @property
    def inputs(self) -> list[Value]: ...
    @property
    def attrs(self) -> dict[str, Any]: ...
    @property
    def layer(self) -> str: ...
    @property
    def id(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...

class Variable:
    """A long-lived tensor: a weight, an optimizer slot, a metric's total."""

    def __init__(self, value: np.ndarray, name: str = "") -> None: ...
    @property
    def value(self) -> Value:
        """What the variable holds at the start of a run, as a graph value."""
    @property
    def name(self) -> str: ...
    @property
    def dtype(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def device(self) -> str: ...
    def read(self) -> np.ndarray: ...
    def write(self, value: np.ndarray) -> None: ...
    def write_part(self, first: int, values: np.ndarray) -> None:
        """Sets the elements from `first` on, counted in row-major order. Lets other threads run."""

class DeviceData:
    """A data set that lies whole on a device."""

    @property
    def device(self) -> str: ...

class Executable:
    """Outputs and updates as a function of inputs: compiled once, planned per set of shapes."""

    def __init__(
        self,
        inputs: Sequence[Value],
        outputs: Sequence[Value],
        updates: Sequence[tuple[Variable, Value]] = (),
        phase: int = -1,  # 0 test, 1 training: fixed; -1: an input of the run (0 if not given)
        name: str = "",
    ) -> None: ...
    step: int  # runs so far: the third key of the random numbers
    def run(self, inputs: Sequence[np.ndarray], phase: int = -1) -> list[np.ndarray]: ...
    def run_batches(
        self,
        arrays: Sequence[np.ndarray],
        batch_size: int,
        first_batch: int,
        last_batch: int,
        order: np.ndarray | None = None,
        constants: Sequence[np.ndarray] = (),
        data: DeviceData | None = None,
    ) -> tuple[np.ndarray, np.ndarray, int]:
        """Runs batches first_batch … last_batch-1 over `arrays` (one per input, equal lengths;
        `constants` feed the inputs after those whole); batch k takes rows
        order[k*batch_size : (k+1)*batch_size]. Outputs are scalars. Returns their values at the
        last batch, their sums weighted by batch length, and the number of samples seen. A second
        thread gathers ahead; the GIL is released throughout. `data` are the same arrays, where
        they are on the device."""
    def keep_on_device(self, arrays: Sequence[np.ndarray]) -> DeviceData | None:
        """Copies of arrays from which a GPU takes batches by itself; None on a CPU, or where they
        would take more than `data_share` of its free memory."""
    def run_rows(
        self,
        arrays: Sequence[np.ndarray],
        batch_size: int,
        first_batch: int,
        last_batch: int,
        outputs: Sequence[np.ndarray] | None = None,
    ) -> list[np.ndarray]:
        """As run_batches in order, for outputs with a leading batch axis: rows are written into
        `outputs` (made when None) at the rows of their inputs."""
    def text(self) -> str:
        """The compiled graph and plan of the last run, for a person to read."""

def apply(op: str, inputs: Sequence[Value], attrs: dict[str, Any] = {}) -> list[Value]: ...
def unwritten_variable(shape: Sequence[int], dtype: str, name: str = "") -> Variable:
    """One that holds anything until `write_part` has set all of it."""

def constant(value: np.ndarray) -> Value: ...
def placeholder(shape: Sequence[int | None], dtype: str, name: str = "") -> Value: ...
def learning_phase() -> Value: ...
def observe(x: Value, call: Callable[[np.ndarray], object]) -> Value: ...
def gradients(
    loss: Value, wrt: Sequence[Value], initial: Value | None = None
) -> list[Value | None]: ...
def push_layer(name: str) -> None: ...
def pop_layer() -> None: ...
def known_ints(value: Value) -> list[int | None] | None:
    """Contents of an integer tensor as far as the graph tells them."""

def loop(
    sequences: Sequence[Value],
    states: Sequence[Value],
    slices: Sequence[Value],
    states_in: Sequence[Value],
    outputs: Sequence[Value],
    states_out: Sequence[Value],
    reverse: bool = False,
    steps: int = -1,
) -> tuple[list[Value], list[Value]]:
    """Runs a step over the leading axis of `sequences`, (T, …) each. The step is written over the
    placeholders `slices` and `states_in`; what else it uses of the surrounding graph is invariant.
    Returns `outputs` stacked to (T, …) and the final states. Differentiable."""

def ops() -> list[str]: ...
def conv2d_forward(
    x: np.ndarray,
    w: np.ndarray,
    out: np.ndarray,
    stride: int,
    pads: Sequence[Sequence[int]],
    by: str = "",
) -> None:
    """out = convolution of x (N, H, W, C) with w (h, w, C, F), by the named candidate or the best.

    `pads` is ((top, bottom), (left, right)).
    """

def conv2d_backward_input(
    dy: np.ndarray,
    w: np.ndarray,
    out: np.ndarray,
    stride: int,
    pads: Sequence[Sequence[int]],
    by: str = "",
) -> None:
    """out = gradient to the input of the convolution whose output has the gradient dy."""

def conv2d_backward_weights(
    x: np.ndarray,
    dy: np.ndarray,
    out: np.ndarray,
    stride: int,
    pads: Sequence[Sequence[int]],
    by: str = "",
) -> None:
    """out = gradient to the kernel of the convolution whose output has the gradient dy."""

def gemm(
    a: np.ndarray, b: np.ndarray, out: np.ndarray, transpose_a: bool, transpose_b: bool
) -> None: ...
def num_threads() -> int: ...
def set_num_threads(n: int) -> None: ...
def cpu_info() -> dict[str, Any]: ...
def set_isa(name: str) -> None: ...
def devices() -> list[str]: ...
def device_info(name: str) -> dict[str, Any]: ...
def current_device() -> str: ...
def set_default_device(name: str) -> None: ...
def push_device(name: str) -> None: ...
def pop_device() -> None: ...
def set_memory_limit(device: str, bytes: int, at_once: bool = False) -> None: ...
def data_share() -> float: ...
def set_data_share(share: float) -> None: ...
def allow_tf32(device: str, allowed: bool) -> None: ...
