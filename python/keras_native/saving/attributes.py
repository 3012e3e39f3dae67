"""Lists of names as HDF5 attributes, which hold 64 KiB at most: longer lists go in pieces."""

import numpy as np

HEADER_LIMIT = 64512  # bytes that one attribute may take
_MAX_NAMES = 1_000_000


def save_attributes_to_hdf5_group(group, name, data):
    """Write a list of texts or bytes as attribute `name`, or as `name0`, `name1`, ….

    Raises:
        RuntimeError: if one text alone is too long for an attribute.
    """
    items = [x if isinstance(x, bytes) else str(x).encode("utf-8") for x in data]
    too_long = [x for x in items if len(x) > HEADER_LIMIT]
    if too_long:
        raise RuntimeError(
            f"Attribute {name!r}: expected names of at most {HEADER_LIMIT} bytes; received one of "
            f"{len(too_long[0])} bytes."
        )
    array = np.asarray(items) if items else np.asarray([], "S1")
    pieces = 1
    while any(piece.nbytes > HEADER_LIMIT for piece in np.array_split(array, pieces)):
        pieces += 1
    if pieces == 1:
        group.attrs[name] = array
        return
    for i, piece in enumerate(np.array_split(array, pieces)):
        group.attrs[f"{name}{i}"] = piece


def load_attributes_from_hdf5_group(group, name):
    """The list of texts that `save_attributes_to_hdf5_group` wrote; empty if there is none.

    Raises:
        ValueError: if there are absurdly many, or one is not text.
    """
    if name in group.attrs:
        return _texts(group.attrs[name], name)
    texts, piece = [], 0
    while f"{name}{piece}" in group.attrs:
        texts += _texts(group.attrs[f"{name}{piece}"], name)
        piece += 1
        if len(texts) > _MAX_NAMES:
            raise ValueError(f"Attribute {name!r}: expected at most {_MAX_NAMES} names.")
    return texts


def _texts(values, name):
    values = np.atleast_1d(values)
    if values.dtype.kind == "f" and not values.size:  # Keras 3 writes an empty list so
        return []
    if values.size > _MAX_NAMES:
        raise ValueError(f"Attribute {name!r}: expected at most {_MAX_NAMES} names.")
    return [as_text(value, name) for value in values]


def as_text(value, name):
    """An attribute's text, which h5py hands out as bytes or str, depending on its version.

    Raises:
        ValueError: if it is neither.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value.item()
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"Attribute {name!r}: expected UTF-8; received {value[:40]!r}."
            ) from error
    if isinstance(value, str):
        return value
    raise ValueError(f"Attribute {name!r}: expected text; received {value!r}.")
