"""Lambda: shapes, gradients, saving, and functions of strangers."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.engine.training import Model
from keras_native.models import clone_model, model_from_json
from layer_test import layer_test


def double(x):
    return 2 * x


def test_lambda():
    layer_test(L.Lambda, {"function": double}, (4, 6), expected=lambda x: 2 * x)
    layer_test(
        L.Lambda,
        {"function": lambda x, power: x**power, "arguments": {"power": 2}},
        (4, 6),
        expected=lambda x: x**2,
    )
    layer_test(
        L.Lambda,
        {"function": lambda x: K.concatenate([x, -x]), "output_shape": lambda s: (s[0], 2 * s[1])},
        (4, 6),
    )
    layer_test(
        L.Lambda,
        {"function": lambda x: x[:, :2], "output_shape": (2,)},
        (4, 6),
        expected=lambda x: x[:, :2],
    )


def test_lambda_of_several_inputs_and_gradient():
    layer_test(
        L.Lambda,
        {"function": lambda xs: xs[0] * xs[1]},
        [(4, 6), (4, 6)],
        expected=lambda a, b: a * b,
    )


def test_lambda_closures_are_told_apart():
    def layer(n):
        return L.Lambda(lambda x: x * n)

    tensor = L.Input((2,))
    model = Model(tensor, layer(2)(layer(3)(tensor)))
    for copy in (clone_model(model), model_from_json(model.to_json())):
        assert copy.predict(np.ones((1, 2))).tolist() == [[6, 6]]


def test_lambda_of_a_stranger_is_refused():
    from keras_native.utils import trust

    config = L.Lambda(lambda x: x + 1).get_config()
    code = config["function"][0]
    config["function"] = (code[:-8] + "AAAA" + code[-4:], None, None)
    with pytest.raises(ValueError, match="bytecode"):
        L.Lambda.from_config(config)
    for name in ("system", "eval", "os.system", "print"):
        with pytest.raises(ValueError, match="Unknown function in Lambda layer"):
            L.Lambda.from_config({"function": name, "function_type": "function", "module": "os"})
    named = {"function": "f", "function_type": "function", "name": "l"}
    assert L.Lambda.from_config(named, custom_objects={"f": double}).function is double
    elsewhere = compile("lambda x: x + 41", "<elsewhere>", "eval").co_consts[0]
    import types

    from keras_native.utils.generic_utils import func_dump

    foreign = {"function": func_dump(types.FunctionType(elsewhere, {})), "function_type": "lambda"}
    with pytest.raises(ValueError, match="bytecode"):
        L.Lambda.from_config(foreign)
    with trust.trusted_source():
        assert L.Lambda.from_config(foreign).function(1) == 42


def test_lambda_refuses_no_function():
    with pytest.raises(TypeError, match="expected a function"):
        L.Lambda("relu")
    with pytest.raises(TypeError, match="output_shape"):
        L.Lambda(double, output_shape=3)
