"""Names of element types and the type that two operands meet in."""

import numpy as np

from .common import floatx

# Order of promotion: the operand of lower rank is cast to the type of the other.
_RANKS = {
    "bool": 0,
    "uint8": 1,
    "int32": 2,
    "int64": 3,
    "float16": 4,
    "bfloat16": 4,
    "float32": 5,
    "float64": 6,
}


def dtype_name(dtype):
    """'float32' and so on, for a name, a NumPy type or a Python type; None is the default float."""
    if dtype is None:
        return floatx()
    if isinstance(dtype, str):
        name = dtype
    elif dtype is float:
        return floatx()
    else:
        name = np.dtype(dtype).name
    if name not in _RANKS:
        narrower = {
            "int8": "int32",
            "int16": "int32",
            "uint16": "int32",
            "uint32": "int64",
            "uint64": "int64",
            "int": "int64",
            "double": "float64",
        }
        if name not in narrower:
            raise TypeError(
                f"Unsupported dtype. Expected one of {tuple(_RANKS)}. Received: {dtype!r}"
            )
        name = narrower[name]
    return name


def array_dtype(dtype):
    """The type of NumPy arrays with values of `dtype`: 'float32' for bfloat16."""
    name = dtype_name(dtype)
    return "float32" if name == "bfloat16" else name


def is_float(dtype):
    return _RANKS[dtype] >= _RANKS["float16"]


def promoted(a, b):
    """The type that operands of types `a` and `b` meet in."""
    if a == b:
        return a
    if {a, b} == {"float16", "bfloat16"}:
        return "float32"
    return a if _RANKS[a] >= _RANKS[b] else b
