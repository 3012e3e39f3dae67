"""Activations, cross-entropies, normalisation."""

import functools

import numpy as np

from .. import dialect
from .common import epsilon as fuzz
from .common import normalize_data_format
from .math import cast, clip, greater, log, maximum
from .movement import permute_dimensions
from .reduce import _float, mean, sum, var
from .shapes import dimensions, reshape, reshape_to, size
from .tensor import Tensor, as_tensor, cast_value, emit, emit_all, float_unary


def output_first_in_keras1(function):
    """Decorator: code written for Keras 1 gives (output, target), today's (target, output)."""

    @functools.wraps(function)
    def wrapper(target, output, *args, **kwargs):
        if dialect.default().generation == "1":
            target, output = output, target
        return function(target, output, *args, **kwargs)

    return wrapper


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """x above `threshold`, alpha * (x - threshold) below it, at most `max_value`."""
    x = as_tensor(x)
    if alpha is None:
        alpha = 0.0
    if max_value is None and not _is_nonzero(threshold):
        if not _is_nonzero(alpha):
            return emit("relu", (x,))
        if not isinstance(alpha, Tensor):
            return float_unary("leaky_relu", x, alpha=float(alpha))
    y = x * cast(greater(x, threshold), x.dtype) if _is_nonzero(threshold) else emit("relu", (x,))
    if max_value is not None:
        y = clip(y, 0.0, max_value)
    if _is_nonzero(alpha):
        y = y - alpha * emit("relu", (threshold - x,))
    return y


def _is_nonzero(number):
    return isinstance(number, Tensor) or bool(np.any(np.asarray(number) != 0))


def elu(x, alpha=1.0):
    """x above zero, alpha * (exp(x) - 1) below."""
    return float_unary("elu", x, alpha=float(alpha))


def selu(x):
    """Scaled exponential linear unit, with the constants of self-normalising networks."""
    return float_unary("selu", x)


def softplus(x):
    """log(exp(x) + 1)."""
    return float_unary("softplus", x)


def softsign(x):
    """x / (|x| + 1)."""
    return float_unary("softsign", x)


def softmax(x, axis=-1):
    """exp(x) normalised to sum one along `axis`."""
    return float_unary("softmax", x, axis=int(axis))


def l2_normalize(x, axis=None):
    """x divided by its Euclidean length along `axis` (over all elements by default)."""
    x = _float(x)
    square_sum = sum(emit("square", (x,)), axis=axis, keepdims=True)
    return x * emit("rsqrt", (maximum(square_sum, 1e-12),))


def bias_add(x, bias, data_format=None):
    """`bias` (a vector, or of the shape of a sample) added to the channels of `x`.

    Raises:
        ValueError: for a bias of another rank.
    """
    data_format = normalize_data_format(data_format)
    bias = as_tensor(bias, x)
    if bias.ndim not in (1, x.ndim - 1):
        raise ValueError(
            f"Unexpected bias dimensions {bias.ndim}, expected 1 or {x.ndim - 1} dimensions"
        )
    if data_format == "channels_first" and x.ndim > 2:
        extents = list(bias.shape)
        if bias.ndim == 1:
            bias = reshape(bias, [1, extents[0]] + [1] * (x.ndim - 2))
        else:  # the elements in their order, not transposed: so do Keras 1 and 2
            bias = reshape(bias, [1, extents[-1], *extents[:-1]])
    return x + bias


def in_top_k(predictions, targets, k):
    """Whether the target class is among the `k` largest of its row: booleans of shape (batch,)."""
    targets = cast(targets, "int32")
    return emit("in_top_k", (as_tensor(predictions), targets), k=int(k))


def top_k(x, k):
    """The `k` largest elements of each row in falling order, and their indices."""
    return tuple(emit_all("top_k", (as_tensor(x),), k=int(k)))


def _checked_axis(output, axis):
    rank = output.ndim
    if axis != -1 and axis not in range(rank):
        raise ValueError(
            f"Unknown axis of the classes. Expected -1 or one of {list(range(rank))} for an output "
            f"of shape {output.shape}. Received: {axis}"
        )
    return axis % rank


def _classes_last(x, axis):
    order = [i for i in range(x.ndim) if i != axis] + [axis]
    return permute_dimensions(x, order)


def _logits_behind(output, op):
    """What `output` is directly the `op` of, or None.

    The cross-entropies of Keras 2.3.1 look through a softmax or sigmoid that ends a model and go
    from its logits, without the clip that would end all learning where it saturates. They see a
    softmax only where it has two axes: over more, Keras wrote it in other operations.
    """
    value = output._value
    if value.op != op or dialect.current().losses == "keras1":
        return None
    if op == "softmax" and (output.ndim != 2 or value.attrs.get("axis", -1) not in (-1, 1)):
        return None
    return Tensor(value.inputs[0])


def _as_logits(output, op):
    """`output`, which its user calls logits, or the logits that `op` made probabilities of.

    TensorFlow 2 and Keras 3 take the latter where a model ends with the activation all the same.
    """
    behind = _logits_behind(output, op) if dialect.current().optimizers == "later" else None
    return output if behind is None else behind


