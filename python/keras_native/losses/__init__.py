"""Losses by name: functions of (y_true, y_pred) and `Loss` objects."""

from ..utils.generic_utils import deserialize_keras_object, serialize_keras_object
from .classes import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    Loss,
    LossFunctionWrapper,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .functions import (
    KLD,
    MAE,
    MAPE,
    MSE,
    MSLE,
    binary_crossentropy,
    categorical_crossentropy,
    categorical_hinge,
    cosine,
    cosine_proximity,
    cosine_similarity,
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


def is_categorical_crossentropy(loss):
    """Whether `loss` (name, function or object) is the categorical cross-entropy."""
    if loss == "categorical_crossentropy":
        return True
    name = getattr(loss, "name", None) or getattr(loss, "__name__", None)
    return name == "categorical_crossentropy"


def serialize(loss):
    """The name of a loss function, or {'class_name', 'config'} of an object."""
    return serialize_keras_object(loss)


def deserialize(name, custom_objects=None):
    """The loss that a name or a config stands for."""
    return deserialize_keras_object(
        name,
        module_objects=globals(),
        custom_objects=custom_objects,
        printable_module_name="loss function",
    )


def get(identifier):
    """A name, a config, a function or None as a loss.

    Raises:
        ValueError: for an unknown name or what is none of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, (str, dict)):
        return deserialize(identifier)
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret loss function identifier: {identifier!r}")
