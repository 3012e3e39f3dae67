"""Layers of Keras' names in JAX, for the builders of `gpu_models.py`: calling one gives a symbol,
which `gpu_jax.py` evaluates by a pure function.

Outputs are logits; batch normalization keeps no moving averages, which is in JAX's favour.
"""

import jax
import jax.numpy as jnp
import numpy as np
from gpu_common import all_of

ACTIVATIONS = {None: lambda x: x, "relu": jax.nn.relu, "tanh": jnp.tanh}
LOGITS = ("softmax", "sigmoid")  # of outputs


class Symbol:
    """What a layer makes of other symbols; `shape` is without the batch."""

    def __init__(self, shape, layer=None, inputs=()):
        self.shape, self.layer, self.inputs = tuple(shape), layer, tuple(inputs)


class Layer:
    """Weights are drawn when the layer is first called."""

    def __init__(self, *, activation=None, input_shape=None, input_length=None):
        self.activation = ACTIVATIONS[None if activation in LOGITS else activation]
        self.begins = input_shape or (input_length and (input_length,))
        self.weights = {}

    def __call__(self, inputs):
        inputs = all_of(inputs)
        return Symbol(self.build(*[s.shape for s in inputs]), self, inputs)

    def draw(self, **shapes):
        """Weights of these shapes; those of one axis are zeros."""
        random = np.random.default_rng(1)
        for name, shape in shapes.items():
            scale = 0 if len(shape) == 1 else np.sqrt(1 / np.prod(shape[:-1]))
            self.weights[name] = jnp.asarray(scale * random.standard_normal(shape), "float32")

    def build(self, shape):
        """Draw the weights; the shape of the result."""
        return shape

    def apply(self, weights, key, x):
        """The result for a batch; there is a key for random numbers in training only."""
        return self.activation(x)


class Dense(Layer):
    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self.draw(kernel=(shape[-1], self.units), bias=(self.units,))
        return *shape[:-1], self.units

    def apply(self, weights, key, x):
        return self.activation(x @ weights["kernel"] + weights["bias"])


