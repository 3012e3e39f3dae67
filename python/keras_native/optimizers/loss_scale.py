"""Scaling of the loss, so that small gradients do not vanish in float16."""

import math

import numpy as np

from .. import backend as K
from .. import registry
from . import base

INITIAL_SCALE = 2.0**15
GROWTH_STEPS = 2000


class LossScaleOptimizer(base.Optimizer):
    """Another optimizer, with the loss scaled before and gradients unscaled after differentiation.

    Clipping sees the unscaled gradients. A dynamic scale is halved whenever a gradient is not
    finite, and that step changes neither weights nor slots, though it counts; the scale doubles
    after a number of finite steps without a break.

    Args:
        inner_optimizer: the optimizer that makes the steps.
        dynamic: whether the scale changes.
        initial_scale: the scale to begin with, 2 ** 15 where it is dynamic; else it must be given.
        dynamic_growth_steps: finite steps until the scale doubles, 2000 by default.

    Raises:
        TypeError: for something else than an optimizer, or one that scales already.
        ValueError: for numbers that fit neither kind of scale.
    """

    _OWN = frozenset(
        ("_inner", "_dynamic", "_growth_steps", "_initial_scale", "_scale", "_counter")
    )

    def __init__(
        self, inner_optimizer, dynamic=True, initial_scale=None, dynamic_growth_steps=None
    ):
        if not isinstance(inner_optimizer, base.Optimizer):
            raise TypeError(
                f'"inner_optimizer" must be an optimizer of this package; received '
                f"{inner_optimizer!r}"
            )
        if isinstance(inner_optimizer, LossScaleOptimizer):
            raise TypeError(
                "LossScaleOptimizer cannot wrap another LossScaleOptimizer; received "
                f"{inner_optimizer!r}"
            )
        if not isinstance(dynamic, bool):
            raise TypeError(f'"dynamic" must be True or False; received {dynamic!r}')
        if dynamic:
            initial_scale = INITIAL_SCALE if initial_scale is None else initial_scale
            growth = GROWTH_STEPS if dynamic_growth_steps is None else dynamic_growth_steps
        elif initial_scale is None:
            raise ValueError('"initial_scale" must be specified if "dynamic" is False')
        elif dynamic_growth_steps is not None:
            raise ValueError(
                f'"dynamic_growth_steps" must be None if "dynamic" is False; received '
                f"{dynamic_growth_steps!r}"
            )
        else:
            growth = None
        if not (math.isfinite(initial_scale) and initial_scale > 0):
            raise ValueError(f"Expected a positive initial_scale; received {initial_scale!r}")
        self._inner = inner_optimizer
        self._dynamic, self._growth_steps = dynamic, growth
        self._initial_scale = float(initial_scale)
        self._scale = K.variable(self._initial_scale, dtype="float32", name="loss_scale")
        self._counter = K.variable(0, dtype="int64", name="good_steps") if dynamic else None

    # What is not the scale's is the inner optimizer's.
    def __getattr__(self, name):
        if name in LossScaleOptimizer._OWN or name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._inner, name)

    def __setattr__(self, name, value):
        if name in LossScaleOptimizer._OWN:
            object.__setattr__(self, name, value)
        else:
            setattr(self._inner, name, value)

    @property
    def inner_optimizer(self):
        """The optimizer that makes the steps."""
        return self._inner

    @property
    def learning_rate(self):
        """The learning rate of the inner optimizer."""
        return self._inner.learning_rate

    lr = learning_rate

    @property
    def dynamic(self):
        """Whether the scale changes."""
        return self._dynamic

    @property
    def initial_scale(self):
        """The scale to begin with."""
        return self._initial_scale

    @property
    def dynamic_growth_steps(self):
        """Finite steps until a dynamic scale doubles; None for a fixed one."""
        return self._growth_steps

    @property
    def loss_scale(self):
        """The present scale, a variable."""
        return self._scale

    @property
    def dynamic_counter(self):
        """Finite steps since the scale changed, a variable; None for a fixed one."""
        return self._counter

    @property
    def weights(self):
        """The state of the inner optimizer, then the scale and its counter; empty as long as the
        inner optimizer has none."""
        inner = self._inner.weights
        return [*inner, self._scale, self._counter] if inner and self._dynamic else inner

    def set_weights(self, weights):
        """Sets the state from arrays in the order of `weights`.

        Those of tf_keras hold no scale; Keras 3 has a count of steps and a rate of the scaling
        before counter, scale and the rest.
        """
        inner = self._inner.weights
        if not self._dynamic or len(weights) == len(inner):
            return self._inner.set_weights(weights)
        if inner and len(weights) == len(inner) + 4:
            weights = [*weights[4:], weights[3], weights[2]]
        return super().set_weights(weights)

    # ------------------------------------------------------------ scaling

    def get_scaled_loss(self, loss):
        """`loss` (a tensor, or a function that returns one) times the scale."""
        if callable(loss) and not K.is_tensor(loss):
            return lambda: self.get_scaled_loss(loss())
        return loss * K.cast(self._scale, K.dtype(loss))

    def get_unscaled_gradients(self, grads):
        """Gradients of a scaled loss as those of the loss; None stays None."""
        factor = 1.0 / self._scale
        return [None if g is None else g * K.cast(factor, K.dtype(g)) for g in grads]

    def _unscaled(self, loss, params):
        return self.get_unscaled_gradients(K.gradients(self.get_scaled_loss(loss), params))

    # ------------------------------------------------------------ steps

    def get_gradients(self, loss, params):
        """Gradients of `loss` by `params`, by way of the scaled loss; clipped as asked for."""
        return self._taking(self._unscaled, lambda: self._inner.get_gradients(loss, params))

    def get_updates(self, loss, params):
        """The updates of one step and of the scale."""
        if not self._dynamic:
            return self._taking(self._unscaled, lambda: self._inner.get_updates(loss, params))

        def gradients_of(loss, params):
            grads = self._unscaled(loss, params)
            finite = self._inner._counts = _all_finite([g for g in grads if g is not None])
            return [None if g is None else K.switch(finite, g, K.zeros_like(g)) for g in grads]

        try:
            updates = self._taking(gradients_of, lambda: self._inner.get_updates(loss, params))
            finite = self._inner._counts
        finally:
            self._inner._counts = None
        steps = getattr(self._inner, "iterations", None)  # those that are left out count, too
        guarded = [
            u
            if u.variable is steps or getattr(u, "may_be_left_out", False)
            else K.update(u.variable, K.switch(finite, K.identity(u), K.identity(u.variable)))
            for u in updates
        ]
        self._inner.updates = [*guarded, *self._scale_updates(finite)]
        return self._inner.updates

    def _taking(self, gradients_of, make):
        before, self._inner._gradients_of = self._inner._gradients_of, gradients_of
        try:
            return make()
        finally:
            self._inner._gradients_of = before

    def _scale_updates(self, finite):
        count = self._counter + 1
        grows = K.logical_and(finite, K.greater_equal(count, self._growth_steps))
        doubled = self._scale * 2.0
        doubled = K.switch(K.less(doubled, np.inf), doubled, K.identity(self._scale))
        kept = K.switch(grows, doubled, K.identity(self._scale))
        halved = K.maximum(self._scale * 0.5, 1.0)
        zero = K.zeros_like(count)
        restarts = K.logical_or(grows, K.logical_not(finite))
        return [
            K.update(self._scale, K.switch(finite, kept, halved)),
            K.update(self._counter, K.switch(restarts, zero, count)),
        ]

    # ------------------------------------------------------------ configuration

    def get_config(self):
        """Arguments that build an equal optimizer, the inner one as a configuration."""
        inner = {"class_name": type(self._inner).__name__, "config": self._inner.get_config()}
        return {
            "inner_optimizer": inner,
            "dynamic": self._dynamic,
            "initial_scale": self._initial_scale,
            "dynamic_growth_steps": self._growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        config.pop("name", None)
        inner = config.pop("inner_optimizer")
        if not isinstance(inner, base.Optimizer):
            inner = registry.find("optimizers", "deserialize")(inner, custom_objects)
        return cls(inner, **config)


def scaling_loss(optimizer, scale):
    """`optimizer` with a loss scale: 'dynamic', or what knows its `arguments`.

    Optimizers of the user's own that are none of this package stay as they are.
    """
    if not isinstance(optimizer, base.Optimizer):
        return optimizer
    arguments = {} if scale == "dynamic" else scale.arguments()
    return LossScaleOptimizer(optimizer, **arguments)


def _all_finite(grads):
    """Whether all elements of all gradients are finite, a scalar."""
    largest = None  # NaN where any element is
    for g in grads:
        part = K.cast(K.max(K.abs(g)), "float32")
        largest = part if largest is None else K.maximum(largest, part)
    return K.less(largest, np.inf)
