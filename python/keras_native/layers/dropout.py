"""Dropout of elements and of whole feature maps."""

from .. import backend as K
from ..engine.base_layer import InputSpec, Layer
from ..legacy import accepts_keras1
from ..utils.arguments import real_number


@accepts_keras1
class Dropout(Layer):
    """While training, sets a share of the elements to zero and scales the rest up.

    Args:
        rate: share, from 0 to 1.
        noise_shape: extents of the mask; 1 drops along that axis together, None is the extent of
            the input.
        seed: of the random numbers.
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        real_number(rate, f"Layer {self.name!r}: rate")
        self.rate = min(1.0, max(0.0, rate))
        self.noise_shape = noise_shape
        self.seed = seed
        self.supports_masking = True

    def _get_noise_shape(self, inputs):
        return self.noise_shape

    def call(self, inputs, training=None):
        if not 0.0 < self.rate < 1.0:
            return inputs
        noise_shape = self._get_noise_shape(inputs)

        def dropped():
            return K.dropout(inputs, self.rate, noise_shape, seed=self.seed)

        return K.in_train_phase(dropped, inputs, training=training)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "noise_shape": self.noise_shape,
            "seed": self.seed,
        }


@accepts_keras1
class SpatialDropout1D(Dropout):
    """Dropout of whole channels of a sequence (batch, time, channels).

    Args:
        rate: share of the channels, from 0 to 1.
    """

    def __init__(self, rate, **kwargs):
        super().__init__(rate, **kwargs)
        self.input_spec = InputSpec(ndim=3)

    def _get_noise_shape(self, inputs):
        return (None, 1, None)


class _SpatialDropout(Dropout):
    """Dropout of whole channels over any number of spatial axes."""

    spatial_rank = 0

    def __init__(self, rate, data_format=None, **kwargs):
        super().__init__(rate, **kwargs)
        self.data_format = K.normalize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.spatial_rank + 2)

    def _get_noise_shape(self, inputs):
        spatial = (1,) * self.spatial_rank
        if self.data_format == "channels_first":
            return (None, None, *spatial)
        return (None, *spatial, None)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


@accepts_keras1
class SpatialDropout2D(_SpatialDropout):
    """Dropout of whole channels of an image (batch, rows, columns, channels).

    Args:
        rate: share of the channels, from 0 to 1.
        data_format: "channels_last", "channels_first", or None for the default.
    """

    spatial_rank = 2

    def __init__(self, rate, data_format=None, **kwargs):
        super().__init__(rate, data_format, **kwargs)


@accepts_keras1
class SpatialDropout3D(_SpatialDropout):
    """Dropout of whole channels of a volume (batch, depth, rows, columns, channels).

    Args:
        rate: share of the channels, from 0 to 1.
        data_format: "channels_last", "channels_first", or None for the default.
    """

    spatial_rank = 3

    def __init__(self, rate, data_format=None, **kwargs):
        super().__init__(rate, data_format, **kwargs)
