"""The built-in optimizers. Each step is one native update op per parameter, fused over all."""

import numpy as np

from .. import backend as K
from .. import dialect
from ..legacy.interfaces import legacy_get_updates_support
from .base import GradientOptimizer


class _WithOldWeights:
    """Accepts the weights of Keras before 2.3, which did not save the step counter."""

    def set_weights(self, weights):
        if len(weights) == len(self.weights) - 1:
            weights = [np.array(0), *weights]
        super().set_weights(weights)


def _epsilon(kwargs):
    epsilon = kwargs.pop("epsilon", None)
    if epsilon is None:
        epsilon = dialect.current().optimizer_epsilon
    return K.epsilon() if epsilon is None else epsilon


class SGD(GradientOptimizer):
    """Gradient descent: p - lr g, with momentum v' = momentum v - lr g and p + v'.

    Arguments:
        learning_rate: positive number.
        momentum: share of the last step that is kept; where it is set later, from the next step.
        nesterov: looks ahead: p + momentum v' - lr g.
    """

    def __init__(self, learning_rate=0.01, momentum=0.0, nesterov=False, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self._hyper("momentum", momentum)
        # Without momentum nobody reads or writes the moments, until `momentum` is set.
        self._plain = not K.is_tensor(momentum) and momentum == 0
        if self._plain:
            self.momentum._on_set = self._momentum_set
        self.nesterov = nesterov

    def _momentum_set(self):
        if self._plain and K.get_value(self.momentum) != 0:
            self._plain = False
            self._changed()

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        moments = self._slots(params, "moment")
        self.weights = [self.iterations, *moments]
        if self._plain:
            return self._apply("sgd_update", grads, params, [], [self._rate()])
        op = "nesterov_update" if self.nesterov else "momentum_update"
        return self._apply(op, grads, params, [moments], [self._rate(), self.momentum])

    def get_config(self):
        return self._config("learning_rate", "momentum", "decay", "nesterov")


class RMSprop(_WithOldWeights, GradientOptimizer):
    """Divides by a root mean square: a' = rho a + (1 - rho) g², p - lr g / (√a' + epsilon)."""

    def __init__(self, learning_rate=0.001, rho=0.9, **kwargs):
        self.epsilon = _epsilon(kwargs)
        super().__init__(learning_rate, **kwargs)
        self._hyper("rho", rho)

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        accumulators = self._slots(params, "accumulator")
        self.weights = [self.iterations, *accumulators]
        self.updates = [K.update_add(self.iterations, 1)]
        return self._apply(
            "rmsprop_update",
            grads,
            params,
            [accumulators],
            [self._rate(), self.rho],
            epsilon=float(self.epsilon),
        )

    def get_config(self):
        return self._config("learning_rate", "rho", "decay", "epsilon")


class Adagrad(_WithOldWeights, GradientOptimizer):
    """Divides by the root of the sum of squares so far: a' = a + g², p - lr g / (√a' + epsilon)."""

    def __init__(self, learning_rate=0.01, **kwargs):
        self.epsilon = _epsilon(kwargs)
        super().__init__(learning_rate, **kwargs)

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        accumulators = self._slots(params, "accumulator")
        self.weights = [self.iterations, *accumulators]
        self.updates = [K.update_add(self.iterations, 1)]
        return self._apply(
            "adagrad_update",
            grads,
            params,
            [accumulators],
            [self._rate()],
            epsilon=float(self.epsilon),
        )

    def get_config(self):
        return self._config("learning_rate", "decay", "epsilon")


class Adadelta(_WithOldWeights, GradientOptimizer):
    """Steps in units of recent steps: running means of squared gradients and squared steps."""

    def __init__(self, learning_rate=1.0, rho=0.95, **kwargs):
        self.epsilon = _epsilon(kwargs)
        super().__init__(learning_rate, **kwargs)
        self.rho = rho

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        accumulators = self._slots(params, "accumulator")
        deltas = self._slots(params, "delta_accumulator")
        self.weights = [self.iterations, *accumulators, *deltas]
        self.updates = [K.update_add(self.iterations, 1)]
        rho = K.constant(self.rho)
        return self._apply(
            "adadelta_update",
            grads,
            params,
            [accumulators, deltas],
            [self._rate(), rho],
            epsilon=float(self.epsilon),
        )

    def get_config(self):
        return self._config("learning_rate", "rho", "decay", "epsilon")


class _Moments(GradientOptimizer):
    """Optimizers that keep running means of gradients and of their squares (or largest values)."""

    def __init__(self, learning_rate, beta_1, beta_2, **kwargs):
        self.epsilon = _epsilon(kwargs)
        super().__init__(learning_rate, **kwargs)
        self._hyper("beta_1", beta_1)
        self._hyper("beta_2", beta_2)


class Adam(_Moments):
    """Running means of g and g², both corrected for starting at zero.

    Arguments:
        learning_rate: positive number.
        beta_1, beta_2: shares of the means that are kept.
        amsgrad: divides by the largest mean of squares so far.
    """

    def __init__(self, learning_rate=0.001, beta_1=0.9, beta_2=0.999, amsgrad=False, **kwargs):
        if isinstance(amsgrad, float):  # the fourth argument was epsilon before Keras 2.3
            kwargs.setdefault("epsilon", amsgrad)
            amsgrad = False
        super().__init__(learning_rate, beta_1, beta_2, **kwargs)
        self.amsgrad = amsgrad

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        t = self._step()
        rate = self._rate() * (K.sqrt(1.0 - K.pow(self.beta_2, t)) / (1.0 - K.pow(self.beta_1, t)))
        slots = [self._slots(params, "m"), self._slots(params, "v")]
        if self.amsgrad:
            slots.append(self._slots(params, "vhat"))
            largest = slots[2]
        else:
            largest = [K.zeros(1, name=f"vhat_{i}") for i in range(len(params))]
        self.weights = [self.iterations, *slots[0], *slots[1], *largest]
        op = "amsgrad_update" if self.amsgrad else "adam_update"
        return self._apply(
            op, grads, params, slots, [rate, self.beta_1, self.beta_2], epsilon=float(self.epsilon)
        )

    def set_weights(self, weights):
        if not self.amsgrad and len(weights) < len(self.weights):
            # Before Keras 2.1.3 the places of the largest means, unused here, were not saved.
            largest = self.weights[1 + 2 * (len(self.weights) // 3) :]
            if len(weights) + len(largest) == len(self.weights):
                weights = [*weights, *K.batch_get_value(largest)]
        super().set_weights(weights)

    def get_config(self):
        return self._config("learning_rate", "beta_1", "beta_2", "decay", "epsilon", "amsgrad")


class Adamax(_Moments):
    """Adam with the largest recent gradient in place of the mean of squares."""

    def __init__(self, learning_rate=0.002, beta_1=0.9, beta_2=0.999, **kwargs):
        super().__init__(learning_rate, beta_1, beta_2, **kwargs)

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = [K.update_add(self.iterations, 1)]
        rate = self._rate() / (1.0 - K.pow(self.beta_1, self._step()))
        ms, us = self._slots(params, "m"), self._slots(params, "u")
        self.weights = [self.iterations, *ms, *us]
        return self._apply(
            "adamax_update",
            grads,
            params,
            [ms, us],
            [rate, self.beta_1, self.beta_2],
            epsilon=float(self.epsilon),
        )

    def get_config(self):
        return self._config("learning_rate", "beta_1", "beta_2", "decay", "epsilon")


class Nadam(_Moments):
    """Adam with Nesterov momentum, whose share grows by a schedule."""

    def __init__(self, learning_rate=0.002, beta_1=0.9, beta_2=0.999, **kwargs):
        self.schedule_decay = kwargs.pop("schedule_decay", 0.004)
        super().__init__(learning_rate, beta_1, beta_2, **kwargs)
        self._hyper("m_schedule", 1.0)

    def set_weights(self, weights):
        if len(weights) == len(self.weights) - 1:  # before Keras 2.3, m_schedule was not saved
            weights = [weights[0], np.array(1.0), *weights[1:]]
        super().set_weights(weights)

    @legacy_get_updates_support
    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        t = self._step()
        now = self._momentum_at(t)
        following = self._momentum_at(t + 1.0)
        schedule = self.m_schedule * now
        self.updates = [K.update_add(self.iterations, 1), K.update(self.m_schedule, schedule)]
        ms, vs = self._slots(params, "m"), self._slots(params, "v")
        self.weights = [self.iterations, self.m_schedule, *ms, *vs]
        rate = self._rate()
        of_gradient = rate * (1.0 - now) / (1.0 - schedule)
        of_mean = rate * following / (1.0 - schedule * following)
        of_squares = 1.0 / (1.0 - K.pow(self.beta_2, t))
        return self._apply(
            "nadam_update",
            grads,
            params,
            [ms, vs],
            [of_gradient, of_mean, of_squares, self.beta_1, self.beta_2],
            epsilon=float(self.epsilon),
        )

    def _momentum_at(self, t):
        return self.beta_1 * (1.0 - 0.5 * K.pow(0.96, t * self.schedule_decay))

    def get_config(self):
        return self._config("learning_rate", "beta_1", "beta_2", "epsilon", "schedule_decay")
