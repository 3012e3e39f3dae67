"""Losses as objects: a function, its settings and a reduction."""

from .. import backend as K
from ..utils.losses_utils import Reduction, compute_weighted_loss
from . import functions as f


class Loss:
    """Base: `call(y_true, y_pred)` gives losses of samples, which are weighted and reduced.

    Arguments:
        reduction: 'sum_over_batch_size' (the mean), 'sum' or 'none'.
        name: text.
    """

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name=None):
        self.reduction = reduction
        self.name = name

    def __call__(self, y_true, y_pred, sample_weight=None):
        """The loss of a batch: a scalar tensor, or one value per sample without reduction."""
        losses = self.call(y_true, y_pred)
        return compute_weighted_loss(losses, sample_weight, reduction=self.reduction)

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def get_config(self):
        return {"reduction": self.reduction, "name": self.name}

    def call(self, y_true, y_pred):
        """Losses of samples; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} must define call(y_true, y_pred).")


class LossFunctionWrapper(Loss):
    """A loss function as a `Loss`; further keywords are passed on to it."""

    def __init__(self, fn, reduction=Reduction.SUM_OVER_BATCH_SIZE, name=None, **kwargs):
        super().__init__(reduction=reduction, name=name)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true, y_pred):
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self):
        config = {k: K.eval(v) if K.is_tensor(v) else v for k, v in self._fn_kwargs.items()}
        return {**super().get_config(), **config}


class MeanSquaredError(LossFunctionWrapper):
    """Mean of squared errors."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_squared_error"):
        super().__init__(f.mean_squared_error, name=name, reduction=reduction)


class MeanAbsoluteError(LossFunctionWrapper):
    """Mean of absolute errors."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_absolute_error"):
        super().__init__(f.mean_absolute_error, name=name, reduction=reduction)


class MeanAbsolutePercentageError(LossFunctionWrapper):
    """Mean of absolute errors in percent of the targets."""

    def __init__(
        self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_absolute_percentage_error"
    ):
        super().__init__(f.mean_absolute_percentage_error, name=name, reduction=reduction)


class MeanSquaredLogarithmicError(LossFunctionWrapper):
    """Mean of squared errors of log(1 + x)."""

    def __init__(
        self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="mean_squared_logarithmic_error"
    ):
        super().__init__(f.mean_squared_logarithmic_error, name=name, reduction=reduction)


class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of independent probabilities; `label_smoothing` moves targets towards 0.5."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="binary_crossentropy",
    ):
        super().__init__(
            f.binary_crossentropy,
            name=name,
            reduction=reduction,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits


class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot targets; `label_smoothing` moves them towards equal shares."""

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="categorical_crossentropy",
    ):
        super().__init__(
            f.categorical_crossentropy,
            name=name,
            reduction=reduction,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of integer targets."""

    def __init__(
        self,
        from_logits=False,
        reduction=Reduction.SUM_OVER_BATCH_SIZE,
        name="sparse_categorical_crossentropy",
    ):
        super().__init__(
            f.sparse_categorical_crossentropy,
            name=name,
            reduction=reduction,
            from_logits=from_logits,
        )


class SquaredHinge(LossFunctionWrapper):
    """Mean of squared margins that are missed."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="squared_hinge"):
        super().__init__(f.squared_hinge, name=name, reduction=reduction)


class Hinge(LossFunctionWrapper):
    """Mean of margins that are missed."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="hinge"):
        super().__init__(f.hinge, name=name, reduction=reduction)


class CategoricalHinge(LossFunctionWrapper):
    """Margin between the right class and the best wrong one."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="categorical_hinge"):
        super().__init__(f.categorical_hinge, name=name, reduction=reduction)


class Poisson(LossFunctionWrapper):
    """Mean of y_pred - y_true log(y_pred)."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="poisson"):
        super().__init__(f.poisson, name=name, reduction=reduction)


class LogCosh(LossFunctionWrapper):
    """Mean of log(cosh(error))."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="logcosh"):
        super().__init__(f.logcosh, name=name, reduction=reduction)


class KLDivergence(LossFunctionWrapper):
    """Kullback-Leibler divergence of distributions."""

    def __init__(self, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="kullback_leibler_divergence"):
        super().__init__(f.kullback_leibler_divergence, name=name, reduction=reduction)


class Huber(LossFunctionWrapper):
    """Half the square of errors up to `delta`, linear beyond."""

    def __init__(self, delta=1.0, reduction=Reduction.SUM_OVER_BATCH_SIZE, name="huber_loss"):
        super().__init__(f.huber_loss, name=name, reduction=reduction, delta=delta)
