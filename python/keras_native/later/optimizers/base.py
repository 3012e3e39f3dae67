"""What the optimizers of TensorFlow 2 and Keras 3 share: settings, clipping, state in its order."""

from ... import backend as K
from ...optimizers.base import Optimizer
from .. import schedules

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
    legacy_slots_together = False  # most had all slots of one name, then all of the next

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
                self.learning_rate = K.variable(
                    float(rate), dtype=K.wide_floatx(), name="learning_rate"
                )

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
        grads = self._gradients_of(loss, params)
        missing = [p.name for p, g in zip(params, grads, strict=True) if g is None]
        if missing:
            raise ValueError(f"The loss does not depend differentiably on {missing}.")
        every = self.settings["gradient_accumulation_steps"]
        count = K.cast(self.iterations, K.wide_floatx())
        due, updates = None, [K.update_add(self.iterations, 1)]
        averages = self._like(params, "average") if self.settings["use_ema"] else []
        collected = self._like(params, "gradient_accumulator") if every else []
        if every:
            due = K.equal((self.iterations + 1) % int(every), 0)
            count = K.cast(self.iterations // int(every), K.wide_floatx())
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
        not_first = K.cast(K.greater(self.iterations, 0), K.wide_floatx())
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
            K.variable(
                K.get_value(K.zeros(K.int_shape(p))) + first,
                dtype=K.wide_floatx(),
                name=f"{name}_{i}",
            )
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
        if self.layout == "legacy" and not self.legacy_slots_together:
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


def hyper(optimizer, *names):
    """Settings as floats."""
    return [float(optimizer.settings[name]) for name in names]


def power(base, exponent):
    """`base` to the power of a tensor."""
    return K.pow(K.constant(base), exponent)
