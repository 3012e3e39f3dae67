"""Image files and Pillow images as arrays. Pillow is imported where it is used."""

import os

import numpy as np

from ... import backend as K

EXTENSIONS = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")
_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}


def pil():
    """The module PIL.Image.

    Raises:
        ImportError: if Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("Image files need Pillow: pip install keras-native[image].") from error
    return Image


def _interpolations():
    image = pil()
    names = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")
    return {name: getattr(image, name.upper()) for name in names}


def load_img(path, grayscale=False, color_mode="rgb", target_size=None, interpolation="nearest"):
    """An image file as a Pillow image.

    Args:
        path: the file.
        grayscale: older spelling of color_mode="grayscale".
        color_mode: "grayscale", "rgb" or "rgba".
        target_size: (height, width) to resize to; None: as it is.
        interpolation: of the resizing: "nearest", "bilinear", "bicubic", "lanczos", "box" or
            "hamming".
    """
    if grayscale:
        color_mode = "grayscale"
    if color_mode not in _MODES:
        raise ValueError(f"Expected color_mode among {sorted(_MODES)}; received {color_mode!r}.")
    with pil().open(path) as f:
        f.load()
        image = f.convert(_MODES[color_mode]) if f.mode != _MODES[color_mode] else f.copy()
    if target_size is not None:
        size = (target_size[1], target_size[0])
        methods = _interpolations()
        if interpolation not in methods:
            raise ValueError(
                f"Expected interpolation among {sorted(methods)}; received {interpolation!r}."
            )
        if image.size != size:
            image = image.resize(size, methods[interpolation])
    return image


def _layout(data_format):
    """'channels_first' or 'channels_last'; Keras 1's 'th', 'tf' and 'default' as well."""
    known = {"th": "channels_first", "tf": "channels_last", "default": None}
    return K.normalize_data_format(known.get(data_format, data_format))


def img_to_array(img, data_format=None, dtype=None):
    """A Pillow image as an array of three axes, values from 0 to 255."""
    x = np.asarray(img, dtype=dtype or K.numpy_floatx())
    if x.ndim == 2:
        x = x[..., None]
    elif x.ndim != 3:
        raise ValueError(f"Expected an image of two or three axes; received shape {x.shape}.")
    return x.transpose(2, 0, 1) if _layout(data_format) == "channels_first" else x


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """An array of three axes as a Pillow image.

    Args:
        x: the array, with 1, 3 or 4 channels.
        data_format: its layout.
        scale: whether to stretch its values to 0 … 255.
        dtype: to compute in.
    """
    x = np.asarray(x, dtype=dtype or K.numpy_floatx())
    if x.ndim != 3:
        raise ValueError(f"Expected an image of three axes; received shape {x.shape}.")
    if _layout(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - np.min(x)
        largest = np.max(x)
        if largest != 0:
            x = x / largest
        x = x * 255
    channels = x.shape[2]
    if channels == 1:
        if np.max(x) > 255:  # more than a byte: 32-bit pixels
            return pil().fromarray(x[:, :, 0].astype("int32"), "I")
        return pil().fromarray(x[:, :, 0].astype("uint8"), "L")
    if channels not in (3, 4):
        raise ValueError(f"Expected 1, 3 or 4 channels; received {channels}.")
    return pil().fromarray(x.astype("uint8"), "RGB" if channels == 3 else "RGBA")


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Writes an array as an image file; `kwargs` go to Pillow."""
    image = array_to_img(x, data_format=data_format, scale=scale)
    if image.mode == "RGBA" and file_format in ("jpg", "jpeg"):
        image = image.convert("RGB")
    image.save(path, format="jpeg" if file_format == "jpg" else file_format, **kwargs)


def files_below(directory, endings, follow_links):
    """[(folder, name)] of the files below a folder that have one of the endings, sorted."""
    return [
        (root, name)
        for root, _, names in sorted(os.walk(directory, followlinks=follow_links))
        for name in sorted(names)
        if name.lower().endswith(endings)
    ]


def list_pictures(directory, ext=("jpg", "jpeg", "bmp", "png", "ppm", "tif", "tiff")):
    """Paths of the images below a folder; endings as a tuple, or between bars as in Keras 1."""
    endings = tuple(f".{e}" for e in (ext.split("|") if isinstance(ext, str) else ext))
    return [os.path.join(*found) for found in files_below(directory, endings, False)]
