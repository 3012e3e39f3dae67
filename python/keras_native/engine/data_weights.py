"""Weights of samples, time steps and classes, as arrays that fit the targets."""

from __future__ import annotations

import warnings

import numpy as np

from .. import backend as K
from ..utils.arguments import real_number


def standardize_sample_or_class_weights(x_weight, output_names, weight_type):
    """Weights as a list, one entry per output (None where there are none).

    Args:
        x_weight: array or dict for one output; list or dict by names for several.
        output_names: names of the outputs.
        weight_type: 'sample_weight' or 'class_weight', for messages.

    Raises:
        ValueError: a list of the wrong length, unknown names.
        TypeError: neither list nor dict for several outputs.
    """
    count = len(output_names)
    if x_weight is None or (isinstance(x_weight, (list, dict)) and len(x_weight) == 0):
        return [None] * count
    if count == 1:
        if isinstance(x_weight, (list, tuple)) and len(x_weight) == 1:
            return list(x_weight)
        if isinstance(x_weight, dict) and output_names[0] in x_weight:
            return [x_weight[output_names[0]]]
        return [x_weight]
    if isinstance(x_weight, (list, tuple)):
        if len(x_weight) != count:
            raise ValueError(
                f"Provided `{weight_type}` was a list of {len(x_weight)} elements, but the model "
                f"has {count} outputs. You should provide one `{weight_type}` array per model "
                f"output."
            )
        return list(x_weight)
    if isinstance(x_weight, dict):
        unknown = [key for key in x_weight if key not in output_names]
        if weight_type == "class_weight" and all(isinstance(key, int) for key in x_weight):
            warnings.warn(
                f"class_weight={x_weight} has no effect, in Keras neither: the model has {count} "
                f"outputs, so it takes a dict {{name of an output: {{class number: weight}}}}.",
                stacklevel=2,
            )
        elif unknown:
            raise ValueError(
                f"Unknown entries in {weight_type} dictionary: {unknown}. Only expected following "
                f"keys: {list(output_names)}"
            )
        return [x_weight.get(name) for name in output_names]
    raise TypeError(
        f"The model has multiple outputs, so `{weight_type}` should be either a list or a dict. "
        f"Provided `{weight_type}` type not understood: {type(x_weight).__name__}"
    )


def standardize_class_weights(class_weight, output_names):
    """`class_weight` of `fit` as a list, one entry per output."""
    return standardize_sample_or_class_weights(class_weight, output_names, "class_weight")


def standardize_sample_weights(sample_weight, output_names):
    """`sample_weight` of `fit` as a list, one entry per output."""
    return standardize_sample_or_class_weights(sample_weight, output_names, "sample_weight")


def standardize_weights(y, sample_weight=None, class_weight=None, sample_weight_mode=None):
    """The weight of each sample (or time step) of a target.

    Args:
        y: target array.
        sample_weight: array of weights.
        class_weight: dict {class number: weight}.
        sample_weight_mode: None for one weight per sample, 'temporal' for one per time step.

    Returns:
        Array of shape (samples,) or (samples, steps).

    Raises:
        ValueError: weights of a wrong shape, a class without weight, a target of a wrong rank.
    """
    if sample_weight_mode not in (None, "samplewise", "temporal"):
        raise ValueError(
            f'"sample_weight_mode should be None or "temporal". Found: {sample_weight_mode!r}'
        )
    temporal = sample_weight_mode == "temporal"
    if temporal and y.ndim < 3:
        raise ValueError(
            f"Found a sample_weight array for an input with shape {y.shape}. Timestep-wise sample "
            f"weighting (use of sample_weight_mode='temporal') is restricted to outputs that are "
            f"at least 3D, i.e. that have a time dimension."
        )
    if sample_weight is not None:
        sample_weight = _checked_weights(y, np.asarray(sample_weight), temporal)
    by_class = None
    if isinstance(class_weight, str) and class_weight in ("auto", "balanced"):
        warnings.warn(
            f"class_weight={class_weight!r} has no effect, in Keras neither: it takes a dict "
            f"{{class number: weight}}, as sklearn.utils.class_weight computes one.",
            stacklevel=2,
        )
        class_weight = None
    if class_weight is not None and not hasattr(class_weight, "__len__"):
        raise TypeError(
            f"class_weight expected a dict {{class number: weight}}, got {class_weight!r}"
        )
    if class_weight is not None and len(class_weight):
        by_class = _weights_by_class(y, class_weight, temporal)
    if sample_weight is not None and by_class is not None:
        return sample_weight * by_class
    if sample_weight is not None:
        return sample_weight
    if by_class is not None:
        return by_class
    return np.ones(y.shape[: 2 if temporal else 1], dtype=K.numpy_floatx())


def _checked_weights(y, weights, temporal):
    rank = 2 if temporal else 1
    if weights.dtype.kind not in "biuf":
        raise TypeError(
            f"sample_weight expected numbers, got an array of dtype {weights.dtype} and shape "
            f"{weights.shape}"
        )
    if weights.ndim == 2 and not temporal and weights.shape[1] == 1:
        weights = weights[:, 0]
    if weights.ndim != rank:
        advice = (
            "In order to use timestep-wise sample weighting, you should pass a 2D sample_weight "
            "array."
            if temporal
            else "In order to use timestep-wise sample weights, you should specify "
            'sample_weight_mode="temporal" in compile(). If you just mean to use sample-wise '
            "weights, make sure your sample_weight array is 1D."
        )
        raise ValueError(f"Found a sample_weight array with shape {weights.shape}. {advice}")
    if y is not None and weights.shape != tuple(y.shape[:rank]):
        raise ValueError(
            f"Found a sample_weight array with shape {weights.shape} for an input with shape "
            f"{y.shape}. sample_weight cannot be broadcast."
        )
    return weights


def _weights_by_class(y, class_weight, temporal):
    if isinstance(class_weight, str):
        raise TypeError(
            f"class_weight expected a dict {{class number: weight}} or 'auto', got {class_weight!r}"
        )
    if not isinstance(class_weight, dict):
        class_weight = dict(enumerate(class_weight))
    for number, value in class_weight.items():
        real_number(value, f"class_weight of class {number}")
    if temporal or y.ndim > 2:
        raise ValueError(
            f"`class_weight` not supported for 3+ dimensional targets (got shape {y.shape})."
        )
    if y.ndim == 2:
        classes = np.argmax(y, axis=1) if y.shape[1] > 1 else np.reshape(y, y.shape[0])
    else:
        classes = y
    present, position = np.unique(classes, return_inverse=True)
    missing = [c for c in present.tolist() if c not in class_weight]
    if missing:
        raise ValueError(
            f"`class_weight` must contain all classes in the data. The classes {set(missing)} "
            f"exist in the data but not in `class_weight`."
        )
    return np.asarray([class_weight[c] for c in present.tolist()])[position.reshape(-1)]
