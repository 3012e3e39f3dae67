"""Convolutions of a guide for Keras 1, whose images had their channels first; smaller images."""

import numpy as np
from keras import backend as K
from keras.models import Model, Sequential
from keras.layers import Activation, Dense, Dropout, Flatten, Input, merge
from keras.layers import Convolution1D, Convolution2D, MaxPooling2D
from keras.optimizers import SGD

K.set_image_dim_ordering('th')

X_train, Y_train = np.random.random((8, 3, 100, 100)), np.eye(10)[np.arange(8)]

model = Sequential()
model.add(Convolution2D(32, 3, 3, border_mode='valid', input_shape=(3, 100, 100)))
model.add(Activation('relu'))
model.add(Convolution2D(32, 3, 3))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))

model.add(Convolution2D(64, 3, 3, border_mode='valid'))
model.add(Activation('relu'))
model.add(Convolution2D(64, 3, 3))
model.add(Activation('relu'))
model.add(MaxPooling2D(pool_size=(2, 2)))
model.add(Dropout(0.25))

model.add(Flatten())
model.add(Dense(256))
model.add(Activation('relu'))
model.add(Dropout(0.5))

model.add(Dense(10))
model.add(Activation('softmax'))

sgd = SGD(lr=0.1, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='categorical_crossentropy', optimizer=sgd)
model.fit(X_train, Y_train, batch_size=4, nb_epoch=1)

# towers
input_img = Input(shape=(3, 256, 256))
tower_1 = Convolution2D(64, 1, 1, border_mode='same', activation='relu')(input_img)
tower_1 = Convolution2D(64, 3, 3, border_mode='same', activation='relu')(tower_1)
tower_2 = Convolution2D(64, 1, 1, border_mode='same', activation='relu')(input_img)
tower_2 = Convolution2D(64, 5, 5, border_mode='same', activation='relu')(tower_2)
tower_3 = MaxPooling2D((3, 3), strides=(1, 1), border_mode='same')(input_img)
tower_3 = Convolution2D(64, 1, 1, border_mode='same', activation='relu')(tower_3)
output = merge([tower_1, tower_2, tower_3], mode='concat', concat_axis=1)
assert output._keras_shape == (None, 192, 256, 256)

# a residual connection
x = Input(shape=(3, 256, 256))
y = Convolution2D(3, 3, 3, border_mode='same')(x)
z = merge([x, y], mode='sum')
assert z._keras_shape == (None, 3, 256, 256)

# a shared vision model
digit_input = Input(shape=(1, 27, 27))
x = Convolution2D(64, 3, 3)(digit_input)
x = Convolution2D(64, 3, 3)(x)
x = MaxPooling2D((2, 2))(x)
out = Flatten()(x)
vision_model = Model(digit_input, out)

digit_a = Input(shape=(1, 27, 27))
digit_b = Input(shape=(1, 27, 27))
out_a = vision_model(digit_a)
out_b = vision_model(digit_b)
concatenated = merge([out_a, out_b], mode='concat')
out = Dense(1, activation='sigmoid')(concatenated)
classification_model = Model([digit_a, digit_b], out)
images = np.random.random((4, 1, 27, 27))
assert classification_model.predict([images, images]).shape == (4, 1)

# shapes
model = Sequential()
model.add(Convolution2D(64, 3, 3, border_mode='same', input_shape=(3, 32, 32)))
assert model.output_shape == (None, 64, 32, 32)
model.add(Flatten())
assert model.output_shape == (None, 65536)

model = Sequential()
model.add(Convolution1D(64, 3, border_mode='same', input_shape=(10, 32)))
assert model.output_shape == (None, 10, 64)
model.add(Convolution1D(32, 3, border_mode='same'))
assert model.output_shape == (None, 10, 32)

from keras.layers import AtrousConvolution1D

model = Sequential()
model.add(AtrousConvolution1D(64, 3, atrous_rate=2, border_mode='same', input_shape=(10, 32)))
assert model.output_shape == (None, 10, 64)
model.add(AtrousConvolution1D(32, 3, atrous_rate=2, border_mode='same'))
assert model.output_shape == (None, 10, 32)

model = Sequential()
model.add(Convolution2D(64, 3, 3, border_mode='same', input_shape=(3, 256, 256)))
assert model.output_shape == (None, 64, 256, 256)
model.add(Convolution2D(32, 3, 3, border_mode='same'))
assert model.output_shape == (None, 32, 256, 256)
