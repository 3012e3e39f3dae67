"""Batch normalization."""

from .. import backend as K
from .. import constraints, initializers, regularizers
from ..backend.nn import normalized_by_batch
from ..engine.base_layer import InputSpec, Layer
from ..engine.policy import HALVES, in_float32
from ..legacy import accepts_keras1
from ..utils.arguments import real_number


@accepts_keras1
class BatchNormalization(Layer):
    """Scales each feature to mean 0 and variance 1 of the batch, then by gamma and beta.

    Training uses the statistics of the batch and moves running averages towards them; testing uses
    the running averages. A frozen layer (`trainable=False`) uses batch statistics in training too
    and leaves its averages alone.

    Args:
        axis: the feature axis.
        momentum: share of the old running average that is kept at each step.
        epsilon: added to the variance.
        center, scale: whether beta is added, whether gamma multiplies.
        beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer:
            how the weights start.
        beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint: as their names say.
    """

    def __init__(
        self,
        axis=-1,
        momentum=0.99,
        epsilon=1e-3,
        center=True,
        scale=True,
        beta_initializer="zeros",
        gamma_initializer="ones",
        moving_mean_initializer="zeros",
        moving_variance_initializer="ones",
        beta_regularizer=None,
        gamma_regularizer=None,
        beta_constraint=None,
        gamma_constraint=None,
        **kwargs,
    ):
        mode = kwargs.pop("mode", 0)
        super().__init__(**kwargs)
        if mode not in (0, 1, 2):
            raise ValueError(
                f"Layer {self.name!r}: expected Keras 1's mode 0 (per feature), 1 (per sample) or "
                f"2 (by each batch alone); received {mode!r}."
            )
        if isinstance(axis, (list, tuple)) and len(axis) == 1:  # as tf.keras writes it
            axis = axis[0]
        if isinstance(axis, bool) or not hasattr(axis, "__index__"):
            raise TypeError(f"Layer {self.name!r}: expected an integer axis; received {axis!r}.")
        self.supports_masking = True
        self.axis = int(axis)
        self.momentum = real_number(momentum, f"Layer {self.name!r}: momentum")
        self.epsilon = real_number(epsilon, f"Layer {self.name!r}: epsilon")
        if self.epsilon < 0:
            raise ValueError(f"Layer {self.name!r}: expected epsilon >= 0; received {epsilon!r}.")
        self.center = center
        self.scale = scale
        self.mode = mode
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)

    def build(self, input_shape):
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ValueError(
                f"Layer {self.name!r}: expected an axis of the input; received axis={self.axis} "
                f"and shape {input_shape}."
            )
        features = input_shape[self.axis]
        if features is None:
            raise ValueError(
                f"Axis {self.axis} of the input of layer {self.name!r} should have a defined "
                f"dimension; received shape {input_shape}."
            )
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: features})

        def vector(name, initializer, regularizer=None, constraint=None, trainable=True):
            return self.add_weight(
                shape=(features,),
                name=name,
                initializer=initializer,
                regularizer=regularizer,
                constraint=constraint,
                trainable=trainable,
            )

        self.gamma = self.beta = None
        if self.scale:
            self.gamma = vector(
                "gamma", self.gamma_initializer, self.gamma_regularizer, self.gamma_constraint
            )
        if self.center:
            self.beta = vector(
                "beta", self.beta_initializer, self.beta_regularizer, self.beta_constraint
            )
        self.moving_mean = vector("moving_mean", self.moving_mean_initializer, trainable=False)
        self.moving_variance = vector(
            "moving_variance", self.moving_variance_initializer, trainable=False
        )
        self.built = True

    def _weight_dtype(self):
        dtype = super()._weight_dtype()
        return "float32" if dtype in HALVES else dtype

    def call(self, inputs, training=None):
        with K.autocast(None):  # statistics are float32, whatever the rest computes in
            output = self._call(in_float32(inputs), training)
        return K.cast(output, K.dtype(inputs))

    def _call(self, inputs, training):
        if self.mode == 1:
            return self._per_sample(inputs)
        if self.mode == 2:
            return self._by_batch(inputs)[0]

        def inference():
            return K.batch_normalization(
                inputs,
                self.moving_mean,
                self.moving_variance,
                self.beta,
                self.gamma,
                axis=self.axis,
                epsilon=self.epsilon,
            )

        frozen = self._dialect.frozen_norm_is_inference and not self.trainable
        if frozen or training in (0, False):
            return inference()
        normed, mean, variance = self._by_batch(inputs)
        moves = [
            K.moving_average_update(self.moving_mean, mean, self.momentum),
            K.moving_average_update(
                self.moving_variance, self._unbiased(inputs, variance), self.momentum
            ),
        ]
        for move in moves:
            move.keeps = self.momentum if self._dialect.averages_in_turn else 1.0
        self.add_update(moves, inputs)
        return K.in_train_phase(normed, inference, training=training)

    def _by_batch(self, inputs):
        """(inputs normalized by the batch, its mean, its variance)."""
        rank = K.ndim(inputs)
        axes = [i for i in range(rank) if i != self.axis % rank]
        return normalized_by_batch(inputs, self.gamma, self.beta, axes, self.epsilon)

    def _unbiased(self, inputs, variance):
        """Variance that the running average moves to, from that of the n elements of the batch.

        Keras 2.3.1 multiplied by n / (n - 1 - epsilon) what TensorFlow gave it, and for images with
        the channels last that was n / (n - 1) times the variance already. Other generations did
        one of the two, or none (see `dialect`).
        """
        rule, rank = self._dialect.moving_variance, K.ndim(inputs)
        if rule == "population":
            return variance
        features = K.int_shape(inputs)[self.axis]
        n = K.cast(K.size(inputs), K.dtype(variance)) / max(1, features)
        if rule == "keras2":
            variance = variance * (n / (n - (1.0 + self.epsilon)))
        if rank == 4 and (rule == "fused" or self.axis % rank == 3):
            variance = variance * (n / (n - 1.0))
        return variance

    def _per_sample(self, inputs):
        """Keras 1's mode 1: mean and deviation of each sample over its last axis."""
        mean = K.mean(inputs, axis=-1, keepdims=True)
        deviation = K.sqrt(K.var(inputs, axis=-1, keepdims=True) + self.epsilon)
        normed = (inputs - mean) / (deviation + self.epsilon)
        if self.scale:
            normed = self.gamma * normed
        return normed + self.beta if self.center else normed

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = {
            **super().get_config(),
            "axis": self.axis,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
            "beta_initializer": initializers.serialize(self.beta_initializer),
            "gamma_initializer": initializers.serialize(self.gamma_initializer),
            "moving_mean_initializer": initializers.serialize(self.moving_mean_initializer),
            "moving_variance_initializer": initializers.serialize(self.moving_variance_initializer),
            "beta_regularizer": regularizers.serialize(self.beta_regularizer),
            "gamma_regularizer": regularizers.serialize(self.gamma_regularizer),
            "beta_constraint": constraints.serialize(self.beta_constraint),
            "gamma_constraint": constraints.serialize(self.gamma_constraint),
        }
        if self.mode:
            config["mode"] = self.mode
        return config
