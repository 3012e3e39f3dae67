"""Runs of an optimizer over two parameters with known gradients."""

import numpy as np
from keras_native import backend as K

STEPS = 5


EPS = 1e-7


START = [np.linspace(-1, 1, 6).reshape(2, 3), np.array([0.5, -0.25, 2.0])]


def gradients_at(t):
    rng = np.random.RandomState(100 + t)
    return [rng.normal(size=p.shape) for p in START]


def run(optimizer, steps=STEPS, params=None):
    """Parameters after `steps` updates with the gradients of `gradients_at`."""
    params = params or [K.variable(p) for p in START]
    feeds = [K.placeholder(p.shape) for p in START]
    loss = sum(K.sum(p * g) for p, g in zip(params, feeds, strict=True))
    step = K.function(feeds, [loss], optimizer.get_updates(loss, params))
    for t in range(steps):
        step(gradients_at(t))
    return K.batch_get_value(params)


def expected(rule, slots=2):
    """Parameters by `rule(p, g, t, slots)`: the new parameter; slots change in place."""
    result = []
    for i, start in enumerate(START):
        p, state = start.copy(), [np.zeros_like(start) for _ in range(slots)]
        for t in range(1, STEPS + 1):
            p = rule(p, gradients_at(t - 1)[i], t, state)
        result.append(p)
    return result
