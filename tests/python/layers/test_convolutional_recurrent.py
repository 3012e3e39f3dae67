"""ConvLSTM2D and ConvRNN2D."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import (
    LSTM,
    Bidirectional,
    Conv2D,
    ConvLSTM2D,
    ConvLSTM2DCell,
    ConvRNN2D,
    Input,
    Permute,
    Reshape,
    TimeDistributed,
)
from keras_native.models import Model, Sequential
from layer_test import layer_test
from rnn_reference import run

LAST, FIRST = (2, 3, 5, 6, 2), (2, 3, 2, 5, 6)


@pytest.mark.parametrize(
    ("kwargs", "shape"),
    [
        ({}, LAST),
        ({"return_sequences": True, "padding": "same"}, LAST),
        ({"data_format": "channels_first", "strides": 2}, FIRST),
        ({"dilation_rate": 2, "go_backwards": True}, LAST),
        ({"dropout": 0.2, "recurrent_dropout": 0.3}, LAST),
        ({"data_format": "channels_first", "dropout": 0.2, "recurrent_dropout": 0.3}, FIRST),
        ({"use_bias": False, "unit_forget_bias": False}, LAST),
    ],
)
def test_layer(kwargs, shape):
    layer_test(ConvLSTM2D, {"filters": 3, "kernel_size": 2, **kwargs}, shape)


def test_unknown_sizes():
    kwargs = {"filters": 3, "kernel_size": 2, "return_sequences": True}
    layer_test(ConvLSTM2D, kwargs, LAST, unknown_axes=(1, 2, 3))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("masked", [False, True])
def test_over_one_pixel_it_is_an_lstm(data_format, masked):
    x = Input((4, 1, 1, 3) if data_format == "channels_last" else (4, 3, 1, 1))
    layer = ConvLSTM2D(5, 1, data_format=data_format, return_sequences=True)
    plain = LSTM(5, recurrent_activation="hard_sigmoid", return_sequences=True)
    plain.build((None, 4, 3))
    mask = Input((4,), dtype="bool")
    y = layer(x, mask=mask) if masked else layer(x)
    plain.set_weights([np.squeeze(w) for w in layer.get_weights()])
    rng = np.random.RandomState(0)
    data = rng.uniform(-1, 1, (2, 4, 3)).astype("float32")
    keep = np.array([[1, 1, 0, 1], [0, 0, 1, 0]], bool)
    wanted = run(plain, data, mask=keep if masked else None)[0]
    function = K.function([x, mask], [y])
    got = function([data.reshape(2, *K.int_shape(x)[1:]), keep])[0]
    np.testing.assert_allclose(got.reshape(2, 4, 5), wanted, rtol=1e-5, atol=1e-6)


def test_formats_agree():
    """Channels first and last compute the same from the same kernels."""
    last = Input(LAST[1:])
    a = ConvLSTM2D(3, (2, 3), strides=(2, 1), return_state=True)
    b = ConvLSTM2D(3, (2, 3), strides=(2, 1), return_state=True, data_format="channels_first")
    first = Permute((1, 4, 2, 3))(last)
    model = Model(last, a(last) + b(first))
    b.set_weights(a.get_weights())
    data = np.random.RandomState(0).normal(size=LAST).astype("float32")
    results = model.predict(data)
    for one, other in zip(results[:3], results[3:], strict=True):
        np.testing.assert_allclose(one, other.transpose(0, 2, 3, 1), rtol=1e-5, atol=1e-6)
    assert [s[1:] for s in a.compute_output_shape(LAST)] == [r.shape[1:] for r in results[:3]]


def test_states():
    layer = ConvLSTM2D(3, 2, stateful=True, padding="same", batch_input_shape=LAST)
    model = Sequential([layer])
    data = np.random.RandomState(0).normal(size=LAST).astype("float32")
    first = model.predict(data, batch_size=2)
    assert K.int_shape(layer.states[0]) == (2, 5, 6, 3)
    second = model.predict(data, batch_size=2)
    assert not np.array_equal(first, second)
    model.reset_states()
    np.testing.assert_array_equal(model.predict(data, batch_size=2), first)
    x, h, c = Input(LAST[1:]), Input((5, 6, 3)), Input((5, 6, 3))
    other = ConvLSTM2D(3, 2, padding="same")
    twice = Model([x, h, c], other(x, initial_state=[h, c]))
    other.set_weights(layer.get_weights())
    zeros = np.zeros((2, 5, 6, 3))
    np.testing.assert_array_equal(twice.predict([data, zeros, zeros]), first)
    layer.reset_states([zeros, zeros])
    with pytest.raises(ValueError, match="State 0 is incompatible"):
        layer.reset_states([zeros[:, 1:], zeros])


def test_cell_of_a_user():
    class Adding(ConvLSTM2DCell):
        def call(self, inputs, states, training=None):
            h = states[0] + self.input_conv(inputs, self.kernel[..., : self.filters])
            return h, [h, h]

    x = Input(LAST[1:])
    layer = ConvRNN2D(Adding(3, 2))
    model = Model(x, layer(x))
    data = np.random.RandomState(0).normal(size=LAST).astype("float32")
    y = TimeDistributed(Conv2D(3, 2, use_bias=False))
    steps = Model(x, y(x))
    y.set_weights([layer.get_weights()[0][..., :3]])
    wanted = steps.predict(data).sum(axis=1)
    np.testing.assert_allclose(model.predict(data), wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="Unrolling is not possible"):
        ConvRNN2D(Adding(3, 2), unroll=True)


def test_inside_others():
    x = Input(LAST[1:])
    both = Bidirectional(ConvLSTM2D(3, 2, return_sequences=True), merge_mode="sum")(x)
    assert K.int_shape(both) == (None, 3, 4, 5, 3)
    model = Model(x, Reshape((3, -1))(both))
    assert model.predict(np.zeros(LAST)).shape == (2, 3, 60)


@pytest.mark.filterwarnings("ignore::keras_native.legacy.hook.Keras1SpellingWarning")
def test_keras1_spelling():
    layer = ConvLSTM2D(
        4, 3, 2, border_mode="same", dim_ordering="th", inner_activation="sigmoid", subsample=(1, 2)
    )
    assert (layer.filters, layer.kernel_size, layer.strides) == (4, (3, 2), (1, 2))
    assert layer.data_format == "channels_first" and layer.padding == "same"
