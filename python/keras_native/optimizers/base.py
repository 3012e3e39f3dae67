"""What all optimizers share: settings, gradients with clipping, weights, configuration."""

import numpy as np

from .. import backend as K
from ..utils.arguments import real_number

_CLIPPING = ("clipnorm", "clipvalue")
# Scalars with which an update op changes nothing where the gradient is zero.
_NEUTRAL = {
    "sgd_update": (0,),
    "rmsprop_update": (0, 1),
    "adagrad_update": (0,),
    "adadelta_update": (0, 1),
    "adam_update": (0, 1, 1),
    "amsgrad_update": (0, 1, 1),
    "adamax_update": (0, 1, 1),
    "nadam_update": (0, 0, 1, 1, 1),
}


def clip_norm(g, c, n):
    """Gradient `g` scaled so that the norm `n` is at most `c`."""
    if c <= 0:
        return g
    return g * _scale(c, n)


def _scale(c, n):
    return K.switch(K.greater_equal(n, c), c / n, K.ones_like(n))


def _wide(dtype):
    """The type that steps of parameters of `dtype` are computed in, and their slots have."""
    return "float32" if dtype in ("float16", "bfloat16") else dtype


class Optimizer:
    """Base of optimizers.

    Subclasses define `get_updates(loss, params)`, which returns the `K.update`s of one step and
    keeps all variables that a saved model must hold in `self.weights`.

    Arguments:
        clipnorm: gradients are scaled down together where their joint Euclidean norm is larger.
        clipvalue: elements of gradients are clipped to [-clipvalue, clipvalue].
    """

    def __init__(self, **kwargs):
        for name, value in kwargs.items():
            if name not in _CLIPPING:
                raise TypeError(
                    f"Unexpected keyword argument passed to optimizer {type(self).__name__}: "
                    f"{name!r}. Expected {_CLIPPING} or an argument of its own."
                )
            if value is not None and real_number(value, name) < 0:
                raise ValueError(f"Expected {name} >= 0. Received: {value}")
            if value is not None:
                setattr(self, name, value)
        self.updates = []
        self.weights = []
        self._on_change = None
        # What `LossScaleOptimizer` puts in: gradients by way of a scaled loss, and whether the step
        # counts, a tensor. Updates that do nothing of their own where it does not say so.
        self._gradients_of = K.gradients
        self._counts = None

    @property
    def learning_rate(self):
        """The learning rate, a variable; assigning a number sets its value."""
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value):
        current = self.__dict__.get("_learning_rate")
        if K.is_variable(current) and not K.is_tensor(value):
            K.set_value(current, value)
        else:
            self._learning_rate = value

    lr = learning_rate

    def get_updates(self, loss, params):
        """The updates of one step that lowers `loss`."""
        raise NotImplementedError(f"{type(self).__name__} must define get_updates(loss, params).")

    def get_gradients(self, loss, params):
        """Gradients of `loss` by `params`, clipped as asked for.

        Raises:
            ValueError: where the loss does not depend on one of the parameters.
        """
        grads = self._gradients_of(loss, params)
        missing = [p.name for p, g in zip(params, grads, strict=True) if g is None]
        if missing:
            raise ValueError(
                "An operation has `None` for gradient. The loss does not depend differentiably on "
                f"{missing}. Common ops without gradient: K.argmax, K.round, comparisons."
            )
        clipnorm, clipvalue = (getattr(self, name, 0) for name in _CLIPPING)
        if clipnorm > 0:
            squares = [K.sum(K.square(g)) for g in grads]
            scale = _scale(clipnorm, K.sqrt(sum(squares[1:], squares[0])))
            grads = [g * scale for g in grads]
        if clipvalue > 0:
            grads = [K.clip(g, -clipvalue, clipvalue) for g in grads]
        return grads

    def set_weights(self, weights):
        """Sets the state from arrays as `get_weights` returns them.

        Raises:
            ValueError: where number or shapes differ from the optimizer's.
        """
        if len(weights) != len(self.weights):
            raise ValueError(
                f"Length of the specified weight list ({len(weights)}) does not match the number "
                f"of weights of the optimizer ({len(self.weights)})"
            )
        for variable, value in zip(self.weights, weights, strict=True):
            if K.int_shape(variable) != np.shape(value):
                raise ValueError(
                    f"Optimizer weight shape {K.int_shape(variable)} not compatible with provided "
                    f"weight shape {np.shape(value)} (variable {variable.name!r})"
                )
        K.batch_set_value(zip(self.weights, weights, strict=True))

    def get_weights(self):
        """The state as a list of arrays: the step counter, then the slots."""
        return K.batch_get_value(self.weights)

    def get_config(self):
        """Arguments that build an equal optimizer."""
        return {name: getattr(self, name) for name in _CLIPPING if hasattr(self, name)}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class GradientOptimizer(Optimizer):
    """Base of the built-in optimizers: a learning rate with decay, one update op per parameter.

    Arguments:
        learning_rate: positive number.
        lr: the same, in the older spelling.
        decay: the rate is divided by 1 + decay * steps.
    """

    def __init__(self, learning_rate, **kwargs):
        learning_rate = kwargs.pop("lr", learning_rate)
        self.initial_decay = kwargs.pop("decay", 0.0)
        super().__init__(**kwargs)
        with K.name_scope(type(self).__name__):
            self.iterations = K.variable(0, dtype="int64", name="iterations")
            wide = K.wide_floatx()
            self.learning_rate = K.variable(learning_rate, dtype=wide, name="learning_rate")
            self.decay = K.variable(self.initial_decay, dtype=wide, name="decay")

    def _hyper(self, name, value):
        """A setting kept in a variable, so that callbacks can change it while training."""
        with K.name_scope(type(self).__name__):
            setattr(self, name, K.variable(value, dtype=K.wide_floatx(), name=name))

    def _changed(self):
        """Tells whoever compiled `get_updates` that it gives others now."""
        remake = self._on_change and self._on_change()
        if remake is not None:
            remake()

    def _rate(self):
        """The learning rate of this step, a scalar tensor."""
        if not self.initial_decay > 0:
            return self.learning_rate
        steps = K.cast(self.iterations, K.dtype(self.decay))
        return self.learning_rate * (1.0 / (1.0 + self.decay * steps))

    def _step(self):
        """The number of this step, from 1 on, as a float scalar."""
        return K.cast(self.iterations, K.wide_floatx()) + 1.0

    def _slots(self, params, name):
        return [
            K.zeros(K.int_shape(p), dtype=_wide(K.dtype(p)), name=f"{name}_{i}")
            for i, p in enumerate(params)
        ]

    def _apply(self, op, grads, params, slots, scalars, **attrs):
        """Emits `op` for each parameter: new value, constrained where asked for, and new slots.

        Arguments:
            slots: lists of variables, one list per slot of the op, each as long as `params`.
            scalars: numbers of the step, in the order of the op.
        """
        neutral = _NEUTRAL.get(op) if self._counts is not None else None
        if neutral is not None:
            scalars = [
                K.switch(self._counts, s, K.constant(n, K.dtype(s)))
                for s, n in zip(scalars, neutral, strict=True)
            ]
        first, by_type = len(self.updates), {}
        for i, (p, g) in enumerate(zip(params, grads, strict=True)):
            own = [slot[i] for slot in slots]
            dtype = _wide(K.dtype(p))
            if dtype not in by_type:
                by_type[dtype] = [K.cast(s, dtype) for s in scalars]
            new_p, *new_slots = K.emit_all(
                op, [K.cast(p, dtype), K.cast(g, dtype), *own, *by_type[dtype]], **attrs
            )
            constraint = getattr(p, "constraint", None)
            if constraint is not None:
                new_p = constraint(new_p)
            self.updates.append(K.update(p, new_p))
            self.updates.extend(K.update(s, value) for s, value in zip(own, new_slots, strict=True))
        if neutral is not None:
            for made in self.updates[first:]:
                made.may_be_left_out = made.variable.constraint is None
        return self.updates

    def _config(self, *names):
        """Values of the settings called `names`, read from their variables, and of the base."""
        config = {}
        for name in names:
            value = getattr(self, name)
            config[name] = float(K.get_value(value)) if K.is_variable(value) else value
        return {**config, **super().get_config()}
