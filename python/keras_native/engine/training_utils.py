"""Helpers of the training loops: batches, steps, generators. The checks of data and of the
arguments of `compile` are found here too, as in Keras."""

from __future__ import annotations

import inspect

import numpy as np

from .. import backend as K
from ..utils.arguments import whole_number
from ..utils.sequence import Sequence
from .compile_utils import (
    call_metric_function,
    collect_per_output_metric_info,
    get_loss_function,
    get_metric_function,
    get_metric_name,
    get_output_sample_weight_and_mode,
    prepare_loss_functions,
    prepare_loss_weights,
    prepare_sample_weights,
    weighted_masked_objective,
)
from .data_checks import (
    check_array_length_consistency,
    check_loss_and_target_compatibility,
    standardize_input_data,
    standardize_single_array,
)
from .data_weights import (
    standardize_class_weights,
    standardize_sample_or_class_weights,
    standardize_sample_weights,
    standardize_weights,
)

__all__ = [
    "Sequence",
    "batch_shuffle",
    "call_metric_function",
    "check_array_length_consistency",
    "check_generator_arguments",
    "check_loss_and_target_compatibility",
    "check_num_samples",
    "collect_per_output_metric_info",
    "get_input_shape_and_dtype",
    "get_loss_function",
    "get_metric_function",
    "get_metric_name",
    "get_output_sample_weight_and_mode",
    "get_static_batch_size",
    "is_generator_or_sequence",
    "is_sequence",
    "iter_sequence_infinite",
    "make_batches",
    "prepare_loss_functions",
    "prepare_loss_weights",
    "prepare_sample_weights",
    "should_run_validation",
    "standardize_class_weights",
    "standardize_input_data",
    "standardize_sample_or_class_weights",
    "standardize_sample_weights",
    "standardize_single_array",
    "standardize_weights",
    "weighted_masked_objective",
]


def make_batches(size, batch_size):
    """[(first, one past last)] of each batch of `size` samples; the last may be shorter."""
    return [(i, min(size, i + batch_size)) for i in range(0, size, batch_size)]


def batch_shuffle(index_array, batch_size):
    """Shuffles whole batches of an index; what is left over stays at the end.

    Args:
        index_array: array of row numbers.
        batch_size: rows that stay together.
    """
    whole = len(index_array) // batch_size * batch_size
    batches = index_array[:whole].reshape((-1, batch_size))
    np.random.shuffle(batches)
    return np.append(batches.reshape(-1), index_array[whole:])


def check_num_samples(ins, batch_size=None, steps=None, steps_name="steps"):
    """Number of samples in the inputs; None where `steps` counts instead.

    Raises:
        ValueError: both of steps and batch size, or neither samples nor steps to count.
    """
    if steps is not None:
        whole_number(steps, f"`{steps_name}`", 1)
    if steps is not None and batch_size is not None:
        raise ValueError(f"If {steps_name} is set, the `batch_size` must be None.")
    if not ins or any(K.is_tensor(x) for x in ins):
        if steps is None:
            raise ValueError(
                f"If your data is in the form of symbolic tensors, you should specify the "
                f"`{steps_name}` argument (instead of the `batch_size` argument)."
            )
        return None
    if hasattr(ins[0], "shape"):
        return int(ins[0].shape[0])
    return None


def should_run_validation(validation_freq, epoch):
    """Whether epoch `epoch` (from 0) ends with a validation.

    Args:
        validation_freq: every how many epochs, or the numbers (from 1) of the epochs.

    Raises:
        ValueError: a count below 1, or neither.
    """
    number = epoch + 1
    if isinstance(validation_freq, int):
        if validation_freq < 1:
            raise ValueError(f"`validation_freq` can not be less than 1, got {validation_freq}.")
        return number % validation_freq == 0
    if not hasattr(validation_freq, "__contains__"):
        raise ValueError(
            f"`validation_freq` must be an Integer or a container like list, tuple, etc. "
            f"Got {validation_freq!r}"
        )
    return number in validation_freq


def is_sequence(seq):
    """Whether it is, or looks like, a `Sequence`: batches by number, length, end of epoch."""
    return getattr(seq, "use_sequence_api", False) or all(
        hasattr(seq, name) for name in ("__len__", "__getitem__", "on_epoch_end")
    )


def is_generator_or_sequence(x):
    """Whether it yields batches."""
    return inspect.isgenerator(x) or is_sequence(x) or hasattr(x, "__next__")


def has_data(validation_data):
    """Whether there is something to validate on: not for None, nor for an empty list or tuple."""
    if isinstance(validation_data, (list, tuple)):
        return len(validation_data) > 0
    return validation_data is not None


def iter_sequence_infinite(seq):
    """The batches of a Sequence, again and again."""
    while True:
        for i in range(len(seq)):
            yield seq[i]


def check_generator_arguments(y=None, sample_weight=None, validation_split=None):
    """Raises ValueError for arguments that make no sense beside a generator."""
    if y is not None:
        raise ValueError(
            "`y` argument is not supported when data is a generator or Sequence instance. "
            "Instead pass targets as the second element of the generator."
        )
    if sample_weight is not None:
        raise ValueError(
            "`sample_weight` argument is not supported when data is a generator or Sequence "
            "instance. Instead pass sample weights as the third element of the generator."
        )
    if validation_split:
        raise ValueError(
            "If your data is in the form of a Python generator, you cannot use `validation_split`."
        )


def get_static_batch_size(layer):
    """The batch size that an input layer fixes, or None."""
    shape = get_input_shape_and_dtype(layer)[0]
    return shape[0] if shape is not None else None


def get_input_shape_and_dtype(layer):
    """(shape with batch axis, dtype) of what a model or layer takes, (None, None) if unknown."""
    while hasattr(layer, "layers") and layer.layers:
        layer = layer.layers[0]
    if hasattr(layer, "batch_input_shape"):
        return layer.batch_input_shape, layer.dtype
    return None, None
