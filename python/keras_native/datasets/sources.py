"""Where the files of the data sets are kept and come from."""

from ..utils.download import get_file

KERAS = "https://s3.amazonaws.com/"  # where Keras 2.3.1 looked
MIRROR = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(name, folder, file_hash, path=None):
    """Path of a file of a data set, in the cache folder or downloaded into it.

    Args:
        name: of the file at its source.
        folder: Keras's folder for it; the mirror of TensorFlow, which has them all, is next.
        file_hash: md5 or sha256 that the file must have.
        path: name in the cache, or an absolute path; None: `name`.
    """
    path = path or name
    try:
        return get_file(path, origin=f"{KERAS}{folder}/{name}", file_hash=file_hash)
    except (OSError, ValueError) as error:
        try:
            return get_file(path, origin=MIRROR + name, file_hash=file_hash)
        except (OSError, ValueError) as second:
            raise second from error
