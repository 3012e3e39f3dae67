"""A first network and digits, by a book of Keras 2; fewer epochs."""

import keras
import numpy as np

x = np.array([[1], [2], [3], [7]])
y = np.array([[3], [6], [9], [21]])

model = keras.models.Sequential()
from keras.layers import Dense
model.add(Dense(3, activation='relu', input_shape=(1,)))
model.add(keras.layers.Dense(1, activation='linear'))
model.summary()

from keras.optimizers import SGD
sgd = SGD(lr=0.01)
model.compile(optimizer=sgd, loss='mean_squared_error')
model.fit(x, y, epochs=1, batch_size=4, verbose=1)

assert [tuple(w.shape) for w in model.weights] == [(1, 3), (3,), (3, 1), (1,)]
print(model.get_weights())

x1 = [[5], [6]]
output = model.predict(x1)
print(output)
assert output.shape == (2, 1)

from keras.datasets import mnist
from keras.models import Sequential
from keras.layers import Dropout
from keras.utils import np_utils

(x_train, y_train), (x_test, y_test) = mnist.load_data()
num_pixels = x_train.shape[1] * x_train.shape[2]
x_train = x_train.reshape(-1, num_pixels).astype('float32')
x_test = x_test.reshape(-1, num_pixels).astype('float32')
y_train = np_utils.to_categorical(y_train)
y_test = np_utils.to_categorical(y_test)
num_classes = y_test.shape[1]

model = Sequential()
model.add(Dense(1000, input_dim=num_pixels, activation='relu'))
model.add(Dense(num_classes, activation='softmax'))
model.summary()
model.compile(loss='categorical_crossentropy', optimizer='adam', metrics=['acc'])

history = model.fit(x_train, y_train,
                    validation_data=(x_test, y_test),
                    epochs=5,
                    batch_size=64,
                    verbose=1)

history_dict = history.history
loss_values = history_dict['loss']
val_loss_values = history_dict['val_loss']
acc_values = history_dict['acc']
val_acc_values = history_dict['val_acc']
epochs = range(1, len(val_loss_values) + 1)
assert list(epochs) == [1, 2, 3, 4, 5]

preds = model.predict(x_test)
correct = 0
for i in range(len(x_test)):
    pred = np.argmax(preds[i], axis=0)
    act = np.argmax(y_test[i], axis=0)
    if (pred == act):
        correct += 1
    else:
        continue
accuracy = correct / len(x_test)
print('Test accuracy: {:.4f}%'.format(accuracy * 100))
assert accuracy > 0.8
