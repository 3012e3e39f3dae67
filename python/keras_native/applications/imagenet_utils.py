"""Images into the range that a model was trained on; classes of ImageNet out of predictions."""

import json
import os

import numpy as np

from .. import backend as K
from ..legacy.paths import moved
from ..utils.download import keras_home

__getattr__ = moved(__name__)

_BGR_MEAN = (103.939, 116.779, 123.68)
_RGB_MEAN, _RGB_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def preprocess_input(x, data_format=None, mode="caffe"):
    """Pixels from 0 to 255 as a model expects them.

    Args:
        x: array or tensor of one image or a batch, channels RGB.
        data_format: 'channels_last' or 'channels_first'; None: as `K.image_data_format()`.
        mode: 'caffe': BGR less the means of ImageNet; 'tf': from -1 to 1; 'torch': from 0 to 1,
            standardised by means and deviations of ImageNet.
    Returns:
        Array or tensor of the shape of `x`; a float array is changed in place, as in Keras.
    Raises:
        ValueError: for another mode or layout.
    """
    data_format = K.normalize_data_format(data_format)
    if mode not in ("caffe", "tf", "torch"):
        raise ValueError(f"Expected mode 'caffe', 'tf' or 'torch'; received {mode!r}.")
    if isinstance(x, np.ndarray):
        if not np.issubdtype(x.dtype, np.floating):
            x = x.astype(K.numpy_floatx())
        return _array(x, data_format, mode)
    return _tensor(x, data_format, mode)


def _array(x, data_format, mode):
    if mode == "tf":
        x /= 127.5
        x -= 1.0
        return x
    axis = -3 if data_format == "channels_first" else -1
    if mode == "caffe":
        x = np.flip(x, axis)
        x -= _along(_BGR_MEAN, axis).astype(x.dtype)
        return x
    x /= 255.0
    x -= _along(_RGB_MEAN, axis).astype(x.dtype)
    x /= _along(_RGB_STD, axis).astype(x.dtype)
    return x


def _along(values, axis):
    return np.reshape(values, (3,) + (1,) * (-1 - axis))


def _tensor(x, data_format, mode):
    if "int" in K.dtype(x):
        x = K.cast(x, K.floatx())
    if mode == "tf":
        return x / 127.5 - 1.0
    axis = -3 if data_format == "channels_first" else -1

    def constant(values):
        return K.constant(_along(values, axis), dtype=K.dtype(x))

    if mode == "caffe":
        return K.reverse(x, K.ndim(x) + axis) - constant(_BGR_MEAN)
    return (x / 255.0 - constant(_RGB_MEAN)) / constant(_RGB_STD)


def decode_predictions(preds, top=5, class_index=None):
    """The `top` classes of each row of predictions over ImageNet.

    Args:
        preds: array (batch, 1000).
        top: number of classes.
        class_index: path of `imagenet_class_index.json`; None: in `models` of the Keras
            folder. Nothing is downloaded.
    Returns:
        For each row a list of (class name, description, score), the best first.
    Raises:
        ValueError: for another shape, or if there is no such file.
    """
    preds = np.asarray(preds)
    if preds.ndim != 2 or preds.shape[1] != 1000:
        raise ValueError(
            "`decode_predictions` expects a batch of predictions, an array of shape "
            f"(samples, 1000); received {preds.shape}."
        )
    path = class_index or os.path.join(keras_home(), "models", "imagenet_class_index.json")
    if not os.path.exists(path):
        raise ValueError(f"The names of the classes are expected in {path!r}, which is not there.")
    with open(path, encoding="utf-8") as f:
        classes = json.load(f)
    return [[(*classes[str(i)], row[i]) for i in np.argsort(row)[::-1][:top]] for row in preds]
