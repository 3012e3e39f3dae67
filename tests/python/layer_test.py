"""`layer_test`: what every layer must pass, whatever it computes."""

import numpy as np
from keras_native import backend as K
from keras_native.engine.training import Model
from keras_native.layers import Input, deserialize, serialize
from keras_native.models import Sequential, model_from_json


def layer_test(
    layer_cls,
    kwargs=None,
    input_shape=None,
    input_data=None,
    input_dtype="float32",
    expected=None,
    custom_objects=None,
    unknown_axes=(),
    trains=True,
    rtol=1e-5,
):
    """Build, shape inference, prediction, configuration, weights, a model around it, one step.

    Args:
        layer_cls: class of the layer.
        kwargs: its arguments.
        input_shape: with the batch axis; a list of shapes for a layer of several inputs.
        input_data: array (or list of arrays); drawn at random when left out.
        input_dtype: of the inputs.
        expected: output, or function of the input arrays.
        custom_objects: {name: class} for layers not of the package.
        unknown_axes: axes left open when the model is declared, besides the batch axis.
        trains: whether a loss on the output has something to train.
        rtol: tolerance of `expected`.
    Returns:
        The output for `input_data`.
    """
    kwargs = dict(kwargs or {})
    data, shapes = _inputs(input_shape, input_data, input_dtype)
    layer = layer_cls(**kwargs)
    tensors = [_declare(shape, input_dtype, unknown_axes) for shape in shapes]
    output = layer(tensors if len(tensors) > 1 else tensors[0])
    model = Model(tensors, output)
    result = model.predict(data, batch_size=shapes[0][0])

    _check_shapes(layer, output, shapes, result)
    if expected is not None:
        wanted = expected(*data) if callable(expected) else expected
        np.testing.assert_allclose(result, wanted, rtol=rtol, atol=rtol)
    _check_config(layer_cls, layer, custom_objects)
    _check_weights(layer_cls, kwargs, layer, tensors, data, result)
    _check_in_models(model, layer, data, result, custom_objects)
    if trains:
        _check_step(model, layer, data, result)
    return result


def _inputs(input_shape, input_data, input_dtype):
    if input_data is None:
        several = isinstance(input_shape, list)
        rng = np.random.RandomState(1)
        draw = (lambda s: rng.randint(0, 3, s)) if "int" in input_dtype else (
            lambda s: rng.uniform(-2, 2, s))  # fmt: skip
        data = [draw(s).astype(input_dtype) for s in (input_shape if several else [input_shape])]
    else:
        data = input_data if isinstance(input_data, list) else [input_data]
    return data, [tuple(x.shape) for x in data]


def _declare(shape, dtype, unknown_axes):
    extents = [None if axis in unknown_axes else e for axis, e in enumerate(shape)]
    return Input(shape=tuple(extents[1:]), dtype=dtype)


def _check_shapes(layer, output, shapes, result):
    """Inferred shapes agree with each other and with what came out."""
    arguments = shapes if len(shapes) > 1 else shapes[0]
    computed = tuple(layer.compute_output_shape(arguments))
    assert len(computed) == result.ndim, (computed, result.shape)
    for inferred in (computed, K.int_shape(output)):
        for declared, actual in zip(inferred, result.shape, strict=True):
            assert declared in (None, actual), (inferred, result.shape)
    assert result.dtype == np.dtype(K.dtype(output))


def _check_config(layer_cls, layer, custom_objects):
    config = layer.get_config()
    again = layer_cls.from_config(config)
    assert again.get_config() == config
    assert type(deserialize(serialize(layer), custom_objects)) is layer_cls


def _check_weights(layer_cls, kwargs, layer, tensors, data, result):
    """A second layer with the same weights computes the same; wrong weights are refused."""
    weights = layer.get_weights()
    twin = layer_cls.from_config({**layer.get_config(), "name": "twin"})
    output = twin(tensors if len(tensors) > 1 else tensors[0])
    twin.set_weights(weights)
    np.testing.assert_array_equal(Model(tensors, output).predict(data), result)
    for value, weight in zip(weights, layer.weights, strict=True):
        assert value.shape == K.int_shape(weight)
    if weights:
        try:
            twin.set_weights([*weights, weights[-1]])
        except ValueError:
            pass
        else:
            raise AssertionError("a weight too many was accepted")
        fresh = layer_cls(weights=weights, **{k: v for k, v in kwargs.items() if k != "weights"})
        fresh(tensors if len(tensors) > 1 else tensors[0])
        for a, b in zip(fresh.get_weights(), weights, strict=True):
            np.testing.assert_array_equal(a, b)


def _check_in_models(model, layer, data, result, custom_objects):
    """Functional and Sequential models around the layer survive JSON."""
    again = model_from_json(model.to_json(), custom_objects)
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(data), result)
    if len(data) == 1:
        config = {k: v for k, v in layer.get_config().items() if k != "batch_input_shape"}
        config["batch_input_shape"] = K.int_shape(model.inputs[0])
        config["dtype"] = K.dtype(model.inputs[0])
        stack = Sequential([type(layer).from_config(config)])
        stack = model_from_json(stack.to_json(), custom_objects)
        stack.set_weights(layer.get_weights())
        np.testing.assert_array_equal(stack.predict(data[0]), result)


def _check_step(model, layer, data, result):
    """A training step runs, gives a finite loss and moves the trainable weights."""
    before = model.get_weights()
    model.compile("sgd", "mse")
    target = np.random.RandomState(2).uniform(-1, 1, result.shape)
    loss = model.train_on_batch(data if len(data) > 1 else data[0], target)
    assert np.isfinite(loss)
    if layer.trainable_weights:
        after = model.get_weights()
        assert any((a != b).any() for a, b in zip(before, after, strict=True))
