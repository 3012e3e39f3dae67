"""The one place where a call written for Keras 1 is turned into the call of today."""

import functools
import inspect
import warnings

import numpy as np

from .. import dialect
from .generators import samples_to_steps
from .history import keras1_history
from .table import BOOL, DICT, FLOAT, INITIALIZER, INITIALIZERS, INT, SHAPE, TABLE, VALUES


class Keras1SpellingWarning(UserWarning):
    """A call used the argument names of Keras 1; it works, and the message shows today's form."""


_TESTS = {
    INITIALIZER: lambda v: isinstance(v, str) and v in INITIALIZERS.split(),
    INT: lambda v: isinstance(v, (int, np.integer)) and not isinstance(v, bool),
    FLOAT: lambda v: isinstance(v, float),
    BOOL: lambda v: isinstance(v, bool),
    DICT: lambda v: isinstance(v, dict),
    SHAPE: lambda v: isinstance(v, (tuple, list)),
}


def accepts_keras1(target):
    """Decorator: let a class, method or function of the table be called with Keras 1 spellings.

    A call in today's form passes straight through. Otherwise the arguments are renamed and
    converted, and one warning shows the call as it is written today.

    Args:
        target: class (its `__init__` is wrapped in place) or function named in `legacy.table`.
    Raises:
        KeyError: at decoration, if the table has no row for the target.
    """
    key = target.__qualname__
    row = TABLE[key]
    if isinstance(target, type):
        target.__init__ = translate_calls(target.__init__, row, target.__name__, skip=1)
        return target
    return translate_calls(target, row, target.__name__, skip=1 if "." in key else 0)


def translate_calls(function, row, shown_name, skip):
    """`function` behind the translation of `row`; the first `skip` arguments are self."""
    old_names = frozenset(row.names).union(*row.joined.values())
    if row.time_series:
        old_names |= {"input_dim", "input_length"}

    defaults = _places(function, row, skip)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        own, rest = args[:skip], args[skip:]
        old_order = uses_old_order(row, rest, kwargs)
        old = old_order or not old_names.isdisjoint(kwargs)
        if old:
            rest, kwargs = _todays_call(row, shown_name, rest, kwargs, old_order, old_names)
        if defaults and dialect.current().generation == "1":
            missing = {k: v for k, v, place in defaults if place >= len(rest)}
            kwargs = {**missing, **kwargs}
        result = function(*own, *rest, **kwargs)
        if row.history and (old or dialect.default().keras1_names):
            return keras1_history(result, kwargs.get("callbacks"))
        return result

    return wrapper


def _places(function, row, skip):
    """(keyword, default of Keras 1, its place among the positional arguments) of a row."""
    order = list(inspect.signature(function).parameters)[skip:] if row.defaults else ()
    return [(k, value, order.index(k)) for k, value in row.defaults.items() if k in order]


def _todays_call(row, shown_name, args, kwargs, old_order, old_names):
    """(positional arguments, keywords) of a call in Keras 1's spelling as it is written today."""
    if old_order or row.samples:
        kwargs = _named(row.order.split(), shown_name, args, kwargs)
        args = ()
    new = translate(row, kwargs, shown_name)
    if old_order or not (set(kwargs) & old_names) <= {"input_dim", "input_length"}:
        _warn(shown_name, row, args, kwargs, new)
    return args, new


def uses_old_order(row, args, kwargs):
    """Whether positional `args` can only be meant in Keras 1's order."""
    if row.order_if and all(i < len(args) and _TESTS[test](args[i]) for i, test in row.order_if):
        return True
    order = row.order.split()
    # The first parts of a kernel's extents by position, the others by keyword.
    return any(
        parts[-1] in kwargs
        and all(p in kwargs or (p in order and order.index(p) < len(args)) for p in parts)
        and not all(p in kwargs for p in parts)
        for parts in row.joined.values()
    )


def _named(order, shown_name, args, kwargs):
    """Positional arguments of Keras 1 as keywords."""
    if len(args) > len(order):
        raise TypeError(
            f"{shown_name}() expected at most {len(order)} positional arguments; "
            f"received {len(args)}."
        )
    named = dict(zip(order, args, strict=False))
    twice = sorted(set(named) & set(kwargs))
    if twice:
        raise TypeError(f"{shown_name}() received argument {twice[0]!r} twice.")
    return {**named, **kwargs}


def translate(row, kwargs, shown_name=""):
    """Keywords of Keras 1 -> keywords of today; what is already of today stays as it is.

    Raises:
        TypeError: if an argument is given in both spellings.
        ValueError: if an old spelling has a value that Keras 1 did not know.
    """
    new = samples_to_steps(kwargs) if row.samples else dict(kwargs)
    for keyword, parts in row.joined.items():
        found = [p for p in parts if p in new]
        if len(found) == len(parts):
            _put(new, keyword, tuple(new.pop(p) for p in parts), "/".join(parts), shown_name)
        elif found:
            raise TypeError(
                f"{shown_name}() expected {', '.join(parts)} together; received only "
                f"{', '.join(found)}."
            )
    for old, keyword in row.names.items():
        if old in new:
            value = new.pop(old)
            if keyword is not None:
                _put(new, keyword, _modern_value(keyword, value), old, shown_name)
    if row.time_series:
        _join_input_shape(new)
    return new


def _put(new, keyword, value, old, shown_name):
    if keyword in new:
        raise TypeError(f"{shown_name}() received {keyword!r} and its Keras 1 spelling {old!r}.")
    new[keyword] = value


def _modern_value(keyword, value):
    table = VALUES.get(keyword)
    if table is not None and isinstance(value, str):
        if value not in table:
            raise ValueError(
                f"Expected one of {sorted(table)} for the Keras 1 spelling of {keyword!r}; "
                f"received {value!r}."
            )
        return table[value]
    if keyword.endswith("_initializer") and callable(value):
        return _modern_initializer(value)
    return value


def _modern_initializer(function):
    """Keras 1 called `init(shape, name=...)`; today an initializer is called with a dtype."""
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return function
    if "dtype" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return function

    named = {"name": None} if "name" in parameters else {}

    @functools.wraps(function)
    def modern(shape, dtype=None):
        value = function(shape, **named)
        return value.numpy() if hasattr(value, "numpy") else value

    return modern


def _join_input_shape(new):
    """input_dim=16, input_length=10 -> input_shape=(10, 16)."""
    dim, length = new.pop("input_dim", None), new.pop("input_length", None)
    if dim is not None and not {"input_shape", "batch_input_shape"} & set(new):
        new["input_shape"] = (length, dim)


def _warn(shown_name, row, args, old, new):
    """One warning that shows the call as it is written today, unless a file or a user of Keras 1
    makes it."""
    if dialect.current().generation == "1":
        return
    shown = [_short(a) for a in args] + [f"{k}={_short(v)}" for k, v in new.items()]
    dropped = sorted(k for k in old if row.names.get(k, k) is None)
    note = f" Without effect today: {', '.join(dropped)}." if dropped else ""
    warnings.warn(
        f"Keras 1 spelling: today this call is `{shown_name}({', '.join(shown)})`.{note}",
        Keras1SpellingWarning,
        stacklevel=4,
    )


def _short(value):
    text = f"<{type(value).__name__} {value.shape}>" if hasattr(value, "shape") else repr(value)
    return text if len(text) <= 40 else f"<{type(value).__name__}>"
