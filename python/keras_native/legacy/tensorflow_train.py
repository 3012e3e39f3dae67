"""`tensorflow.train`: optimizers with the defaults and formulas of TensorFlow 1.

They are optimizers of Keras too. `minimize` and `apply_gradients` give operations for
`Session.run`.
"""

from .. import backend as K
from ..backend.session import Action
from ..engine.layer_weights import unique
from ..optimizers.base import Optimizer
from . import tensorflow_state as state


class TrainOptimizer(Optimizer):
    """Base: a rule says how a parameter moves by its gradient."""

    def __init__(self, learning_rate=0.001, use_locking=False, name=None):
        super().__init__()
        is_tensor = K.is_tensor(learning_rate)
        self.learning_rate = learning_rate if is_tensor else K.variable(learning_rate)

    def _moved(self, param, grad):
        """Updates of a parameter and of its slots."""
        raise NotImplementedError(f"{type(self).__name__} must define _moved(param, grad).")

    def _slot(self, param, value=0.0):
        slot = K.variable(K.get_value(param) * 0 + value, K.dtype(param), "slot")
        self.weights.append(slot)
        return slot

    def compute_gradients(self, loss, var_list=None, **kwargs):
        """[(gradient, variable)] for what the loss depends on."""
        params = unique(var_list if var_list is not None else state.trainable_below(loss))
        return list(zip(K.gradients(loss, params), params, strict=True))

    def apply_gradients(self, grads_and_vars, global_step=None, name=None):
        """An operation that makes one step."""
        pairs = [(g, v) for g, v in grads_and_vars if g is not None]
        if not pairs:
            raise ValueError("No gradients provided for any variable.")
        updates = self._begun()
        for grad, param in pairs:
            updates += self._moved(param, grad)
        if global_step is not None:
            updates.append(K.update_add(global_step, 1))
        return Action(updates, name or type(self).__name__)

    def minimize(self, loss, global_step=None, var_list=None, **kwargs):
        """An operation that makes one step down `loss`."""
        return self.apply_gradients(self.compute_gradients(loss, var_list), global_step)

    def get_updates(self, loss, params):
        grads = self.get_gradients(loss, params)
        self.updates = self.apply_gradients(zip(grads, params, strict=True)).updates
        return self.updates

    def _begun(self):
        return []


class GradientDescentOptimizer(TrainOptimizer):
    """p - lr g."""

    def _moved(self, param, grad):
        return [K.update_sub(param, self.learning_rate * grad)]


class MomentumOptimizer(TrainOptimizer):
    """a' = momentum a + g; p - lr a', or with Nesterov's p - lr (g + momentum a')."""

    def __init__(self, learning_rate, momentum, use_locking=False, name=None, use_nesterov=False):
        super().__init__(learning_rate)
        self.momentum, self.use_nesterov = momentum, use_nesterov

    def _moved(self, param, grad):
        slot = self._slot(param)
        sum_ = slot * self.momentum + grad
        step = grad + sum_ * self.momentum if self.use_nesterov else sum_
        return [K.update(slot, sum_), K.update_sub(param, self.learning_rate * step)]


class AdagradOptimizer(TrainOptimizer):
    """a' = a + g²; p - lr g / √a'."""

    def __init__(self, learning_rate, initial_accumulator_value=0.1, use_locking=False, name=None):
        super().__init__(learning_rate)
        self.initial = initial_accumulator_value

    def _moved(self, param, grad):
        slot = self._slot(param, self.initial)
        sum_ = slot + K.square(grad)
        step = self.learning_rate * grad / K.sqrt(sum_)
        return [K.update(slot, sum_), K.update_sub(param, step)]


class RMSPropOptimizer(TrainOptimizer):
    """m' = decay m + (1 - decay) g²; s' = momentum s + lr g / √(m' + epsilon); p - s'."""

    def __init__(self, learning_rate, decay=0.9, momentum=0.0, epsilon=1e-10, use_locking=False,
                 centered=False, name=None):  # fmt: skip
        super().__init__(learning_rate)
        self.rho, self.momentum = decay, momentum
        self.epsilon, self.centered = epsilon, centered

    def _moved(self, param, grad):
        square, step = self._slot(param, 1.0), self._slot(param)
        mean = square * self.rho + K.square(grad) * (1 - self.rho)
        spread, more = mean, []
        if self.centered:
            average = self._slot(param)
            moved = average * self.rho + grad * (1 - self.rho)
            spread, more = mean - K.square(moved), [K.update(average, moved)]
        taken = step * self.momentum + self.learning_rate * grad / K.sqrt(spread + self.epsilon)
        return [K.update(square, mean), K.update(step, taken), K.update_sub(param, taken), *more]


class AdamOptimizer(TrainOptimizer):
    """Adam, whose epsilon is beside the root before the bias is corrected."""

    def __init__(self, learning_rate=0.001, beta1=0.9, beta2=0.999, epsilon=1e-8,
                 use_locking=False, name=None):  # fmt: skip
        super().__init__(learning_rate)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def _begun(self):
        self._count = K.variable(0, "int64", "step")
        self.weights.append(self._count)
        step = K.cast(self._count + 1, "float32")
        scale = K.sqrt(1.0 - K.pow(K.constant(self.beta2), step))
        self._rate = self.learning_rate * scale / (1.0 - K.pow(K.constant(self.beta1), step))
        return [K.update_add(self._count, 1)]

    def _moved(self, param, grad):
        first, second = self._slot(param), self._slot(param)
        m = first * self.beta1 + grad * (1 - self.beta1)
        v = second * self.beta2 + K.square(grad) * (1 - self.beta2)
        step = self._rate * m / (K.sqrt(v) + self.epsilon)
        return [K.update(first, m), K.update(second, v), K.update_sub(param, step)]


def exponential_decay(learning_rate, global_step, decay_steps, decay_rate, staircase=False,
                      name=None):  # fmt: skip
    """A rate multiplied by `decay_rate` every so many steps; in jumps with `staircase`."""
    share = K.cast(K.as_tensor(global_step), "float32") / float(decay_steps)
    share = K.emit("floor", (share,)) if staircase else share
    return learning_rate * K.pow(K.constant(decay_rate), share)


NAMES = {
    "Optimizer": TrainOptimizer,
    "exponential_decay": exponential_decay,
    **{kind.__name__: kind for kind in (
        GradientDescentOptimizer, MomentumOptimizer, AdagradOptimizer, RMSPropOptimizer,
        AdamOptimizer,
    )},
}  # fmt: skip
