# Snippets about filters set by hand, models from their configuration, and class weights.
import numpy as np
from keras.layers import LSTM, Convolution2D, Dense, Masking, MaxPooling2D, ZeroPadding2D
from keras.models import Model, Sequential
from keras.optimizers import SGD

model = Sequential()
model.add(LSTM(32, input_shape=(10, 64)))
model = Sequential()
model.add(LSTM(32, batch_input_shape=(None, 10, 64)))
model = Sequential()
model.add(LSTM(32, input_length=10, input_dim=64))

timesteps, features = 10, 64
model = Sequential()
model.add(Masking(mask_value=0., input_shape=(timesteps, features)))
model.add(LSTM(32))

model = Sequential()
model.add(ZeroPadding2D((1, 1), batch_input_shape=(1, 4, 4, 1)))
model.add(Convolution2D(filters=1,kernel_size=(3,3),strides=(3,3), activation='relu', name='conv1_1'))
assert model.layers[1].get_weights()[0].shape == (3, 3, 1, 1)
model.add(ZeroPadding2D((1, 1)))
model.add(Convolution2D(filters=1,kernel_size=(2,3),strides=(2,3), activation='relu', name='conv1_2'))
model.layers[2].get_weights()

img_width, img_height = 256, 256
data = np.empty((1,1,img_width,img_height),dtype="float32")
arr = np.random.randint(0, 256, (img_width, img_height)).astype("float32")
data[0,:,:,:] = arr

weights = [[[[[-1]],[[0]],[[1]]],[[[-2]],[[0]],[[2]]],[[[-1]],[[0]],[[1]]]]]
weights =np.array(weights)

model = Sequential()
model.add(ZeroPadding2D(padding=(2, 2), data_format='channels_first', batch_input_shape=(1, 1,img_width, img_height)))
model.add(Convolution2D(filters=1,kernel_size=(3,3),strides=(1,1), activation='relu', name='conv1_1', data_format='channels_first'))
model.set_weights(weights)

model.add(ZeroPadding2D((1, 1)))
model.add(Convolution2D(filters=1,kernel_size=(3,3),strides=(1,1), activation='relu', name='conv1_2',data_format='channels_first'))
model.set_weights(weights)

model.add(ZeroPadding2D((0, 0)))
model.add(MaxPooling2D(pool_size=1, strides=None,data_format='channels_first'))

sgd = SGD(lr=0.01, decay=1e-6, momentum=0.9, nesterov=True)
model.compile(loss='mse', optimizer=sgd, class_mode='categorical')
result = model.predict(data,batch_size=1,verbose=0)
assert np.isfinite(result).all() and result.ndim == 4

config = model.get_config()
model = Sequential.from_config(config)

from keras.layers import Input

x = Input((8,))
model = Model(x, Dense(2, activation='softmax')(x))
config = model.get_config()
model = Model.from_config(config)
json_string = model.to_json()

cw = {0: 1, 1: 50}
model.compile(loss='categorical_crossentropy', optimizer='adam')
x_train = np.random.random((40, 8))
y_train = np.eye(2)[np.random.randint(0, 2, 40)]
model.fit(x_train, y_train,batch_size=8,epochs=1,verbose=0,
          validation_data=(x_train, y_train), shuffle=True,class_weight=cw)
model.save_weights('my_model_weights.h5')
model.load_weights('my_model_weights.h5', by_name=True)
