"""Layers that only Keras 1 had, with the arguments they had there."""

from .. import activations, constraints, initializers, regularizers
from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..layers.advanced_activations import shared_shape
from ..layers.core import Dense
from .merge_class import Merge, merge

__all__ = [
    "Highway",
    "MaxoutDense",
    "Merge",
    "ParametricSoftplus",
    "SReLU",
    "TimeDistributedDense",
    "merge",
]


class _Kernel(Layer):
    """Base of the dense kinds: Keras 1's names of their arguments."""

    def __init__(
        self,
        init,
        weights,
        W_regularizer,
        b_regularizer,
        activity_regularizer,
        W_constraint,
        b_constraint,
        bias,
        input_dim,
        **kwargs,
    ):
        if input_dim is not None and "input_shape" not in kwargs:
            kwargs["input_shape"] = (input_dim,)
        super().__init__(weights=weights, **kwargs)
        self.init = initializers.get(init)
        self.W_regularizer = regularizers.get(W_regularizer)
        self.b_regularizer = regularizers.get(b_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.W_constraint = constraints.get(W_constraint)
        self.b_constraint = constraints.get(b_constraint)
        self.use_bias = bias
        self.input_spec = InputSpec(ndim=2)

    def _kernel(self, name, shape):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=self.init,
            regularizer=self.W_regularizer,
            constraint=self.W_constraint,
        )

    def _bias(self, name, shape, initializer="zeros"):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=initializer,
            regularizer=self.b_regularizer,
            constraint=self.b_constraint,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "init": initializers.serialize(self.init),
            "W_regularizer": regularizers.serialize(self.W_regularizer),
            "b_regularizer": regularizers.serialize(self.b_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "W_constraint": constraints.serialize(self.W_constraint),
            "b_constraint": constraints.serialize(self.b_constraint),
            "bias": self.use_bias,
        }


