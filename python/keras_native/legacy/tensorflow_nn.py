"""More of `tensorflow.nn`, and `tensorflow.losses`, which are means over all elements."""

from .. import backend as K
from ..backend.tensor import float_unary
from . import tensorflow_ops as ops


def conv2d_transpose(value, filter, output_shape, strides, padding="SAME", data_format="NHWC"):
    """Convolution of images the other way round; the kernel is (rows, columns, to, from)."""
    layout, at = ops._layout(data_format)
    value = ops.as_tensor(value)
    step = tuple(strides[at])
    return K.conv2d_transpose(
        value, ops.as_tensor(filter), tuple(output_shape), step, padding.lower(), layout
    )


def depthwise_conv2d(input, filter, strides, padding, rate=None, data_format="NHWC"):
    """Convolution of each channel by itself."""
    layout, at = ops._layout(data_format)
    step, apart = tuple(strides[at]), (1, 1) if rate is None else tuple(rate)
    return K.depthwise_conv2d(
        ops.as_tensor(input), ops.as_tensor(filter), step, padding.lower(), layout, apart
    )


def batch_normalization(x, mean, variance, offset, scale, variance_epsilon):
    """(x - mean) / deviation · scale + offset; scale and offset may be None."""
    factor = float_unary("rsqrt", ops.as_tensor(variance) + variance_epsilon)
    factor = factor if scale is None else factor * scale
    y = (ops.as_tensor(x) - mean) * factor
    return y if offset is None else y + offset


def weighted_cross_entropy_with_logits(targets=None, logits=None, pos_weight=1.0, labels=None):
    """Binary cross-entropy in which positive targets weigh `pos_weight`."""
    labels = ops.as_tensor(targets if labels is None else labels)
    logits = ops.as_tensor(logits)
    weight = 1.0 + (pos_weight - 1.0) * labels
    rest = float_unary("log1p", K.exp(-K.abs(logits))) + K.maximum(-logits, 0.0)
    return (1.0 - labels) * logits + weight * rest


def _weighted(values, weights):
    """The mean of the values whose weight is not zero, each times its weight."""
    weights = ops.as_tensor(weights) + K.zeros_like(values)
    count = K.sum(K.cast(K.not_equal(weights, 0.0), "float32"))
    return K.sum(values * weights) / K.maximum(count, 1.0)


def mean_squared_error(labels, predictions, weights=1.0):
    """Mean of squared differences."""
    return _weighted(K.square(ops.as_tensor(predictions) - labels), weights)


def absolute_difference(labels, predictions, weights=1.0):
    """Mean of absolute differences."""
    return _weighted(K.abs(ops.as_tensor(predictions) - labels), weights)


def huber_loss(labels, predictions, weights=1.0, delta=1.0):
    """Half the square of small differences, linear beyond `delta`."""
    far = K.abs(ops.as_tensor(predictions) - labels)
    near = K.minimum(far, delta)
    return _weighted(0.5 * K.square(near) + delta * (far - near), weights)


def sigmoid_cross_entropy(multi_class_labels, logits, weights=1.0):
    """Mean of binary cross-entropies."""
    labels = ops.as_tensor(multi_class_labels)
    values = K.binary_crossentropy(target=labels, output=ops.as_tensor(logits), from_logits=True)
    return _weighted(values, weights)


def softmax_cross_entropy(onehot_labels, logits, weights=1.0):
    """Mean of cross-entropies."""
    labels = ops.as_tensor(onehot_labels)
    logits = ops.as_tensor(logits)
    values = K.categorical_crossentropy(target=labels, output=logits, from_logits=True)
    return _weighted(values, weights)


NN = (conv2d_transpose, depthwise_conv2d, batch_normalization, weighted_cross_entropy_with_logits)
LOSSES = (
    mean_squared_error, absolute_difference, huber_loss, sigmoid_cross_entropy,
    softmax_cross_entropy,
)  # fmt: skip
