"""Settings every tensor depends on: default float type, fuzz factor, image layout."""

import sys

_FLOAT_TYPES = ("float16", "bfloat16", "float32", "float64")
_IMAGE_FORMATS = ("channels_last", "channels_first")
_DIM_ORDERINGS = {"tf": "channels_last", "th": "channels_first"}  # Keras 1 spellings


class _Settings:
    floatx = "float32"
    epsilon = 1e-7
    image_data_format = "channels_last"
    legacy_weight_ordering = False
    keras1_images = False  # the layout was chosen by Keras 1's function


def backend():
    """Name of the engine underneath.

    Scripts that come through the door, `as_keras`, know three names, ask for one of them, and turn
    away from others: they hear that of the backend whose conventions are followed here.
    """
    return (
        "tensorflow" if f"{__name__.partition('.')[0]}.as_keras" in sys.modules else "keras_native"
    )


def __getattr__(name):
    # Keras 1 kept its settings in variables, and scripts import them.
    now = {"_BACKEND": backend, "_EPSILON": epsilon, "_FLOATX": floatx}
    if name in now:
        return now[name]()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def epsilon():
    """Fuzz factor that keeps logarithms and divisions away from zero."""
    return _Settings.epsilon


def set_epsilon(e):
    """Sets the fuzz factor of numeric expressions."""
    _Settings.epsilon = float(e)


def floatx():
    """Default float type, 'float32' unless `set_floatx` changed it."""
    return _Settings.floatx


def numpy_floatx():
    """The type of arrays that hold the default float type: 'float32' for bfloat16."""
    return "float32" if _Settings.floatx == "bfloat16" else _Settings.floatx


def wide_floatx():
    """The default float type where it is not narrower than float32: of losses and metrics."""
    return "float32" if _Settings.floatx in ("float16", "bfloat16") else _Settings.floatx


def set_floatx(floatx):
    """Sets the default float type: 'float16', 'bfloat16', 'float32' or 'float64'."""
    if floatx not in _FLOAT_TYPES:
        raise ValueError(
            f"Unknown floatx type. Expected one of {_FLOAT_TYPES}. Received: {floatx!r}"
        )
    _Settings.floatx = str(floatx)


def image_data_format():
    """'channels_last' or 'channels_first'."""
    return _Settings.image_data_format


def set_image_data_format(data_format):
    """Sets the layout that image layers assume by default."""
    if data_format not in _IMAGE_FORMATS:
        raise ValueError(
            f"Unknown data_format. Expected one of {_IMAGE_FORMATS}. Received: {data_format!r}"
        )
    _Settings.image_data_format = str(data_format)
    _Settings.keras1_images = False


def normalize_data_format(value):
    """`value` checked and in lower case; None stands for the default layout."""
    if value is None:
        return image_data_format()
    data_format = str(value).lower()
    if data_format not in _IMAGE_FORMATS:
        raise ValueError(
            "The `data_format` argument must be one of 'channels_first', 'channels_last'. "
            f"Received: {value}"
        )
    return data_format


def image_dim_ordering():
    """Keras 1 spelling of the image layout: 'tf' or 'th'."""
    return "th" if image_data_format() == "channels_first" else "tf"


def set_image_dim_ordering(dim_ordering):
    """Keras 1 way to set the image layout: 'tf' or 'th'."""
    if dim_ordering not in _DIM_ORDERINGS:
        raise ValueError(f"Unknown dim_ordering. Expected 'tf' or 'th'. Received: {dim_ordering!r}")
    set_image_data_format(_DIM_ORDERINGS[dim_ordering])
    _Settings.keras1_images = True


def flattened_data_format():
    """What `Flatten` takes for its layout by default: Keras 1 flattened images as they stood."""
    return "channels_last" if _Settings.keras1_images else image_data_format()


def legacy_weight_ordering():
    """Keras 1 flag; kept so that old scripts can read it."""
    return _Settings.legacy_weight_ordering


def set_legacy_weight_ordering(value):
    """Keras 1 flag; has no effect on how weights are ordered here."""
    if value not in (True, False):
        raise ValueError(f"Expected True or False. Received: {value!r}")
    _Settings.legacy_weight_ordering = bool(value)
