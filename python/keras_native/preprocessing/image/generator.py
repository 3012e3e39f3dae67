"""ImageDataGenerator: normalisation and random transformations of batches of images."""

import warnings

import numpy as np

from ...legacy import accepts_keras1
from .batches import transformed
from .files import _layout
from .flows import Flows
from .transforms import (
    apply_affine_transform,
    apply_brightness_shift,
    apply_channel_shift,
    flip_axis,
)

_SMALL = 1e-6  # keeps divisions by a deviation from failing


@accepts_keras1
class ImageDataGenerator(Flows):
    """Batches of images, normalised and randomly transformed as they are asked for.

    Args:
        featurewise_center, featurewise_std_normalization: subtract the mean of the data set, divide
            by its deviation; `fit` has to see the data first.
        samplewise_center, samplewise_std_normalization: the same with each image's own.
        zca_whitening, zca_epsilon: decorrelate the pixels; `fit` has to see the data first.
        rotation_range: degrees.
        width_shift_range, height_shift_range: share of the size if below 1, else pixels; or a list
            to choose from.
        brightness_range: two factors.
        shear_range: degrees.
        zoom_range: two factors, or z for 1 - z to 1 + z.
        channel_shift_range: largest shift of the values.
        fill_mode, cval: what lies outside: "nearest", "constant", "reflect" or "wrap".
        horizontal_flip, vertical_flip: whether half the images are mirrored.
        rescale: factor of the values, None for 1.
        preprocessing_function: applied to each image first.
        data_format: "channels_last" or "channels_first".
        validation_split: share of the images that subset="validation" takes.
        interpolation_order: of the transformations.
        dtype: of the batches.
    """

    def __init__(
        self,
        featurewise_center=False,
        samplewise_center=False,
        featurewise_std_normalization=False,
        samplewise_std_normalization=False,
        zca_whitening=False,
        zca_epsilon=1e-6,
        rotation_range=0,
        width_shift_range=0.0,
        height_shift_range=0.0,
        brightness_range=None,
        shear_range=0.0,
        zoom_range=0.0,
        channel_shift_range=0.0,
        fill_mode="nearest",
        cval=0.0,
        horizontal_flip=False,
        vertical_flip=False,
        rescale=None,
        preprocessing_function=None,
        data_format="channels_last",
        validation_split=0.0,
        interpolation_order=1,
        dtype="float32",
    ):
        self.featurewise_center = featurewise_center or zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        if zca_whitening:  # which scales the data itself
            self.featurewise_std_normalization = False
        self.featurewise_center |= featurewise_std_normalization
        self.zca_whitening = zca_whitening
        self.zca_epsilon = zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.shear_range = shear_range
        self.channel_shift_range = channel_shift_range
        self.fill_mode = fill_mode
        self.cval = cval
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.dtype = dtype
        self.interpolation_order = interpolation_order
        self.data_format = _layout(data_format)
        first = self.data_format == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (1, 2, 3) if first else (3, 1, 2)
        if not 0 <= validation_split < 1:
            raise ValueError(f"Expected 0 <= validation_split < 1; received {validation_split!r}.")
        self._validation_split = validation_split
        self.mean = self.std = self.principal_components = None
        self.zoom_range = _pair("zoom_range", zoom_range, about=1)
        self.brightness_range = (
            None if brightness_range is None else _pair("brightness_range", brightness_range)
        )

    def standardize(self, x):
        """One image, or a batch, normalised as the arguments say (in place where possible)."""
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x *= self.rescale
        if self.samplewise_center:
            x -= np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x /= np.std(x, keepdims=True) + _SMALL
        if self.featurewise_center and self._fitted(self.mean, "featurewise_center"):
            x -= self.mean
        if self.featurewise_std_normalization and self._fitted(self.std, "its deviation"):
            x /= self.std + _SMALL
        if self.zca_whitening and self._fitted(self.principal_components, "zca_whitening"):
            flat = x.reshape(-1, np.prod(x.shape[-3:]))
            x = np.reshape(flat @ self.principal_components, x.shape)
        return x

    def _fitted(self, statistic, name):
        if statistic is None:
            warnings.warn(
                f"This ImageDataGenerator specifies {name}, but it hasn't been fit on any training "
                "data. Fit it first by calling `.fit(numpy_data)`.",
                stacklevel=4,
            )
        return statistic is not None

    def get_random_transform(self, img_shape, seed=None):
        """Parameters of one random transformation, for `apply_transform`."""
        if seed is not None:
            np.random.seed(seed)
        rows, columns = img_shape[self.row_axis - 1], img_shape[self.col_axis - 1]
        theta = _drawn(self.rotation_range)
        tx = _shift(self.height_shift_range, rows)
        ty = _shift(self.width_shift_range, columns)
        shear = _drawn(self.shear_range)
        zx, zy = 1, 1
        if tuple(self.zoom_range) != (1, 1):
            zx, zy = np.random.uniform(self.zoom_range[0], self.zoom_range[1], 2)
        flip_horizontal = (np.random.random() < 0.5) * self.horizontal_flip
        flip_vertical = (np.random.random() < 0.5) * self.vertical_flip
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": flip_horizontal,
            "flip_vertical": flip_vertical,
            "channel_shift_intensity": (
                _drawn(self.channel_shift_range) if self.channel_shift_range != 0 else None
            ),
            "brightness": (
                None if self.brightness_range is None else np.random.uniform(*self.brightness_range)
            ),
        }

    def apply_transform(self, x, transform_parameters):
        """One image transformed by the parameters of `get_random_transform`."""
        get = transform_parameters.get
        x = apply_affine_transform(
            x,
            get("theta", 0),
            get("tx", 0),
            get("ty", 0),
            get("shear", 0),
            get("zx", 1),
            get("zy", 1),
            row_axis=self.row_axis - 1,
            col_axis=self.col_axis - 1,
            channel_axis=self.channel_axis - 1,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if get("channel_shift_intensity") is not None:
            x = apply_channel_shift(x, get("channel_shift_intensity"), self.channel_axis - 1)
        if get("flip_horizontal", False):
            x = flip_axis(x, self.col_axis - 1)
        if get("flip_vertical", False):
            x = flip_axis(x, self.row_axis - 1)
        if get("brightness") is not None:
            x = apply_brightness_shift(x, get("brightness"))
        return x

    def _batch(self, images, parameters=None):
        """Images (n, …) transformed by parameters, drawn if left out, and standardized."""
        if parameters is None or len(parameters) != len(images):
            parameters = [self.get_random_transform(images.shape[1:]) for _ in images]
        own = type(self).apply_transform is not ImageDataGenerator.apply_transform
        if own or images.dtype.kind != "f":
            images = np.array(
                [self.apply_transform(x, p) for x, p in zip(images, parameters, strict=True)],
                images.dtype,
            )
        else:
            axes = (self.row_axis - 1, self.col_axis - 1, self.channel_axis - 1)
            images = transformed(
                images, parameters, axes, self.fill_mode, self.cval, self.interpolation_order
            )
        together = not (
            self.preprocessing_function
            or self.samplewise_center
            or self.samplewise_std_normalization
            or type(self).standardize is not ImageDataGenerator.standardize
        )
        if together:
            return np.asarray(self.standardize(images), images.dtype)
        for i, image in enumerate(images):
            images[i] = self.standardize(image)
        return images

    def random_transform(self, x, seed=None):
        """One image, randomly transformed."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(self, x, augment=False, rounds=1, seed=None):
        """Learns mean, deviation and principal components from sample images.

        They are those of rescaled images (as in Keras-Preprocessing since 1.1.1), for that is what
        they are applied to.

        Args:
            x: images, four axes.
            augment: learn from randomly transformed images.
            rounds: passes over the data when augmenting.
            seed: of the transformations.
        """
        x = np.array(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"Expected images with four axes; received shape {x.shape}.")
        if x.shape[self.channel_axis] not in (1, 3, 4):
            warnings.warn(
                f"Expected 1, 3 or 4 channels on axis {self.channel_axis}; received an array of "
                f"shape {x.shape}.",
                stacklevel=2,
            )
        if seed is not None:
            np.random.seed(seed)
        if self.rescale:
            x *= self.rescale
        if augment:
            images = [self.random_transform(image) for _ in range(rounds) for image in x]
            x = np.stack(images).astype(self.dtype)
        axes = (0, self.row_axis, self.col_axis)
        if self.featurewise_center:
            self.mean = np.mean(x, axis=axes, keepdims=True)[0]
            x -= self.mean
        if self.featurewise_std_normalization:
            self.std = np.std(x, axis=axes, keepdims=True)[0]
            x /= self.std + _SMALL
        if self.zca_whitening:
            flat = x.reshape(len(x), -1)
            u, s, _ = np.linalg.svd(flat.T @ flat / len(flat))
            self.principal_components = (u / np.sqrt(s[None] + self.zca_epsilon)) @ u.T


def _pair(name, value, about=None):
    """Two numbers; a single one stands for about - value to about + value."""
    if about is not None and np.isscalar(value):
        return [about - value, about + value]
    if not isinstance(value, (list, tuple, np.ndarray)) or len(value) != 2:
        raise ValueError(f"Expected {name} as two numbers; received {value!r}.")
    return [value[0], value[1]]


def _drawn(limit):
    return np.random.uniform(-limit, limit) if limit else 0


def _shift(limit, extent):
    """Pixels to shift by: a choice from a list or an integer range, else drawn from the range."""
    if not np.any(limit):
        return 0
    if isinstance(limit, (float, np.floating)):
        shift = np.random.uniform(-limit, limit)
    else:
        shift = np.random.choice(limit) * np.random.choice([-1, 1])
    return shift * extent if np.max(limit) < 1 else shift
