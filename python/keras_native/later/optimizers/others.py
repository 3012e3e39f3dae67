"""Rules that only Keras 3 or TensorFlow have: Ftrl, Lion, Adafactor."""

from ... import backend as K
from .base import LaterOptimizer, hyper


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

    legacy_slots_together = True

    def slots(self):
        return [[("accumulator", self.settings["initial_accumulator_value"]), ("linear", 0.0)]]

    def step(self, p, g, s, rate, t):
        power, l1, l2, shrinkage, beta = hyper(
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
        b1, b2 = hyper(self, "beta_1", "beta_2")
        m = s["momentum"]
        new_p = p - rate * K.sign(m * b1 + g * (1.0 - b1))
        return new_p, {"momentum": m * b2 + g * (1.0 - b2)}


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
        decay, least, smallest, most = hyper(
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
