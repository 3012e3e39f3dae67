"""Where the generations of Keras differ in arithmetic, as one table.

What is built here follows Keras 2.3.1, or Keras 1 after `set_default("1")`. A model loaded from a
file keeps the arithmetic of the Keras that wrote it: layers, optimizers and losses look at
`current()` when they are made, and keep what they found. `model.keras_generation` says which
generation a model follows.
"""

import contextlib
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Dialect:
    """The arithmetic of one generation of Keras.

    Attributes:
        generation: '1', '2', 'tf_keras' (tf.keras and tf_keras) or '3'.
        masked_loss: what a masked loss is the mean over: 'all' steps, 'unmasked' steps, or
            'keras1': unmasked steps, and samples whose weight is not zero.
        moving_variance: of batch normalization: 'keras2' (n / (n - 1), twice for images), 'fused'
            (n / (n - 1) for images only) or 'population'.
        frozen_norm_is_inference: whether a batch normalization that is not trained uses its
            averages in training too.
        averages_in_turn: whether a batch normalization that is called more than once moves its
            averages call by call, and not from where they were before the step.
        penalty_per_sample: whether penalties on activations are divided by the batch size.
        clip_each: whether `clipnorm` holds for each variable, not for all together.
        optimizers: 'keras2', or 'later' for the rules of TensorFlow 2 and Keras 3.
        hard_sigmoid: 'slope' for clip(0.2 x + 0.5), 'relu6' for relu6(x + 3) / 6.
        half_pixel: whether bilinear resizing puts samples at the centres of pixels.
        huber_mean: whether the Huber loss is the mean over the last axis.
        weights_of_steps: whether sample weights may have a time axis without `sample_weight_mode`.
        accuracy_by_shape: whether 'accuracy' goes by the last axis of the output alone, and not by
            the loss, unless that is sparse.
        reset_after: default of `GRU`.
        recurrent_activation: default of recurrent layers.
        optimizer_epsilon: default of optimizers; None for `K.epsilon()`.
        gates_apart: whether recurrent kernels of LSTM and GRU start, and are penalized, as their
            kernels, unless the implementation is 2.
        losses: 'keras2', or 'keras1' for its cosine and its binary cross-entropy near 0 and 1.
        batch_metrics: whether a metric is the mean over a batch, and then over batches by their
            size, masks and weights left aside.
        keras1_names: whether what has no name is called as in Keras 1 (`convolution2d_1`, `acc`),
            and `summary` looks as it did there.
    """

    generation: str
    masked_loss: str = "all"
    moving_variance: str = "keras2"
    frozen_norm_is_inference: bool = False
    averages_in_turn: bool = False
    penalty_per_sample: bool = False
    clip_each: bool = False
    optimizers: str = "keras2"
    hard_sigmoid: str = "slope"
    half_pixel: bool = False
    huber_mean: bool = False
    weights_of_steps: bool = False
    accuracy_by_shape: bool = False
    reset_after: bool = False
    recurrent_activation: str = "sigmoid"
    optimizer_epsilon: float | None = None
    gates_apart: bool = False
    losses: str = "keras2"
    batch_metrics: bool = False
    keras1_names: bool = False


KERAS_2 = Dialect("2")
KERAS_1 = replace(
    KERAS_2,
    generation="1",
    masked_loss="keras1",
    moving_variance="population",
    recurrent_activation="hard_sigmoid",
    optimizer_epsilon=1e-8,
    gates_apart=True,
    losses="keras1",
    batch_metrics=True,
    keras1_names=True,
)
TF_KERAS = Dialect(
    "tf_keras",
    masked_loss="unmasked",
    moving_variance="fused",
    frozen_norm_is_inference=True,
    averages_in_turn=True,
    penalty_per_sample=True,
    clip_each=True,
    optimizers="later",
    half_pixel=True,
    huber_mean=True,
    weights_of_steps=True,
    accuracy_by_shape=True,
    reset_after=True,
)
KERAS_3 = replace(TF_KERAS, generation="3", moving_variance="population", hard_sigmoid="relu6")

BY_GENERATION = {d.generation: d for d in (KERAS_1, KERAS_2, TF_KERAS, KERAS_3)}

_current = _default = KERAS_2


def set_default(generation):
    """What is made from now on follows Keras '1' or '2'."""
    global _current, _default
    _current = _default = {"1": KERAS_1, "2": KERAS_2}[generation]


def default():
    """The dialect of new models."""
    return _default


def current():
    """The dialect of what is being made now."""
    return _current


@contextlib.contextmanager
def use(dialect):
    """Inside, what is made follows `dialect`."""
    global _current
    before, _current = _current, dialect
    try:
        yield
    finally:
        _current = before