@output_first_in_keras1
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Cross-entropy between distributions along `axis`.

    Arguments:
        target: probabilities (often one-hot), shaped as `output`.
        output: probabilities, normalised and clipped away from 0 and 1 here; or logits.

    Raises:
        ValueError: for an axis that `output` does not have.
    """
    output = _float(output)
    target = cast_value(as_tensor(target, output), output.dtype)
    axis = _checked_axis(output, axis)
    if from_logits:
        output = _as_logits(output, "softmax")
    elif axis == output.ndim - 1:
        logits = _logits_behind(output, "softmax")
        if logits is not None:
            output, from_logits = logits, True
    if axis != output.ndim - 1:
        target, output = _classes_last(target, axis), _classes_last(output, axis)
    if from_logits:
        return emit("softmax_cross_entropy", (output, target))
    return emit("categorical_crossentropy", (output, target), epsilon=fuzz())


@output_first_in_keras1
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """Cross-entropy of distributions along `axis` and integer classes.

    Arguments:
        target: classes, shaped as `output` without `axis`, or with size 1 there.
        output: probabilities, clipped away from 0 and 1 here; or logits.
    """
    output = _float(output)
    target = cast(target, "int32")
    axis = _checked_axis(output, axis)
    if from_logits:
        output = _as_logits(output, "softmax")
    elif axis == output.ndim - 1:
        logits = _logits_behind(output, "softmax")
        if logits is not None:
            output, from_logits = logits, True
    if axis != output.ndim - 1:
        output = _classes_last(output, axis)
    if target.ndim != output.ndim - 1 or _differ(target.shape, output.shape[:-1]):
        target = reshape_to(target, dimensions(output)[:-1])
    if from_logits:
        return emit("sparse_softmax_cross_entropy", (output, target))
    return emit("sparse_categorical_crossentropy", (output, target), epsilon=fuzz())


def _differ(a, b):
    return any(m is not None and n is not None and m != n for m, n in zip(a, b, strict=True))


@output_first_in_keras1
def binary_crossentropy(target, output, from_logits=False):
    """Elementwise cross-entropy of independent probabilities, or of logits."""
    output = _float(output)
    target = cast_value(as_tensor(target, output), output.dtype)
    if from_logits:
        logits = _as_logits(output, "sigmoid")
    else:
        logits = _logits_behind(output, "sigmoid")
    if logits is not None:
        return emit("binary_crossentropy_logits", (logits, target))
    output = clip(output, fuzz(), 1 - fuzz())
    if dialect.current().losses == "keras1":
        return emit("binary_crossentropy_logits", (log(output / (1 - output)), target))
    # The fuzz factor is added to what was clipped by it already, as Keras 2.3.1 does.
    return -(target * log(output + fuzz()) + (1 - target) * log(1 - output + fuzz()))


def normalize_batch_in_training(x, gamma, beta, reduction_axes, epsilon=1e-3):
    """Normalises `x` by its own statistics over `reduction_axes`.

    Returns:
        The normalised tensor and the statistics: mean and variance, vectors. For images over axes
        [0, 1, 2] the variance returned is n / (n - 1) times the one used, as TensorFlow's fused
        kernel handed it to Keras 2.
    """
    x = as_tensor(x)
    y, batch_mean, variance = normalized_by_batch(x, gamma, beta, reduction_axes, epsilon)
    if x.ndim == 4 and list(reduction_axes) == [0, 1, 2]:
        n = cast(size(x), variance.dtype) / cast(size(variance), variance.dtype)
        variance = variance * (n / (n - 1.0))
    return y, batch_mean, variance


def normalized_by_batch(x, gamma, beta, reduction_axes, epsilon):
    """(normalised tensor, mean, variance); the variance is that of the elements themselves."""
    x = as_tensor(x)
    axes = sorted(int(a) % x.ndim for a in reduction_axes)
    kept = [a for a in range(x.ndim) if a not in axes]
    if len(kept) == 1 and x.ndim > 1 and all(_is_vector(t) for t in (gamma, beta)):
        given = [t for t in (gamma, beta) if t is not None]
        y, batch_mean, variance, _ = emit_all(
            "batch_norm_train",
            (x, *given),
            axis=kept[0],
            epsilon=float(epsilon),
            scale=gamma is not None,
            center=beta is not None,
        )
        return y, batch_mean, variance
    batch_mean, variance = mean(x, axes, keepdims=True), var(x, axes, keepdims=True)
    if beta is not None:
        beta = reshape_to(beta, dimensions(batch_mean))
    if gamma is not None:
        gamma = reshape_to(gamma, dimensions(batch_mean))
    y = batch_normalization(x, batch_mean, variance, beta, gamma, epsilon=epsilon)
    for axis in reversed(axes):
        batch_mean = emit("squeeze", (batch_mean,), axis=axis)
        variance = emit("squeeze", (variance,), axis=axis)
    return y, batch_mean, variance


def _is_vector(t):
    return t is None or t.ndim == 1


def batch_normalization(x, mean, var, beta, gamma, axis=-1, epsilon=1e-3):
    """(x - mean) / sqrt(var + epsilon) * gamma + beta.

    Statistics are vectors over `axis`, or broadcast; `beta` and `gamma` may be None.
    """
    x = as_tensor(x)
    given = [t for t in (gamma, beta) if t is not None]
    if x.ndim > 1 and all(t.ndim == 1 for t in (mean, var, *given)):
        return emit(
            "batch_norm_infer",
            (x, mean, var, *given),
            axis=int(axis) % x.ndim,
            epsilon=float(epsilon),
            scale=gamma is not None,
            center=beta is not None,
        )
    scale = emit("rsqrt", (var + epsilon,))
    scale = scale if gamma is None else scale * gamma
    shift = -mean * scale if beta is None else beta - mean * scale
    return x * scale + shift
