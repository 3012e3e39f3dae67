"""Penalties on weights and outputs, added to the loss."""

from . import backend as K
from .utils.generic_utils import deserialize_keras_object, serialize_keras_object


class Regularizer:
    """Base: calling one with a tensor gives its penalty, a scalar."""

    def __call__(self, x):
        return 0.0

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class L1L2(Regularizer):
    """l1 * sum(|x|) + l2 * sum(x²)."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = K.cast_to_floatx(l1)
        self.l2 = K.cast_to_floatx(l2)

    def __call__(self, x):
        penalties = []
        if self.l1:
            penalties.append(float(self.l1) * K.sum(K.abs(x)))
        if self.l2:
            penalties.append(float(self.l2) * K.sum(K.square(x)))
        return sum(penalties[1:], penalties[0]) if penalties else 0.0

    def get_config(self):
        return {"l1": float(self.l1), "l2": float(self.l2)}


class EigenvalueRegularizer(Regularizer):
    """Keras 1: k times the square root of the largest eigenvalue of WᵀW (nine power steps)."""

    def __init__(self, k):
        self.k = float(k)

    def __call__(self, x):
        if K.ndim(x) != 2:
            raise ValueError(
                f"EigenvalueRegularizer works on matrices only. Received shape: {K.int_shape(x)}"
            )
        gram = K.dot(K.transpose(x), x)
        vector = K.dot(gram, K.ones_like(K.sum(gram, axis=1, keepdims=True)))
        for _ in range(8):
            vector = K.dot(gram, vector)
        image = K.dot(gram, vector)
        eigenvalue = K.sum(image * vector) / K.sum(K.square(vector))
        return self.k * K.sqrt(eigenvalue)

    def get_config(self):
        return {"k": self.k}


class OrthogonalRegularizer(Regularizer):
    """Mean |cosine| of pairs of rows (or columns), times `factor` (of later versions of Keras)."""

    def __init__(self, factor=0.01, mode="rows"):
        if mode not in ("rows", "columns"):
            raise ValueError(f"Expected mode 'rows' or 'columns'. Received: {mode!r}")
        self.factor, self.mode = float(factor), mode

    def __call__(self, x):
        if K.ndim(x) != 2:
            raise ValueError(
                f"OrthogonalRegularizer works on matrices only. Received shape: {K.int_shape(x)}"
            )
        if self.mode == "columns":
            x = K.transpose(x)
        size = K.int_shape(x)[0]
        x = K.l2_normalize(x, axis=1)
        products = K.dot(x, K.transpose(x)) * (1.0 - K.eye(size))
        return self.factor * 0.5 * K.sum(K.abs(products)) / (size * (size - 1.0) / 2.0)

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


def l1(l=0.01):
    """A penalty on absolute values."""
    return L1L2(l1=l)


def l2(l=0.01):
    """A penalty on squares."""
    return L1L2(l2=l)


def l1_l2(l1=0.01, l2=0.01):
    """Both penalties."""
    return L1L2(l1=l1, l2=l2)


def L1(l1=0.01):
    """The class of that name in the files of later versions."""
    return L1L2(l1=l1)


def L2(l2=0.01):
    """The class of that name in the files of later versions."""
    return L1L2(l2=l2)


# Keras 1 spellings: a penalty did not say whether it was for weights or for outputs.
l1l2 = activity_l1l2 = l1_l2
activity_l1, activity_l2 = l1, l2
L1L2Regularizer = WeightRegularizer = ActivityRegularizer = L1L2


def serialize(regularizer):
    """{'class_name', 'config'} of a regularizer."""
    return serialize_keras_object(regularizer)


def deserialize(config, custom_objects=None):
    """The regularizer that `config` describes."""
    return deserialize_keras_object(
        config,
        module_objects=globals(),
        custom_objects=custom_objects,
        printable_module_name="regularizer",
    )


def get(identifier):
    """None, a name, a config or a callable as a regularizer.

    Raises:
        ValueError: for anything else.
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if callable(identifier):
        return identifier
    raise ValueError(f"Could not interpret regularizer identifier: {identifier!r}")
