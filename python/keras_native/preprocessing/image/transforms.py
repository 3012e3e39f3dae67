"""Geometric and colour transformations of one image.

Coordinates and edges are those of SciPy's `ndimage.affine_transform`, so that augmented images are
those that Keras made; interpolation up to first order is done here in NumPy.
"""

import numpy as np

from .files import array_to_img, img_to_array

_FILL_MODES = ("nearest", "constant", "reflect", "wrap")


def transform_matrix_offset_center(matrix, x, y):
    """A 3 x 3 transformation about the origin, moved to the centre of an image of x by y."""
    o_x, o_y = x / 2 + 0.5, y / 2 + 0.5
    there = np.array([[1, 0, o_x], [0, 1, o_y], [0, 0, 1]])
    back = np.array([[1, 0, -o_x], [0, 1, -o_y], [0, 0, 1]])
    return there @ matrix @ back


def _matrix(theta, tx, ty, shear, zx, zy):
    """The transformation as a 3 x 3 matrix, None for the identity."""
    parts = []
    if theta != 0:
        t = np.deg2rad(theta)
        parts.append([[np.cos(t), -np.sin(t), 0], [np.sin(t), np.cos(t), 0], [0, 0, 1]])
    if tx != 0 or ty != 0:
        parts.append([[1, 0, tx], [0, 1, ty], [0, 0, 1]])
    if shear != 0:
        s = np.deg2rad(shear)
        parts.append([[1, -np.sin(s), 0], [0, np.cos(s), 0], [0, 0, 1]])
    if zx != 1 or zy != 1:
        parts.append([[zx, 0, 0], [0, zy, 0], [0, 0, 1]])
    matrix = None
    for part in parts:
        matrix = np.array(part) if matrix is None else matrix @ np.array(part)
    return matrix


def apply_affine_transform(
    x,
    theta=0,
    tx=0,
    ty=0,
    shear=0,
    zx=1,
    zy=1,
    row_axis=0,
    col_axis=1,
    channel_axis=2,
    fill_mode="nearest",
    cval=0.0,
    order=1,
):
    """Rotates, shifts, shears and zooms an image of three axes.

    Args:
        x: the image.
        theta: rotation in degrees.
        tx, ty: shift in pixels along rows and columns.
        shear: angle in degrees.
        zx, zy: zoom along rows and columns; below 1 magnifies.
        row_axis, col_axis, channel_axis: axes of `x`.
        fill_mode: "nearest", "constant", "reflect" or "wrap": what lies outside.
        cval: value outside for "constant".
        order: of the spline interpolation; above 1 SciPy is needed.
    Returns:
        Array of the shape of `x`.
    """
    if fill_mode not in _FILL_MODES:
        raise ValueError(f"Expected fill_mode to be one of {_FILL_MODES}; received {fill_mode!r}.")
    matrix = _matrix(theta, tx, ty, shear, zx, zy)
    if matrix is None:
        return x
    matrix = transform_matrix_offset_center(matrix, x.shape[row_axis], x.shape[col_axis])
    image = np.moveaxis(x, (row_axis, col_axis, channel_axis), (0, 1, 2))
    image = _resample(image, matrix, fill_mode, cval, order)
    return np.moveaxis(image, (0, 1, 2), (row_axis, col_axis, channel_axis))


def apply_transform(x, transform_matrix, channel_axis=0, fill_mode="nearest", cval=0.0):
    """An image at the places that a 3 x 3 matrix gives, without interpolation (Keras 1)."""
    image = np.moveaxis(np.asarray(x), channel_axis, 2)
    image = _resample(image, np.asarray(transform_matrix), fill_mode, cval, 0)
    return np.moveaxis(image, 2, channel_axis)


def _resample(image, matrix, mode, cval, order):
    """image (h, w, c) at the places that `matrix` gives for every pixel."""
    if order > 1:
        from scipy import ndimage

        planes = [
            ndimage.affine_transform(
                image[..., c], matrix[:2, :2], matrix[:2, 2], order=order, mode=mode, cval=cval
            )
            for c in range(image.shape[2])
        ]
        return np.stack(planes, axis=2)
    h, w = image.shape[:2]
    r, c = np.arange(h)[:, None], np.arange(w)[None, :]
    inside = True
    corners = []
    for row, extent in zip(matrix, (h, w), strict=False):
        places = row[2] + row[0] * r + row[1] * c
        if mode == "constant":
            inside = inside & (places >= 0) & (places <= extent - 1)
        corners.append(_neighbours(_folded(places, extent, mode), extent, order))
    (r0, r1, fr), (c0, c1, fc) = corners
    fr, fc = fr[..., None], fc[..., None]
    if order == 0:
        result = image[r0, c0]
    else:
        top = image[r0, c0] * (1 - fc) + image[r0, c1] * fc
        bottom = image[r1, c0] * (1 - fc) + image[r1, c1] * fc
        result = top * (1 - fr) + bottom * fr
    if mode == "constant":
        result = np.where(inside[..., None], result, cval)
    return result.astype(image.dtype)


