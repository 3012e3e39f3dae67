"""What a layer demands of its inputs."""

from __future__ import annotations


class InputSpec:
    """What a layer demands of one input; None leaves a property open.

    Args:
        dtype: the expected dtype.
        shape: the expected shape, with None for open axes.
        ndim, max_ndim, min_ndim: bounds of the rank.
        axes: dict of axis to expected extent.
    """

    def __init__(self, dtype=None, shape=None, ndim=None, max_ndim=None, min_ndim=None, axes=None):
        self.dtype = dtype
        self.shape = shape
        self.ndim = len(shape) if shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = axes or {}

    def __repr__(self):
        parts = [f"{k}={v}" for k, v in vars(self).items() if v]
        return f"InputSpec({', '.join(parts)})"

    def complaint(self, shape, dtype):
        """What `shape` and `dtype` lack, as 'expected …, found …'; None when they fit."""
        ndim = len(shape)
        if self.ndim is not None and ndim != self.ndim:
            return f"expected ndim={self.ndim}, found ndim={ndim} (shape {shape})"
        if self.max_ndim is not None and ndim > self.max_ndim:
            return f"expected max_ndim={self.max_ndim}, found ndim={ndim} (shape {shape})"
        if self.min_ndim is not None and ndim < self.min_ndim:
            return f"expected min_ndim={self.min_ndim}, found ndim={ndim} (shape {shape})"
        if self.dtype is not None and dtype != self.dtype:
            return f"expected dtype={self.dtype}, found dtype={dtype}"
        for axis, value in self.axes.items():
            if value is not None and not -ndim <= int(axis) < ndim:
                return f"expected an axis {axis} of extent {value}, found shape {shape}"
            if value is not None and shape[int(axis)] not in {value, None}:
                return (
                    f"expected axis {axis} of input shape to have value {value} "
                    f"but got shape {shape}"
                )
        for wanted, found in zip(self.shape or shape, shape, strict=True):
            if wanted is not None and found is not None and wanted != found:
                return f"expected shape={self.shape}, found shape={shape}"
        return None
