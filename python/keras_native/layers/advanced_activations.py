"""Activations with arguments or weights of their own."""

import numpy as np

from .. import activations, constraints, initializers, regularizers
from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..legacy.paths import moved
from ..utils.arguments import real_number

__getattr__ = moved(__name__)


class _Elementwise(Layer):
    """Base of activations: the shape stays and masks pass through."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape):
        return input_shape


class LeakyReLU(_Elementwise):
    """x where x >= 0, alpha · x elsewhere.

    Args:
        alpha: slope on the negative side.
    """

    def __init__(self, alpha=0.3, **kwargs):
        super().__init__(**kwargs)
        self.alpha = float(K.cast_to_floatx(real_number(alpha, f"Layer {self.name!r}: alpha")))

    def call(self, inputs):
        return K.relu(inputs, alpha=self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


@accepts_keras1
class PReLU(_Elementwise):
    """x where x >= 0, alpha · x elsewhere, with a learned alpha for each element.

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of the weight.
        shared_axes: axes (counted with the batch axis as 0) along which alpha is the same.
    """

    def __init__(
        self,
        alpha_initializer="zeros",
        alpha_regularizer=None,
        alpha_constraint=None,
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        if shared_axes is not None and not isinstance(shared_axes, (list, tuple)):
            shared_axes = [shared_axes]
        self.shared_axes = None if shared_axes is None else list(shared_axes)

    def build(self, input_shape):
        shape = shared_shape(self, input_shape, self.shared_axes)
        self.alpha = self.add_weight(
            shape=shape,
            name="alpha",
            initializer=self.alpha_initializer,
            regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )
        shared = set(self.shared_axes or ())
        axes = {i: input_shape[i] for i in range(1, len(input_shape)) if i not in shared}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)
        self.built = True

    def call(self, inputs, mask=None):
        return K.relu(inputs) - self.alpha * K.relu(-inputs)

    def get_config(self):
        return {
            **super().get_config(),
            "alpha_initializer": initializers.serialize(self.alpha_initializer),
            "alpha_regularizer": regularizers.serialize(self.alpha_regularizer),
            "alpha_constraint": constraints.serialize(self.alpha_constraint),
            "shared_axes": self.shared_axes,
        }


def shared_shape(layer, input_shape, shared_axes):
    """Shape of a weight for each element of a sample, with extent 1 along shared axes."""
    shape = list(input_shape)
    for axis in shared_axes or ():
        if not isinstance(axis, (int, np.integer)) or not 0 < axis < len(shape):
            raise ValueError(
                f"Layer {layer.name!r}: expected shared_axes among 1 to {len(shape) - 1}; received "
                f"{shared_axes}."
            )
        shape[axis] = 1
    return tuple(shape[1:])


class ELU(_Elementwise):
    """x where x >= 0, alpha · (exp(x) - 1) elsewhere.

    Args:
        alpha: scale of the negative side.
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = float(K.cast_to_floatx(real_number(alpha, f"Layer {self.name!r}: alpha")))

    def call(self, inputs):
        return K.elu(inputs, self.alpha)

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}


class ThresholdedReLU(_Elementwise):
    """x where x > theta, 0 elsewhere.

    Args:
        theta: the threshold.
    """

    def __init__(self, theta=1.0, **kwargs):
        super().__init__(**kwargs)
        self.theta = float(K.cast_to_floatx(real_number(theta, f"Layer {self.name!r}: theta")))

    def call(self, inputs, mask=None):
        return inputs * K.cast(K.greater(inputs, self.theta), K.dtype(inputs))

    def get_config(self):
        return {**super().get_config(), "theta": self.theta}


class Softmax(_Elementwise):
    """Softmax along an axis.

    Args:
        axis: the axis.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, inputs):
        return activations.softmax(inputs, axis=self.axis)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


class ReLU(_Elementwise):
    """max_value where x >= max_value, x where x >= threshold, else slope · (x - threshold).

    Args:
        max_value: upper limit, None for none.
        negative_slope: slope below the threshold.
        threshold: where the straight part starts.
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        what = f"Layer {self.name!r}: "
        real_number(threshold, what + "threshold")
        if max_value is not None and real_number(max_value, what + "max_value") < 0:
            raise ValueError(
                f"Layer {self.name!r}: expected max_value >= 0; received {max_value!r}."
            )
        if real_number(negative_slope, what + "negative_slope") < 0:
            raise ValueError(
                f"Layer {self.name!r}: expected negative_slope >= 0; received {negative_slope!r}."
            )
        self.max_value = None if max_value is None else float(K.cast_to_floatx(max_value))
        self.negative_slope = float(K.cast_to_floatx(negative_slope))
        self.threshold = float(K.cast_to_floatx(threshold))

    def call(self, inputs):
        return K.relu(
            inputs,
            alpha=self.negative_slope,
            max_value=self.max_value,
            threshold=self.threshold,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
