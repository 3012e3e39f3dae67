"""Operations of `tensorflow.image`, on (samples, rows, columns, channels) or single images."""

import numpy as np

from .. import backend as K
from ..backend.movement import full
from . import tensorflow_ops as ops


def resizing(op, half_pixel):
    """A function that resizes images."""

    def resize(images, size, align_corners=False, half_pixel_centers=half_pixel):
        images = K.as_tensor(images)
        if K.ndim(images) == 3:
            batch = K.expand_dims(images, 0)
            return K.squeeze(resize(batch, size, align_corners, half_pixel_centers), 0)
        if align_corners:
            return _aligned(images, size, op == "resize_nearest")
        like = full([1, size[0], size[1], 1], 0, K.dtype(images))
        return K.emit(op, (images, like), half_pixel=half_pixel_centers)

    return resize


def _aligned(images, size, nearest):
    """Resized so that corners stay corners, as `crop_and_resize` of the whole."""
    rows, columns = (K.shape(images)[i] if images.shape[i] is None else images.shape[i]
                     for i in (1, 2))  # fmt: skip
    size = [int(n) for n in (size if not K.is_tensor(size) else K.eval(size))]
    for axis, extent, wanted in ((1, rows, size[0]), (2, columns, size[1])):
        step = K.cast(K.as_tensor(extent - 1), "float32") / max(wanted - 1, 1)
        at = K.constant(np.arange(wanted)) * step
        low = K.emit("floor", (at + 0.5 if nearest else at,))
        first = ops.gather(images, K.cast(low, "int32"), axis)
        if not nearest:
            images = K.cast(images, "float32")
            above = K.minimum(K.cast(low, "int32") + 1, extent - 1)
            share = K.reshape(at - low, [-1] + [1] * (3 - axis))
            first = K.cast(first, "float32")
            first = first + (ops.gather(images, above, axis) - first) * share
        images = first
    return images


_METHODS = {0: "bilinear", 1: "nearest"}


def resizing_by_method(half_pixel):
    """The same by 'bilinear' interpolation or from the 'nearest' pixel."""

    def resize(images, size, method="bilinear", align_corners=False):
        method = _METHODS.get(method, method)
        if method not in _METHODS.values():
            raise ValueError(
                f"tensorflow.image expected to resize by 'bilinear' or 'nearest'; received "
                f"{method!r}."
            )
        return resizing(f"resize_{method}", half_pixel)(images, size, align_corners)

    return resize


def crop_and_resize(image, boxes, box_ind=None, crop_size=None, method="bilinear",
                    extrapolation_value=0.0, box_indices=None):  # fmt: skip
    """Boxes of images (y1, x1, y2, x2, where 1 is the last row or column) as images of one size.

    Args:
        image: (images, rows, columns, channels).
        boxes: (boxes, 4).
        box_ind: (boxes,), the image of each box.
        crop_size: rows and columns of the results.
        method: 'bilinear' or 'nearest'.
        extrapolation_value: of what lies outside the image.
    """
    image, boxes = K.cast(ops.as_tensor(image), "float32"), ops.as_tensor(boxes)
    numbers = K.cast(ops.as_tensor(box_indices if box_ind is None else box_ind), "int32")
    size = [int(n) for n in (K.eval(crop_size) if K.is_tensor(crop_size) else crop_size)]
    rows, columns = (K.shape(image)[i] if image.shape[i] is None else image.shape[i]
                     for i in (1, 2))  # fmt: skip
    y = _samples(boxes[:, 0], boxes[:, 2], rows, size[0])
    x = _samples(boxes[:, 1], boxes[:, 3], columns, size[1])
    pixels = K.reshape(image, [-1, image.shape[3] or K.shape(image)[3]])

    def at(row, column):
        line = K.reshape(numbers, [-1, 1, 1]) * rows + K.expand_dims(row, 2)
        return K.gather(pixels, line * columns + K.expand_dims(column, 1))

    if method == "nearest":
        result = at(_whole(y + 0.5, rows), _whole(x + 0.5, columns))
    else:
        top, left = K.emit("floor", (y,)), K.emit("floor", (x,))
        above, below = _whole(top, rows), _whole(top + 1.0, rows)
        before, after = _whole(left, columns), _whole(left + 1.0, columns)
        down = K.reshape(y - top, [-1, size[0], 1, 1])
        right = K.reshape(x - left, [-1, 1, size[1], 1])
        upper = at(above, before) + (at(above, after) - at(above, before)) * right
        lower = at(below, before) + (at(below, after) - at(below, before)) * right
        result = upper + (lower - upper) * down
    inside = K.logical_and(
        K.expand_dims(_within(y, rows), 2), K.expand_dims(_within(x, columns), 1)
    )
    return K.where(K.expand_dims(inside, 3), result, extrapolation_value)


def _samples(low, high, extent, count):
    """Where lines are taken from an axis for each box: (boxes, count)."""
    last = K.cast(K.as_tensor(extent), "float32") - 1.0
    if count == 1:
        return K.expand_dims((low + high) * 0.5 * last, 1)
    shares = K.constant(np.arange(count, dtype="float32"))
    step = (high - low) * last / (count - 1)
    return K.expand_dims(low * last, 1) + K.expand_dims(step, 1) * shares


def _whole(x, extent):
    """The pixel at or before a place, moved into the image."""
    return K.minimum(K.cast(K.emit("floor", (K.maximum(x, 0.0),)), "int32"), extent - 1)


def _within(x, extent):
    last = K.cast(K.as_tensor(extent), "float32") - 1.0
    return K.logical_and(K.greater_equal(x, 0.0), K.less_equal(x, last))


def flipping(axis):
    """A function that turns images around along an axis counted from the channels."""
    return lambda image: K.reverse(K.as_tensor(image), K.ndim(image) + axis)


def rgb_to_grayscale(images):
    """Brightness."""
    return K.sum(K.as_tensor(images) * K.constant([0.2989, 0.587, 0.114]), -1, keepdims=True)


def per_image_standardization(image):
    """Images less their mean, divided by their deviation (by that of one pixel at least)."""
    image = K.cast(K.as_tensor(image), "float32")
    count = np.prod(image.shape[-3:])
    mean = K.mean(image, axis=[-3, -2, -1], keepdims=True)
    spread = K.std(image, axis=[-3, -2, -1], keepdims=True)
    return (image - mean) / K.maximum(spread, 1.0 / np.sqrt(float(count)))


def total_variation(images):
    """Sum of the differences of neighbours, of each image."""
    x = K.as_tensor(images)
    down, right = x[..., 1:, :, :] - x[..., :-1, :, :], x[..., :, 1:, :] - x[..., :, :-1, :]
    return K.sum(K.abs(down), axis=[-3, -2, -1]) + K.sum(K.abs(right), axis=[-3, -2, -1])


def psnr(a, b, max_val):
    """Ratio of signal to noise in decibels, of each image."""
    error = K.mean(K.square(K.as_tensor(a) - b), axis=[-3, -2, -1])
    return 10.0 * (np.log(float(max_val) ** 2) - K.log(error)) / np.log(10.0)
