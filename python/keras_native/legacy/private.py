"""Names that are no part of the API, or of Keras 2, which published scripts import all the same."""

import os
import string

from .. import backend as K
from ..applications.common import checked_shape
from ..layers.rnn_cells import dropout_masks
from ..preprocessing.image.files import files_below


def _obtain_input_shape(
    input_shape, default_size, min_size, data_format, require_flatten, weights=None
):
    """The shape of an image model's input, checked; see `applications.common.checked_shape`."""
    return checked_shape(input_shape, default_size, min_size, require_flatten, weights, data_format)


def _to_tensor(x, dtype):
    """`x` (number, array, nested list or tensor) as a tensor of a type."""
    return K.cast(x, dtype) if K.is_tensor(x) else K.constant(x, dtype=dtype)


def _generate_dropout_mask(ones, rate, training=None, count=1):
    """Dropout of a tensor of ones while training; a list of `count` of them where that is not 1."""
    masks = dropout_masks(ones, rate, training, count)
    return masks if count > 1 else masks[0]


def time_distributed_dense(
    x, w, b=None, dropout=None, input_dim=None, output_dim=None, timesteps=None, training=None
):
    """`x . w + b` at every step (Keras 1); one mask of dropout for all steps of a sample.

    Args:
        x: tensor (samples, steps, features).
        w: tensor (features, units).
        b: tensor (units,) or None.
        dropout: part of the features to drop while training.
        input_dim, output_dim, timesteps: extents, taken from the tensors.
        training: True or False fixes the phase.
    """
    if dropout:
        kept = K.ones_like(x[:, :1])
        x = x * _generate_dropout_mask(kept, dropout, training)
    y = K.dot(x, w)
    return y if b is None else K.bias_add(y, b)


def collect_trainable_weights(layer):
    """The trainable weights of a layer or model, for an optimizer (Keras 1)."""
    return layer.trainable_weights


def base_filter():
    """What separated words in Keras 1: all punctuation but the apostrophe."""
    return string.punctuation.replace("'", "") + "\t\n"


def _iter_valid_files(directory, white_list_formats, follow_links):
    """(folder, file name) of every file below a folder with one of the endings, in order."""
    return iter(files_below(directory, tuple(white_list_formats), follow_links))


def validate_filename(filename, white_list_formats):
    """Whether there is a file of that name with one of the endings."""
    return filename.lower().endswith(white_list_formats) and os.path.isfile(filename)


def _list_valid_filenames_in_directory(
    directory, white_list_formats, split, class_indices, follow_links
):
    """Classes and paths (from the folder's parent) of a class's files.

    Args:
        directory: folder of one class, called as the class is.
        white_list_formats: endings of files.
        split: (from, to) as parts of the files, or None for all.
        class_indices: {name of a class: its number}.
        follow_links: whether links to folders are followed.
    """
    found = files_below(directory, tuple(white_list_formats), follow_links)
    if split:
        found = found[int(split[0] * len(found)) : int(split[1] * len(found))]
    own = os.path.basename(directory)
    paths = [
        os.path.join(own, os.path.relpath(os.path.join(root, name), directory))
        for root, name in found
    ]
    return [class_indices[own]] * len(paths), paths


def _count_valid_files_in_directory(directory, white_list_formats, split=None, follow_links=False):
    """How many files `_list_valid_filenames_in_directory` would list."""
    own = os.path.basename(directory)
    listed = _list_valid_filenames_in_directory(
        directory, white_list_formats, split, {own: 0}, follow_links
    )
    return len(listed[1])
