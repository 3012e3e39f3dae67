"""From what users pass as data to a list of arrays that fits the model, or a clear error."""

from __future__ import annotations

import numbers

import numpy as np

from .. import backend as K
from ..backend.sparse import is_sparse_matrix


def standardize_single_array(x):
    """An array with at least two axes (samples first); tensors and None pass through."""
    if x is None or K.is_tensor(x):
        return x
    if is_sparse_matrix(x):
        return x.tocsr()  # rows can be taken of that, and of not all others
    if not hasattr(x, "shape") or not hasattr(x, "ndim"):
        if not hasattr(x, "shape"):
            x = np.asarray(x)
        else:  # array-like on disk, sliced batch by batch
            return x
    return np.expand_dims(x, 1) if x.ndim == 1 else x


def of_rank(array, rank):
    """`array` without the axis that `standardize_single_array` added, for tensors of rank 1."""
    if rank == 1 and getattr(array, "ndim", 0) == 2 and array.shape[1] == 1:
        return array[:, 0]
    return array


def _values(x):
    """The array of a pandas object, anything else unchanged."""
    return x.values if type(x).__module__.startswith("pandas") else x


def _as_arrays(data, names, prefix):
    """`data` as a list, one entry per name, in the order of the names."""
    if isinstance(data, dict):
        missing = [name for name in names if name not in data]
        if missing:
            raise ValueError(
                f'No data provided for "{missing[0]}". Need data for each key in: {names} '
                f"(got keys {list(data)})"
            )
        return [_values(data[name]) for name in names]
    if isinstance(data, (list, tuple)):
        data = list(data)
        if not data:
            raise ValueError(f"Error when checking model {prefix}: got an empty list.")
        if len(names) == 1 and not hasattr(data[0], "shape"):
            if isinstance(data[0], (float, int)) or len(data) != 1:
                return [_numbers(data, prefix)]
        if isinstance(data[0], (list, tuple)):
            return [_numbers(d, prefix) for d in data]
        return [_values(x) for x in data]
    return [_values(data)]


def _numbers(data, prefix):
    try:
        array = np.asarray(data)
        if array.dtype != object:
            return array
        reason = "rows of different lengths or no numbers"
    except ValueError as error:
        reason = str(error)
    raise ValueError(
        f"Error when checking model {prefix}: expected an array of numbers, got a list that does "
        f"not make one ({reason})"
    )


def standardize_input_data(data, names, shapes=None, check_batch_axis=True, exception_prefix=""):
    """Arrays for the given names, checked against shapes.

    Args:
        data: array, list of arrays or dict {name: array}.
        names: the names of the inputs (or targets).
        shapes: for each name a shape, or None for no check.
        check_batch_axis: whether the first axis is checked too.
        exception_prefix: what to call the data in messages.

    Returns:
        List of arrays.

    Raises:
        ValueError: for missing, surplus or misshapen arrays.
        TypeError: for something that is no array.
    """
    prefix = exception_prefix
    if not names:
        if data is not None and hasattr(data, "__len__") and len(data):
            raise ValueError(
                f"Error when checking model {prefix}: expected no data, but got: {data}"
            )
        return []
    if data is None:
        return [None] * len(names)
    arrays = [standardize_single_array(_unboxed(x)) for x in _as_arrays(data, names, prefix)]
    if len(arrays) != len(names):
        raise ValueError(
            f"Error when checking model {prefix}: the list of Numpy arrays that you are passing to "
            f"your model is not the size the model expected. Expected to see {len(names)} array(s) "
            f"({list(names)}), but instead got {len(arrays)} with shapes "
            f"{[getattr(a, 'shape', None) for a in arrays]}"
        )
    shapes = shapes or [None] * len(names)
    arrays = [a if s is None else of_rank(a, len(s)) for a, s in zip(arrays, shapes, strict=True)]
    for array, name, shape in zip(arrays, names, shapes, strict=True):
        if not hasattr(array, "shape"):
            raise TypeError(
                f"Error when checking model {prefix}: data should be a Numpy array, or list/dict "
                f"of Numpy arrays. Found for {name!r}: {str(array)[:200]}..."
            )
        _check_numeric(array, name, prefix)
        if shape is not None and not K.is_tensor(array):
            check_shape(array, name, shape, check_batch_axis, prefix)
    return arrays


def _unboxed(x):
    """Numbers in an array of objects (a table of mixed columns) as an array of floats."""
    if not isinstance(x, np.ndarray) or x.dtype.kind != "O":
        return x
    if not all(isinstance(value, (numbers.Real, np.number, np.bool_)) for value in x.flat):
        return x
    return x.astype(K.numpy_floatx())


def _check_numeric(array, name, prefix):
    dtype = getattr(array, "dtype", None)
    kind = getattr(dtype, "kind", "f")
    if kind not in "biuf" and getattr(dtype, "name", "") != "bfloat16":
        raise TypeError(
            f"Error when checking {prefix}: expected numbers for {name!r}, got an array of dtype "
            f"{array.dtype} and shape {array.shape}"
        )


