"""Weights of other generations of Keras in the layout of today, by class of layer.

`CONVERTERS` is the table of what is particular to a class, besides the layouts of Keras 1; a
converter takes (layer, arrays, file's Keras version, file's backend) and returns arrays.
"""

import numpy as np

from .. import backend as K
from ..legacy.layouts import layout_of, old_shapes
from ..utils.conv_utils import convert_kernel
from .convert_recurrent import convert_rnn_weights


def preprocess_weights_for_loading(
    layer, weights, original_keras_version=None, original_backend=None, reshape=False
):
    """The arrays of a file as `layer` holds them.

    Args:
        weights: list of arrays.
        original_keras_version, original_backend: of the file.
        reshape: let arrays of as many elements take the shape of the weight.
    """
    version = str(original_keras_version or "1")
    weights = list(weights)
    converter = CONVERTERS.get(type(layer).__name__)
    if converter is None and hasattr(layer, "layers"):
        converter = _nested
    if converter is not None:
        weights = converter(layer, weights, version, original_backend)
    elif version.startswith("1") and layout_of(layer) is not None and weights:
        shapes = [a.shape for a in weights]
        if shapes == old_shapes(layer) or shapes != [tuple(w.shape) for w in layer.weights]:
            weights = layout_of(layer).modern(layer, weights)
    weights = convert_rnn_weights(layer, weights)
    if type(layer).__name__ in _KERNELS and weights:
        weights = _kernels(layer, weights, original_backend)
    if reshape and len(weights) == len(layer.weights):
        weights = [
            np.reshape(value, K.int_shape(weight))
            if value.size == np.prod(K.int_shape(weight))
            else value
            for value, weight in zip(weights, layer.weights, strict=True)
        ]
    return weights


# Number of kernels among the first weights of convolutions, as all backends of Keras had them.
_KERNELS = {"Conv1D": 1, "Conv2D": 1, "Conv3D": 1, "Conv2DTranspose": 1, "ConvLSTM2D": 2}


def _kernels(layer, weights, backend):
    """Kernels turned over where the writer convolved with them; axes put right as a last resort."""
    weights = list(weights)
    for i in range(min(_KERNELS[type(layer).__name__], len(weights))):
        if str(backend).lower() == "theano" and 3 <= weights[i].ndim <= 5:
            weights[i] = convert_kernel(weights[i])
        if weights[i].ndim == 4 and weights[i].shape != K.int_shape(layer.weights[i]):
            weights[i] = np.transpose(weights[i], (3, 2, 0, 1))
    return weights


def _nested(layer, weights, version, backend):
    """A model inside a model: what its layers train comes first, then the rest."""
    result = []
    for kind in ("trainable_weights", "non_trainable_weights"):
        for sub in layer.layers:
            count = len(getattr(sub, kind))
            if version.startswith("1") and count == len(sub.weights):
                count = len(old_shapes(sub))
            part, weights = weights[:count], weights[count:]
            if part:
                result += preprocess_weights_for_loading(sub, part, version, backend)
    return result + weights


def _both_directions(layer, weights, version, backend):
    half = len(weights) // 2
    ahead = preprocess_weights_for_loading(layer.forward_layer, weights[:half], version, backend)
    back = preprocess_weights_for_loading(layer.backward_layer, weights[half:], version, backend)
    return ahead + back


def _every_step(layer, weights, version, backend):
    return preprocess_weights_for_loading(layer.layer, weights, version, backend)


CONVERTERS = {"Bidirectional": _both_directions, "TimeDistributed": _every_step}
