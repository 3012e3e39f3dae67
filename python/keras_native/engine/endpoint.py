"""One output of a compiled model: its target, loss and metrics."""

from __future__ import annotations

from .. import backend as K
from .. import losses
from ..metrics import MeanMetricWrapper
from ..utils.losses_utils import squeeze_or_expand_dimensions
from . import compile_utils
from .data_checks import loss_name
from .policy import in_float32


class Endpoint:
    """One output of a model and what is wanted of it.

    Attributes:
        predicted: the output as losses and metrics see it, never narrower than float32.
        loss: `Loss` object, or None for an output that is not trained.
        target: placeholder (or the tensor given as target).
        weight: placeholder for sample weights.
        metrics, weighted_metrics: {name: metric object}.
        loss_metric: mean of the loss, where the model has several outputs.
        masked_loss, batch_metrics: what a masked loss is the mean over, and whether batches count
            by their size, as in `dialect.Dialect`.
    """

    def __init__(self, name, tensor, loss, loss_weight):
        self.name = name
        self.tensor = tensor
        self.predicted = in_float32(tensor)
        self.shape = K.int_shape(tensor)
        self.mask = getattr(tensor, "_keras_mask", None)
        self.loss = loss
        self.loss_weight = loss_weight
        self.target = None
        self.target_is_fed = True
        self.weight = None
        self.weight_mode = None
        self.metrics = {}
        self.weighted_metrics = {}
        self.loss_metric = None
        self.masked_loss = "all"
        self.batch_metrics = False

    def target_shape(self):
        """What a target has to look like; None where a loss of the user's may take anything."""
        shape, name = self.shape, loss_name(self.loss)
        if name == "sparse_categorical_crossentropy":
            if K.image_data_format() == "channels_first" and len(shape) in (4, 5):
                return (shape[0], 1) + shape[2:]
            return shape[:-1] + (1,)
        fn = getattr(self.loss, "fn", None)
        if fn is None:
            return shape if type(self.loss).__module__.startswith(losses.__name__) else None
        fn = getattr(fn, "__wrapped__", fn)  # as `metrics` have them
        return shape if getattr(losses, getattr(fn, "__name__", ""), None) is fn else None

    def split(self, metrics):
        """`metrics`, those functions of the user's that return a dict as one metric per entry."""
        found = {}
        for name, metric in metrics.items():
            fn = getattr(metric, "_fn", None)
            own = fn is None or (getattr(fn, "__module__", "") or "").startswith(
                __package__.split(".")[0]
            )
            values = None if own else fn(self.target, self.predicted)
            if isinstance(values, dict):
                for key in values:
                    found[key] = MeanMetricWrapper(_entry(fn, key), name=key)
            else:
                found[name] = metric
        return found

    def loss_tensor(self, weighted):
        """The scalar loss of this output."""
        weight = self.weight if weighted else None
        if self.masked_loss == "keras1":
            objective = compile_utils.weighted_masked_objective(self.loss.call)
            return objective(self.target, self.predicted, weight, self.mask)
        if self.mask is not None:
            mask = K.cast(self.mask, self.predicted.dtype)
            if self.masked_loss == "unmasked":
                mask = mask / K.maximum(K.mean(mask), K.epsilon())
            if weight is None:
                weight = mask
            else:
                mask, weight = squeeze_or_expand_dimensions(mask, None, weight)
                weight = weight * mask
        loss = self.loss(self.target, self.predicted, sample_weight=weight)
        return loss if K.ndim(loss) == 0 else K.mean(loss)

    def metric_tensors(self, weighted):
        """The values of the metrics of this output after a batch."""
        weight = self.weight if weighted else None
        tensors = []
        for metrics, given in ((self.metrics, None), (self.weighted_metrics, weight)):
            for metric in metrics.values():
                tensors.append(
                    compile_utils.call_metric_function(
                        metric, self.target, self.predicted, weights=given, mask=self.mask
                    )
                )
        return tensors


def _entry(fn, key):
    """The function that picks one entry of the dict that `fn` returns."""
    return lambda y_true, y_pred: fn(y_true, y_pred)[key]
