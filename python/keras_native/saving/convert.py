"""Weights of other generations of Keras in the layout of today, by class of layer.

`CONVERTERS` is the table; a converter takes (layer, arrays, file's Keras version, file's backend)
and returns arrays.
"""

import numpy as np

from .. import backend as K

CONVERTERS = {}


def preprocess_weights_for_loading(
    layer, weights, original_keras_version=None, original_backend=None, reshape=False
):
    """The arrays of a file as `layer` holds them.

    Args:
        weights: list of arrays.
        original_keras_version, original_backend: of the file.
        reshape: let arrays of as many elements take the shape of the weight.
    """
    converter = CONVERTERS.get(type(layer).__name__)
    if converter is not None:
        weights = converter(layer, weights, original_keras_version, original_backend)
    if reshape and len(weights) == len(layer.weights):
        weights = [
            np.reshape(value, K.int_shape(weight))
            if value.size == np.prod(K.int_shape(weight))
            else value
            for value, weight in zip(weights, layer.weights, strict=True)
        ]
    return weights
