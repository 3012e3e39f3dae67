"""Functions of the backend with the names of arguments that Keras 1 had.

Inside the package the functions themselves are called.
"""

import functools

from .hook import translate_calls
from .table import Spelling

_DATA = {"dim_ordering": "data_format"}
_IMAGES = {**_DATA, "X": "x"}
_CONV = {
    **_DATA,
    "border_mode": "padding",
    "filter_dilation": "dilation_rate",
    "image_shape": None,
    "filter_shape": None,
    "volume_shape": None,
}
_POOL = {**_DATA, "border_mode": "padding"}
_SPELLINGS = {
    "asymmetric_spatial_2d_padding": _DATA,
    "conv2d": _CONV,
    "conv3d": _CONV,
    "expand_dims": {"dim": "axis"},
    "one_hot": {"nb_classes": "num_classes"},
    "pool2d": _POOL,
    "pool3d": _POOL,
    "random_normal": {"std": "stddev"},
    "resize_images": _IMAGES,
    "resize_volumes": _IMAGES,
    "separable_conv2d": _CONV,
    "spatial_2d_padding": _DATA,
    "spatial_3d_padding": _DATA,
}


def wrap(functions):
    """Puts the functions of `functions`, {name: function}, behind their spellings of Keras 1."""
    for name, names in _SPELLINGS.items():
        functions[name] = translate_calls(functions[name], Spelling(names), name, skip=0)
    functions["batch_dot"] = _of_its_time(functions["batch_dot"])


def _of_its_time(today):
    @functools.wraps(today)
    def batch_dot(x, y, axes=None):
        from .batch_dot import Then
        from .batch_dot import batch_dot as then

        return (then if Then.before_2_3 else today)(x, y, axes)

    return batch_dot