class Convolution(Layer):
    axes = 2

    def __init__(self, filters, size, strides=1, padding="valid", **options):
        super().__init__(**options)
        self.filters, self.size, self.padding = filters, (size,) * self.axes, padding.upper()
        self.strides = (strides,) * self.axes

    def build(self, shape):
        self.draw(kernel=(*self.size, shape[-1], self.filters), bias=(self.filters,))
        kept = [0 if self.padding == "SAME" else k - 1 for k in self.size]
        cells = (-(-(n - k) // s) for n, k, s in zip(shape, kept, self.strides, strict=False))
        return *cells, self.filters

    def apply(self, weights, key, x):
        order = ("NHWC", "HWIO", "NHWC") if self.axes == 2 else ("NWC", "WIO", "NWC")
        y = jax.lax.conv_general_dilated(
            x, weights["kernel"], self.strides, self.padding, dimension_numbers=order
        )
        return self.activation(y + weights["bias"])


class Conv1D(Convolution):
    axes = 1


class Pooling(Layer):
    axes, average = 2, False

    def __init__(self, size=2):
        super().__init__()
        self.window = (1, *(size,) * self.axes, 1)

    def build(self, shape):
        return tuple(n // k for n, k in zip(shape, self.window[1:], strict=True))

    def apply(self, weights, key, x):
        start, join = (0.0, jax.lax.add) if self.average else (-jnp.inf, jax.lax.max)
        y = jax.lax.reduce_window(x, start, join, self.window, self.window, "VALID")
        return y / np.prod(self.window) if self.average else y


class MaxPooling1D(Pooling):
    axes = 1


class AveragePooling2D(Pooling):
    average = True


class GlobalAveragePooling1D(Layer):
    def build(self, shape):
        return shape[1:]

    def apply(self, weights, key, x):
        return x.mean(axis=1)


class Flatten(Layer):
    def build(self, shape):
        return (int(np.prod(shape)),)

    def apply(self, weights, key, x):
        return x.reshape(len(x), -1)


class Dropout(Layer):
    def __init__(self, rate):
        super().__init__()
        self.kept = 1 - rate

    def apply(self, weights, key, x):
        if key is None:
            return x
        return jnp.where(jax.random.bernoulli(key, self.kept, x.shape), x / self.kept, 0)


class Activation(Layer):
    def __init__(self, name):
        super().__init__(activation=name)


class BatchNormalization(Layer):
    def build(self, shape):
        self.draw(gamma=shape[-1:], beta=shape[-1:])
        self.weights["gamma"] += 1
        return shape

    def apply(self, weights, key, x):
        axes = tuple(range(x.ndim - 1))
        mean, variance = x.mean(axes), x.var(axes)
        return (x - mean) * jax.lax.rsqrt(variance + 1e-3) * weights["gamma"] + weights["beta"]


class Embedding(Layer):
    def __init__(self, words, features, **options):
        super().__init__(**options)
        self.table = words, features

    def build(self, shape):
        self.draw(table=self.table)
        return *shape, self.table[1]

    def apply(self, weights, key, x):
        return weights["table"][x]


class Recurrent(Layer):
    def __init__(self, units, return_sequences=False, reset_after=True, **options):
        super().__init__(**options)
        self.units, self.sequences = units, return_sequences

    def build(self, shape):
        wide = self.gates * self.units
        self.draw(kernel=(shape[-1], wide), recurrent=(self.units, wide), bias=(wide,))
        return (*shape[:-1], self.units) if self.sequences else (self.units,)

    def apply(self, weights, key, x):
        products = jnp.swapaxes(x @ weights["kernel"] + weights["bias"], 0, 1)
        state = (jnp.zeros((len(x), self.units), x.dtype),) * self.states

        def step(state, product):
            state = self.cell(state, product, weights["recurrent"])
            return state, state[0] if self.sequences else None

        state, all_steps = jax.lax.scan(step, state, products)
        return jnp.swapaxes(all_steps, 0, 1) if self.sequences else state[0]


class LSTM(Recurrent):
    gates, states = 4, 2

    def cell(self, state, product, recurrent):
        """h and c after a step."""
        i, f, a, o = jnp.split(product + state[0] @ recurrent, 4, axis=-1)
        c = jax.nn.sigmoid(f) * state[1] + jax.nn.sigmoid(i) * jnp.tanh(a)
        return jax.nn.sigmoid(o) * jnp.tanh(c), c


class GRU(Recurrent):
    gates, states = 3, 1

    def cell(self, state, product, recurrent):
        """h after a step."""
        z, r, a = jnp.split(product, 3, axis=-1)
        hz, hr, ha = jnp.split(state[0] @ recurrent, 3, axis=-1)
        z, r = jax.nn.sigmoid(z + hz), jax.nn.sigmoid(r + hr)
        return (z * state[0] + (1 - z) * jnp.tanh(a + r * ha),)


class Bidirectional(Layer):
    def __init__(self, layer):
        super().__init__()
        self.ways = layer, type(layer)(layer.units, layer.sequences)

    def build(self, shape):
        for way, name in zip(self.ways, ("on", "back"), strict=True):
            out = way.build(shape)
            self.weights[name] = way.weights
        return *out[:-1], 2 * out[-1]

    def apply(self, weights, key, x):
        on = self.ways[0].apply(weights["on"], key, x)
        return jnp.concatenate([on, self.ways[1].apply(weights["back"], key, x[:, ::-1])], axis=-1)


class Joined(Layer):
    def __init__(self, join, shape):
        super().__init__()
        self.join, self.shape_of = join, shape

    def build(self, *shapes):
        return self.shape_of(shapes)

    def apply(self, weights, key, *inputs):
        return self.join(inputs)


def concatenate(symbols):
    """Side by side along the last axis."""
    shape = lambda shapes: (*shapes[0][:-1], sum(s[-1] for s in shapes))  # noqa: E731
    return Joined(lambda x: jnp.concatenate(x, axis=-1), shape)(symbols)


def add(symbols):
    """The sum."""
    return Joined(sum, lambda shapes: shapes[0])(symbols)


def Input(shape, dtype=None):
    """A symbol for what is fed."""
    return Symbol(shape)


Conv2D, MaxPooling2D = Convolution, Pooling
