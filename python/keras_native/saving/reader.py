"""Reading HDF5 files that strangers may have made.

Only names asked for are looked at, never what a file offers. Every step of a path must be a plain
(hard) link; data must lie in the file itself, be numbers, be stored with HDF5's own filters, and be
of a size that the model expects, all checked before memory is taken.
"""

import numpy as np

_FILTERS = {1, 2, 3, 4, 32000}  # deflate, shuffle, fletcher32, szip, and h5py's LZF


def child(group, path):
    """Member `path` of a group, following hard links only.

    Raises:
        ValueError: if a step is missing, or is a soft or external link.
    """
    import h5py

    here = group
    for step in _steps(path):
        link = here.get(step, getlink=True) if isinstance(here, h5py.Group) else None
        if link is None:
            raise ValueError(f"The file has no {path!r} in {group.name!r}.")
        if not isinstance(link, h5py.HardLink):
            raise ValueError(
                f"Expected {path!r} to lie in the file; it is a {type(link).__name__}, refused."
            )
        here = here[step]
    return here


def has(group, path):
    """Whether a group has a member `path` that `child` would return."""
    try:
        child(group, path)
    except ValueError:
        return False
    return True


def subgroup(group, path):
    """As `child`, for a group."""
    import h5py

    found = child(group, path)
    if not isinstance(found, h5py.Group):
        raise ValueError(f"Expected a group at {path!r}; it is a data set.")
    return found


def _steps(path):
    steps = path.split("/")
    if not path or any(step in ("", ".", "..") or "\0" in step for step in steps):
        raise ValueError(f"Expected a path inside the group; received {path!r}.")
    return steps


class TooLargeError(ValueError):
    """A data set holds more than the model can take."""


class Budget:
    """How many elements may still be read, in all."""

    def __init__(self, elements):
        self.left = elements

    def take(self, shape, what):
        """Raise TooLargeError if an array of this shape is too much."""
        elements = int(np.prod(shape, dtype=object))
        if elements > self.left:
            raise TooLargeError(
                f"{what}: the file declares {elements} values of shape {tuple(shape)}, more than "
                f"the model can take ({self.left})."
            )
        self.left -= elements


def array(group, path, budget):
    """Data set `path` as an array of numbers.

    Raises:
        ValueError: if it is no plain array of numbers, or larger than `budget` has left.
    """
    import h5py

    data = child(group, path)
    if not isinstance(data, h5py.Dataset):
        raise ValueError(f"Expected a data set at {path!r}; it is a group.")
    if data.shape is None or data.dtype.kind not in "fiub" or data.dtype.names:
        raise ValueError(f"Data set {path!r}: expected numbers; it has type {data.dtype}.")
    if data.is_virtual or data.external:
        raise ValueError(f"Data set {path!r}: expected data in the file; it refers to other files.")
    properties = data.id.get_create_plist()
    for i in range(properties.get_nfilters()):
        if properties.get_filter(i)[0] not in _FILTERS:
            raise ValueError(f"Data set {path!r}: it is stored with a foreign filter, refused.")
    budget.take(data.shape, f"Data set {path!r}")
    return np.asarray(data[()])
