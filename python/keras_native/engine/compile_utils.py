"""From what users pass to `compile` to one loss, weight and set of metrics per output."""

from __future__ import annotations

import warnings

from .. import backend as K
from .. import dialect
from ..utils.generic_utils import check_for_unexpected_keys, to_list
from ..utils.losses_utils import squeeze_or_expand_dimensions
from .data_checks import loss_name

_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


# ---------------------------------------------------------------- losses


def get_loss_function(loss):
    """A `Loss` object for a name, a function or a `Loss`; None for None."""
    from .. import losses

    if loss is None or isinstance(loss, losses.Loss):
        return loss
    fn = losses.get(loss)
    if isinstance(fn, losses.Loss):
        return fn
    if isinstance(fn, type):
        raise ValueError(f"Expected a loss function or object, got the class {fn.__name__}.")
    return losses.LossFunctionWrapper(fn, name=getattr(fn, "__name__", type(fn).__name__))


def prepare_loss_functions(loss, output_names):
    """One loss (or None) per output.

    Args:
        loss: name, function, object, list of them, or dict {output name: loss}.
        output_names: names of the outputs.

    Raises:
        ValueError: unknown output names, a list of the wrong length, an unknown loss.
    """
    if isinstance(loss, dict):
        check_for_unexpected_keys("loss", loss, output_names)
        for name in output_names:
            if loss and name not in loss:
                warnings.warn(
                    f'Output "{name}" missing from loss dictionary. We assume this was done on '
                    f"purpose. The fit and evaluate APIs will not be expecting any data to be "
                    f'passed to "{name}".',
                    stacklevel=4,
                )
        return [get_loss_function(loss.get(name)) for name in output_names]
    if isinstance(loss, (list, tuple)):
        if len(loss) != len(output_names):
            raise ValueError(
                f"When passing a list as loss, it should have one entry per model outputs. The "
                f"model has {len(output_names)} outputs, but you passed loss={loss}"
            )
        return [get_loss_function(one) for one in loss]
    return [get_loss_function(loss) for _ in output_names]


def prepare_loss_weights(output_names, loss_weights=None):
    """One factor per output.

    Raises:
        ValueError: unknown output names or a list of the wrong length.
        TypeError: neither list nor dict.
    """
    if loss_weights is None:
        return [1.0] * len(output_names)
    if isinstance(loss_weights, dict):
        check_for_unexpected_keys("loss_weights", loss_weights, output_names)
        return [loss_weights.get(name, 1.0) for name in output_names]
    if isinstance(loss_weights, (list, tuple)):
        if len(loss_weights) != len(output_names):
            raise ValueError(
                f"When passing a list as loss_weights, it should have one entry per model output. "
                f"The model has {len(output_names)} outputs, but you passed "
                f"loss_weights={loss_weights}"
            )
        return list(loss_weights)
    raise TypeError(
        f"Could not interpret loss_weights argument: {loss_weights} - expected a list or a dict."
    )


# ---------------------------------------------------------------- sample weights


def get_output_sample_weight_and_mode(
    skip_target_weighing_indices, sample_weight_mode, output_name, output_index
):
    """Placeholder for the weights of one output, and the mode: both None where it has no loss."""
    if output_index in skip_target_weighing_indices:
        return None, None
    if sample_weight_mode not in (None, "samplewise", "temporal"):
        raise ValueError(
            f'sample_weight_mode should be None or "temporal". Found: {sample_weight_mode!r}'
        )
    temporal = sample_weight_mode == "temporal"
    weight = K.placeholder(ndim=2 if temporal else 1, name=output_name + "_sample_weights")
    return weight, sample_weight_mode if temporal else None


def prepare_sample_weights(output_names, sample_weight_mode, skip_target_weighing_indices):
    """Placeholders for the weights of all outputs, and their modes.

    Args:
        output_names: names of the outputs.
        sample_weight_mode: None, 'temporal', or a list or dict of these.
        skip_target_weighing_indices: numbers of the outputs without loss.

    Raises:
        ValueError: unknown output names, missing ones, a list of the wrong length.
    """
    count = len(output_names)
    if isinstance(sample_weight_mode, dict):
        check_for_unexpected_keys("sample_weight_mode", sample_weight_mode, output_names)
        for i, name in enumerate(output_names):
            if i not in skip_target_weighing_indices and name not in sample_weight_mode:
                raise ValueError(f'Output missing from sample_weight_modes dictionary: "{name}"')
        modes = [sample_weight_mode.get(name) for name in output_names]
    elif isinstance(sample_weight_mode, (list, tuple)):
        if len(sample_weight_mode) != count:
            raise ValueError(
                f"When passing a list as sample_weight_mode, it should have one entry per model "
                f"output. The model has {count} outputs, but you passed sample_weight_mode="
                f"{sample_weight_mode}"
            )
        modes = list(sample_weight_mode)
    else:
        modes = [sample_weight_mode] * count
    pairs = [
        get_output_sample_weight_and_mode(skip_target_weighing_indices, mode, name, i)
        for i, (mode, name) in enumerate(zip(modes, output_names, strict=True))
    ]
    return [weight for weight, _ in pairs], [mode for _, mode in pairs]


