"""Names that NumPy had when old scripts were written: np.float, np.int, np.asscalar, …"""

import numpy as np

_NAMES = {
    "Inf": np.inf,
    "NaN": np.nan,
    "alltrue": np.all,
    "asscalar": lambda a: np.asarray(a).item(),
    "bool": bool,
    "complex": complex,
    "complex_": np.complex128,
    "cumproduct": np.cumprod,
    "float": float,
    "float_": np.float64,
    "infty": np.inf,
    "int": int,
    "long": int,
    "object": object,
    "product": np.prod,
    "row_stack": np.vstack,
    "sometrue": np.any,
    "str": str,
    "unicode": str,
    "unicode_": np.str_,
}


def restore():
    """Give this process's NumPy the names of the table that it lacks."""
    for name, value in _NAMES.items():
        if name not in vars(np):
            setattr(np, name, value)


def restored():
    """Whether `restore` was called."""
    return hasattr(np, "asscalar")
