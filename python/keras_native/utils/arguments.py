"""Numbers that users pass, checked where they come in."""

from __future__ import annotations

import numbers

import numpy as np


def whole_number(value, what, least=None):
    """`value` as an int; 2.0 is one too.

    Args:
        value: what the user passed.
        what: how to call it in the message.
        least: the smallest that is allowed.

    Raises:
        ValueError: something else, or a smaller number.
    """
    whole = None
    if isinstance(value, (numbers.Real, np.number)) and not isinstance(value, (bool, np.bool_)):
        try:
            whole = int(value)
        except (ValueError, OverflowError):  # no number, infinite
            whole = None
    if whole is None or whole != value or (least is not None and whole < least):
        bound = "" if least is None else f" of {least} or more"
        raise ValueError(f"{what} expected a whole number{bound}, got {value!r}")
    return whole


def real_number(value, what):
    """`value` as it is, if it is a number.

    Raises:
        TypeError: something else.
        ValueError: NaN.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if not isinstance(value, (numbers.Real, np.number)) or isinstance(value, np.complexfloating):
        raise TypeError(f"{what} expected a number, got {value!r} (of type {type(value).__name__})")
    if value != value:
        raise ValueError(f"{what} expected a number, got {value!r}")
    return value
