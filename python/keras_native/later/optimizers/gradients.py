"""Rules that scale the gradient: SGD, RMSprop, Adagrad, Adadelta."""

from ... import backend as K
from .base import LaterOptimizer, hyper


class SGD(LaterOptimizer):
    """Gradient descent with momentum."""

    defaults = {"learning_rate": 0.01, "momentum": 0.0, "nesterov": False}

    def slots(self):
        used = self.settings["momentum"] or self.layout == "tf_keras"
        return [[("momentum", 0.0)]] if used else []

    def step(self, p, g, s, rate, t):
        if "momentum" not in s:
            return p - rate * g, {}
        (share,) = hyper(self, "momentum")
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
        rho, share, epsilon = hyper(self, "rho", "momentum", "epsilon")
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
        (epsilon,) = hyper(self, "epsilon")
        a = s["accumulator"] + K.square(g)
        below = K.sqrt(a) + epsilon if self.layout == "legacy" else K.sqrt(a + epsilon)
        return p - rate * g / below, {"accumulator": a}


class Adadelta(LaterOptimizer):
    """Steps in units of recent steps."""

    defaults = {"learning_rate": 0.001, "rho": 0.95, "epsilon": 1e-7}

    def slots(self):
        return [[("accumulated_grad", 0.0), ("accumulated_delta_var", 0.0)]]

    def step(self, p, g, s, rate, t):
        rho, epsilon = hyper(self, "rho", "epsilon")
        a = rho * s["accumulated_grad"] + (1.0 - rho) * K.square(g)
        change = g * K.sqrt(s["accumulated_delta_var"] + epsilon) / K.sqrt(a + epsilon)
        d = rho * s["accumulated_delta_var"] + (1.0 - rho) * K.square(change)
        return p - rate * change, {"accumulated_grad": a, "accumulated_delta_var": d}
