"""What an overview of Keras 2 answers: callbacks, saving, descriptions, weights."""

import os
import tempfile

import numpy as np
import keras
from keras.models import Sequential, Model
from keras.layers import Dense

os.chdir(tempfile.mkdtemp())
x_train = np.random.random((200, 100))
y_train = keras.utils.to_categorical(np.random.randint(10, size=200), 10)
x_test, y_test = x_train[:50], y_train[:50]
x_batch, y_batch = x_train[:32], y_train[:32]
X = x = x_train
y = y_train

model = Sequential()
model.add(Dense(units=64, activation='relu', input_dim=100))
model.add(Dense(units=10, activation='softmax'))
model.compile(loss='categorical_crossentropy',
              optimizer='sgd',
              metrics=['accuracy'])
model.fit(x_train, y_train, epochs=5, batch_size=32)
loss_and_metrics = model.evaluate(x_test, y_test, batch_size=128)
classes = model.predict(x_test, batch_size=128)
assert classes.shape == (50, 10)

model.compile(loss=keras.losses.categorical_crossentropy,
              optimizer=keras.optimizers.SGD(lr=0.01, momentum=0.9, nesterov=True))
model.fit(x_train, y_train, epochs=5, batch_size=32)
model.train_on_batch(x_batch, y_batch)
loss_and_metrics = model.evaluate(x_test, y_test, batch_size=128)


def create_model():
    model = Sequential()
    model.add(Dense(12, input_dim=8, init='uniform', activation='relu'))
    model.add(Dense(8, init='uniform', activation='relu'))
    model.add(Dense(1, init='uniform', activation='sigmoid'))
    model.compile(loss='binary_crossentropy', optimizer='adam', metrics=['accuracy'])
    return model


assert create_model().count_params() == 12 * 9 + 8 * 13 + 9

# descriptions
config = model.get_config()
model = Sequential.from_config(config)
inputs = keras.layers.Input((3,))
between = Model(inputs, Dense(2)(inputs))
between = Model.from_config(between.get_config())
model.summary()

from keras.models import model_from_json

json_string = model.to_json()
model = model_from_json(json_string)

try:
    import yaml
except ImportError:
    yaml = None
if yaml:
    from keras.models import model_from_yaml

    yaml_string = model.to_yaml()
    model = model_from_yaml(yaml_string)

# weights
model.get_layer(index=0)
weights = model.get_weights()
model.set_weights(weights)
assert len(model.layers) == 2

# callbacks
model.compile(loss='categorical_crossentropy', optimizer='rmsprop', metrics=['accuracy'])

from keras.callbacks import EarlyStopping, ModelCheckpoint

early_stopping = EarlyStopping(monitor='val_loss', patience=2)
model.fit(X, y, validation_split=0.2, callbacks=[early_stopping])

hist = model.fit(X, y, validation_split=0.2)
print(hist.history)
assert sorted(hist.history) == ['accuracy', 'loss', 'val_accuracy', 'val_loss']

filepath = 'model-ep{epoch:03d}-loss{loss:.3f}-val_loss{val_loss:.3f}.h5'
checkpoint = ModelCheckpoint(filepath, monitor='val_loss', verbose=1, save_best_only=True, mode='min')
model.fit(x, y, epochs=3, verbose=2, callbacks=[checkpoint], validation_data=(x, y))
assert any(name.startswith('model-ep001') for name in os.listdir('.'))

# weights by name
fname = 'my_model_weights.h5'
model = Sequential()
model.add(Dense(2, input_dim=3, name="dense_1"))
model.add(Dense(3, name="dense_2"))
model.save_weights(fname)
first = model.get_weights()[0]

model = Sequential()
model.add(Dense(2, input_dim=3, name="dense_1"))  # will be loaded
model.add(Dense(10, name="new_dense"))  # will not be loaded
model.load_weights(fname, by_name=True)
assert (model.get_weights()[0] == first).all()

# rare classes
cw = {0: 1, 1: 50}
model = Sequential([Dense(1, activation='sigmoid', input_dim=100)])
model.compile('sgd', 'binary_crossentropy')
model.fit(x_train, np.arange(200) % 2, batch_size=32, epochs=1, verbose=1,
          shuffle=True, class_weight=cw)
model.fit(x_train, np.arange(200) % 2, batch_size=32, epochs=1,
          validation_split=0.1, sample_weight=np.linspace(0, 1, 200))
