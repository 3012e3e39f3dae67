"""Functional models: several inputs and outputs, sharing, nesting, copies."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.engine.base_layer import Layer
from keras_native.layers import Activation, Concatenate, Dense, Dropout, Input, Lambda, add
from keras_native.models import Model, Sequential, clone_model


def two_in_two_out():
    a, b = Input(shape=(4,), name="a"), Input(shape=(3,), name="b")
    joined = Concatenate(name="join")([Dense(2, name="left")(a), b])
    return Model([a, b], [Dense(3, name="p")(joined), Dense(1, name="q")(joined)])


def test_layers_are_listed_by_depth():
    model = two_in_two_out()
    assert [layer.name for layer in model.layers] == ["a", "left", "b", "join", "p", "q"]
    assert model.input_names == ["a", "b"] and model.output_names == ["p", "q"]
    assert model.input_shape == [(None, 4), (None, 3)]
    assert model.output_shape == [(None, 3), (None, 1)]
    assert model.name == "model_1"


def test_predict_equals_the_formula():
    model = two_in_two_out()
    x, z = np.random.rand(5, 4), np.random.rand(5, 3)
    w, c, wp, cp, wq, cq = model.get_weights()
    joined = np.concatenate([x @ w + c, z], axis=1)
    p, q = model.predict([x, z])
    np.testing.assert_allclose(p, joined @ wp + cp, rtol=1e-5)
    np.testing.assert_allclose(q, joined @ wq + cq, rtol=1e-5)
    for given in ({"a": x, "b": z}, {"b": z, "a": x}):
        np.testing.assert_array_equal(model.predict(given)[0], p)


def test_a_shared_layer_has_one_set_of_weights():
    a, b = Input(shape=(4,)), Input(shape=(4,))
    shared = Dense(3)
    model = Model([a, b], add([shared(a), shared(b)]))
    assert len(model.weights) == 2
    x, y = np.random.rand(2, 4), np.random.rand(2, 4)
    w, c = model.get_weights()
    np.testing.assert_allclose(model.predict([x, y]), (x + y) @ w + 2 * c, rtol=1e-5)


def test_models_are_layers():
    inner_in = Input(shape=(4,))
    inner = Model(inner_in, Dense(3, name="deep")(inner_in), name="inner")
    outer_in = Input(shape=(4,))
    outer = Model(outer_in, Dense(2)(inner(outer_in)))
    assert [layer.name for layer in outer.layers] == ["input_2", "inner", "dense_1"]
    x = np.random.rand(3, 4)
    w, c = outer.layers[2].get_weights()
    np.testing.assert_allclose(outer.predict(x), inner.predict(x) @ w + c, rtol=1e-5)
    assert inner.get_output_at(1)._keras_history[0] is inner
    assert inner.input is inner_in and inner.output is inner.outputs[0]
    assert len(outer.trainable_weights) == 4
    inner.trainable = False
    assert len(outer.trainable_weights) == 2


def test_a_model_inside_a_stack_and_a_stack_inside_a_model():
    stack = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    x = Input(shape=(4,))
    model = Sequential([Model(x, stack(x)), Dense(1)])
    assert model.predict(np.ones((2, 4))).shape == (2, 1)
    assert len(model.get_weights()) == 6


def test_a_model_between_tensors_of_another():
    x = Input(shape=(4,))
    h = Dense(3, activation="relu", name="features")(x)
    full = Model(x, Dense(2)(h))
    features = Model(full.input, full.get_layer("features").output)
    data = np.random.rand(3, 4).astype("float32")
    w, c = full.layers[1].get_weights()
    np.testing.assert_allclose(features.predict(data), np.maximum(data @ w + c, 0), rtol=1e-5)


def test_get_layer():
    model = two_in_two_out()
    assert model.get_layer("join") is model.get_layer(index=3)
    with pytest.raises(ValueError, match="No such layer: 'nobody'"):
        model.get_layer("nobody")
    with pytest.raises(ValueError, match="index 9 but model only has 6"):
        model.get_layer(index=9)
    with pytest.raises(ValueError, match="name or layer index"):
        model.get_layer()


def test_keras1_names_of_inputs_and_outputs():
    x = Input(shape=(4,))
    with pytest.warns(UserWarning, match="inputs="):
        model = Model(input=x, output=Dense(2)(x))
    assert model.output_shape == (None, 2)


def test_a_deep_graph():
    x = first = Input(shape=(2,))
    for _ in range(1500):
        x = Activation("linear")(x)
    model = Model(first, x)
    assert len(model.layers) == 1501
    np.testing.assert_array_equal(model.predict(np.ones((1, 2))), np.ones((1, 2)))


def test_an_inner_tensor_may_be_an_output_too():
    x = Input(shape=(3,))
    h = Dense(2)(x)
    model = Model(x, [h, Dense(1)(h), x])
    data = np.random.rand(2, 3).astype("float32")
    outputs = model.predict(data)
    assert [y.shape for y in outputs] == [(2, 2), (2, 1), (2, 3)]
    np.testing.assert_array_equal(outputs[2], data)


def test_an_input_that_no_output_needs():
    a, b = Input(shape=(3,)), Input(shape=(2,), name="unused")
    model = Model([a, b], Dense(1)(a))
    assert model.predict([np.ones((2, 3)), np.ones((2, 2))]).shape == (2, 1)


# ---------------------------------------------------------------- copies and configs


def roundtrip(model, **custom):
    return type(model).from_config(model.get_config(), custom_objects=custom)


def same_predictions(a, b, *shapes):
    data = [np.random.rand(3, *shape) for shape in shapes]
    data = data if len(data) > 1 else data[0]
    b.set_weights(a.get_weights())
    for x, y in zip(
        np.atleast_1d(np.array(a.predict(data), dtype=object)).ravel().tolist(),
        np.atleast_1d(np.array(b.predict(data), dtype=object)).ravel().tolist(),
        strict=True,
    ):
        np.testing.assert_allclose(x, y, rtol=1e-6)


@pytest.mark.parametrize("copy", [roundtrip, clone_model])
def test_copies_of_a_graph(copy):
    a, b = Input(shape=(4,), name="a"), Input(shape=(4,), name="b")
    shared = Dense(3, name="shared")
    inner_in = Input(shape=(3,))
    inner = Model(inner_in, Dense(2)(inner_in), name="inner")
    model = Model([a, b], [inner(shared(a)), inner(shared(b))], name="whole")
    other = copy(model)
    assert other.name == "whole" and other is not model
    assert [layer.name for layer in other.layers] == [layer.name for layer in model.layers]
    assert other.get_config() == model.get_config()
    assert len(other.get_layer("shared").inbound_nodes) == 2
    assert other.get_layer("shared") is not shared
    same_predictions(model, other, (4,), (4,))


def test_a_config_without_sense():
    x = Input(shape=(3,))
    config = Model(x, Dense(2)(x)).get_config()
    wrong = {**config, "output_layers": [["dense_9", 0, 0]]}
    with pytest.raises(ValueError, match="'dense_9', which it does not define"):
        Model.from_config(wrong)
    loop = Model(x, Dense(2, name="one")(Dense(2, name="two")(x))).get_config()
    for layer in loop["layers"]:
        if layer["name"] == "two":
            layer["inbound_nodes"] = [[["one", 0, 0, {}]]]
    with pytest.raises(ValueError, match="cycle or never made"):
        Model.from_config(loop)


def test_clone_on_other_tensors():
    x = Input(shape=(4,))
    model = Model(x, Dense(2)(x))
    y = Input(shape=(4,))
    copy = clone_model(model, input_tensors=y)
    assert copy.inputs[0] is y
    stack = Sequential([Dense(2, input_shape=(4,))])
    assert clone_model(stack, input_tensors=[Input(shape=(4,))]).output_shape == (None, 2)
    with pytest.raises(ValueError, match="Model"):
        clone_model(Dense(2))


# ---------------------------------------------------------------- losses, updates, masks


def test_penalties_of_a_shared_layer_count_once_per_graph():
    shared = Dense(2, kernel_regularizer="l2")
    x, z = Input(shape=(3,)), Input(shape=(3,))
    one = Model(x, shared(x))
    two = Model([x, z], add([one.output, shared(z)]))
    assert len(one.losses) == 1 and len(two.losses) == 1


def test_activity_penalties_belong_to_calls():
    shared = Dense(2, activity_regularizer="l1")
    x, z = Input(shape=(3,)), Input(shape=(3,))
    y = shared(x)
    one, two = Model(x, y), Model([x, z], add([y, shared(z)]))
    assert len(one.losses) == 1 and len(two.losses) == 2
    assert len(shared.get_losses_for(x)) == 1 and shared.get_losses_for(None) == []
    assert len(shared.losses) == 2


def test_penalties_inside_a_model_follow_it():
    inner_in = Input(shape=(3,))
    inner = Model(inner_in, Dense(2, activity_regularizer="l1", kernel_regularizer="l2")(inner_in))
    x = Input(shape=(3,))
    outer = Model(x, inner(x))
    assert len(outer.losses) == 2
    data = np.random.rand(4, 3).astype("float32")
    outer.compile("sgd", "mse")
    w, c = outer.get_weights()
    y = data @ w + c
    expected = 0.01 * np.abs(y).sum() + 0.01 * (w**2).sum()
    assert outer.evaluate(data, y, verbose=0) == pytest.approx(expected, rel=1e-4)


def test_masks_travel_and_stop():
    class Mark(Layer):
        def compute_mask(self, inputs, mask=None):
            return K.not_equal(K.sum(inputs, axis=-1), 0)

    class Carry(Layer):
        def __init__(self):
            super().__init__()
            self.supports_masking = True
            self.seen = []

        def call(self, inputs, mask=None):
            self.seen.append(mask)
            return inputs * 2.0

    class Refuse(Layer):
        pass

    x = Input(shape=(5, 3))
    carry = Carry()
    masked = Mark()(x)
    y = carry(masked)
    assert carry.seen[0] is not None and y._keras_mask is not None
    assert carry.get_input_mask_at(0) is masked._keras_mask
    with pytest.raises(TypeError, match="refuse_1 does not support masking"):
        Refuse()(y)
    model = Model(x, y)
    z = model(Input(shape=(5, 3)))
    assert z._keras_mask is not None and carry.seen[1] is not None


def test_updates_of_frozen_layers_do_not_run():
    from keras_native.layers import BatchNormalization

    inner_in = Input(shape=(3,))
    norm = BatchNormalization()
    inner = Model(inner_in, norm(inner_in))
    x = Input(shape=(3,))
    outer = Model(x, inner(x))
    assert len(inner.updates) == 2 and len(outer.updates) == 2
    norm.trainable = False
    assert outer.updates == []
    norm.trainable, inner.trainable = True, False
    assert outer.updates == []


def test_learning_phase_is_noticed():
    x = Input(shape=(3,))
    assert not Model(x, Dense(2)(x)).uses_learning_phase
    assert Model(x, Dropout(0.5)(x)).uses_learning_phase


def test_lambda_with_arguments_survives_in_a_graph():
    x = Input(shape=(3,))
    model = Model(x, Lambda(lambda v, k: v * k, arguments={"k": 3.0})(x))
    np.testing.assert_allclose(model.predict(np.ones((1, 3))), [[3, 3, 3]])


def test_output_shape_for_other_input_shapes():
    x = Input(shape=(None, 3))
    model = Model(x, Dense(2)(x))
    assert model.compute_output_shape((None, 7, 3)) == (None, 7, 2)
    assert two_in_two_out().compute_output_shape([(8, 4), (8, 3)]) == [(8, 3), (8, 1)]
