"""Metrics by name: functions of (y_true, y_pred) and objects that keep state over batches."""

import functools
import inspect
import types

from .. import backend as K
from ..dialect import current
from ..losses import (
    KLD,
    MAE,
    MAPE,
    MSE,
    MSLE,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    hinge,
    huber_loss,
    kld,
    kullback_leibler_divergence,
    logcosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ..utils.generic_utils import deserialize_keras_object, serialize_keras_object
from .base import Mean, MeanMetricWrapper, Metric, Reduce, Sum
from .confusion import (
    FalseNegatives,
    FalsePositives,
    MeanIoU,
    Precision,
    Recall,
    TrueNegatives,
    TruePositives,
)
from .curves import (
    AUC,
    SensitivityAtSpecificity,
    SensitivitySpecificityBase,
    SpecificityAtSensitivity,
)
from .functions import (
    accuracy,
    binary_accuracy,
    categorical_accuracy,
    cosine,
    cosine_proximity,
    cosine_similarity,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .keras1 import (
    f1score,
    fbeta_score,
    fmeasure,
    fscore,
    matthews_correlation,
    precision,
    recall,
)
from .means import (
    Accuracy,
    BinaryAccuracy,
    BinaryCrossentropy,
    CategoricalAccuracy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalAccuracy,
    SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy,
    SquaredHinge,
    TopKCategoricalAccuracy,
)

acc = ACC = accuracy


def _as_then(function):
    """`function`, but the mean over the batch in code that asked for Keras 1."""

    @functools.wraps(function)
    def metric(*args, **kwargs):
        values = function(*args, **kwargs)
        return K.mean(values) if current().batch_metrics else values

    return metric


for _name, _value in list(globals().items()):
    if isinstance(_value, types.FunctionType) and {"y_true", "y_pred"} <= set(
        inspect.signature(_value).parameters
    ):
        globals()[_name] = _as_then(_value)


def clone_metric(metric):
    """A metric object of the same settings with fresh state; functions are returned as they are."""
    if isinstance(metric, Metric):
        return type(metric).from_config(metric.get_config())
    return metric


def clone_metrics(metrics):
    """Clones of all metrics of a list, or of a dict of lists."""
    if isinstance(metrics, dict):
        return {key: clone_metrics(value) for key, value in metrics.items()}
    if isinstance(metrics, (list, tuple)):
        return [clone_metrics(value) for value in metrics]
    return clone_metric(metrics)


def serialize(metric):
    """The name of a metric function, or {'class_name', 'config'} of an object."""
    return serialize_keras_object(metric)


def deserialize(config, custom_objects=None):
    """The metric that a name or a config stands for."""
    return deserialize_keras_object(
        config,
        module_objects=globals(),
        custom_objects=custom_objects,
        printable_module_name="metric function",
    )


def get(identifier):
    """A name, a config, a function or a metric object as a metric.

    Raises:
        ValueError: for an unknown name or what is none of these.
    """
    if isinstance(identifier, (dict, str)):
        return deserialize(identifier)
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret metric function identifier: {identifier!r}")
