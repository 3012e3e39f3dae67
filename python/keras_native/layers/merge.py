"""Layers that join several tensors into one, and their lower-case functions."""

from .. import backend as K
from ..engine.base_layer import Layer
from ..utils.arguments import whole_number


class _Merge(Layer):
    """Base of the layers that combine tensors element by element, with broadcasting."""

    least, most = 2, None  # how many inputs

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def _merge_function(self, inputs):
        raise NotImplementedError

    def build(self, input_shape):
        shapes = self._checked_shapes(input_shape)
        self._broadcast(shapes)
        self.built = True

    def _checked_shapes(self, input_shape):
        """The inputs' shapes; ValueError for too few, too many, or different batch sizes."""
        self._check_number(input_shape)
        batches = {shape[0] for shape in input_shape if shape and shape[0] is not None}
        if len(batches) > 1:
            raise ValueError(
                f"Layer {self.name!r}: cannot merge tensors with different batch sizes; received "
                f"shapes {input_shape}."
            )
        return input_shape

    def _check_number(self, inputs):
        """ValueError unless `inputs`, tensors or shapes, are a list of as many as it takes."""
        if isinstance(inputs, list) and self.least <= len(inputs) <= (self.most or len(inputs)):
            return
        number = f"exactly {self.most}" if self.most else f"at least {self.least}"
        raise ValueError(
            f"A `{type(self).__name__}` layer should be called on a list of {number} inputs; layer "
            f"{self.name!r} received {inputs!r}."
        )

    def _broadcast(self, shapes):
        """Shape of the result: shorter shapes get axes of extent 1 behind the batch axis."""
        rank = max(len(shape) for shape in shapes)
        aligned = [(*shape[:1], *(1,) * (rank - len(shape)), *shape[1:]) for shape in shapes]
        result = []
        for extents in zip(*aligned, strict=True):
            known = {extent for extent in extents if extent not in (1, None)}
            if len(known) > 1:
                raise ValueError(
                    f"Layer {self.name!r}: operands could not be broadcast together with shapes "
                    f"{' '.join(map(str, shapes))}."
                )
            result.append(known.pop() if known else None if None in extents else 1)
        return tuple(result)

    def call(self, inputs):
        self._check_number(inputs)
        rank = max(K.ndim(x) for x in inputs)
        return self._merge_function([_with_rank(x, rank) for x in inputs])

    def compute_output_shape(self, input_shape):
        return self._broadcast(input_shape)

    def _checked_masks(self, inputs, mask):
        if not isinstance(mask, list) or not isinstance(inputs, list) or len(inputs) != len(mask):
            raise ValueError(
                f"Layer {self.name!r}: expected a list of inputs and a list of as many masks; "
                f"received {inputs!r} and {mask!r}."
            )
        return mask

    def compute_mask(self, inputs, mask=None):
        """A step is there where it is there in all inputs."""
        if mask is None:
            return None
        return all_of([m for m in self._checked_masks(inputs, mask) if m is not None])


def _with_rank(x, rank):
    for _ in range(rank - K.ndim(x)):
        x = K.expand_dims(x, 1)
    return x


def all_of(masks):
    """Conjunction of masks (batch, time); None of none."""
    if not masks:
        return None
    result = masks[0]
    for mask in masks[1:]:
        result = K.logical_and(result, mask)
    return result


def _reduced(function, inputs):
    result = inputs[0]
    for x in inputs[1:]:
        result = function(result, x)
    return result


class Add(_Merge):
    """Sum of the inputs."""

    def _merge_function(self, inputs):
        return _reduced(lambda a, b: a + b, inputs)


class Subtract(_Merge):
    """First input minus the second."""

    most = 2

    def _merge_function(self, inputs):
        return inputs[0] - inputs[1]


class Multiply(_Merge):
    """Product of the inputs."""

    def _merge_function(self, inputs):
        return _reduced(lambda a, b: a * b, inputs)


class Average(_Merge):
    """Mean of the inputs."""

    def _merge_function(self, inputs):
        return _reduced(lambda a, b: a + b, inputs) / len(inputs)


class Maximum(_Merge):
    """Largest of the inputs, element by element."""

    def _merge_function(self, inputs):
        return _reduced(K.maximum, inputs)


class Minimum(_Merge):
    """Smallest of the inputs, element by element."""

    def _merge_function(self, inputs):
        return _reduced(K.minimum, inputs)


