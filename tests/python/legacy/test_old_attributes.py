"""What scripts of Keras 1 read from layers, variables and callbacks."""

import numpy as np
import pytest
from keras_native import dialect
from keras_native.callbacks import LambdaCallback
from keras_native.layers import LSTM, BatchNormalization, Conv1D, Conv2D, Dense, Embedding, Layer
from keras_native.models import Model, Sequential


@pytest.mark.parametrize(
    ("layer", "then"),
    [
        (Dense(3), {"output_dim": 3, "W": "kernel", "b": "bias", "W_regularizer": None}),
        (Conv2D(4, (3, 2)), {"nb_filter": 4, "nb_row": 3, "nb_col": 2, "border_mode": "valid"}),
        (Conv1D(4, 3, strides=2), {"filter_length": 3, "subsample_length": 2, "subsample": (2,)}),
        (LSTM(5), {"output_dim": 5, "U": "recurrent_kernel", "dropout_W": 0.0}),
        (Embedding(7, 2), {"W": "embeddings"}),
        (BatchNormalization(), {"running_mean": "moving_mean"}),
    ],
)
def test_layers(layer, then):
    shapes = {"Conv2D": (None, 5, 5, 2), "Conv1D": (None, 5, 2), "LSTM": (None, 5, 2)}
    layer.build(shapes.get(type(layer).__name__, (None, 5)))
    for name, expected in then.items():
        holder = getattr(layer, "cell", layer)
        if isinstance(expected, str) and hasattr(holder, expected):
            assert getattr(layer, name) is getattr(holder, expected)
        else:
            assert getattr(layer, name) == expected


def test_calls_and_depths():
    model = Sequential([Dense(3, input_shape=(2,)), Dense(1)])
    first, second = model.layers
    assert first.inbound_nodes[0].output_tensors == [first.output]
    assert first.outbound_nodes == second.inbound_nodes
    whole = Model(model.inputs, model.outputs)
    assert [layer.name for layer in whole.input_layers] == whole.input_names
    assert whole.output_layers == [second] and whole.layers_by_depth[0] == [second]
    assert len(whole.nodes_by_depth) == 3 and len(whole.container_nodes) == 3


def test_other_names_are_still_missing():
    for layer in (Dense(3), Layer(), Model()):
        for name in ("W", "nb_filter", "_anything", "units_"):
            with pytest.raises(AttributeError, match=f"no attribute '{name}'"):
                getattr(layer, name)


def test_variables_are_like_those_of_theano():
    model = Sequential([Dense(2, input_shape=(3,))])
    model.compile("sgd", "mse")
    model.optimizer.lr.set_value(0.25)
    assert model.optimizer.lr.get_value() == 0.25
    w = model.layers[0].W
    w.set_value(np.ones((3, 2)))
    np.testing.assert_array_equal(w.get_value(borrow=True), np.ones((3, 2)))
    np.testing.assert_array_equal(model.get_weights()[0], np.ones((3, 2)))


def test_parameters_of_callbacks():
    seen = {}
    callback = LambdaCallback()
    callback.on_train_begin = lambda logs=None: seen.update(callback.params)
    try:
        dialect.set_default("1")
        model = Sequential([Dense(2, input_shape=(3,))])
        model.compile("sgd", "mse")
        x = np.zeros((6, 3))
        model.fit(x, x[:, :2], epochs=2, batch_size=4, verbose=0, callbacks=[callback])
    finally:
        dialect.set_default("2")
    assert (seen["nb_epoch"], seen["nb_sample"], seen["batch_size"]) == (2, 6, 4)
