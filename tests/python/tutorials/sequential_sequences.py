"""Sequences by a guide to Sequential, Keras 2: LSTM, Conv1D, stacked and stateful LSTM."""

import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Dropout
from keras.layers import Embedding
from keras.layers import LSTM

for arguments in (
    dict(input_shape=(10, 64)),
    dict(batch_input_shape=(None, 10, 64)),
    dict(input_length=10, input_dim=64),
):
    model = Sequential()
    model.add(LSTM(32, **arguments))
    assert model.input_shape == (None, 10, 64) and model.output_shape == (None, 32)

max_features = 50
x_train, y_train = np.random.randint(max_features, size=(64, 12)), np.random.randint(2, size=64)
x_test, y_test = x_train, y_train

model = Sequential()
model.add(Embedding(max_features, output_dim=256))
model.add(LSTM(128))
model.add(Dropout(0.5))
model.add(Dense(1, activation='sigmoid'))

model.compile(loss='binary_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])

model.fit(x_train, y_train, batch_size=16, epochs=1)
score = model.evaluate(x_test, y_test, batch_size=16)

from keras.layers import Conv1D, GlobalAveragePooling1D, MaxPooling1D

seq_length = 64
x_train, x_test = np.random.random((64, seq_length, 100)), np.random.random((64, seq_length, 100))

model = Sequential()
model.add(Conv1D(64, 3, activation='relu', input_shape=(seq_length, 100)))
model.add(Conv1D(64, 3, activation='relu'))
model.add(MaxPooling1D(3))
model.add(Conv1D(128, 3, activation='relu'))
model.add(Conv1D(128, 3, activation='relu'))
model.add(GlobalAveragePooling1D())
model.add(Dropout(0.5))
model.add(Dense(1, activation='sigmoid'))

model.compile(loss='binary_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])

model.fit(x_train, y_train, batch_size=16, epochs=1)
score = model.evaluate(x_test, y_test, batch_size=16)

data_dim = 16
timesteps = 8
num_classes = 10

# expected input: (batch_size, timesteps, data_dim)
model = Sequential()
model.add(LSTM(32, return_sequences=True,
               input_shape=(timesteps, data_dim)))  # a sequence of vectors of size 32
model.add(LSTM(32, return_sequences=True))  # a sequence of vectors of size 32
model.add(LSTM(32))  # one vector of size 32
model.add(Dense(10, activation='softmax'))

model.compile(loss='categorical_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])

x_train = np.random.random((1000, timesteps, data_dim))
y_train = np.random.random((1000, num_classes))
x_val = np.random.random((100, timesteps, data_dim))
y_val = np.random.random((100, num_classes))

model.fit(x_train, y_train,
          batch_size=64, epochs=1,
          validation_data=(x_val, y_val))

# the same with states that go on from batch to batch
batch_size = 32

model = Sequential()
model.add(LSTM(32, return_sequences=True, stateful=True,
               batch_input_shape=(batch_size, timesteps, data_dim)))
model.add(LSTM(32, return_sequences=True, stateful=True))
model.add(LSTM(32, stateful=True))
model.add(Dense(10, activation='softmax'))

model.compile(loss='categorical_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])

x_train = np.random.random((batch_size * 10, timesteps, data_dim))
y_train = np.random.random((batch_size * 10, num_classes))
x_val = np.random.random((batch_size * 3, timesteps, data_dim))
y_val = np.random.random((batch_size * 3, num_classes))

model.fit(x_train, y_train,
          batch_size=batch_size, epochs=1, shuffle=False,
          validation_data=(x_val, y_val))
