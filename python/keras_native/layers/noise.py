"""Noise while training: additive, multiplicative, and dropout that keeps SELU networks normal."""

import math

from .. import backend as K
from ..engine.base_layer import Layer
from ..legacy import accepts_keras1
from ..utils.arguments import real_number

# Constants of the scaled exponential linear unit (Klambauer et al., 2017).
_SELU_ALPHA = 1.6732632423543772
_SELU_SCALE = 1.0507009873554805


class _Noise(Layer):
    """Base: changes its input while training only."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_output_shape(self, input_shape):
        return input_shape


@accepts_keras1
class GaussianNoise(_Noise):
    """While training, adds normal noise.

    Args:
        stddev: standard deviation of the noise.
    """

    def __init__(self, stddev, **kwargs):
        super().__init__(**kwargs)
        self.stddev = real_number(stddev, f"Layer {self.name!r}: stddev")

    def call(self, inputs, training=None):
        def noised():
            return inputs + K.random_normal(K.shape(inputs), mean=0.0, stddev=self.stddev)

        return K.in_train_phase(noised, inputs, training=training)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}


@accepts_keras1
class GaussianDropout(_Noise):
    """While training, multiplies by normal noise of mean 1 with the variance that dropout has.

    Args:
        rate: of the dropout that is imitated; the deviation is sqrt(rate / (1 - rate)).
    """

    def __init__(self, rate, **kwargs):
        super().__init__(**kwargs)
        self.rate = real_number(rate, f"Layer {self.name!r}: rate")

    def call(self, inputs, training=None):
        if not 0 < self.rate < 1:
            return inputs

        def noised():
            stddev = math.sqrt(self.rate / (1.0 - self.rate))
            return inputs * K.random_normal(K.shape(inputs), mean=1.0, stddev=stddev)

        return K.in_train_phase(noised, inputs, training=training)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate}


class AlphaDropout(_Noise):
    """Dropout that keeps mean and variance of activations of SELU (Klambauer et al., 2017).

    Dropped elements take the value that SELU tends to on the far left; an affine map restores mean
    and variance.

    Args:
        rate: share that is dropped.
        noise_shape: shape of the mask.
        seed: of the random numbers.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = real_number(rate, f"Layer {self.name!r}: rate")
        self.noise_shape = noise_shape
        self.seed = seed

    def _get_noise_shape(self, inputs):
        return self.noise_shape if self.noise_shape is not None else K.shape(inputs)

    def call(self, inputs, training=None):
        if not 0.0 < self.rate < 1.0:
            return inputs

        def dropped():
            low = -_SELU_ALPHA * _SELU_SCALE
            draws = K.random_uniform(self._get_noise_shape(inputs), seed=self.seed)
            kept = K.cast(K.greater_equal(draws, self.rate), K.dtype(inputs))
            a = ((1 - self.rate) * (1 + self.rate * low**2)) ** -0.5
            b = -a * low * self.rate
            return a * (inputs * kept + low * (1 - kept)) + b

        return K.in_train_phase(dropped, inputs, training=training)

    def get_config(self):
        # Keras 2.3.1 writes the rate only; None for the others is what it then assumes.
        config = {**super().get_config(), "rate": self.rate}
        if self.noise_shape is not None:
            config["noise_shape"] = self.noise_shape
        if self.seed is not None:
            config["seed"] = self.seed
        return config
