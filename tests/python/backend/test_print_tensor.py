"""print_tensor shows a value wherever it is computed."""

import numpy as np
from keras_native import backend as K


def test_print_tensor(capsys):
    x = K.placeholder((2,))
    y = K.print_tensor(x * 2, message="y = ") + 1
    f = K.function([x], [y])
    assert f([[1.0, 2.0]])[0].tolist() == [3, 5]
    assert capsys.readouterr().out == "y = [2. 4.]\n"
    K.function([x], [x])([[1.0, 2.0]])
    assert capsys.readouterr().out == ""
    assert K.function([x], K.gradients(K.sum(y), x))([[0.0, 0.0]])[0].tolist() == [2, 2]


def test_print_tensor_in_every_step_of_fit(capsys):
    import keras_native as keras

    def loss(y_true, y_pred):
        return K.print_tensor(K.mean(K.square(y_true - y_pred), axis=-1), "loss ")

    model = keras.Sequential([keras.layers.Dense(1, input_shape=(2,), kernel_initializer="zeros")])
    model.compile("sgd", loss)
    model.fit(np.zeros((6, 2)), np.ones((6, 1)), batch_size=4, epochs=2, shuffle=False, verbose=0)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and lines[0] == "loss [1. 1. 1. 1.]"
    assert lines[1].count(".") >= 2 and lines[1].startswith("loss [0.")


def test_print_tensor_inside_a_recurrent_step(capsys):
    x = K.placeholder((1, 3, 1))

    def step(inputs, states):
        out = K.print_tensor(inputs + states[0], "at ")
        return out, [out]

    last, _, _ = K.rnn(step, x, [K.zeros((1, 1))])
    f = K.function([x], [last, *K.gradients(K.sum(last), [x])])
    _, grads = f([[[[1.0], [2.0], [3.0]]]])
    assert capsys.readouterr().out == "at [[1.]]\nat [[3.]]\nat [[6.]]\n"
    assert grads.ravel().tolist() == [1, 1, 1]


def test_print_tensor_of_a_constant_prints_each_time(capsys):
    f = K.function([], [K.print_tensor(K.constant(2.0), "c ") * 3])
    assert f([]) == [6] and f([]) == [6]
    assert capsys.readouterr().out == "c 2.0\nc 2.0\n"
