"""Layers of later generations of Keras."""

from .. import backend as K
from .. import constraints, initializers, regularizers
from ..engine.base_layer import Layer
from ..layers.conv import Conv1D
from ..layers.conv_transpose import Transposed
from .images import DepthwiseConv1D, Normalization, Rescaling, Resizing


def _axes(axis, rank):
    axes = axis if isinstance(axis, (list, tuple)) else [axis]
    return sorted(a % rank for a in axes)


class _Scaled(Layer):
    """Base of normalizations with a learnt scale `gamma` and offset `beta`."""

    def __init__(self, axis=-1, epsilon=1e-3, center=True, scale=True, **kwargs):
        parts = {}
        for part, start in (("beta", "zeros"), ("gamma", "ones")):
            parts[part] = (
                initializers.get(kwargs.pop(f"{part}_initializer", start)),
                regularizers.get(kwargs.pop(f"{part}_regularizer", None)),
                constraints.get(kwargs.pop(f"{part}_constraint", None)),
            )
        super().__init__(**kwargs)
        self.axis, self.epsilon, self.center, self.scale = axis, epsilon, center, scale
        self._parts = parts
        self.supports_masking = True

    def build(self, input_shape):
        shape = self._scale_shape(input_shape)
        self.gamma = self._vector("gamma", shape) if self.scale else None
        self.beta = self._vector("beta", shape) if self.center else None
        self.built = True

    def _vector(self, name, shape):
        initializer, regularizer, constraint = self._parts[name]
        return self.add_weight(
            shape=shape,
            name=name,
            initializer=initializer,
            regularizer=regularizer,
            constraint=constraint,
        )

    def _scale_shape(self, input_shape):
        return tuple(input_shape[a] for a in _axes(self.axis, len(input_shape)))

    def _scaled(self, x, rank):
        """`x` times gamma plus beta along the layer's axes."""
        axes = _axes(self.axis, rank)
        for weight, times in ((self.gamma, True), (self.beta, False)):
            if weight is not None:
                values = iter(K.int_shape(weight))
                shape = [next(values) if a in axes else 1 for a in range(rank)]
                weight = K.reshape(weight, shape)
                x = x * weight if times else x + weight
        return x

    def get_config(self):
        config = {
            **super().get_config(),
            "axis": self.axis,
            "epsilon": self.epsilon,
            "center": self.center,
            "scale": self.scale,
        }
        for part, (initializer, regularizer, constraint) in self._parts.items():
            config[f"{part}_initializer"] = initializers.serialize(initializer)
            config[f"{part}_regularizer"] = regularizers.serialize(regularizer)
            config[f"{part}_constraint"] = constraints.serialize(constraint)
        return config


class LayerNormalization(_Scaled):
    """Scales each sample to mean 0 and variance 1 over `axis`, then by gamma and beta."""

    def call(self, inputs):
        rank = K.ndim(inputs)
        axes = _axes(self.axis, rank)
        mean = K.mean(inputs, axis=axes, keepdims=True)
        variance = K.var(inputs, axis=axes, keepdims=True)
        return self._scaled((inputs - mean) / K.sqrt(variance + self.epsilon), rank)


class GroupNormalization(_Scaled):
    """Scales groups of channels of each sample to mean 0 and variance 1.

    Args:
        groups: number of groups; -1: one per channel.
    """

    def __init__(self, groups=32, **kwargs):
        super().__init__(**kwargs)
        self.groups = groups

    def call(self, inputs):
        rank = K.ndim(inputs)
        axis = self.axis % rank
        shape = K.int_shape(inputs)
        groups = shape[axis] if self.groups == -1 else self.groups
        if shape[axis] % groups:
            raise ValueError(
                f"Layer {self.name!r}: expected channels that go into {groups} groups; received "
                f"{shape[axis]}."
            )
        if None in shape[1:]:
            raise ValueError(f"Layer {self.name!r}: expected a known shape; received {shape}.")
        parted = [*shape[1:axis], groups, shape[axis] // groups, *shape[axis + 1 :]]
        x = K.reshape(inputs, (-1, *parted))
        axes = [a for a in range(1, rank + 1) if a != axis]
        mean = K.mean(x, axis=axes, keepdims=True)
        variance = K.var(x, axis=axes, keepdims=True)
        x = K.reshape((x - mean) / K.sqrt(variance + self.epsilon), (-1, *shape[1:]))
        return self._scaled(x, rank)

    def get_config(self):
        return {**super().get_config(), "groups": self.groups}


class UnitNormalization(Layer):
    """Scales to Euclidean length 1 over `axis`."""

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def call(self, inputs):
        axes = _axes(self.axis, K.ndim(inputs))
        square = K.sum(K.square(inputs), axis=axes, keepdims=True)
        return inputs / K.sqrt(K.maximum(square, 1e-12))

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


class RMSNormalization(Layer):
    """Divides by the root mean square over `axis` and multiplies by a learnt scale."""

    def __init__(self, axis=-1, epsilon=1e-6, **kwargs):
        super().__init__(**kwargs)
        self.axis, self.epsilon = axis, epsilon
        self.supports_masking = True

    def build(self, input_shape):
        shape = tuple(input_shape[a] for a in _axes(self.axis, len(input_shape)))
        self.scale = self.add_weight(shape=shape, name="scale", initializer="ones")
        self.built = True

    def call(self, inputs):
        rank = K.ndim(inputs)
        axes = _axes(self.axis, rank)
        values = iter(K.int_shape(self.scale))
        shape = [next(values) if a in axes else 1 for a in range(rank)]
        mean = K.mean(K.square(inputs), axis=axes, keepdims=True)
        return inputs / K.sqrt(mean + self.epsilon) * K.reshape(self.scale, shape)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}