# ---------------------------------------------------------------- metrics


def get_metric_name(metric, weighted=False):
    """The name in the logs: what the user wrote, or the name of the function or object."""
    from .. import metrics

    keras1 = dialect.current().keras1_names
    if keras1 and metric in _ACCURACY:
        return "acc"
    if isinstance(metric, str) and not keras1:
        return metric

    metric = metrics.get(metric)
    return getattr(metric, "name", None) or getattr(metric, "__name__", type(metric).__name__)


def get_metric_function(metric, output_shape=None, loss_fn=None):
    """The metric for a name; 'accuracy' and 'crossentropy' go by the loss and the output shape."""
    from .. import metrics

    if not isinstance(metric, str) or metric not in _ACCURACY + _CROSSENTROPY:
        return metrics.get(metric)
    loss = loss_name(loss_fn) if loss_fn is not None else ""
    if loss == "sparse_categorical_crossentropy" and output_shape[-1] != 1:
        kind = "sparse_categorical"
    elif output_shape[-1] == 1 or (
        loss == "binary_crossentropy" and not dialect.current().accuracy_by_shape
    ):
        kind = "binary"
    else:
        kind = "categorical"
    suffix = "accuracy" if metric in _ACCURACY else "crossentropy"
    return getattr(metrics, f"{kind}_{suffix}")


def collect_per_output_metric_info(
    metrics, output_names, output_shapes, loss_fns, is_weighted=False
):
    """{name: metric object} for each output.

    Args:
        metrics: list (for every output), list of lists (one per output) or dict by output name.
        output_names, output_shapes, loss_fns: one entry per output.
        is_weighted: whether these are `weighted_metrics`.

    Raises:
        ValueError: unknown output names, a nested list of the wrong length, an unknown metric.
        TypeError: neither list nor dict.
    """
    if not metrics:
        return [{} for _ in output_names]
    from .. import metrics as module

    if isinstance(metrics, dict):
        check_for_unexpected_keys("metrics", metrics, output_names)
        nested = [_metric_list(metrics.get(name, [])) for name in output_names]
    elif isinstance(metrics, (list, tuple)):
        if any(isinstance(m, (list, tuple)) for m in metrics):
            if len(metrics) != len(output_names):
                raise ValueError(
                    f"When passing a list of lists as `metrics`, it should have one entry per "
                    f"model output. The model has {len(output_names)} outputs, but you passed "
                    f"metrics={metrics}"
                )
            nested = [_metric_list(m) for m in metrics]
        elif len(output_names) > 1:
            nested = [[module.clone_metric(m) for m in metrics] for _ in output_names]
        else:
            nested = [list(metrics)]
    else:
        raise TypeError(
            f"Type of `metrics` argument not understood. Expected a list or dictionary, "
            f"found: {metrics}"
        )
    return [
        _metric_dict(of_output, shape, loss_fn, is_weighted, module)
        for of_output, shape, loss_fn in zip(nested, output_shapes, loss_fns, strict=True)
    ]


def _metric_list(metrics):
    return [] if metrics is None else to_list(metrics, allow_tuple=True)


def _metric_dict(metrics, shape, loss_fn, is_weighted, module):
    named = {}
    for metric in metrics:
        name = get_metric_name(metric, is_weighted)
        found = get_metric_function(metric, output_shape=shape, loss_fn=loss_fn)
        if isinstance(found, type):
            raise ValueError(f"Expected a metric function or object, got the class {found}.")
        if not isinstance(found, module.Metric):
            wrapper = module.MeanMetricWrapper
            if dialect.current().batch_metrics:
                from ..metrics.base import BatchMean as wrapper
            found = wrapper(found, name=name)
        named[name] = found
    return named


def call_metric_function(metric_fn, y_true, y_pred=None, weights=None, mask=None):
    """Feeds a metric object one batch, steps under a mask left out.

    Returns:
        The metric's value after the batch; it carries the updates that a run has to make.
    """
    if mask is not None:
        mask = K.cast(mask, y_pred.dtype)
        if weights is None:
            weights = mask
        else:
            mask, weights = squeeze_or_expand_dimensions(mask, None, weights)
            weights = weights * mask
    if y_pred is None:
        return metric_fn(y_true, sample_weight=weights)
    return metric_fn(y_true, y_pred, sample_weight=weights)


def weighted_masked_objective(fn):
    """Adds mask and weights to a loss function of Keras's old kind.

    Args:
        fn: function of (y_true, y_pred) that returns a loss per sample or time step.

    Returns:
        Function of (y_true, y_pred, weights, mask=None) that returns a scalar.
    """
    if fn is None:
        return None

    def weighted(y_true, y_pred, weights, mask=None):
        scores = fn(y_true, y_pred)
        if mask is not None:
            mask = K.cast(mask, K.wide_floatx())
            scores = scores * mask / (K.mean(mask) + K.epsilon())
        if weights is not None:
            axes = list(range(K.ndim(weights), K.ndim(scores)))
            scores = K.mean(scores, axis=axes) if axes else scores
            scores = scores * weights
            scores = scores / K.mean(K.cast(K.not_equal(weights, 0), K.wide_floatx()))
        return K.mean(scores)

    return weighted