class MaxoutDense(_Kernel):
    """The largest of `nb_feature` linear maps, per output: (batch, n) -> (batch, output_dim)."""

    def __init__(
        self,
        output_dim,
        nb_feature=4,
        init="glorot_uniform",
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        super().__init__(
            init,
            weights,
            W_regularizer,
            b_regularizer,
            activity_regularizer,
            W_constraint,
            b_constraint,
            bias,
            input_dim,
            **kwargs,
        )
        self.output_dim = output_dim
        self.nb_feature = nb_feature

    def build(self, input_shape):
        self.W = self._kernel("W", (self.nb_feature, input_shape[1], self.output_dim))
        self.b = self._bias("b", (self.nb_feature, self.output_dim)) if self.use_bias else None
        self.input_spec = InputSpec(ndim=2, axes={1: input_shape[1]})
        self.built = True

    def call(self, inputs):
        output = K.dot(inputs, self.W)  # (batch, nb_feature, output_dim)
        if self.use_bias:
            output = output + self.b
        return K.max(output, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "output_dim": self.output_dim,
            "nb_feature": self.nb_feature,
        }


class Highway(_Kernel):
    """t · activation(x W + b) + (1 - t) · x with the gate t = sigmoid(x W_carry + b_carry).

    Args:
        transform_bias: first value of b_carry; 1 unless given, as from Keras 1.2 on.
    """

    def __init__(
        self,
        init="glorot_uniform",
        activation=None,
        weights=None,
        W_regularizer=None,
        b_regularizer=None,
        activity_regularizer=None,
        W_constraint=None,
        b_constraint=None,
        bias=True,
        input_dim=None,
        **kwargs,
    ):
        self.transform_bias = kwargs.pop("transform_bias", 1.0)
        super().__init__(
            init,
            weights,
            W_regularizer,
            b_regularizer,
            activity_regularizer,
            W_constraint,
            b_constraint,
            bias,
            input_dim,
            **kwargs,
        )
        self.activation = activations.get(activation)

    def build(self, input_shape):
        n = input_shape[1]
        self.W = self._kernel("W", (n, n))
        self.W_carry = self.add_weight(name="W_carry", shape=(n, n), initializer=self.init)
        self.b = self.b_carry = None
        if self.use_bias:
            self.b = self._bias("b", (n,))
            first = initializers.Constant(self.transform_bias)
            self.b_carry = self.add_weight(name="b_carry", shape=(n,), initializer=first)
        self.input_spec = InputSpec(ndim=2, axes={1: n})
        self.built = True

    def call(self, inputs):
        gate, output = K.dot(inputs, self.W_carry), K.dot(inputs, self.W)
        if self.use_bias:
            gate, output = gate + self.b_carry, output + self.b
        gate = K.sigmoid(gate)
        return gate * self.activation(output) + (1 - gate) * inputs

    def get_config(self):
        config = {**super().get_config(), "activation": activations.serialize(self.activation)}
        return config if self.transform_bias == 1 else {
            **config, "transform_bias": self.transform_bias
        }  # fmt: skip


class TimeDistributedDense(Dense):
    """`Dense` on (batch, time, n), which it does by itself."""

    def __init__(self, *args, input_length=None, **kwargs):
        dim = kwargs.pop("input_dim", None)
        if dim is not None and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (input_length, dim)
        super().__init__(*args, **kwargs)


class ParametricSoftplus(Layer):
    """alpha · log(1 + exp(beta · x)) with learned alpha and beta for each element."""

    def __init__(self, alpha_init=0.2, beta_init=5.0, weights=None, shared_axes=None, **kwargs):
        super().__init__(weights=weights, **kwargs)
        self.supports_masking = True
        self.alpha_init = float(K.cast_to_floatx(alpha_init))
        self.beta_init = float(K.cast_to_floatx(beta_init))
        self.shared_axes = shared_axes

    def build(self, input_shape):
        shape = shared_shape(self, input_shape, self.shared_axes)
        self.alphas = self.add_weight(
            name="alphas", shape=shape, initializer=initializers.Constant(self.alpha_init)
        )
        self.betas = self.add_weight(
            name="betas", shape=shape, initializer=initializers.Constant(self.beta_init)
        )
        self.built = True

    def call(self, inputs):
        return K.softplus(self.betas * inputs) * self.alphas

    def get_config(self):
        return {
            **super().get_config(),
            "alpha_init": self.alpha_init,
            "beta_init": self.beta_init,
            "shared_axes": self.shared_axes,
        }


class SReLU(Layer):
    """Three straight pieces with learned thresholds and slopes for each element.

    Left of t_left the slope is a_left, right of t_left + |t_right| it is a_right, else 1.
    """

    def __init__(
        self,
        t_left_init="zero",
        a_left_init="glorot_uniform",
        t_right_init="glorot_uniform",
        a_right_init="one",
        shared_axes=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.t_left_init = initializers.get(t_left_init)
        self.a_left_init = initializers.get(a_left_init)
        self.t_right_init = initializers.get(t_right_init)
        self.a_right_init = initializers.get(a_right_init)
        self.shared_axes = shared_axes

    def build(self, input_shape):
        shape = shared_shape(self, input_shape, self.shared_axes)
        for name in ("t_left", "a_left", "t_right", "a_right"):
            initializer = getattr(self, f"{name}_init")
            setattr(self, name, self.add_weight(name=name, shape=shape, initializer=initializer))
        self.built = True

    def call(self, inputs):
        right = self.t_left + K.abs(self.t_right)
        middle = K.minimum(K.relu(inputs - self.t_left), right - self.t_left)
        left = self.a_left * K.relu(self.t_left - inputs)
        return self.t_left + middle - left + self.a_right * K.relu(inputs - right)

    def get_config(self):
        config = super().get_config()
        for name in ("t_left_init", "a_left_init", "t_right_init", "a_right_init"):
            config[name] = initializers.serialize(getattr(self, name))
        return {**config, "shared_axes": self.shared_axes}
