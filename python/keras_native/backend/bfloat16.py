"""Arrays of bfloat16, for which NumPy has no type: the core takes and gives bits as uint16."""

import numpy as np


def to_bits(array):
    """Numbers rounded to bfloat16, to nearest and ties to even, as an array of uint16."""
    array = np.asarray(array, dtype=np.float32)
    bits = array.view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> 16) & 1)) >> 16
    return np.where(np.isnan(array), (bits >> 16) | 0x40, rounded).astype(np.uint16)


def from_bits(bits):
    """The numbers as float32."""
    return (np.asarray(bits, dtype=np.uint32) << 16).view(np.float32)
