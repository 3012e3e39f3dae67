"""Learning rates as functions of the step, as files of later generations describe them."""

import math

from .. import backend as K


class Schedule:
    """A learning rate that depends on the number of steps made.

    Args:
        settings: the arguments, as the file has them.
    """

    defaults: dict = {}

    def __init__(self, **settings):
        settings.pop("name", None)
        unknown = sorted(set(settings) - set(self.defaults))
        if unknown:
            raise ValueError(f"{type(self).__name__}: unexpected arguments {unknown}.")
        self.settings = {**self.defaults, **settings}

    def __call__(self, step):
        """The rate, a scalar tensor, for `step`, a float scalar tensor."""
        raise NotImplementedError

    def get_config(self):
        return dict(self.settings)


class PiecewiseConstantDecay(Schedule):
    """values[i] up to and with step boundaries[i]."""

    defaults = {"boundaries": [], "values": [0.0]}

    def __call__(self, step):
        boundaries, values = self.settings["boundaries"], self.settings["values"]
        if len(values) != len(boundaries) + 1:
            raise ValueError("PiecewiseConstantDecay: expected one value more than boundaries.")
        rate = K.constant(float(values[-1]))
        for boundary, value in reversed(list(zip(boundaries, values[:-1], strict=True))):
            rate = K.switch(K.less_equal(step, float(boundary)), K.constant(float(value)), rate)
        return rate


class ExponentialDecay(Schedule):
    """Multiplied by decay_rate every decay_steps."""

    defaults = {
        "initial_learning_rate": 0.1, "decay_steps": 1, "decay_rate": 1.0, "staircase": False,
    }  # fmt: skip

    def __call__(self, step):
        s = self.settings
        exponent = step / float(s["decay_steps"])
        if s["staircase"]:
            exponent = K.emit("floor", (exponent,))
        return float(s["initial_learning_rate"]) * K.pow(
            K.constant(float(s["decay_rate"])), exponent
        )


class InverseTimeDecay(ExponentialDecay):
    """Divided by 1 + decay_rate * step / decay_steps."""

    def __call__(self, step):
        s = self.settings
        periods = step / float(s["decay_steps"])
        if s["staircase"]:
            periods = K.emit("floor", (periods,))
        return float(s["initial_learning_rate"]) / (1.0 + float(s["decay_rate"]) * periods)


class PolynomialDecay(Schedule):
    """From the initial to the final rate in decay_steps, along a power."""

    defaults = {
        "initial_learning_rate": 0.1,
        "decay_steps": 1,
        "end_learning_rate": 0.0001,
        "power": 1.0,
        "cycle": False,
    }

    def __call__(self, step):
        s = self.settings
        whole = float(s["decay_steps"])
        if s["cycle"]:
            rounds = K.maximum(1.0, -K.emit("floor", (-(step / whole),)))
            share = step / (whole * rounds)
        else:
            share = K.minimum(step, whole) / whole
        first, last = float(s["initial_learning_rate"]), float(s["end_learning_rate"])
        return (first - last) * K.pow(1.0 - share, float(s["power"])) + last


class CosineDecay(Schedule):
    """Half a period of a cosine, after a straight warm-up where there is one."""

    defaults = {
        "initial_learning_rate": 0.1,
        "decay_steps": 1,
        "alpha": 0.0,
        "warmup_target": None,
        "warmup_steps": 0,
    }

    def __call__(self, step):
        s = self.settings
        first, alpha = float(s["initial_learning_rate"]), float(s["alpha"])
        whole, target = float(s["decay_steps"]), s["warmup_target"]
        warm = float(s["warmup_steps"]) if target is not None else 0.0
        top = first if target is None else float(target)
        share = K.clip((step - warm) / whole, 0.0, 1.0)
        rate = top * ((1.0 - alpha) * 0.5 * (1.0 + K.cos(math.pi * share)) + alpha)
        if not warm:
            return rate
        rising = first + (top - first) * step / warm
        return K.switch(K.less(step, warm), rising, rate)


class CosineDecayRestarts(Schedule):
    """Half periods of a cosine, one after the other: longer by t_mul, lower by m_mul each time."""

    defaults = {
        "initial_learning_rate": 0.1,
        "first_decay_steps": 1,
        "t_mul": 2.0,
        "m_mul": 1.0,
        "alpha": 0.0,
    }

    def __call__(self, step):
        s = self.settings
        longer, lower, alpha = (float(s[name]) for name in ("t_mul", "m_mul", "alpha"))
        share = step / float(s["first_decay_steps"])
        if longer == 1.0:
            restarts = K.emit("floor", (share,))
            share = share - restarts
        else:
            restarts = K.emit("floor", (K.log(1.0 - share * (1.0 - longer)) / math.log(longer),))
            length = K.pow(K.constant(longer), restarts)
            share = (share - (1.0 - length) / (1.0 - longer)) / length
        height = 0.5 * K.pow(K.constant(lower), restarts) * (1.0 + K.cos(math.pi * share))
        return float(s["initial_learning_rate"]) * ((1.0 - alpha) * height + alpha)


TABLE = {
    cls.__name__: cls
    for cls in (
        PiecewiseConstantDecay, ExponentialDecay, InverseTimeDecay, PolynomialDecay, CosineDecay,
        CosineDecayRestarts,
    )
}  # fmt: skip


def get(value):
    """A schedule from its description; None for a plain number."""
    if isinstance(value, Schedule):
        return value
    if not isinstance(value, dict):
        return None
    cls, config = TABLE.get(value.get("class_name")), value.get("config")
    if cls is None or not isinstance(config, dict):
        raise ValueError(f"Unknown learning rate schedule: {str(value.get('class_name'))[:100]!r}.")
    return cls(**config)


def serialize(schedule):
    """{'class_name', 'config'} of a schedule."""
    return {"class_name": type(schedule).__name__, "config": schedule.get_config()}
