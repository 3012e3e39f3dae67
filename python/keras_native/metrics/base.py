"""Metrics that keep state over batches: the base class, sums and means."""

import re
import types

import numpy as np

from .. import backend as K
from .. import initializers
from ..engine.base_layer import Layer
from ..utils.losses_utils import broadcast_weights, squeeze_or_expand_dimensions
from ..utils.metrics_utils import Reduction


class Metric(Layer):
    """Base of metrics with state: a layer that is not called on inputs but told of batches.

    Subclasses make variables with `add_weight`, return updates of them from
    `update_state(…)`, and compute the value from them in `result()`. Calling a metric does both:
    the tensor it returns is the value after the update, and evaluating it performs the update.

    Attributes:
        weights: the variables.
        updates: updates of all calls so far, for the function that runs them.
    """

    def __new__(cls, *args, **kwargs):
        metric = super().__new__(cls)
        metric.update_state = types.MethodType(_collecting(cls.update_state), metric)
        return metric

    def __init__(self, name=None, dtype=None, **kwargs):
        kwargs.pop("trainable", None)
        if kwargs:
            raise TypeError(
                f"Unexpected keyword argument passed to metric {type(self).__name__}: "
                f"{sorted(kwargs)}"
            )
        super().__init__(
            name=name if name is not None else _default_name(type(self)),
            dtype=dtype or K.wide_floatx(),
            trainable=False,
        )
        self.stateful = True
        self.built = True

    def __call__(self, *args, **kwargs):
        """Updates the state and returns the new value; arguments as for `update_state`."""
        updates = self.update_state(*args, **kwargs)
        with K.control_dependencies(updates):
            result = self.result()
            result = K.Tensor(K.as_tensor(result)._value)
        result._metric_obj = self
        result._updates = updates
        return result

    def update_state(self, *args, **kwargs):
        """Updates of the variables by one batch; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define update_state(…).")

    def result(self):
        """The value as a tensor of the variables; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define result().")

    def reset_states(self):
        """Sets all variables to zero."""
        for v in self.weights:
            K.set_value(v, np.zeros(K.int_shape(v), K.dtype(v)))

    def add_weight(self, name, shape=(), initializer=None, dtype=None):
        """A variable of the metric, zero unless `initializer` says otherwise."""
        initializer = initializers.get("zeros" if initializer is None else initializer)
        dtype = self.dtype if dtype is None else dtype
        with K.name_scope(self.name):
            variable = K.variable(initializer(tuple(shape), dtype=dtype), dtype=dtype, name=name)
        variable.trainable = False
        self._non_trainable_weights.append(variable)
        return variable

    def add_update(self, updates):
        """Adds updates to those that a training function must run."""
        self._updates.extend(updates if isinstance(updates, (list, tuple)) else [updates])

    @property
    def variables(self):
        """The variables, as `weights`."""
        return self.weights

    @property
    def updates(self):
        """Updates of all calls so far."""
        return list(self._updates)

    def get_config(self):
        return {"name": self.name, "dtype": self.dtype}


def _default_name(cls):
    """'MeanSquaredError' as 'mean_squared_error', numbered."""
    base = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", cls.__name__).lower()
    return f"{base}_{K.get_uid(base)}"


def _collecting(update_state):
    """`update_state` returning the list of all updates made in it, which the metric also keeps."""

    def collected(self, *args, **kwargs):
        with K.collect_updates() as made:
            returned = update_state(self, *args, **kwargs)
        updates = list(made)
        for item in returned if isinstance(returned, (list, tuple)) else [returned]:
            if item is not None and not any(item is u for u in updates):
                updates.append(item)
        self.add_update(updates)
        return updates

    collected.__doc__ = update_state.__doc__
    collected.__wrapped__ = update_state
    return collected


class Reduce(Metric):
    """Sum, mean or weighted mean of all values seen.

    Arguments:
        reduction: 'sum', 'sum_over_batch_size' or 'weighted_mean'.
    """

    def __init__(self, reduction, name, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.reduction = reduction
        self.total = self.add_weight("total")
        if reduction != Reduction.SUM:
            self.count = self.add_weight("count")

    def update_state(self, values, sample_weight=None):
        """Adds values, each times its weight."""
        values = values if K.is_tensor(values) else K.constant(values)
        values = K.cast(values, self.dtype)
        number = K.size(values)
        if sample_weight is not None:
            if not K.is_tensor(sample_weight):
                sample_weight = K.constant(sample_weight)
            sample_weight = K.cast(sample_weight, self.dtype)
            values, sample_weight = squeeze_or_expand_dimensions(
                values, sample_weight=sample_weight
            )
            sample_weight = broadcast_weights(values, sample_weight)
            if K.int_shape(sample_weight) != K.int_shape(values):
                sample_weight = sample_weight * K.ones_like(values)
            values = values * sample_weight
            if self.reduction == Reduction.WEIGHTED_MEAN:
                number = K.sum(sample_weight)
        updates = [K.update_add(self.total, K.sum(values))]
        if self.reduction != Reduction.SUM:
            updates.append(K.update_add(self.count, K.cast(number, self.dtype)))
        return updates

    def result(self):
        if self.reduction == Reduction.SUM:
            return K.identity(self.total)
        return divide_no_nan(self.total, self.count)


def divide_no_nan(a, b):
    """a / b, and 0 where b is 0."""
    zero = K.equal(b, 0.0)
    quotient = a / K.where(zero, K.ones_like(b), b)
    return K.where(zero, K.zeros_like(quotient), quotient)


class Sum(Reduce):
    """Weighted sum of all values seen."""

    def __init__(self, name="sum", dtype=None):
        super().__init__(reduction=Reduction.SUM, name=name, dtype=dtype)


class Mean(Reduce):
    """Weighted mean of all values seen."""

    def __init__(self, name="mean", dtype=None):
        super().__init__(reduction=Reduction.WEIGHTED_MEAN, name=name, dtype=dtype)


class MeanMetricWrapper(Mean):
    """Weighted mean of fn(y_true, y_pred, **kwargs)."""

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the values of a batch."""
        y_pred = K.cast(y_pred, self.dtype)
        y_true = K.cast(y_true, self.dtype)
        y_pred, y_true = squeeze_or_expand_dimensions(y_pred, y_true=y_true)
        matches = self._fn(y_true, y_pred, **self._fn_kwargs)
        if matches is None:
            raise TypeError(f"Metric {self.name!r} has to return a tensor or a number, got None")
        return super().update_state(matches, sample_weight=sample_weight)

    def get_config(self):
        config = {k: K.eval(v) if K.is_tensor(v) else v for k, v in self._fn_kwargs.items()}
        return {**super().get_config(), **config}


class BatchMean(MeanMetricWrapper):
    """Mean of fn(y_true, y_pred) over a batch, and over batches by their size, as in Keras 1.

    Weights and masks are left aside.
    """

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds the value of a batch, as often as it has samples."""
        value = self._fn(y_true, y_pred, **self._fn_kwargs)
        value = K.mean(value if K.is_tensor(value) else K.constant(value))
        number = K.cast(K.shape(y_pred)[0], self.dtype)
        return Mean.update_state(self, value, sample_weight=number)
