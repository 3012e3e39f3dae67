"""Adam and its kin: AdamW, Adamax, Nadam, Lamb."""

from ... import backend as K
from .base import LaterOptimizer, hyper, power


class Adam(LaterOptimizer):
    """Running means of g and g², corrected for starting at zero."""

    defaults = {
        "learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7, "amsgrad": False,
    }  # fmt: skip

    def slots(self):
        groups = [[("m", 0.0), ("v", 0.0)]]
        return [*groups, [("vhat", 0.0)]] if self.settings["amsgrad"] else groups

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = hyper(self, "beta_1", "beta_2", "epsilon")
        alpha = rate * K.sqrt(1.0 - power(b2, t)) / (1.0 - power(b1, t))
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
        b1, b2, epsilon = hyper(self, "beta_1", "beta_2", "epsilon")
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        u = K.maximum(b2 * s["u"], K.abs(g))
        return p - rate * m / ((1.0 - power(b1, t)) * (u + epsilon)), {"m": m, "u": u}


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
        return float(self.settings["beta_1"]) * (1.0 - 0.5 * power(0.96, t * grows))

    def _rate(self, count):
        return self.schedule(count) if self.schedule is not None else self.learning_rate * 1.0

    def shared(self, t):
        return [(self.product, self.product * self._share(t))]

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = hyper(self, "beta_1", "beta_2", "epsilon")
        now, following = self._share(t), self._share(t + 1.0)
        product = self.product * now
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        v = s["v"] + (K.square(g) - s["v"]) * (1.0 - b2)
        mean = following * m / (1.0 - product * following) + (1.0 - now) * g / (1.0 - product)
        below = K.sqrt(v / (1.0 - power(b2, t))) + epsilon
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


class Lamb(LaterOptimizer):
    """Adam whose steps are as long as the weights."""

    defaults = {"learning_rate": 0.001, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}

    def slots(self):
        return [[("m", 0.0), ("v", 0.0)]]

    def step(self, p, g, s, rate, t):
        b1, b2, epsilon = hyper(self, "beta_1", "beta_2", "epsilon")
        m = s["m"] + (g - s["m"]) * (1.0 - b1)
        v = s["v"] + (K.square(g) - s["v"]) * (1.0 - b2)
        change = m / (1.0 - power(b1, t)) / (K.sqrt(v / (1.0 - power(b2, t))) + epsilon)
        length, step = K.sqrt(K.sum(K.square(p))), K.sqrt(K.sum(K.square(change)))
        both = K.greater(length * step, 0.0)
        ratio = K.switch(both, length / K.maximum(step, 1e-38), K.ones_like(length))
        return p - ratio * rate * change, {"m": m, "v": v}
