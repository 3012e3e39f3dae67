"""Weights as layers of Keras 1 had them, by class of layer, and both ways between then and now.

Arrays of Keras 1 come from its files, and from scripts that set weights by hand. What is handed to
`set_weights` is taken to be of Keras 1 only where it does not fit today's shapes and fits those.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class Layout(NamedTuple):
    """How one class of layers kept its weights: functions of (layer, list of arrays)."""

    modern: Callable  # arrays of Keras 1 -> arrays of today
    old: Callable  # arrays of today -> arrays of Keras 1


def _transposed(layer, arrays, first=None, last=None, count=1):
    """`arrays` whose first `count` have their axes in another order, by layout of the layer."""
    order = first if layer.data_format == "channels_first" else last
    if order is None:
        return list(arrays)
    return [np.transpose(a, order) if i < count else a for i, a in enumerate(arrays)]


def _transposing(first, last=None, count=1):
    """The layout whose kernels become today's by these transpositions."""

    def back(order):
        return None if order is None else tuple(np.argsort(order))

    return Layout(
        lambda layer, arrays: _transposed(layer, arrays, first, last, count),
        lambda layer, arrays: _transposed(layer, arrays, back(first), back(last), count),
    )


def _conv1d_modern(layer, arrays):
    """(window, 1, channels, filters), or before 1.1 (filters, channels, window, 1)."""
    kernel, *rest = arrays
    if kernel.ndim != 4:
        return list(arrays)
    if kernel.shape[:2] != (layer.kernel_size[0], 1) or kernel.shape[3] != layer.filters:
        kernel = np.transpose(kernel, (2, 3, 1, 0))
    return [kernel[:, 0], *rest]


def _gates_joined(order, transposed=False):
    """The layout of a recurrent layer that had W, U and b for each gate by itself.

    Args:
        order: where the gates of today come in the order of Keras 1.
        transposed: whether kernels with channels first were (filters, channels, rows, columns).
    """
    count = 3 * len(order)

    def axes(layer):
        return transposed and layer.data_format == "channels_first"

    def modern(layer, arrays):
        if len(arrays) != count:  # consume_less="gpu" had them as they are today
            return list(arrays)
        if axes(layer):
            arrays = [np.transpose(a, (2, 3, 1, 0)) if a.ndim == 4 else a for a in arrays]
        return [np.concatenate([arrays[3 * g + k] for g in order], axis=-1) for k in range(3)]

    def old(layer, arrays):
        if len(arrays) != 3 or arrays[2].ndim != 1:  # Keras 1 had neither
            return list(arrays)
        gates = [np.split(a, len(order), axis=-1) for a in arrays]
        split = [gates[k][order.index(g)] for g in range(len(order)) for k in range(3)]
        if axes(layer):
            split = [np.transpose(a, (3, 2, 0, 1)) if a.ndim == 4 else a for a in split]
        return split

    return Layout(modern, old)


def _both_directions(way):
    """A function of a Bidirectional layer from that of the layers in it."""

    def halves(layer, arrays):
        half, result = len(arrays) // 2, []
        parts = arrays[:half], arrays[half:]
        for inner, part in zip((layer.forward_layer, layer.backward_layer), parts, strict=True):
            layout = layout_of(inner)
            result += part if layout is None else getattr(layout, way)(inner, part)
        return result

    return halves


LAYOUTS = {
    "LSTM": _gates_joined((0, 2, 1, 3)),
    "GRU": _gates_joined((0, 1, 2)),
    "ConvLSTM2D": _gates_joined((0, 2, 1, 3), transposed=True),
    "Bidirectional": Layout(_both_directions("modern"), _both_directions("old")),
    "Conv1D": Layout(_conv1d_modern, lambda layer, arrays: [arrays[0][:, None], *arrays[1:]]),
    "Conv2D": _transposing((2, 3, 1, 0)),
    "Conv3D": _transposing((2, 3, 4, 1, 0)),
    "Conv2DTranspose": _transposing((2, 3, 0, 1), last=(0, 1, 3, 2)),
    "SeparableConv2D": _transposing((2, 3, 1, 0), count=2),
}


def layout_of(layer):
    """The layout of a layer's class, None where it has not changed."""
    while type(layer).__name__ == "TimeDistributed":
        layer = layer.layer
    layout = LAYOUTS.get(type(layer).__name__)
    if layout is None:
        return None
    return Layout(
        lambda _, arrays: layout.modern(layer, arrays), lambda _, arrays: layout.old(layer, arrays)
    )


def old_shapes(layer):
    """Shapes of a layer's weights in Keras 1."""
    shapes = [tuple(w.shape) for w in layer.weights]
    layout = layout_of(layer)
    if layout is None or not shapes:
        return shapes
    hollow = [np.broadcast_to(np.float32(0), shape) for shape in shapes]
    return [a.shape for a in layout.old(layer, hollow)]


def to_modern(layers, arrays):
    """Arrays of Keras 1 for `layers`, in order, as they are today; None if they are not such.

    Args:
        layers: layers without a common weight.
        arrays: list of arrays.
    """
    shapes = [old_shapes(layer) for layer in layers]
    if [shape for own in shapes for shape in own] != [a.shape for a in arrays]:
        return None
    rest, result = list(arrays), []
    for layer, own in zip(layers, shapes, strict=True):
        part, rest = rest[: len(own)], rest[len(own) :]
        layout = layout_of(layer)
        result += part if layout is None or not part else layout.modern(layer, part)
    return result


def spread(layers, arrays):
    """Slopes of PReLU that are one along some axes, for layers that have one for each element.

    Keras 1 shared them but left `shared_axes` out of a layer's configuration, so that a model
    from its JSON cannot know.

    Args:
        layers: layers without a common weight.
        arrays: list of arrays, one for each weight or not.
    """
    result, at = list(arrays), 0
    for layer in layers:
        if type(layer).__name__ == "PReLU" and _of_keras_1(layer) and at < len(arrays):
            shape, given = tuple(layer.weights[0].shape), arrays[at].shape
            fits = [n in (1, m) for n, m in zip(given, shape, strict=False)]
            if len(given) == len(shape) and all(fits):
                result[at] = np.broadcast_to(arrays[at], shape)
        at += len(layer.weights)
    return result


def _of_keras_1(layer):
    return layer._dialect.generation == "1"


def to_old(layers, arrays):
    """Arrays of today for `layers`, in order, as Keras 1 had them."""
    rest, result = list(arrays), []
    for layer in layers:
        count, layout = len(layer.weights), layout_of(layer)
        part, rest = rest[:count], rest[count:]
        result += part if layout is None or not part else layout.old(layer, part)
    return result + rest


def parts(layer):
    """The layers whose weights, one after the other, are those of `layer`."""
    inner = getattr(layer, "layers", None)
    if not inner or layer.non_trainable_weights or getattr(layer, "_joins_branches", False):
        return [layer]
    flat = [part for sub in inner for part in parts(sub)]
    same = [id(w) for part in flat for w in part.weights] == [id(w) for w in layer.weights]
    return flat if same else [layer]
