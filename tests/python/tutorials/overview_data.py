"""The data sets of an overview of Keras 2, from the cache folder."""

import keras
from keras.datasets import cifar10

(X_train, y_train), (X_test, y_test) = cifar10.load_data()
assert X_train.shape[1:] == (32, 32, 3) and X_train.dtype == 'uint8'

from keras.datasets import cifar100

(X_train, y_train), (X_test, y_test) = cifar100.load_data(label_mode='fine')
assert X_train.shape[1:] == (32, 32, 3) and y_test.shape == (len(X_test), 1)

from keras.datasets import mnist

(X_train, y_train), (X_test, y_test) = mnist.load_data()
assert X_train.shape[1:] == (28, 28)

from keras.datasets import boston_housing

(X_train, y_train), (X_test, y_test) = boston_housing.load_data()
assert X_train.shape[1:] == (13,)

from keras.datasets import imdb

(X_train, y_train), (X_test, y_test) = imdb.load_data(
    path='imdb.npz', num_words=None, skip_top=0,
    maxlen=None, seed=113,
    start_char=1, oov_char=2, index_from=3, )
assert all(x[0] == 1 for x in X_train) and set(y_train) == {0, 1}

from keras.datasets import reuters

(X_train, y_train), (X_test, y_test) = reuters.load_data(
    path='reuters.npz', num_words=None, skip_top=0,
    maxlen=None, test_split=0.2, seed=113,
    start_char=1, oov_char=2, index_from=3,
)
assert len(X_train) == 4 * len(X_test)

word_index = reuters.get_word_index(path='reuters_word_index.json')
assert word_index['giraffe'] == 1234

num_classes = 5
y_train = [0, 1, 2, 3, 4] * 20
y_train = keras.utils.to_categorical(y_train, num_classes)
assert y_train.shape == (100, 5)
