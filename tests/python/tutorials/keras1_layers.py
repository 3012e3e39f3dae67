"""Each layer as a guide for Keras 1 lists it, with all the arguments and defaults shown there."""

import keras
import keras.engine.topology
import keras.layers.convolutional
import keras.layers.core
import keras.layers.embeddings
import keras.layers.pooling
import keras.layers.recurrent
import numpy as np
from keras.models import Sequential


def shape_after(*layers):
    model = Sequential()
    for layer in layers:
        model.add(layer)
    x = np.ones((2,) + model.input_shape[1:])
    y = model.predict(x)
    assert np.isfinite(y).all() and y.shape[1:] == model.output_shape[1:]
    return model.output_shape


dense = keras.layers.core.Dense(
    32,
    init='glorot_uniform',
    activation='linear',
    weights=None,
    W_regularizer=None,
    b_regularizer=None,
    activity_regularizer=None,
    W_constraint=None,
    b_constraint=None,
    bias=True,
    input_dim=16
)
assert shape_after(
    dense,
    keras.layers.core.Activation('tanh'),
    keras.layers.core.Dropout(0.5),
    keras.layers.core.Reshape((4, 8)),
    keras.layers.core.Permute((2, 1)),
    keras.layers.core.Lambda(lambda x, a: x * a, output_shape=(8, 4), arguments={'a': 2.}),
    keras.layers.core.ActivityRegularization(l1=0.0, l2=0.0),
    keras.layers.core.Flatten(),
    keras.layers.core.RepeatVector(3),
) == (None, 3, 32)

weights = [np.full((16, 4), 2.), np.ones(4)]
model = Sequential([keras.layers.core.Dense(4, weights=weights, input_dim=16)])
assert (model.predict(np.ones((1, 16))) == 33).all()

branches = [Sequential([keras.layers.core.Dense(8, input_dim=16)]) for _ in range(2)]
for mode, width in (('sum', 8), ('mul', 8), ('concat', 16), ('ave', 8), ('dot', 1), ('cos', 1)):
    merged = keras.engine.topology.Merge(
        layers=branches,
        mode=mode,
        concat_axis=-1,
        dot_axes=-1,
        output_shape=None,
        node_indices=None,
        tensor_indices=None,
        name='merged_by_' + mode
    )
    model = Sequential()
    model.add(merged)
    y = model.predict([np.ones((2, 16)), np.ones((2, 16))])
    assert y.reshape((2, -1)).shape == (2, width), mode

highway = keras.layers.core.Highway(
    init='glorot_uniform',
    transform_bias=-2,
    activation='linear',
    weights=None,
    W_regularizer=None,
    b_regularizer=None,
    activity_regularizer=None,
    W_constraint=None,
    b_constraint=None,
    bias=True,
    input_dim=16
)
assert shape_after(highway, keras.layers.core.MaxoutDense(5, nb_feature=3)) == (None, 5)
assert (highway.get_weights()[-1] == -2).all()

conv = dict(
    init='uniform',
    activation='linear',
    weights=None,
    border_mode='valid',
    W_regularizer=None,
    b_regularizer=None,
    activity_regularizer=None,
    W_constraint=None,
    b_constraint=None,
    bias=True,
)
line = dict(subsample_length=1, input_dim=16, input_length=20)
assert shape_after(
    keras.layers.convolutional.Convolution1D(8, 3, **dict(conv, **line)),
    keras.layers.convolutional.AtrousConvolution1D(8, 3, subsample_length=1, atrous_rate=1, **conv),
    keras.layers.convolutional.MaxPooling1D(pool_length=2, stride=None, border_mode='valid'),
    keras.layers.convolutional.AveragePooling1D(pool_length=2, stride=None, border_mode='valid'),
    keras.layers.pooling.GlobalMaxPooling1D(),
) == (None, 8)

image = dict(conv, init='glorot_uniform', subsample=(1, 1), dim_ordering='th')
assert shape_after(
    keras.layers.convolutional.Convolution2D(8, 3, 3, input_shape=(3, 32, 32), **image),
    keras.layers.convolutional.AtrousConvolution2D(8, 3, 3, atrous_rate=(2, 2), **image),
    keras.layers.convolutional.MaxPooling2D(
        pool_size=(2, 2),
        strides=None,
        border_mode='valid', dim_ordering='th'
    ),
) == (None, 8, 13, 13)

recurrent = dict(
    weights=None,
    return_sequences=True,
    go_backwards=False,
    stateful=False,
    unroll=False,
    consume_less='cpu',
)
assert isinstance(keras.layers.recurrent.Recurrent, type)
simple = dict(
    init='glorot_uniform',
    inner_init='orthogonal',
    activation='tanh',
    W_regularizer=None,
    U_regularizer=None,
    b_regularizer=None,
    dropout_W=0.0,
    dropout_U=0.0,
)
embedding = keras.layers.embeddings.Embedding(
    50,
    16,
    init='uniform',
    input_length=None,
    W_regularizer=None,
    activity_regularizer=None,
    W_constraint=None,
    mask_zero=False,
    weights=None,
    dropout=0.0
)
assert shape_after(
    keras.layers.core.Reshape((10,), input_shape=(10,)),
    embedding,
    keras.layers.core.Masking(mask_value=0.),
    keras.layers.recurrent.SimpleRNN(8, **dict(simple, **recurrent)),
    keras.layers.recurrent.GRU(8, inner_activation='hard_sigmoid', **dict(simple, **recurrent)),
    keras.layers.recurrent.LSTM(
        8, forget_bias_init='one', inner_activation='hard_sigmoid', **simple
    ),
) == (None, 8)
