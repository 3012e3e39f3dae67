"""A picture through filters set by hand and back into a file, by a guide of Keras 2; smaller."""
# needs: PIL

from PIL import Image
import numpy as np
from keras.models import Sequential
from keras.layers import Convolution2D, ZeroPadding2D, MaxPooling2D
from keras.optimizers import SGD

img_width, img_height = 64, 64
picture = np.zeros((img_width, img_height), "uint8")
picture[:, 32:] = 255
Image.fromarray(picture).save("D:\\keras\\lena.jpg")

data = np.empty((1,1,img_width,img_height),dtype="float32")
img = Image.open("D:\\keras\\lena.jpg")
arr = np.asarray(img,dtype="float32")
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
# The filter set by hand finds the edge; the second filter stays as it was drawn, of any sign.
edge = Sequential(model.layers[:2]).predict(data)[0][0][8:-8, 8:-8]
assert edge[:, :16].max() < edge.max() / 8 and edge.max() > 1000
assert result.min() == 0

img_new=Image.fromarray(result[0][0]).convert('L')
img_new.save("D:\\keras\\tt123.jpg")
assert Image.open("D:\\keras\\tt123.jpg").size[1] == result.shape[2]
