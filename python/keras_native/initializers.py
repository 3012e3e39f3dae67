"""First values of weights. All draw from NumPy's generator, so `np.random.seed` fixes them."""

import inspect

import numpy as np

from . import backend as K
from .backend import draws
from .backend.linalg import orthonormal_columns
from .utils.generic_utils import deserialize_keras_object, has_arg, serialize_keras_object


class Initializer:
    """Base: calling one with a shape (and a dtype) gives a tensor."""

    def __call__(self, shape, dtype=None):
        raise NotImplementedError(f"{type(self).__name__} must define __call__(shape, dtype=None).")

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        config = {k: v for k, v in config.items() if k != "dtype"}
        return cls(**config)


class Zeros(Initializer):
    """Zeros."""

    def __call__(self, shape, dtype=None):
        return draws.filled(0, shape, dtype)


class Ones(Initializer):
    """Ones."""

    def __call__(self, shape, dtype=None):
        return draws.filled(1, shape, dtype)


class Constant(Initializer):
    """One value everywhere, or an array of the weight's shape."""

    def __init__(self, value=0):
        self.value = value

    def __call__(self, shape, dtype=None):
        return K.constant(self.value, shape=shape, dtype=dtype)

    def get_config(self):
        return {"value": self.value}


class _Random(Initializer):
    """Initializers that draw; calls after the first draw other values from the same seed."""

    def __init__(self, seed=None):
        self.seed = seed
        self._calls = 0

    def _seeds(self):
        """What NumPy's generator starts from at this call."""
        if self.seed is None:
            return np.random.SeedSequence(K.new_seed())
        self._calls += 1
        return np.random.SeedSequence([self.seed, self._calls])


