"""Convolutions and pooling against plain loops in NumPy."""

import itertools

import numpy as np
import pytest
from checks import check
from keras_native import backend as K

rng = np.random.RandomState(19)


def padded(x, window, strides, dilations, padding, value=0.0):
    """`x` (batch, spatial…, channels) with the cells that `padding` adds."""
    pads = [(0, 0)]
    for n, k, s, d in zip(x.shape[1:-1], window, strides, dilations, strict=True):
        reach = (k - 1) * d + 1
        total = max((-(-n // s) - 1) * s + reach - n, 0)
        pads.append(
            {"valid": (0, 0), "same": (total // 2, total - total // 2), "causal": (reach - 1, 0)}[
                padding
            ]
        )
    return np.pad(x, [*pads, (0, 0)], constant_values=value)


def windows(x, window, strides, dilations):
    """(position, block (batch, window…, channels)) for each position of the result."""
    counts = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, s, d in zip(x.shape[1:-1], window, strides, dilations, strict=True)
    ]
    for position in itertools.product(*map(range, counts)):
        block = tuple(
            slice(i * s, i * s + (k - 1) * d + 1, d)
            for i, k, s, d in zip(position, window, strides, dilations, strict=True)
        )
        yield counts, position, x[(slice(None), *block)]


def convolve(x, w, strides, padding, dilations):
    rank = x.ndim - 2
    x = padded(x, w.shape[:rank], strides, dilations, padding)
    out = None
    for counts, position, block in windows(x, w.shape[:rank], strides, dilations):
        if out is None:
            out = np.zeros((x.shape[0], *counts, w.shape[-1]))
        out[(slice(None), *position)] = np.tensordot(block, w, rank + 1)
    return out


def first(x):
    return np.moveaxis(x, -1, 1)


CONV = {1: (K.conv1d, (7,)), 2: (K.conv2d, (5, 4)), 3: (K.conv3d, (3, 4, 3))}


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize(("stride", "dilation"), [(1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_conv(float64, rank, padding, stride, dilation, layout):
    if rank == 3 and dilation == 2 and padding == "valid":
        padding = "same"  # the volume is smaller than the window
    function, size = CONV[rank]
    x, w = rng.normal(size=(2, *size, 2)), rng.normal(size=(*[3, 2, 2][:rank], 2, 3))
    s, d = ((stride,) * rank, (dilation,) * rank) if rank > 1 else (stride, dilation)

    def reference(x, w):
        if layout == "channels_first":
            return first(
                convolve(np.moveaxis(x, 1, -1), w, (stride,) * rank, padding, (dilation,) * rank)
            )
        return convolve(x, w, (stride,) * rank, padding, (dilation,) * rank)

    check(
        lambda x, w: function(x, w, s, padding, layout, d),
        reference,
        first(x) if layout == "channels_first" else x,
        w,
    )


def test_causal(float64):
    x, w = rng.normal(size=(2, 6, 2)), rng.normal(size=(3, 2, 2))
    check(
        lambda x, w: K.conv1d(x, w, padding="causal", dilation_rate=2),
        lambda x, w: convolve(x, w, (1,), "causal", (2,)),
        x,
        w,
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("stride", [1, 2])
def test_conv2d_transpose(float64, padding, stride):
    rows = {"valid": (3 - 1) * stride + 3, "same": 3 * stride}[padding]
    columns = {"valid": (4 - 1) * stride + 2, "same": 4 * stride}[padding]
    shape = (2, rows, columns, 2)
    x, w = rng.normal(size=(2, 3, 4, 3)), rng.normal(size=(3, 2, 2, 3))

    def reference(x, w):
        # the adjoint of the convolution: <conv(e), x> for each unit input e
        out = np.zeros(shape)
        for at in np.ndindex(shape[1:]):
            e = np.zeros((1, *shape[1:]))
            e[(0, *at)] = 1
            image = convolve(e, w, (stride,) * 2, padding, (1, 1))
            out[(slice(None), *at)] = np.tensordot(x, image[0], 3)
        return out

    check(lambda x, w: K.conv2d_transpose(x, w, shape, (stride,) * 2, padding), reference, x, w)
    if padding == "same":
        by_tensor = lambda x, w: K.conv2d_transpose(  # noqa: E731
            x,
            w,
            (K.shape(x)[0], K.shape(x)[1] * stride, K.shape(x)[2] * stride, 2),
            (stride,) * 2,
            padding,
        )
        x_in = K.placeholder((None, None, None, 3))
        f = K.function([x_in], [by_tensor(x_in, K.constant(w))])
        np.testing.assert_allclose(f([x])[0], reference(x, w))
    check(
        lambda x, w: K.conv2d_transpose(
            x, w, (None, 2, rows, columns), (stride,) * 2, padding, "channels_first"
        ),
        lambda x, w: first(reference(np.moveaxis(x, 1, -1), w)),
        first(x),
        w,
    )


def depthwise(x, w, strides, padding):
    multiplier = w.shape[-1]
    parts = [
        convolve(x[..., c : c + 1], w[..., c : c + 1, :], strides, padding, (1,) * (x.ndim - 2))
        for c in range(x.shape[-1])
    ]
    assert parts[0].shape[-1] == multiplier
    return np.concatenate(parts, -1)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_depthwise_and_separable(float64, padding):
    x, w, p = (
        rng.normal(size=(2, 5, 4, 3)),
        rng.normal(size=(3, 2, 3, 2)),
        rng.normal(size=(1, 1, 6, 2)),
    )
    check(
        lambda x, w: K.depthwise_conv2d(x, w, (2, 2), padding),
        lambda x, w: depthwise(x, w, (2, 2), padding),
        x,
        w,
    )
    check(
        lambda x, w, p: K.separable_conv2d(x, w, p, padding=padding),
        lambda x, w, p: depthwise(x, w, (1, 1), padding) @ p[0, 0],
        x,
        w,
        p,
    )
    check(
        lambda x, w, p: K.separable_conv1d(x, w, p, padding=padding),
        lambda x, w, p: depthwise(x, w, (1,), padding) @ p[0],
        x[:, :, 0],
        w[:, 0],
        p[0],
    )


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("mode", ["max", "avg"])
@pytest.mark.parametrize("rank", [2, 3])
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_pool(float64, padding, mode, rank, layout):
    size, window, strides = (5, 4, 3)[:rank], (2, 3, 2)[:rank], (2, 1, 2)[:rank]

    def reference(x):
        x = np.moveaxis(x, 1, -1) if layout == "channels_first" else x
        x = padded(x, window, strides, (1,) * rank, padding, np.nan)
        out = None
        for counts, position, block in windows(x, window, strides, (1,) * rank):
            if out is None:
                out = np.zeros((2, *counts, 2))
            axes = tuple(range(1, rank + 1))
            join = np.nanmax if mode == "max" else np.nanmean
            out[(slice(None), *position)] = join(block, axes)
        return first(out) if layout == "channels_first" else out

    function = {2: K.pool2d, 3: K.pool3d}[rank]
    x = rng.normal(size=(2, *size, 2))
    check(
        lambda x: function(x, window, strides, padding, layout, mode),
        reference,
        first(x) if layout == "channels_first" else x,
    )


def test_local_conv(float64):
    x, w = rng.normal(size=(2, 6, 2)), rng.normal(size=(2, 6, 3))

    def one(x, w):
        return np.stack([x[:, 2 * i : 2 * i + 3].reshape(2, -1) @ w[i] for i in range(2)], 1)

    check(lambda x, w: K.local_conv1d(x, w, (3,), (2,)), one, x, w)
    images, w = rng.normal(size=(2, 4, 3, 2)), rng.normal(size=(6, 8, 3))

    def two(x, w, order="last"):
        out = np.zeros((2, 3, 2, 3))
        for i in range(3):
            for j in range(2):
                block = x[:, i : i + 2, j : j + 2]
                out[:, i, j] = (block if order == "last" else first(block)).reshape(2, -1) @ w[
                    2 * i + j
                ]
        return out

    check(lambda x, w: K.local_conv2d(x, w, (2, 2), (1, 1), (3, 2)), two, images, w)
    check(
        lambda x, w: K.local_conv2d(x, w, (2, 2), (1, 1), (3, 2), "channels_first"),
        lambda x, w: first(two(np.moveaxis(x, 1, -1), w, "first")),
        first(images),
        w,
    )


def test_errors():
    x, w = K.placeholder((1, 4, 4, 3)), K.zeros((3, 3, 2, 5))
    with pytest.raises(ValueError, match="channels"):
        K.conv2d(x, w)
    with pytest.raises(ValueError, match="padding"):
        K.conv2d(x, K.zeros((3, 3, 3, 5)), padding="full")
    with pytest.raises(ValueError, match="strides"):
        K.conv2d(x, K.zeros((3, 3, 3, 5)), strides=(0, 1))
    with pytest.raises(ValueError, match="axes"):
        K.conv1d(x, w)
    with pytest.raises(ValueError, match="pooling mode"):
        K.pool2d(x, (2, 2), pool_mode="min")
    with pytest.raises(ValueError, match="window"):
        K.conv2d(x, K.zeros((5, 5, 3, 2)))
