"""The optimizers of TensorFlow 2 and Keras 3: their rules, and their state in their order."""

from .. import backend as K
from ..optimizers.base import Optimizer
from . import schedules

_COMMON = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
_IGNORED = ("name", "jit_compile", "is_legacy_optimizer")


class LaterOptimizer(Optimizer):
    """Base: clipping, weight decay, moving averages of weights, accumulation of gradients.

    Subclasses give `defaults`, `slots` and `step`.

    Attributes:
        layout: how the state lies in a file: '3' (Keras 3), 'tf_keras', or 'legacy' (tf.keras
            before 2.11, and `tf_keras.optimizers.legacy`).
        defaults: {setting: value} of the rule.
    """

    defaults = {"learning_rate": 0.001}

    def __init__(self, layout="3", **kwargs):
        super().__init__()
        for name in _IGNORED:
            kwargs.pop(name, None)
        self.layout = layout
        settings = {**self.defaults, **_COMMON}
        if layout == "legacy":
            settings["decay"] = 0.0
        unknown = sorted(set(kwargs) - set(settings))
        if unknown:
            raise TypeError(
                f"Unexpected keyword argument passed to optimizer {type(self).__name__}: "
                f"{unknown}. Expected {sorted(settings)}."
            )
        self.settings = {**settings, **kwargs}
        rate = self.settings["learning_rate"]
        self.schedule = schedules.get(rate)
        with K.name_scope(type(self).__name__):
            self.iterations = K.variable(0, dtype="int64", name="iteration")
            if self.schedule is None:
                self.learning_rate = K.variable(float(rate), name="learning_rate")

    def __getattr__(self, name):
        settings = self.__dict__.get("settings", {})
        if name in settings:
            return settings[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    # ------------------------------------------------------------ for subclasses

    def slots(self):
        """Groups of (name, first value) of slots; those of a group lie side by side in files."""
        return []

    def step(self, p, g, s, rate, t):
        """(new parameter, {slot: new value}).

        Args:
            p, g: parameter and gradient.
            s: {slot: tensor}.
            rate: learning rate.
            t: number of the step, from 1 on, as a float scalar.
        """
        raise NotImplementedError

    def shared(self, t):
        """Updates of what all parameters share."""
        return []

    # ------------------------------------------------------------ one step

    def get_updates(self, loss, params):
        grads = K.gradients(loss, params)
        missing = [p.name for p, g in zip(params, grads, strict=True) if g is None]
        if missing:
            raise ValueError(f"The loss does not depend differentiably on {missing}.")
        every = self.settings["gradient_accumulation_steps"]
        count = K.cast(self.iterations, K.floatx())
        due, updates = None, [K.update_add(self.iterations, 1)]
        averages = self._like(params, "average") if self.settings["use_ema"] else []
        collected = self._like(params, "gradient_accumulator") if every else []
        if every:
            due = K.equal((self.iterations + 1) % int(every), 0)
            count = K.cast(self.iterations // int(every), K.floatx())
            sums = [a + g for a, g in zip(collected, grads, strict=True)]
            grads = [total / float(every) for total in sums]
            updates += [
                K.update(a, K.switch(due, K.zeros_like(total), total))
                for a, total in zip(collected, sums, strict=True)
            ]
        grads = self._clipped(grads)
        t = count + 1.0
        rate = self._rate(count)
        own = self._make_slots(params)
        updates += self._when(due, self.shared(t))
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            state = {name: variables[i] for name, variables in own.items()}
            base = p
            if self.settings["weight_decay"]:
                base = p - p * float(self.settings["weight_decay"]) * rate
            new_p, new_state = self.step(base, g, state, rate, t)
            if getattr(p, "constraint", None) is not None:
                new_p = p.constraint(new_p)
            if averages:
                new_p, average = self._averaged(averages[i], new_p)
                updates.append(K.update(averages[i], average))
            updates += self._when(due, [(p, new_p)])
            updates += self._when(due, [(state[k], v) for k, v in new_state.items()])
        self.weights = self._in_order(averages, collected, own, len(params))
        self.updates = updates
        return updates

    @staticmethod
    def _when(due, pairs):
        """Updates of (variable, value) pairs, where `due` says so."""
        return [K.update(v, x if due is None else K.switch(due, x, K.identity(v)))
                for v, x in pairs]  # fmt: skip

    def _averaged(self, average, new_p):
        """(parameter, moving average) after a step."""
        not_first = K.cast(K.greater(self.iterations, 0), K.floatx())
        share = not_first * float(self.settings["ema_momentum"])
        average = share * average + (1.0 - share) * new_p
        every = self.settings["ema_overwrite_frequency"]
        if every:
            new_p = K.switch(K.equal((self.iterations + 1) % int(every), 0), average, new_p)
        return new_p, average

    def _rate(self, count):
        if self.schedule is not None:
            return self.schedule(count)
        decay = self.settings.get("decay", 0.0)
        if decay and self.layout == "legacy":
            return self.learning_rate / (1.0 + float(decay) * count)
        return self.learning_rate * 1.0

    def _clipped(self, grads):
        """Gradients with lengths, then values, then the length of all together limited."""
        each, value, together = (
            self.settings[k] for k in ("clipnorm", "clipvalue", "global_clipnorm")
        )
        if each:
            return [g * _scale(K.sum(K.square(g)), each) for g in grads]
        if together:
            squares = [K.sum(K.square(g)) for g in grads]
            scale = _scale(sum(squares[1:], squares[0]), together)
            return [g * scale for g in grads]
        if value:
            return [K.clip(g, -float(value), float(value)) for g in grads]
        return grads

    # ------------------------------------------------------------ state

    def _like(self, params, name, first=0.0):
        return [
            K.variable(K.get_value(K.zeros(K.int_shape(p))) + first, name=f"{name}_{i}")
            for i, p in enumerate(params)
        ]

    def _make_slots(self, params):
        return {
            name: self._like(params, name, first) for group in self.slots() for name, first in group
        }

    def _in_order(self, averages, collected, own, count):
        head = [self.iterations]
        if self.layout == "3" and self.schedule is None:
            head.append(self._learning_rate)
        groups = [[name for name, _ in group] for group in self.slots()]
        if self.layout == "legacy":
            groups = [[name] for group in groups for name in group]
        state = [own[name][i] for group in groups for i in range(count) for name in group]
        return [*head, *averages, *collected, *self._shared_first(), *state, *self._shared_last()]

    def _shared_first(self):
        return []

    def _shared_last(self):
        return []

    def get_config(self):
        config = dict(self.settings)
        if self.schedule is not None:
            config["learning_rate"] = schedules.serialize(self.schedule)
        else:
            config["learning_rate"] = float(K.get_value(self.learning_rate))
        if self.layout == "legacy":
            config = {k: v for k, v in config.items() if v is not None and k not in _LATER_ONLY}
        return {**config, "is_legacy_optimizer": self.layout == "legacy"}


_LATER_ONLY = {"use_ema", "ema_momentum", "weight_decay"}


def _scale(square, most):
    """Factor that brings a length of √square down to `most`."""
    length = K.sqrt(square)
    return K.switch(K.greater(length, float(most)), float(most) / length, K.ones_like(length))


def _hyper(self, *names):
    return [float(self.settings[name]) for name in names]


class SGD(LaterOptimizer):
    """Gradient descent with momentum."""

    defaults = {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}

    def slots(self):
        used = self.settings["momentum"] or self.layout == "tf_keras"
        return [[("momentum", 0.0)]] if used else []

    def step(self, p, g, s, rate, t):
        if "momentum" not in s:
            return p - rate * g, {}
        (share,) = _hyper(self, "momentum")
        m = s["momentum"] * share - g * rate
        return p + (m * share - g * rate if self.settings["nesterov"] else m), {"momentum": m}


class RMSprop(LaterOptimizer):
    """Divides by a root mean square, epsilon inside the root."""

    defaults = {
        "learning_rate": 0.001, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7, "centered": False,
    }  # fmt: skip

    def slots(self):
        groups = [[("velocity", 0.0)]]
        if self.settings["momentum"]:
            groups.append([("momentum", 0.0)])
        if self.settings["centered"]:
            groups.append([("average_gradient", 0.0)])
        return groups

    def step(self, p, g, s, rate, t):
        rho, share, epsilon = _hyper(self, "rho", "momentum", "epsilon")
        v = rho * s["velocity"] + (1.0 - rho) * K.square(g)
        new, below = {"velocity": v}, v + epsilon
        if "average_gradient" in s:
            mean = rho * s["average_gradient"] + (1.0 - rho) * g
            new["average_gradient"], below = mean, v - K.square(mean) + epsilon
        change = rate * g / K.sqrt(below)
        if "momentum" in s:
            change = new["momentum"] = share * s["momentum"] + change
        return p - change, new


class Adagrad(LaterOptimizer):
    """Divides by the root of the sum of squares, which starts at 0.1."""

    defaults = {"learning_rate": 0.001, "initial_accumulator_value": 0.1, "epsilon": 1e-7}

    def slots(self):
        return [[("accumulator", float(self.settings["initial_accumulator_value"]))]]

    def step(self, p, g, s, rate, t):
        (epsilon,) = _hyper(self, "epsilon")
        a = s["accumulator"] + K.square(g)
        below = K.sqrt(a) + epsilon if self.layout == "legacy" else K.sqrt(a + epsilon)
        return p - rate * g / below, {"accumulator": a}


class Adadelta(LaterOptimizer):
    """Steps in units of recent steps."""

    defaults = {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-7}

    def slots(self):
        pair = [("accumulated_grad", 0.0), ("accumulated_delta_var", 0.0)]
        return [pair] if self.layout == "3" else [[one] for one in pair]

    def step(self, p, g, s, rate, t):
        rho, epsilon = _hyper(self, "rho", "epsilon")
        a = rho * s["accumulated_grad"] + (1.0 - rho) * K.square(g)
        change = g * K.sqrt(s["accumulated_delta_var"] + epsilon) / K.sqrt(a + epsilon)
        d = rho * s["accumulated_delta_var"] + (1.0 - rho) * K.square(change)
        return p - rate * change, {"accumulated_grad": a, "accumulated_delta_var": d}


class Adam(LaterOptimizer):
    """Running means of g and g², corrected for starting at zero."""

    defaults = {
        "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False,
    }  # fmt: skip

    def slots(self):
        groups = [[("m", 0.0), ("v", 0.0)]]
        return [*groups, [("vhat", 0.0)]] if self.settings["amsgrad"] else groups

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = _hyper(self, "beta_1", "beta_2", "epsilon")
        alpha = rate * K.sqrt(1.0 - _power(b2, t)) / (1.0 - _power(b1, t))
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        v = s["v"] + (K.square(g) - s["v"]) * (1.0 - b2)
        new, largest = {"m": m, "v": v}, v
        if "vhat" in s:
            largest = new["vhat"] = K.maximum(s["vhat"], v)
        return p - m * alpha / (K.sqrt(largest) + epsilon), new


class AdamW(Adam):
    """Adam with weight decay."""

    defaults = {**Adam.defaults}

    def __init__(self, **kwargs):
        kwargs.setdefault("weight_decay", 0.004)
        super().__init__(**kwargs)


class Adamax(LaterOptimizer):
    """Adam with the largest recent gradient in place of the mean of squares."""

    defaults = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def slots(self):
        return [[("m", 0.0), ("u", 0.0)]]

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = _hyper(self, "beta_1", "beta_2", "epsilon")
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        u = K.maximum(b2 * s["u"], K.abs(g))
        return p - rate * m / ((1.0 - _power(b1, t)) * (u + epsilon)), {"m": m, "u": u}


class Nadam(LaterOptimizer):
    """Adam with Nesterov momentum."""

    defaults = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.product = K.variable(1.0, name="u_product")

    def slots(self):
        return [[("m", 0.0), ("v", 0.0)]]

    def _shared_first(self):
        return [self.product] if self.layout == "legacy" else []

    def _shared_last(self):
        return [self.product] if self.layout == "3" else []

    def _share(self, t):
        grows = float(self.settings.get("decay", 1.0)) if self.layout == "legacy" else 1.0
        return float(self.settings["beta_1"]) * (1.0 - 0.5 * _power(0.96, t * grows))

    def _rate(self, count):
        return self.schedule(count) if self.schedule is not None else self.learning_rate * 1.0

    def shared(self, t):
        return [(self.product, self.product * self._share(t))]

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = _hyper(self, "beta_1", "beta_2", "epsilon")
        now, following = self._share(t), self._share(t + 1.0)
        product = self.product * now
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        v = s["v"] + (K.square(g) - s["v"]) * (1.0 - b2)
        mean = following * m / (1.0 - product * following) + (1.0 - now) * g / (1.0 - product)
        below = K.sqrt(v / (1.0 - _power(b2, t))) + epsilon
        return p - mean * rate / below, {"m": m, "v": v}

    def set_weights(self, weights):
        if self.layout == "tf_keras" and len(weights):  # it is not in the file: made again
            steps = int(weights[0])
            value, beta = 1.0, float(self.settings["beta_1"])
            for step in range(1, min(steps, 1_000_000) + 1):
                value *= beta * (1.0 - 0.5 * 0.96**step)
                if value == 0.0:
                    break
            K.set_value(self.product, value)
        super().set_weights(weights)


class Ftrl(LaterOptimizer):
    """Follow the regularized leader."""

    defaults = {
        "learning_rate": 0.001,
        "learning_rate_power": -0.5,
        "initial_accumulator_value": 0.1,
        "l1_regularization_strength": 0.0,
        "l2_regularization_strength": 0.0,
        "l2_shrinkage_regularization_strength": 0.0,
        "beta": 0.0,
    }

    def slots(self):
        return [[("accumulator", self.settings["initial_accumulator_value"]), ("linear", 0.0)]]

    def step(self, p, g, s, rate, t):
        power, l1, l2, shrinkage, beta = _hyper(
            self,
            "learning_rate_power",
            "l1_regularization_strength",
            "l2_regularization_strength",
            "l2_shrinkage_regularization_strength",
            "beta",
        )
        a = s["accumulator"] + K.square(g)
        strength = l2 + beta / (2.0 * rate) if beta else l2
        g = g + 2.0 * shrinkage * p if shrinkage else g
        grown = (K.pow(a, -power) - K.pow(s["accumulator"], -power)) / rate
        linear = s["linear"] + g - grown * p
        quadratic = K.pow(a, -power) / rate + 2.0 * strength
        new_p = (K.clip(linear, -l1, l1) - linear) / quadratic
        return new_p, {"accumulator": a, "linear": linear}


class Lion(LaterOptimizer):
    """Steps by the sign of a mean of gradients."""

    defaults = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.99}

    def slots(self):
        return [[("momentum", 0.0)]]

    def step(self, p, g, s, rate, t):
        b1, b2 = _hyper(self, "beta_1", "beta_2")
        m = s["momentum"]
        new_p = p - rate * K.sign(m * b1 + g * (1.0 - b1))
        return new_p, {"momentum": m * b2 + g * (1.0 - b2)}


class Lamb(LaterOptimizer):
    """Adam whose steps are as long as the weights."""

    defaults = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def slots(self):
        return [[("m", 0.0), ("v", 0.0)]]

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = _hyper(self, "beta_1", "beta_2", "epsilon")
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        v = s["v"] + (K.square(g) - s["v"]) * (1.0 - b2)
        change = m / (1.0 - _power(b1, t)) / (K.sqrt(v / (1.0 - _power(b2, t))) + epsilon)
        length, step = K.sqrt(K.sum(K.square(p))), K.sqrt(K.sum(K.square(change)))
        both = K.greater(length * step, 0.0)
        ratio = K.switch(both, length / K.maximum(step, 1e-38), K.ones_like(length))
        return p - ratio * rate * change, {"m": m, "v": v}


class Adafactor(LaterOptimizer):
    """Adam that keeps row and column means of squares."""

    defaults = {
        "learning_rate": 0.001,
        "beta_2_decay": -0.8,
        "epsilon_1": 1e-30,
        "epsilon_2": 1e-3,
        "clip_threshold": 1.0,
        "relative_step": True,
    }

    def _make_slots(self, params):
        rows, columns = [], []
        for i, p in enumerate(params):
            shape = K.int_shape(p)
            factored = len(shape) >= 2
            rows.append(K.zeros(shape[:-1] if factored else (), name=f"r_{i}"))
            columns.append(K.zeros((*shape[:-2], shape[-1]) if factored else (), name=f"c_{i}"))
        return {"r": rows, "c": columns, "v": self._like(params, "velocity")}

    def _in_order(self, averages, collected, own, count):
        head = super()._in_order(averages, collected, own, count)
        state = []
        for r, c, v in zip(own["r"], own["c"], own["v"], strict=True):
            factors = [r, c] if self.layout == "3" or K.ndim(v) >= 2 else []
            state += [*factors, v]
        return head + state

    def step(self, p, g, s, rate, t):
        decay, least, smallest, most = _hyper(
            self, "beta_2_decay", "epsilon_1", "epsilon_2", "clip_threshold"
        )
        slowest = 1.0 / K.sqrt(t)
        alpha = K.maximum(smallest, _rms(p)) * K.minimum(rate, slowest)
        square = K.square(g) + least
        share = 1.0 - K.pow(t, decay)
        new = {}
        if K.ndim(p) >= 2:
            new["r"] = r = share * s["r"] + (1.0 - share) * K.mean(square, axis=-1)
            new["c"] = c = share * s["c"] + (1.0 - share) * K.mean(square, axis=-2)
            row = K.expand_dims(r / K.mean(r, axis=-1, keepdims=True), -1)
            new["v"] = v = row * K.expand_dims(c, -2)
        else:
            new["v"] = v = share * s["v"] + (1.0 - share) * square
        change = g / K.sqrt(v)
        change = change / K.maximum(1.0, _rms(change) / most)
        return p - alpha * change, new


def _rms(x):
    return K.sqrt(K.mean(K.square(x)))


def _power(base, exponent):
    return K.pow(K.constant(base), exponent)


TABLE = {
    cls.__name__.lower(): cls
    for cls in (
        SGD, RMSprop, Adagrad, Adadelta, Adam, AdamW, Adamax, Nadam, Ftrl, Lion, Lamb, Adafactor,
    )
}  # fmt: skip


def from_config(config, generation):
    """The optimizer that a file of tf.keras ('tf_keras') or Keras 3 ('3') describes.

    Raises:
        ValueError: for an unknown name or a malformed configuration.
    """
    name, own = config.get("class_name"), config.get("config")
    if not isinstance(name, str) or not isinstance(own, dict):
        raise ValueError("Improper config of optimizer: expected 'class_name' and 'config'.")
    cls = TABLE.get(name.rpartition(">")[2].lower())
    if cls is None:
        raise ValueError(f"Unknown optimizer: {name!r}.")
    legacy = own.get("is_legacy_optimizer", "is_legacy_optimizer" not in own)
    layout = "legacy" if generation == "tf_keras" and legacy else generation
    return cls(layout=layout, **own)
