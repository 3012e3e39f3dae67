"""Fashion-MNIST: 28 x 28 images of clothing in ten classes, 60000 to train and 10000 to test.

By Zalando Research, MIT licence. Files are looked for in the Keras cache folder, then where
Debian's package `dataset-fashion-mnist` puts them, and are downloaded into the cache otherwise.
"""

import os

from ..utils.download import get_file, keras_home
from .idx import read_idx

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
_SYSTEM = "/usr/share/datasets/fashion-mnist"
_SUBDIR = os.path.join("datasets", "fashion-mnist")
_MD5 = {
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
}


def load_data():
    """Fashion-MNIST.

    Returns:
        ((x_train, y_train), (x_test, y_test)): images uint8 (n, 28, 28), classes uint8 (n,) of
        T-shirt/top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.
    """
    y_train, x_train, y_test, x_test = (read_idx(_find(name)) for name in _MD5)
    return (x_train, y_train), (x_test, y_test)


def _find(name):
    for folder in (os.path.join(keras_home(), _SUBDIR), _SYSTEM):
        if os.path.exists(os.path.join(folder, name)):
            return os.path.join(folder, name)
    return get_file(name, origin=_ORIGIN + name, cache_subdir=_SUBDIR, file_hash=_MD5[name])
