"""Where data comes in."""

from __future__ import annotations

import numbers

import numpy as np

from .. import backend as K
from ..legacy import accepts_keras1
from ..utils.generic_utils import unpack_singleton
from .base_layer import Layer, Node
from .policy import of_layer

__all__ = ["Input", "InputLayer", "Layer", "Node", "unpack_singleton"]


@accepts_keras1
class InputLayer(Layer):
    """The entry of a model: holds a placeholder, computes nothing.

    Args:
        input_shape: shape without the batch axis.
        batch_size: number of samples in a batch, or None for any.
        batch_input_shape: shape with the batch axis, instead of the two above.
        dtype: dtype of the data.
        input_tensor: an existing tensor to use instead of a new placeholder.
        sparse: whether the placeholder is meant for sparse data.
        name: the layer's name.

    Raises:
        ValueError: both or neither of the two kinds of shape.
    """

    def __init__(
        self,
        input_shape=None,
        batch_size=None,
        batch_input_shape=None,
        dtype=None,
        input_tensor=None,
        sparse=False,
        name=None,
    ):
        if not name:
            name = f"input_{K.get_uid('input')}"
        if input_shape and batch_input_shape:
            raise ValueError(
                f"InputLayer {name!r}: only provide the input_shape OR batch_input_shape argument, "
                f"not both at the same time (got {input_shape} and {batch_input_shape})."
            )
        if input_tensor is not None and batch_input_shape is None and input_shape is None:
            batch_input_shape = K.int_shape(input_tensor)
        if batch_input_shape is None:
            if input_shape is None:
                raise ValueError(
                    f"An Input layer should be passed either a `batch_input_shape` or an "
                    f"`input_shape` (layer {name!r})."
                )
            batch_input_shape = (batch_size,) + _shape_tuple(input_shape, name)
        batch_input_shape = _shape_tuple(batch_input_shape, name)
        if dtype is None:
            dtype = K.floatx() if input_tensor is None else K.dtype(input_tensor)
        dtype = of_layer(dtype)[1]

        super().__init__(dtype=dtype, name=name, batch_input_shape=batch_input_shape)
        self.built = True
        self.trainable = False
        self.sparse = sparse
        self.supports_masking = True
        self.is_placeholder = input_tensor is None
        if input_tensor is None:
            input_tensor = K.placeholder(
                shape=batch_input_shape, dtype=dtype, sparse=sparse, name=self.name
            )
        else:
            self.is_placeholder = K.is_placeholder(input_tensor)
        shape = tuple(batch_input_shape)
        input_tensor._uses_learning_phase = False
        input_tensor._keras_history = (self, 0, 0)
        input_tensor._keras_shape = shape
        input_tensor._keras_mask = None
        Node(
            self,
            inbound_layers=[],
            node_indices=[],
            tensor_indices=[],
            input_tensors=[input_tensor],
            output_tensors=[input_tensor],
            input_masks=[None],
            output_masks=[None],
            input_shapes=[shape],
            output_shapes=[shape],
        )

    def get_config(self):
        return {
            "batch_input_shape": self.batch_input_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "name": self.name,
        }


_LARGEST = 1 << 62  # an extent has to fit a 64-bit number


def _is_finite(extent):
    return isinstance(extent, (numbers.Real, np.number)) and abs(extent) < float("inf")


def _shape_tuple(shape, name):
    """`shape` as a tuple of ints and None.

    Raises:
        ValueError: an extent that is neither.
    """
    if isinstance(shape, numbers.Real) and not isinstance(shape, bool):
        shape = (shape,)
    if not hasattr(shape, "__iter__"):
        raise TypeError(f"Input {name!r}: expected a shape tuple, got {shape!r}")
    extents = []
    for extent in shape:
        if extent is not None:
            whole = int(extent) if _is_finite(extent) else -1
            if whole != extent or not 0 <= whole < _LARGEST:
                raise ValueError(
                    f"Input {name!r}: expected a shape of non-negative whole numbers and None, "
                    f"got {tuple(shape)}"
                )
            extent = whole
        extents.append(extent)
    return tuple(extents)


def Input(shape=None, batch_shape=None, name=None, dtype=None, sparse=False, tensor=None):
    """A tensor to build a functional model from.

    Args:
        shape: shape without the batch axis, e.g. `(784,)`; None for unknown extents.
        batch_shape: shape with the batch axis.
        name: name of the input layer; unique in a model.
        dtype: dtype of the data, the float type in use by default.
        sparse: whether it is meant for sparse data.
        tensor: an existing tensor to wrap.

    Returns:
        A tensor.

    Raises:
        ValueError: without any shape.
    """
    if not batch_shape and tensor is None and shape is None:
        raise ValueError(
            "Please provide to Input either a `shape` or a `batch_shape` argument. Note that "
            "`shape` does not include the batch dimension."
        )
    if shape is not None and not batch_shape:
        batch_shape = (None,) + _shape_tuple(shape, name or "input")
    layer = InputLayer(
        batch_input_shape=batch_shape,
        name=name,
        dtype=dtype or (K.floatx() if tensor is None else None),
        sparse=sparse,
        input_tensor=tensor,
    )
    return unpack_singleton(layer._inbound_nodes[0].output_tensors)
