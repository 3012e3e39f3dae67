"""Dense models of a guide for Keras 1: old argument names, Merge, dict-valued metrics."""

import numpy as np
from keras.models import Sequential
from keras.layers import Dense, Activation

X_train = np.random.random((200, 100))
Y_train = np.eye(10)[np.random.randint(10, size=200)]
X_test, Y_test, X_batch, Y_batch = X_train, Y_train, X_train[:32], Y_train[:32]

model = Sequential()
model.add(Dense(output_dim=64, input_dim=100))
model.add(Activation("relu"))
model.add(Dense(output_dim=10))
model.add(Activation("softmax"))
model.compile(loss='categorical_crossentropy', optimizer='sgd', metrics=['accuracy'])

from keras.optimizers import SGD
model.compile(loss='categorical_crossentropy', optimizer=SGD(lr=0.01, momentum=0.9, nesterov=True))
model.fit(X_train, Y_train, nb_epoch=5, batch_size=32)
model.train_on_batch(X_batch, Y_batch)
loss_and_metrics = model.evaluate(X_test, Y_test, batch_size=32)
classes = model.predict_classes(X_test, batch_size=32)
proba = model.predict_proba(X_test, batch_size=32)
assert classes.shape == (200,) and proba.shape == (200, 10)
assert (classes == proba.argmax(-1)).all()

model = Sequential()
model.add(Dense(32, batch_input_shape=(None, 784)))

from keras.layers import Merge

input_data_1, input_data_2 = np.random.random((100, 784)), np.random.random((100, 784))
targets = np.eye(10)[np.random.randint(10, size=100)]

left_branch = Sequential()
left_branch.add(Dense(32, input_dim=784))

right_branch = Sequential()
right_branch.add(Dense(32, input_dim=784))

merged = Merge([left_branch, right_branch], mode='concat')

final_model = Sequential()
final_model.add(merged)
final_model.add(Dense(10, activation='softmax'))

final_model.compile(optimizer='rmsprop', loss='categorical_crossentropy')
final_model.fit([input_data_1, input_data_2], targets)  # we pass one data array per model input

merged = Merge([left_branch, right_branch], mode=lambda x: x[0] - x[1])
final_model = Sequential()
final_model.add(merged)
a, b = left_branch.predict(input_data_1), right_branch.predict(input_data_2)
difference = final_model.predict([input_data_1, input_data_2])
np.testing.assert_allclose(difference, a - b, rtol=1e-4, atol=1e-5)

import keras.backend as K


def mean_pred(y_true, y_pred):
    return K.mean(y_pred)


def false_rates(y_true, y_pred):
    false_neg = K.mean(K.cast(y_true > y_pred + 0.5, 'float32'))
    false_pos = K.mean(K.cast(y_true < y_pred - 0.5, 'float32'))
    return {
        'false_neg': false_neg,
        'false_pos': false_pos,
    }


model = Sequential()
model.add(Dense(1, input_dim=784, activation='sigmoid'))
model.compile(optimizer='rmsprop',
              loss='binary_crossentropy',
              metrics=['accuracy', mean_pred, false_rates])
data = np.random.random((1000, 784))
labels = np.random.randint(2, size=(1000, 1))
history = model.fit(data, labels, nb_epoch=1, batch_size=32)
assert {'mean_pred', 'false_neg', 'false_pos'} <= set(history.history)

from keras.utils.np_utils import to_categorical

model = Sequential()
model.add(Merge([left_branch, right_branch], mode='concat'))
model.add(Dense(10, activation='softmax'))
model.compile(optimizer='rmsprop',
              loss='categorical_crossentropy',
              metrics=['accuracy'])
data_1 = np.random.random((1000, 784))
data_2 = np.random.random((1000, 784))
labels = to_categorical(np.random.randint(10, size=(1000, 1)), 10)
model.fit([data_1, data_2], labels, nb_epoch=2, batch_size=32)

from keras.layers import Dropout

X_train, y_train = np.random.random((200, 20)), np.eye(10)[np.random.randint(10, size=200)]
X_test, y_test = X_train, y_train

model = Sequential()
model.add(Dense(64, input_dim=20, init='uniform'))
model.add(Activation('tanh'))
model.add(Dropout(0.5))
model.add(Dense(64, init='uniform'))
model.add(Activation('tanh'))
model.add(Dropout(0.5))
model.add(Dense(10, init='uniform'))
model.add(Activation('softmax'))

sgd = SGD(lr=0.1, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy',
              optimizer=sgd,
              metrics=['accuracy'])
model.fit(X_train, y_train,
          nb_epoch=20,
          batch_size=16)
score = model.evaluate(X_test, y_test, batch_size=16)

model = Sequential()
model.add(Dense(64, input_dim=20, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(10, activation='softmax'))
model.compile(loss='categorical_crossentropy',
              optimizer='adadelta',
              metrics=['accuracy'])

model = Sequential()
model.add(Dense(64, input_dim=20, init='uniform', activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(64, activation='relu'))
model.add(Dropout(0.5))
model.add(Dense(1, activation='sigmoid'))
model.compile(loss='binary_crossentropy',
              optimizer='rmsprop',
              metrics=['accuracy'])
model.fit(X_train, np.random.randint(2, size=(200, 1)), nb_epoch=2)

from keras.layers import Input, merge
from keras.models import Model

data, labels = np.random.random((100, 784)), np.eye(10)[np.random.randint(10, size=100)]
inputs = Input(shape=(784,))
x = Dense(64, activation='relu')(inputs)
x = Dense(64, activation='relu')(x)
predictions = Dense(10, activation='softmax')(x)
model = Model(input=inputs, output=predictions)
model.compile(optimizer='rmsprop',
              loss='categorical_crossentropy',
              metrics=['accuracy'])
model.fit(data, labels)
x = Input(shape=(784,))
y = model(x)

from keras.layers import TimeDistributed

input_sequences = Input(shape=(20, 784))
processed_sequences = TimeDistributed(model)(input_sequences)
assert processed_sequences._keras_shape == (None, 20, 10)

# shapes of the core layers
from keras.layers import Reshape, Permute, RepeatVector

model = Sequential()
model.add(Reshape((3, 4), input_shape=(12,)))
assert model.output_shape == (None, 3, 4)
model.add(Reshape((6, 2)))
assert model.output_shape == (None, 6, 2)
model = Sequential()
model.add(Permute((2, 1), input_shape=(10, 64)))
assert model.output_shape == (None, 64, 10)
model = Sequential()
model.add(Dense(32, input_dim=32))
assert model.output_shape == (None, 32)
model.add(RepeatVector(3))
assert model.output_shape == (None, 3, 32)
