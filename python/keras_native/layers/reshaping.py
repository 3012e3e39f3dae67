"""Layers that only move elements: Flatten, Reshape, Permute, RepeatVector."""

import math

import numpy as np

from .. import backend as K
from ..backend.common import flattened_data_format
from ..engine.base_layer import InputSpec, Layer
from ..utils.arguments import whole_number


class Flatten(Layer):
    """(batch, a, b, …) -> (batch, a · b · …).

    Args:
        data_format: "channels_first" moves the channels last before flattening, so that weights
            of a following layer fit both layouts.
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.input_spec = InputSpec(min_ndim=2)
        self.data_format = K.normalize_data_format(data_format or flattened_data_format())

    def call(self, inputs):
        rank = K.ndim(inputs)
        if self.data_format == "channels_first" and rank > 2:
            inputs = K.permute_dimensions(inputs, (0, *range(2, rank), 1))
        return K.batch_flatten(inputs)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], _product(input_shape[1:]))

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}

    @classmethod
    def from_config(cls, config):
        """A new layer; configurations from before there was a `data_format` keep all in order."""
        return cls(**{"data_format": "channels_last", **config})


def _product(extents):
    return None if None in extents else math.prod(extents)


class Reshape(Layer):
    """Another shape for the same elements.

    Args:
        target_shape: extents without the batch axis; one may be -1.
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(target_shape, (list, tuple, np.ndarray)):
            raise TypeError(
                f"Layer {self.name!r}: expected target_shape to be a tuple of extents; received "
                f"{target_shape!r}."
            )
        what = f"Layer {self.name!r}: target_shape"
        self.target_shape = tuple(whole_number(extent, what) for extent in target_shape)
        if self.target_shape.count(-1) > 1 or any(extent < -1 for extent in self.target_shape):
            raise ValueError(
                f"Layer {self.name!r}: expected extents of which at most one is -1; received "
                f"target_shape={target_shape}."
            )

    def compute_output_shape(self, input_shape):
        if None in input_shape[1:]:
            return (input_shape[0], *(None if e == -1 else e for e in self.target_shape))
        given = math.prod(input_shape[1:])
        wanted = math.prod(extent for extent in self.target_shape if extent != -1)
        fits = given == wanted if -1 not in self.target_shape else wanted and given % wanted == 0
        if not fits:
            raise ValueError(
                f"Layer {self.name!r}: total size of new array must be unchanged; input shape "
                f"{input_shape[1:]} does not go into target shape {self.target_shape}."
            )
        free = given // wanted if wanted else 0
        return (input_shape[0], *(free if e == -1 else e for e in self.target_shape))

    def call(self, inputs):
        target = self.compute_output_shape(K.int_shape(inputs))[1:]
        if None in target or 0 in target:
            return K.reshape(inputs, (K.shape(inputs)[0], *self.target_shape))
        return K.reshape(inputs, (-1, *target))

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


class Permute(Layer):
    """Axes in another order.

    Args:
        dims: the axes, counted from 1 (the batch axis stays first).
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(self.dims) != list(range(1, len(self.dims) + 1)):
            raise ValueError(
                f"Layer {self.name!r}: expected each of 1 to {len(self.dims)} once; received "
                f"dims={dims}."
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return K.permute_dimensions(inputs, (0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}


class RepeatVector(Layer):
    """(batch, features) -> (batch, n, features).

    Args:
        n: number of repetitions.
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if isinstance(n, bool) or not hasattr(n, "__index__"):
            raise TypeError(f"Layer {self.name!r}: expected an integer n; received {n!r}.")
        self.n = int(n)
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return K.repeat(inputs, self.n)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}
