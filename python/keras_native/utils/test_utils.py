"""Helpers for tests of layers and models."""

import numpy as np

from .. import backend as K
from ..engine.input_layer import Input
from ..engine.training import Model
from ..legacy import accepts_keras1
from .generic_utils import has_arg

__all__ = ["Input", "Model", "get_test_data", "has_arg", "keras_test", "layer_test"]


@accepts_keras1
def get_test_data(
    num_train=1000,
    num_test=500,
    input_shape=(10,),
    output_shape=(2,),
    classification=True,
    num_classes=2,
):
    """Noisy data from which something can be learnt.

    Args:
        num_train, num_test: numbers of samples.
        input_shape: of a sample: normal values around its class (or a number), deviation 0.7.
        output_shape: of a target, without classification.
        classification: whether targets are classes.
        num_classes: number of classes.

    Returns:
        ((x_train, y_train), (x_test, y_test)).
    """
    samples = num_train + num_test
    if classification:
        y = np.random.randint(0, num_classes, size=(samples,))
        x = _around(y, input_shape)
    else:
        centres = np.random.random((samples,))
        x, y = _around(centres, input_shape), _around(centres, output_shape)
    return (x[:num_train], y[:num_train]), (x[num_train:], y[num_train:])


def _around(centres, shape):
    centres = np.reshape(centres, (-1,) + (1,) * len(shape))
    noise = np.random.normal(scale=0.7, size=(len(centres), *shape))
    return (centres + noise).astype("float32")


def keras_test(func):
    """Decorator of Keras 1 for tests: clears the session afterwards."""
    import functools

    @functools.wraps(func)
    def wrapper(*args, **kwargs):
        try:
            return func(*args, **kwargs)
        finally:
            K.clear_session()

    return wrapper


def layer_test(
    layer_cls,
    kwargs={},  # noqa: B006 (the default of Keras; never changed)
    input_shape=None,
    input_dtype=None,
    input_data=None,
    expected_output=None,
    expected_output_dtype=None,
    fixed_batch_size=False,
):
    """Checks a layer as Keras's tests do: shapes, weights, configuration, a training step.

    Args:
        layer_cls: class of the layer.
        kwargs: arguments to make it with.
        input_shape: of random inputs, with the batch axis; None stands for a random extent.
        input_dtype: of the inputs.
        input_data: inputs, instead of random ones.
        expected_output: what the layer has to make of them.
        expected_output_dtype: dtype that it has to declare.
        fixed_batch_size: whether the batch extent is part of the declared shape.

    Returns:
        What the layer made of the inputs.

    Raises:
        AssertionError: where the layer fails.
    """
    data = _input_data(input_shape, input_dtype, input_data)
    shape, dtype = input_shape or data.shape, input_dtype or K.numpy_floatx()
    layer = layer_cls(**kwargs)
    weights = layer.get_weights()
    layer.set_weights(weights)
    if has_arg(layer.__init__, "weights"):
        layer = layer_cls(**{**kwargs, "weights": weights})

    batch_shape = tuple(shape) if fixed_batch_size else (None, *shape[1:])
    x = Input(batch_shape=batch_shape, dtype=dtype)
    y = layer(x)
    _check(K.dtype(y) == (expected_output_dtype or dtype), layer, "dtype", K.dtype(y))

    model = Model(x, y)
    actual = model.predict(data, batch_size=len(data) if fixed_batch_size else None)
    inferred = layer.compute_output_shape(batch_shape)
    agrees = len(inferred) == actual.ndim and all(
        n is None or n == m for n, m in zip(inferred, actual.shape, strict=True)
    )
    _check(agrees, layer, f"compute_output_shape {inferred}", actual.shape)
    if expected_output is not None:
        np.testing.assert_allclose(actual, expected_output, rtol=1e-3)
    _check_configuration(layer_cls, layer, model, data, actual)
    model.compile("rmsprop", "mse")
    model.train_on_batch(data, actual)
    return actual


def _input_data(shape, dtype, data):
    if data is not None:
        return data
    if not shape:
        raise ValueError("layer_test expected input_shape or input_data; got neither.")
    extents = [n or np.random.randint(1, 4) for n in shape]
    return (10 * np.random.random(extents)).astype(dtype or K.numpy_floatx())


def _check(holds, layer, what, got):
    if not holds:
        raise AssertionError(f"{type(layer).__name__}: expected {what}; got {got}")


def _check_configuration(layer_cls, layer, model, data, actual):
    config = layer.get_config()
    again = layer_cls.from_config(config).get_config()
    _check(again == config, layer, f"the configuration {config} again", again)
    twin = Model.from_config(model.get_config(), {layer_cls.__name__: layer_cls})
    if model.weights:
        twin.set_weights(model.get_weights())
        found = twin.predict(data, batch_size=len(data))
        np.testing.assert_allclose(found, actual, rtol=1e-3, atol=1e-6)
