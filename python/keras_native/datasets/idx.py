"""The IDX format of the MNIST family: a header of extents, then the bytes."""

import gzip
import math
import struct

import numpy as np

_UINT8 = 8
_LIMIT = 1 << 30  # bytes; the largest such set has 47 million


def read_idx(path):
    """Array of unsigned bytes in a gzipped IDX file.

    Raises:
        ValueError: if the file is not of that format or its length does not fit its header.
    """
    with gzip.open(path, "rb") as f:
        zero, kind, rank = struct.unpack(">HBB", _exactly(f, 4, path))
        if zero or kind != _UINT8 or not 1 <= rank <= 4:
            raise ValueError(f"{path}: expected an IDX file of unsigned bytes.")
        shape = struct.unpack(f">{rank}I", _exactly(f, 4 * rank, path))
        size = math.prod(shape)
        if size > _LIMIT:
            raise ValueError(f"{path}: expected at most {_LIMIT} bytes; the header says {shape}.")
        return np.frombuffer(_exactly(f, size, path), np.uint8).reshape(shape)


def _exactly(f, size, path):
    data = f.read(size)
    if len(data) != size:
        raise ValueError(f"{path}: expected {size} more bytes; the file ends after {len(data)}.")
    return data
