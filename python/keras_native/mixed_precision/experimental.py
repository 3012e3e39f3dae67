"""The names and signatures of `tf.keras.mixed_precision.experimental` (TensorFlow 2.1 to 2.3)."""

from ..engine import policy as _policy
from ..optimizers import loss_scale as _scaling

__all__ = [
    "DynamicLossScale",
    "FixedLossScale",
    "LossScaleOptimizer",
    "Policy",
    "global_policy",
    "set_policy",
]

global_policy = _policy.global_policy
set_policy = _policy.set_global_policy


class FixedLossScale:
    """A loss scale that stays.

    Args:
        loss_scale_value: the factor, at least 1.
    """

    def __init__(self, loss_scale_value):
        if not loss_scale_value >= 1:
            raise ValueError(f"loss_scale_value must be at least 1; received {loss_scale_value!r}")
        self._value = float(loss_scale_value)

    def __call__(self):
        return self._value

    def get_config(self):
        return {"loss_scale_value": self._value}

    def arguments(self):
        """Those of a `LossScaleOptimizer`."""
        return {"dynamic": False, "initial_scale": self._value}


class DynamicLossScale:
    """A loss scale that halves where gradients overflow, and doubles after `increment_period`."""

    def __init__(self, initial_loss_scale=2.0**15, increment_period=2000, multiplier=2.0):
        if multiplier != 2.0:
            raise ValueError(f"Expected a multiplier of 2; received {multiplier!r}")
        self.initial_loss_scale = float(initial_loss_scale)
        self.increment_period = int(increment_period)
        self.multiplier = multiplier

    def __call__(self):
        return self.initial_loss_scale

    def get_config(self):
        return {
            "initial_loss_scale": self.initial_loss_scale,
            "increment_period": self.increment_period,
            "multiplier": self.multiplier,
        }

    def arguments(self):
        """Those of a `LossScaleOptimizer`."""
        return {
            "initial_scale": self.initial_loss_scale,
            "dynamic_growth_steps": self.increment_period,
        }


def _scale_of(loss_scale):
    """A loss scale object for 'dynamic', a number, an object, or None."""
    if loss_scale is None or hasattr(loss_scale, "arguments"):
        return loss_scale
    if loss_scale == "dynamic":
        return DynamicLossScale()
    if isinstance(loss_scale, (int, float)) and not isinstance(loss_scale, bool):
        return FixedLossScale(loss_scale)
    raise ValueError(f"Expected 'dynamic', a number or a loss scale; received {loss_scale!r}")


class Policy(_policy.Policy):
    """A policy with a loss scale of its own.

    Args:
        name: as of `mixed_precision.Policy`.
        loss_scale: 'auto' ('dynamic' for 'mixed_float16', else None), 'dynamic', a number, a loss
            scale, or None.
    """

    def __init__(self, name, loss_scale="auto"):
        super().__init__(name)
        if loss_scale == "auto":
            loss_scale = super().loss_scale
        self._loss_scale = _scale_of(loss_scale)

    @property
    def loss_scale(self):
        """What `compile` scales the loss by: a loss scale, or None."""
        return self._loss_scale

    def get_config(self):
        scale = self._loss_scale
        if isinstance(scale, DynamicLossScale) and scale.get_config() == {
            **DynamicLossScale().get_config()
        }:
            scale = "dynamic"
        return {**super().get_config(), "loss_scale": scale() if callable(scale) else scale}


class LossScaleOptimizer(_scaling.LossScaleOptimizer):
    """Loss scaling with the older arguments.

    Args:
        optimizer: the optimizer that makes the steps.
        loss_scale: 'dynamic', a number, or a loss scale.
    """

    def __init__(self, optimizer, loss_scale):
        scale = _scale_of(loss_scale)
        if scale is None:
            raise ValueError("loss_scale cannot be None.")
        super().__init__(optimizer, **scale.arguments())

    @classmethod
    def from_config(cls, config, custom_objects=None):
        return _scaling.LossScaleOptimizer.from_config(config, custom_objects)
