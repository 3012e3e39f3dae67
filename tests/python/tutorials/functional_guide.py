"""Models between tensors by a guide of Keras 2; smaller than there."""

import keras
import numpy as np
from keras.layer import Input, Dense
from keras.models import Model

data = np.random.random((100, 784))
labels = keras.utils.to_categorical(np.random.randint(10, size=100), 10)

# This returns a tensor
inputs = Input(shape=(784,))

# a layer instance is callable on a tensor, and returns a tensor
x = Dense(64, activation='relu')(inputs)
x = Dense(64, activation='relu')(x)
predictions = Dense(10, activation='softmax')(x)

model = Model(inputs=inputs, outputs=predictions)
model.compile(optimizer='rmsprop', loss='categorical_crossentropy', metrics=['accuracy'])
model.fit(data, labels)

x = Input(shape=(784,))
y = model(x)
assert y._keras_shape == (None, 10)

from keras.layers import TimeDistributed

input_sequences = Input(shape=(20, 784))
processed_sequences = TimeDistributed(model)(input_sequences)
assert processed_sequences._keras_shape == (None, 20, 10)

from keras.layers import Embedding, LSTM

headline_data = np.random.randint(1, 10000, size=(64, 100))
additional_data = np.random.random((64, 5))
labels = np.random.randint(2, size=(64, 1))

main_input = Input(shape=(100,), dtype='int32', name='main_input')
x = Embedding(output_dim=64, input_dim=10000, input_length=100)(main_input)
lstm_out = LSTM(32)(x)

auxiliary_output = Dense(1, activation='sigmoid', name='aux_output')(lstm_out)

auxiliary_input = Input(shape=(5,), name='aux_input')
x = keras.layers.concatenate([lstm_out, auxiliary_input])
x = Dense(64, activation='relu')(x)
x = Dense(64, activation='relu')(x)
x = Dense(64, activation='relu')(x)
main_output = Dense(1, activation='sigmoid', name='main_output')(x)

model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
model.compile(optimizer='rmsprop', loss='binary_crossentropy', loss_weights=[1., 0.2])
model.fit([headline_data, additional_data], [labels, labels], epochs=1, batch_size=32)

model.compile(optimizer='rmsprop',
              loss={'main_output': 'binary_crossentropy', 'aux_output': 'binary_crossentropy'},
              loss_weights={'main_output': 1., 'aux_output': 0.2})
history = model.fit({'main_input': headline_data, 'aux_input': additional_data},
                    {'main_output': labels, 'aux_output': labels}, epochs=1, batch_size=32)
assert sorted(history.history) == ['aux_output_loss', 'loss', 'main_output_loss']

tweet_a = Input(shape=(140, 256))
tweet_b = Input(shape=(140, 256))
data_a, data_b = np.random.random((16, 140, 256)), np.random.random((16, 140, 256))
labels = np.random.randint(2, size=(16, 1))

shared_lstm = LSTM(64)
encoded_a = shared_lstm(tweet_a)
encoded_b = shared_lstm(tweet_b)
merged_vector = keras.layers.concatenate([encoded_a, encoded_b], axis=-1)
predictions = Dense(1, activation='sigmoid')(merged_vector)

model = Model(inputs=[tweet_a, tweet_b], outputs=predictions)
model.compile(optimizer='rmsprop', loss='binary_crossentropy', metrics=['accuracy'])
model.fit([data_a, data_b], labels, epochs=1)
assert len(shared_lstm.get_weights()) == 3