class Concatenate(_Merge):
    """The inputs one after the other along an axis; the other axes are equal.

    Args:
        axis: the axis, the batch axis included in the count.
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = whole_number(axis, f"Layer {self.name!r}: axis")

    def build(self, input_shape):
        shapes = self._checked_shapes(input_shape)
        rank = len(shapes[0])
        if any(len(shape) != rank for shape in shapes) or not -rank <= self.axis < rank:
            raise ValueError(
                f"Layer {self.name!r}: a `Concatenate` layer requires inputs of one rank with axis "
                f"{self.axis}; received shapes {shapes}."
            )
        axis = self.axis % rank
        for i in range(rank):
            if i != axis and len({shape[i] for shape in shapes if shape[i] is not None}) > 1:
                raise ValueError(
                    f"Layer {self.name!r}: a `Concatenate` layer requires inputs with matching "
                    f"shapes except for the concat axis {self.axis}; received shapes {shapes}."
                )
        self.built = True

    def call(self, inputs):
        self._check_number(inputs)
        return K.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape):
        extents = [shape[self.axis] for shape in input_shape]
        result = list(input_shape[0])
        result[self.axis] = None if None in extents else sum(extents)
        return tuple(result)

    def compute_mask(self, inputs, mask=None):
        """Masks joined like the inputs; along the last axis: there where all are there."""
        if mask is None or all(m is None for m in self._checked_masks(inputs, mask)):
            return None
        rank = K.ndim(inputs[0])
        if self.axis % rank == rank - 1:
            return all_of([_without_features(m, rank) for m in mask if m is not None])
        masks = [
            K.ones_like(K.any(x, axis=-1), dtype="bool")
            if m is None
            else _without_features(m, rank)
            for x, m in zip(inputs, mask, strict=True)
        ]
        return K.concatenate(masks, axis=self.axis % rank)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _without_features(mask, rank):
    return K.all(mask, axis=-1) if K.ndim(mask) == rank else mask


class Dot(_Merge):
    """Per sample, the sum of products over one axis of each of two inputs.

    Args:
        axes: axis of both, or one for each.
        normalize: divide the inputs by their norm along the axes first (cosine proximity).
    """

    most = 2

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, int):
            if not isinstance(axes, (list, tuple)):
                raise TypeError(
                    f"Layer {self.name!r}: expected axes as an int, list or tuple; received "
                    f"{axes!r}."
                )
            if len(axes) != 2 or not all(isinstance(axis, int) for axis in axes):
                raise ValueError(
                    f"Layer {self.name!r}: expected axes as two ints; received {axes!r}."
                )
        self.axes = axes
        self.normalize = normalize

    def _axes(self, ranks):
        """The two axes, counted from 0."""
        axes = [self.axes] * 2 if isinstance(self.axes, int) else self.axes
        for axis, rank in zip(axes, ranks, strict=True):
            if not -rank <= axis < rank:
                raise ValueError(
                    f"Layer {self.name!r}: expected axes of inputs with {ranks[0]} and {ranks[1]} "
                    f"dimensions; received axes={self.axes}."
                )
        return [axis % rank for axis, rank in zip(axes, ranks, strict=True)]

    def build(self, input_shape):
        first, second = self._checked_shapes(input_shape)
        a, b = self._axes((len(first), len(second)))
        if None not in (first[a], second[b]) and first[a] != second[b]:
            raise ValueError(
                f"Layer {self.name!r}: dimension incompatibility {first[a]} != {second[b]} at axes "
                f"{a} and {b}; received shapes {first} and {second}."
            )
        self.built = True

    def call(self, inputs):
        axes = self._axes([K.ndim(x) for x in inputs])
        if self.normalize:
            inputs = [K.l2_normalize(x, axis=a) for x, a in zip(inputs, axes, strict=True)]
        return K.batch_dot(*inputs, axes)

    def compute_output_shape(self, input_shape):
        first, second = map(list, input_shape)
        a, b = self._axes((len(first), len(second)))
        del first[a]
        del second[b]
        shape = first + second[1:]
        return tuple(shape) if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def add(inputs, **kwargs):
    """Tensor: the sum of `inputs`; `kwargs` go to the layer."""
    return Add(**kwargs)(inputs)


def subtract(inputs, **kwargs):
    """Tensor: the first of two `inputs` minus the second; `kwargs` go to the layer."""
    return Subtract(**kwargs)(inputs)


def multiply(inputs, **kwargs):
    """Tensor: the product of `inputs`; `kwargs` go to the layer."""
    return Multiply(**kwargs)(inputs)


def average(inputs, **kwargs):
    """Tensor: the mean of `inputs`; `kwargs` go to the layer."""
    return Average(**kwargs)(inputs)


def maximum(inputs, **kwargs):
    """Tensor: the largest of `inputs`, element by element; `kwargs` go to the layer."""
    return Maximum(**kwargs)(inputs)


def minimum(inputs, **kwargs):
    """Tensor: the smallest of `inputs`, element by element; `kwargs` go to the layer."""
    return Minimum(**kwargs)(inputs)


def concatenate(inputs, axis=-1, **kwargs):
    """Tensor: `inputs` one after the other along `axis`; `kwargs` go to the layer."""
    return Concatenate(axis=axis, **kwargs)(inputs)


def dot(inputs, axes, normalize=False, **kwargs):
    """Tensor: per sample, products of two `inputs` summed over `axes`; `kwargs` go to the layer."""
    return Dot(axes=axes, normalize=normalize, **kwargs)(inputs)