class RandomNormal(_Random):
    """Normal values."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        return draws.normal(self._seeds(), shape, self.stddev, dtype, self.mean)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


class RandomUniform(_Random):
    """Uniform values in [minval, maxval)."""

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape, dtype=None):
        return draws.uniform(self._seeds(), shape, self.minval, self.maxval, dtype)

    def get_config(self):
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class TruncatedNormal(_Random):
    """Normal values, drawn again where they are more than two deviations off."""

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape, dtype=None):
        return draws.truncated_normal(self._seeds(), shape, self.stddev, dtype, self.mean)

    def get_config(self):
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


# Standard deviation of a unit normal cut at two deviations.
_TRUNCATED_STD = 0.87962566103423978


class VarianceScaling(_Random):
    """Values whose variance is `scale` divided by the number of inputs or outputs.

    Arguments:
        scale: positive factor.
        mode: 'fan_in', 'fan_out' or 'fan_avg': what the variance is divided by.
        distribution: 'normal' (truncated at two deviations) or 'uniform'; 'truncated_normal' and
            'untruncated_normal' as later versions write them.
        seed: integer, or None to draw one.
    """

    def __init__(self, scale=1.0, mode="fan_in", distribution="normal", seed=None):
        super().__init__(seed)
        if scale <= 0.0:
            raise ValueError(f"`scale` must be a positive float. Received: {scale}")
        mode, distribution = mode.lower(), distribution.lower()
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(
                "Invalid `mode` argument: expected on of {'fan_in', 'fan_out', 'fan_avg'}. "
                f"Received: {mode!r}"
            )
        if distribution not in ("normal", "uniform", "truncated_normal", "untruncated_normal"):
            raise ValueError(
                "Invalid `distribution` argument: expected one of {'normal', 'uniform'}. "
                f"Received: {distribution!r}"
            )
        self.scale = scale
        self.mode = mode
        self.distribution = distribution

    def __call__(self, shape, dtype=None):
        fan_in, fan_out = _compute_fans(shape)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = (3.0 * variance) ** 0.5
            return draws.uniform(self._seeds(), shape, -limit, limit, dtype)
        if self.distribution == "untruncated_normal":
            return draws.normal(self._seeds(), shape, variance**0.5, dtype)
        return draws.truncated_normal(self._seeds(), shape, variance**0.5 / _TRUNCATED_STD, dtype)

    def get_config(self):
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
        }


class Orthogonal(_Random):
    """A matrix with orthonormal rows or columns; leading axes count as rows."""

    def __init__(self, gain=1.0, seed=None):
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) < 2:
            raise ValueError(f"Expected a shape of at least two axes. Received: {tuple(shape)}")
        rows, columns = int(np.prod(shape[:-1])), int(shape[-1])
        rng = np.random.default_rng(self._seeds())
        tall = rng.standard_normal((max(rows, columns), min(rows, columns)))
        q = orthonormal_columns(tall)
        q = q if rows >= columns else q.T
        return K.constant(self.gain * q.reshape(shape), dtype=dtype)

    def get_config(self):
        return {"gain": self.gain, "seed": self.seed}


class Identity(Initializer):
    """The identity matrix, times `gain`; the rest of a rectangle is zero."""

    def __init__(self, gain=1.0):
        self.gain = gain

    def __call__(self, shape, dtype=None):
        if len(shape) != 2:
            raise ValueError(
                "Identity matrix initializer can only be used for 2D matrices. "
                f"Received shape: {tuple(shape)}"
            )
        return K.constant(self.gain * np.eye(*shape), dtype=dtype)

    def get_config(self):
        return {"gain": self.gain}


def lecun_uniform(seed=None):
    """Uniform in ±sqrt(3 / fan_in)."""
    return VarianceScaling(1.0, "fan_in", "uniform", seed)


def glorot_normal(seed=None):
    """Truncated normal of variance 2 / (fan_in + fan_out)."""
    return VarianceScaling(1.0, "fan_avg", "normal", seed)


def glorot_uniform(seed=None):
    """Uniform in ±sqrt(6 / (fan_in + fan_out))."""
    return VarianceScaling(1.0, "fan_avg", "uniform", seed)


def he_normal(seed=None):
    """Truncated normal of variance 2 / fan_in."""
    return VarianceScaling(2.0, "fan_in", "normal", seed)


def lecun_normal(seed=None):
    """Truncated normal of variance 1 / fan_in."""
    return VarianceScaling(1.0, "fan_in", "normal", seed)


def he_uniform(seed=None):
    """Uniform in ±sqrt(6 / fan_in)."""
    return VarianceScaling(2.0, "fan_in", "uniform", seed)


zero = zeros = Zeros
one = ones = Ones
constant = Constant
uniform = random_uniform = RandomUniform
normal = random_normal = RandomNormal
truncated_normal = TruncatedNormal
identity = Identity
orthogonal = Orthogonal
# Class names in the files of later versions.
GlorotNormal, GlorotUniform = glorot_normal, glorot_uniform
HeNormal, HeUniform = he_normal, he_uniform
LecunNormal, LecunUniform = lecun_normal, lecun_uniform


def _compute_fans(shape, data_format="channels_last"):
    """Numbers of inputs and outputs of a weight of that shape."""
    if len(shape) == 2:
        return shape[0], shape[1]
    if len(shape) in (3, 4, 5):
        if data_format == "channels_first":
            field = np.prod(shape[2:])
            return shape[1] * field, shape[0] * field
        field = np.prod(shape[:-2])
        return shape[-2] * field, shape[-1] * field
    root = np.sqrt(np.prod(shape))
    return root, root


def serialize(initializer):
    """{'class_name', 'config'} of an initializer."""
    return serialize_keras_object(initializer)


def deserialize(config, custom_objects=None):
    """The initializer that `config` describes."""
    return deserialize_keras_object(
        config,
        module_objects=globals(),
        custom_objects=custom_objects,
        printable_module_name="initializer",
    )


def get(identifier):
    """A name, a config, a class or a callable as an initializer.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if callable(identifier):
        return identifier() if inspect.isclass(identifier) else identifier
    raise ValueError(f"Could not interpret initializer identifier: {identifier!r}")


def first_values(initializer, shape, dtype):
    """What an initializer makes, also one of Keras 1: those know no dtype."""
    if isinstance(initializer, Initializer) or has_arg(initializer, "dtype", accept_all=True):
        return initializer(shape, dtype=dtype)
    return initializer(shape)
