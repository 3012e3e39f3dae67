"""Update rules against NumPy."""

import numpy as np
import pytest
from keras_native import optimizers
from optimizer_runs import EPS, expected, run


def sgd(lr=0.01, momentum=0.0, nesterov=False, decay=0.0):
    def rule(p, g, t, s):
        rate = lr / (1 + decay * (t - 1))
        s[0] = momentum * s[0] - rate * g
        return p + momentum * s[0] - rate * g if nesterov else p + s[0]

    return rule


def rmsprop(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g**2
    return p - 0.001 * g / (np.sqrt(s[0]) + EPS)


def adagrad(p, g, t, s):
    s[0] = s[0] + g**2
    return p - 0.01 * g / (np.sqrt(s[0]) + EPS)


def adadelta(p, g, t, s):
    s[0] = 0.95 * s[0] + 0.05 * g**2
    u = g * np.sqrt(s[1] + EPS) / np.sqrt(s[0] + EPS)
    s[1] = 0.95 * s[1] + 0.05 * u**2
    return p - u


def adam(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = 0.999 * s[1] + 0.001 * g**2
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return p - rate * s[0] / (np.sqrt(s[1]) + EPS)


def amsgrad(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = 0.999 * s[1] + 0.001 * g**2
    s[2] = np.maximum(s[2], s[1])
    rate = 0.001 * np.sqrt(1 - 0.999**t) / (1 - 0.9**t)
    return p - rate * s[0] / (np.sqrt(s[2]) + EPS)


def adamax(p, g, t, s):
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = np.maximum(0.999 * s[1], np.abs(g))
    return p - 0.002 / (1 - 0.9**t) * s[0] / (s[1] + EPS)


def nadam(p, g, t, s):
    momentum = [0.9 * (1 - 0.5 * 0.96 ** (i * 0.004)) for i in range(1, t + 2)]
    schedule, following = np.prod(momentum[:t]), np.prod(momentum)
    s[0] = 0.9 * s[0] + 0.1 * g
    s[1] = 0.999 * s[1] + 0.001 * g**2
    mean = (1 - momentum[t - 1]) * g / (1 - schedule) + momentum[t] * s[0] / (1 - following)
    return p - 0.002 * mean / (np.sqrt(s[1] / (1 - 0.999**t)) + EPS)


RULES = [
    (lambda: optimizers.SGD(), sgd()),
    (lambda: optimizers.SGD(0.1, momentum=0.9), sgd(0.1, 0.9)),
    (lambda: optimizers.SGD(lr=0.1, momentum=0.9, nesterov=True), sgd(0.1, 0.9, True)),
    (lambda: optimizers.SGD(0.1, decay=0.5), sgd(0.1, decay=0.5)),
    (lambda: optimizers.RMSprop(), rmsprop),
    (lambda: optimizers.Adagrad(), adagrad),
    (lambda: optimizers.Adadelta(), adadelta),
    (lambda: optimizers.Adam(), adam),
    (lambda: optimizers.Adam(amsgrad=True), amsgrad),
    (lambda: optimizers.Adamax(), adamax),
    (lambda: optimizers.Nadam(), nadam),
]


@pytest.mark.parametrize("case", range(len(RULES)))
def test_rule(float64, case):
    make, rule = RULES[case]
    for got, wanted in zip(run(make()), expected(rule, slots=3), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-10)