class _Attending(Layer):
    """Base of attention: inputs [query, value(, key)], weights by a score of query and key."""

    def __init__(self, use_scale=False, dropout=0.0, **kwargs):
        super().__init__(**kwargs)
        self.use_scale, self.dropout = use_scale, dropout
        self.supports_masking = True

    def call(self, inputs, mask=None):
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        scores = self._scores(query, key)  # [batch, query steps, value steps]
        masks = mask if isinstance(mask, list) else [mask, None]
        if len(masks) > 1 and masks[1] is not None:
            hidden = 1.0 - K.cast(K.expand_dims(masks[1], 1), K.dtype(scores))
            scores = scores - 1e9 * hidden
        weights = K.softmax(scores)
        if self.dropout > 0:
            plain = weights
            weights = K.in_train_phase(lambda: K.dropout(plain, self.dropout), plain)
        result = K.batch_dot(weights, value)
        if masks[0] is not None:
            result = result * K.cast(K.expand_dims(masks[0], -1), K.dtype(result))
        return result

    def compute_mask(self, inputs, mask=None):
        return mask[0] if isinstance(mask, list) and mask[0] is not None else None

    def compute_output_shape(self, input_shape):
        return (*input_shape[0][:-1], input_shape[1][-1])

    def get_config(self):
        return {**super().get_config(), "use_scale": self.use_scale, "dropout": self.dropout}


class Attention(_Attending):
    """Dot-product attention.

    Args:
        score_mode: 'dot', or 'concat': the sum of tanh of the sum of query and key.
    """

    def __init__(self, score_mode="dot", **kwargs):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                f"Layer {self.name!r}: expected score_mode 'dot' or 'concat'; received "
                f"{score_mode!r}."
            )
        self.score_mode = score_mode

    def build(self, input_shape):
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(shape=(), name="scale", initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                shape=(), name="concat_score_weight", initializer="ones"
            )
        self.built = True

    def _scores(self, query, key):
        if self.score_mode == "dot":
            scores = K.batch_dot(query, key, axes=[2, 2])
            return scores if self.scale is None else scores * self.scale
        total = K.expand_dims(query, -2) + K.expand_dims(key, -3)
        if self.scale is not None:
            total = total * self.scale
        return self.concat_score_weight * K.sum(K.tanh(total), axis=-1)

    def get_config(self):
        return {**super().get_config(), "score_mode": self.score_mode}


class AdditiveAttention(_Attending):
    """Attention by the sum of tanh(query + key), times a learnt scale."""

    def __init__(self, use_scale=True, **kwargs):
        super().__init__(use_scale=use_scale, **kwargs)

    def build(self, input_shape):
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                shape=(input_shape[0][-1],), name="scale", initializer="glorot_uniform"
            )
        self.built = True

    def _scores(self, query, key):
        total = K.tanh(K.expand_dims(query, -2) + K.expand_dims(key, -3))
        if self.scale is not None:
            total = total * self.scale
        return K.sum(total, axis=-1)


class Conv1DTranspose(Transposed, Conv1D):
    """Transposed convolution over time: (batch, steps, channels) to (batch, new steps, filters).

    Args:
        output_padding: steps added at the end of the output; None: as many as make it longest.
        Others: as for `Conv1D`.
    """

    def __init__(self, filters, kernel_size, output_padding=None, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)
        self._init_output(output_padding, None)

    def _transposed(self, inputs, shape):
        # as an image of one row
        row = 2 if self.data_format == "channels_first" else 1
        output = K.conv2d_transpose(
            K.expand_dims(inputs, row),
            K.expand_dims(self.kernel, 0),
            (*shape[:row], 1, *shape[row:]),
            (1, *self.strides),
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=(1, *self.dilation_rate),
        )
        return K.squeeze(output, row)


TABLE = {
    cls.__name__: cls
    for cls in (
        LayerNormalization,
        GroupNormalization,
        UnitNormalization,
        RMSNormalization,
        Attention,
        AdditiveAttention,
        Conv1DTranspose,
        DepthwiseConv1D,
        Normalization,
        Rescaling,
        Resizing,
    )
}
