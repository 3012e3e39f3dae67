"""Comparison of a K function with NumPy: values, and gradients by finite differences."""

import numpy as np
from keras_native import backend as K


def placeholders(arrays, unknown):
    """One placeholder per array; with `unknown`, no extent is known while the graph is built."""
    return [
        K.placeholder(shape=[None] * a.ndim if unknown else a.shape, dtype=str(a.dtype))
        for a in arrays
    ]


def check(function, reference, *arrays, rtol=1e-9, atol=1e-11, grad=True, unknown=False):
    """function(*tensors) must equal reference(*arrays), and its gradients finite differences.

    Gradients are taken of sum(result * fixed random weights), by all float arrays.
    """
    arrays = [np.asarray(a) for a in arrays]
    inputs = placeholders(arrays, unknown)
    output = function(*inputs)
    expected = np.asarray(reference(*arrays))
    assert len(output.shape) == expected.ndim
    for declared, actual in zip(output.shape, expected.shape, strict=True):
        assert declared in (None, actual), (output.shape, expected.shape)
    value = K.function(inputs, [output])(arrays)[0]
    assert value.shape == expected.shape
    np.testing.assert_allclose(value, expected, rtol=rtol, atol=atol)
    if grad:
        check_gradient(inputs, output, arrays, expected.shape)
    return output


def check_gradient(inputs, output, arrays, shape, step=1e-6):
    """Compares K.gradients with central differences."""
    weights = np.random.RandomState(0).normal(size=shape)
    loss = K.sum(output * K.constant(weights))
    floats = [i for i, a in enumerate(arrays) if a.dtype == np.float64]
    grads = K.gradients(loss, [inputs[i] for i in floats])
    run = K.function(inputs, [loss, *(g for g in grads if g is not None)])
    computed = iter(run(arrays)[1:])
    for i, g in zip(floats, grads, strict=True):
        analytic = np.zeros(arrays[i].shape) if g is None else next(computed)
        numeric = np.zeros(arrays[i].shape)
        for at in np.ndindex(arrays[i].shape):
            moved = [np.array(a) for a in arrays]
            moved[i][at] += step
            up = run(moved)[0]
            moved[i][at] -= 2 * step
            numeric[at] = (up - run(moved)[0]) / (2 * step)
        np.testing.assert_allclose(analytic, numeric, rtol=2e-5, atol=2e-7)