def _folded(places, extent, mode):
    """Places outside 0 … extent - 1 brought back as `mode` says."""
    if mode in ("nearest", "constant") or extent == 1:
        return np.clip(places, 0, extent - 1)
    below, above = places < 0, places > extent - 1
    folded = places.copy()
    if mode == "wrap":
        period = extent - 1
        folded[below] += period * (np.floor(-places[below] / period) + 1)
        folded[above] -= period * np.floor(places[above] / period)
        return folded
    period = 2 * extent
    low = places[below]
    low = np.where(low < -period, period * np.floor(-low / period) + low, low)
    folded[below] = np.where(low < -extent, low + period, -low - 1)
    high = places[above]
    high = high - period * np.floor(high / period)
    folded[above] = np.where(high >= extent, period - high - 1, high)
    return folded


def _neighbours(places, extent, order):
    """Indices on both sides of each place, reflected at the edges, and the share of the second."""
    if order == 0:
        index = _reflected(np.floor(places + 0.5).astype(np.int64), extent)
        return index, index, np.zeros(places.shape)
    first = np.floor(places)
    index = first.astype(np.int64)
    return _reflected(index, extent), _reflected(index + 1, extent), places - first


def _reflected(index, extent):
    """-1 -> 0 and extent -> extent - 1: folded places are at most one pixel outside."""
    index = np.where(index < 0, -index - 1, index)
    return np.where(index >= extent, 2 * extent - 1 - index, index)


def flip_axis(x, axis):
    """The image in reverse order along an axis."""
    return np.flip(np.asarray(x), axis)


def apply_channel_shift(x, intensity, channel_axis=0):
    """Adds `intensity` to all channels, within the image's own range of values."""
    return np.clip(x + intensity, np.min(x), np.max(x))


def apply_brightness_shift(x, brightness):
    """Scales the brightness; the image is brought to 0 … 255 first. Needs Pillow."""
    from PIL import ImageEnhance

    image = ImageEnhance.Brightness(array_to_img(x)).enhance(brightness)
    return img_to_array(image)


def random_rotation(
    x,
    rg,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Rotates by an angle drawn from -rg to rg degrees."""
    theta = np.random.uniform(-rg, rg)
    return apply_affine_transform(
        x,
        theta=theta,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_shift(
    x,
    wrg,
    hrg,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Shifts by shares of the height and width drawn from -hrg to hrg and -wrg to wrg."""
    tx = np.random.uniform(-hrg, hrg) * x.shape[row_axis]
    ty = np.random.uniform(-wrg, wrg) * x.shape[col_axis]
    return apply_affine_transform(
        x,
        tx=tx,
        ty=ty,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_shear(
    x,
    intensity,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Shears by an angle drawn from -intensity to intensity degrees."""
    shear = np.random.uniform(-intensity, intensity)
    return apply_affine_transform(
        x,
        shear=shear,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_zoom(
    x,
    zoom_range,
    row_axis=1,
    col_axis=2,
    channel_axis=0,
    fill_mode="nearest",
    cval=0.0,
    interpolation_order=1,
):
    """Zooms by two factors drawn from the two values of `zoom_range`."""
    if len(zoom_range) != 2:
        raise ValueError(f"Expected zoom_range as two numbers; received {zoom_range!r}.")
    zx, zy = (1, 1) if tuple(zoom_range) == (1, 1) else np.random.uniform(*zoom_range, 2)
    return apply_affine_transform(
        x,
        zx=zx,
        zy=zy,
        row_axis=row_axis,
        col_axis=col_axis,
        channel_axis=channel_axis,
        fill_mode=fill_mode,
        cval=cval,
        order=interpolation_order,
    )


def random_channel_shift(x, intensity_range, channel_axis=0):
    """Adds a number drawn from -intensity_range to intensity_range."""
    return apply_channel_shift(
        x, np.random.uniform(-intensity_range, intensity_range), channel_axis=channel_axis
    )


def random_brightness(x, brightness_range):
    """Scales the brightness by a factor drawn from the two values of `brightness_range`."""
    if len(brightness_range) != 2:
        raise ValueError(
            f"Expected brightness_range as two numbers; received {brightness_range!r}."
        )
    return apply_brightness_shift(x, np.random.uniform(*brightness_range))
