"""Layers: building, names, weights, the protocol of nodes."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.engine.base_layer import InputSpec, Layer
from keras_native.layers import Dense, Input, Lambda, multiply
from keras_native.models import Model, Sequential


class Scale(Layer):
    """x * w + b with two weights, one of them fixed."""

    def build(self, input_shape):
        self.w = self.add_weight(
            name="w", shape=(input_shape[-1],), initializer="ones", trainable=True
        )
        self.b = self.add_weight(
            name="b", shape=(input_shape[-1],), initializer="zeros", trainable=False
        )
        super().build(input_shape)

    def call(self, inputs):
        return inputs * self.w + self.b


def test_names_are_numbered_by_class():
    assert [Dense(1).name, Dense(1).name, Scale().name] == ["dense_1", "dense_2", "scale_1"]
    assert Dense(1, name="mine").name == "mine"
    K.clear_session()
    assert Dense(1).name == "dense_1"


def test_a_layer_builds_on_its_first_call():
    layer = Scale()
    assert not layer.built and layer.weights == []
    y = layer(Input(shape=(3,)))
    assert layer.built
    assert K.int_shape(y) == (None, 3)
    assert [w.name for w in layer.weights] == ["scale_1/w:0", "scale_1/b:0"]
    assert [w.name for w in layer.trainable_weights] == ["scale_1/w:0"]
    assert layer.count_params() == 6


def test_frozen_layers_have_only_fixed_weights():
    layer = Scale()
    layer(Input(shape=(3,)))
    layer.trainable = False
    assert layer.trainable_weights == []
    assert [w.name for w in layer.non_trainable_weights] == ["scale_1/w:0", "scale_1/b:0"]


def test_get_and_set_weights():
    layer = Scale()
    layer(Input(shape=(2,)))
    layer.set_weights([np.array([2.0, 3.0]), np.array([1.0, 1.0])])
    np.testing.assert_array_equal(layer.get_weights()[0], [2, 3])
    with pytest.raises(ValueError, match="length 1, but the layer was expecting 2"):
        layer.set_weights([np.zeros(2)])
    with pytest.raises(ValueError, match=r"shape \(2,\).*\(3,\)"):
        layer.set_weights([np.zeros(3), np.zeros(2)])


def test_weights_given_at_construction():
    kernel = np.arange(6.0).reshape(2, 3)
    layer = Dense(3, weights=[kernel, np.ones(3)])
    layer(Input(shape=(2,)))
    np.testing.assert_array_equal(layer.get_weights()[0], kernel)


def test_shared_layer_knows_each_of_its_calls():
    a, b = Input(shape=(4,)), Input(shape=(4,))
    layer = Dense(2)
    x, y = layer(a), layer(b)
    assert layer.get_input_at(0) is a and layer.get_input_at(1) is b
    assert layer.get_output_at(0) is x and layer.get_output_at(1) is y
    assert layer.output_shape == (None, 2)
    assert layer.get_output_shape_at(1) == (None, 2)
    assert x._keras_history[:2] == (layer, 0) and y._keras_history[:2] == (layer, 1)
    assert len(layer.inbound_nodes) == 2
    with pytest.raises(AttributeError, match="get_output_at"):
        _ = layer.output
    with pytest.raises(ValueError, match="only 2 inbound nodes"):
        layer.get_input_at(2)


def test_layers_that_were_never_called():
    with pytest.raises(RuntimeError, match="never been called"):
        Dense(2).get_input_at(0)
    with pytest.raises(AttributeError, match="not connected"):
        _ = Dense(2).input
    with pytest.raises(RuntimeError, match="isn't built"):
        Dense(2).count_params()


def test_shapes_that_differ_between_calls_are_ambiguous():
    layer = Scale()
    layer(Input(shape=(5, 3)))
    layer(Input(shape=(7, 3)))
    with pytest.raises(AttributeError, match="different output shapes"):
        _ = layer.output_shape
    assert layer.get_output_shape_at(1) == (None, 7, 3)


def test_config_round_trip():
    layer = Dense(7, activation="relu", name="d", input_shape=(4,))
    config = layer.get_config()
    assert config["name"] == "d" and config["batch_input_shape"] == (None, 4)
    again = Dense.from_config(config)
    assert again.get_config() == config


def test_sublayers_and_variables_set_as_attributes_belong_to_the_layer():
    class Two(Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.first = Dense(3)
            self.rest = [Dense(3), Dense(2)]
            self.offset = K.variable(np.zeros(2), name="offset")

        def call(self, inputs):
            x = self.first(inputs)
            for layer in self.rest:
                x = layer(x)
            return x + self.offset

    layer = Two()
    x = Input(shape=(4,))
    model = Model(x, layer(x))
    assert len(layer.trainable_weights) == 7
    model.compile("sgd", "mse")
    before = layer.get_weights()
    model.fit(np.ones((4, 4)), np.ones((4, 2)), verbose=0)
    assert all((a != b).any() for a, b in zip(before[:1], layer.get_weights()[:1], strict=True))


def test_add_weight_takes_keras1_order():
    class Old(Layer):
        def build(self, input_shape):
            with pytest.warns(UserWarning, match="Keras 1"):
                self.w = self.add_weight((input_shape[-1], 2), "ones", name="w")
            self.built = True

        def call(self, x):
            return K.dot(x, self.w)

        def compute_output_shape(self, input_shape):
            return (input_shape[0], 2)

    layer = Old()
    layer(Input(shape=(3,)))
    assert K.int_shape(layer.weights[0]) == (3, 2)


def test_input_spec():
    layer = Scale()
    layer.input_spec = InputSpec(ndim=2, axes={-1: 3})
    with pytest.raises(ValueError, match="scale_1: expected ndim=2, found ndim=3"):
        layer(Input(shape=(2, 3)))
    with pytest.raises(ValueError, match="axis -1 of input shape to have value 3"):
        layer(Input(shape=(4,)))
    layer(Input(shape=(3,)))
    layer.input_spec = [InputSpec(ndim=2), InputSpec(ndim=2)]
    with pytest.raises(ValueError, match="expects 2 inputs, but it received 1"):
        layer(Input(shape=(3,)))


def test_arrays_are_no_inputs():
    with pytest.raises(ValueError, match="isn't a symbolic tensor.*ndarray"):
        Dense(2)(np.zeros((2, 3)))


def test_unknown_keywords_and_names():
    with pytest.raises(TypeError, match="not understood: 'colour'"):
        Dense(2, colour="red")
    with pytest.raises(TypeError, match="name has to be a text"):
        Dense(2, name=3)


def test_weights_need_known_extents():
    with pytest.raises(ValueError, match="last axis is known"):
        Dense(2)(Input(shape=(None,)))


@pytest.mark.parametrize("shape", [(-1,), ("a",), (2.5,), (float("nan"),)])
def test_input_shapes_are_whole_numbers(shape):
    with pytest.raises(ValueError, match="whole numbers|expected a shape"):
        Input(shape=shape)


def test_input_needs_a_shape():
    with pytest.raises(ValueError, match="either a `shape` or a `batch_shape`"):
        Input()


def test_identity_layers_keep_the_history_of_their_input():
    x = Input(shape=(3,))
    y = Layer()(x)
    assert y is not x
    assert x._keras_history[0].name == "input_1" and y._keras_history[0].name == "layer_1"


def test_user_layer_without_output_shape_gets_it_from_the_graph():
    class Halve(Layer):
        def call(self, x):
            return x[:, ::2]

    assert K.int_shape(Halve()(Input(shape=(6,)))) == (None, 3)


def test_initial_values_depend_on_the_seed():
    def kernel():
        np.random.seed(3)
        return Sequential([Dense(3, input_shape=(4,))]).get_weights()[0]

    np.testing.assert_array_equal(kernel(), kernel())


def test_call_has_to_return_tensors():
    class Nothing(Layer):
        def call(self, inputs):
            pass

    with pytest.raises(TypeError, match="'nothing_1': call.* has to return a tensor.*None"):
        Nothing()(Input(shape=(3,)))


def test_several_outputs():
    class Halves(Layer):
        def call(self, x):
            n = K.int_shape(x)[-1] // 2
            return x[:, :n], x[:, n:]

    x = Input(shape=(6,))
    low, high = Halves()(x)
    model = Model(x, [high, low])
    data = np.random.rand(2, 6).astype("float32")
    high, low = model.predict(data)
    np.testing.assert_array_equal(np.concatenate([low, high], axis=1), data)
    assert model.layers[1].output_shape == [(None, 3), (None, 3)]
    inner = Model(x, [high for high in model.outputs])
    again = Model.from_config(Model(x, inner(x)).get_config(), custom_objects={"Halves": Halves})
    np.testing.assert_array_equal(again.predict(data)[1], low)


def test_a_list_of_one_output_is_that_output():
    """As in Keras: functions like `K.gradients` return lists, and layers that end with them."""
    x = Input(shape=(3,))
    slope = Lambda(lambda t: K.gradients(K.sum(K.square(t)), t), output_shape=lambda s: s)(x)
    assert K.is_keras_tensor(slope)
    data = np.random.rand(2, 3).astype("float32")
    np.testing.assert_allclose(Model(x, multiply([slope, x])).predict(data), 2 * data**2, rtol=1e-6)


def test_layers_in_dicts_belong_to_the_layer():
    class Heads(Layer):
        def __init__(self):
            super().__init__()
            self.heads = {"a": Dense(2), "b": [Dense(3)]}

        def call(self, x):
            return [self.heads["a"](x), self.heads["b"][0](x)]

    layer = Heads()
    layer(Input(shape=(4,)))
    assert len(layer.weights) == 4