def check_shape(array, name, shape, check_batch_axis, prefix):
    """Raises ValueError unless the array has the shape (None fits any extent)."""
    found, wanted = tuple(array.shape), tuple(shape)
    if len(found) != len(wanted):
        raise ValueError(
            f"Error when checking {prefix}: expected {name} to have {len(wanted)} dimensions "
            f"(shape {wanted}), but got array with shape {found}"
        )
    if not check_batch_axis:
        found, wanted = found[1:], wanted[1:]
    if any(w and f != w for f, w in zip(found, wanted, strict=True)):
        raise ValueError(
            f"Error when checking {prefix}: expected {name} to have shape {wanted} "
            f"but got array with shape {found}"
        )


# ---------------------------------------------------------------- consistency


def check_array_length_consistency(inputs, targets, weights=None):
    """Raises ValueError unless inputs, targets and weights have the same number of samples."""

    def lengths(arrays):
        return {n for n in map(_length, () if arrays is None else arrays) if n is not None}

    x, y, w = lengths(inputs), lengths(targets), lengths(weights)
    for what, found, arrays in (("Input", x, inputs), ("target", y, targets)):
        if len(found) > 1:
            raise ValueError(
                f"All {what.lower()} arrays (x) should have the same number of samples. Got array "
                f"shapes: {[a.shape for a in arrays]}".replace(
                    "(x)", "(x)" if what == "Input" else "(y)"
                )
            )
    if x and y and x != y:
        raise ValueError(
            f"Input arrays should have the same number of samples as target arrays. Found "
            f"{x.pop()} input samples and {y.pop()} target samples."
        )
    if len(w) > 1:
        raise ValueError(
            f"All sample_weight arrays should have the same number of samples. Got array shapes: "
            f"{[a.shape for a in weights if a is not None]}"
        )
    if y and w and y != w:
        raise ValueError(
            f"Sample_weight arrays should have the same number of samples as target arrays. Got "
            f"{w.pop()} sample_weight samples and {y.pop()} target samples."
        )


def as_long_as_first(inputs):
    """Without targets the first input says how many samples there are; longer ones are cut."""
    samples = _length(inputs[0])
    if samples is None or all(_length(x) in (None, samples) for x in inputs):
        return inputs
    return [x if (_length(x) or 0) <= samples else x[:samples] for x in inputs]


def _length(array):
    if array is None or K.is_tensor(array):
        return None
    return array.shape[0]


def check_loss_and_target_compatibility(targets, loss_fns, output_shapes):
    """Catches one-hot targets for a sparse loss, integers for a dense one, and shape mismatches.

    Args:
        targets: target arrays.
        loss_fns: the losses, None entries are skipped.
        output_shapes: shapes of the outputs.

    Raises:
        ValueError: saying which of the two to change.
    """
    exact = {"mean_squared_error", "binary_crossentropy", "categorical_crossentropy"}
    for y, loss, shape in zip(targets, loss_fns, output_shapes, strict=True):
        if y is None or loss is None or K.is_tensor(y) or shape is None:
            continue
        name = loss_name(loss)
        if len(y.shape) != len(shape):
            continue
        if name == "sparse_categorical_crossentropy" and 1 != y.shape[-1] == shape[-1]:
            raise ValueError(
                f"You are passing a target array of shape {y.shape} while using as loss "
                f"`sparse_categorical_crossentropy`, which expects one class number per sample, "
                f"here of shape (samples, 1). If your targets are binary matrices (1s and 0s), use "
                f"the loss function `categorical_crossentropy` instead, or convert them via:\n"
                f"y_int = np.argmax(y, axis=-1)"
            )
        if name == "categorical_crossentropy" and y.shape[-1] == 1:
            raise ValueError(
                f"You are passing a target array of shape {y.shape} while using as loss "
                f"`categorical_crossentropy`, which expects targets to be binary matrices (1s and "
                f"0s) of shape (samples, classes), here with {_classes(shape[-1])}. If your "
                f"targets are integer classes, you can convert them to the expected format via:\n"
                f"from keras_native.utils import to_categorical\n"
                f"y_binary = to_categorical(y_int)\n\n"
                f"Alternatively, you can use the loss function `sparse_categorical_crossentropy` "
                f"instead, which does expect integer targets."
            )
        if name in exact:
            for found, wanted in zip(y.shape[1:], shape[1:], strict=True):
                if wanted is not None and found != wanted:
                    raise ValueError(
                        f"A target array with shape {y.shape} was passed for an output of shape "
                        f"{shape} while using as loss `{name}`. This loss expects targets to have "
                        f"the same shape as the output."
                    )


def _classes(units):
    return "one class, which is always right" if units == 1 else f"{units} classes"


_LOSS_CLASSES = {
    "MeanSquaredError": "mean_squared_error",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
}


def loss_name(loss):
    """The function's name of a loss function, wrapper or object; '' for a class of the user's."""
    fn = getattr(loss, "fn", loss)
    name = getattr(fn, "__name__", None)
    return name if name is not None else _LOSS_CLASSES.get(type(loss).__name__, "")
