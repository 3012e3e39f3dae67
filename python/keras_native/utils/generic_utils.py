"""Names to objects and back, and small helpers that every part of the package uses."""

import base64
import inspect
import marshal
import types as python_types

import numpy as np

from .progbar import Progbar

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "check_for_unexpected_keys",
    "custom_object_scope",
    "deserialize_keras_object",
    "func_dump",
    "func_load",
    "get_custom_objects",
    "getargspec",
    "has_arg",
    "is_all_none",
    "object_list_uid",
    "serialize_keras_object",
    "slice_arrays",
    "to_list",
    "transpose_shape",
    "unpack_singleton",
]

_custom_objects = {}

# Functions in modules of named objects that are not such objects: a file cannot name them.
_HELPERS = {
    "accepts_keras1",
    "clone_metric",
    "clone_metrics",
    "deserialize",
    "deserialize_keras_object",
    "get",
    "is_categorical_crossentropy",
    "serialize",
    "serialize_keras_object",
}


def get_custom_objects():
    """The dict of names that deserialization looks into before the package's own."""
    return _custom_objects


class CustomObjectScope:
    """`with CustomObjectScope({'Name': object}):` makes names known to deserialization inside."""

    def __init__(self, *args):
        self.custom_objects = args
        self.backup = None

    def __enter__(self):
        self.backup = dict(_custom_objects)
        for objects in self.custom_objects:
            _custom_objects.update(objects)
        return self

    def __exit__(self, *exception):
        _custom_objects.clear()
        _custom_objects.update(self.backup)


def custom_object_scope(*args):
    """As `CustomObjectScope`."""
    return CustomObjectScope(*args)


def serialize_keras_object(instance):
    """{'class_name', 'config'} of an object with `get_config`, the name of a function.

    Raises:
        ValueError: for anything else.
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        return {"class_name": instance.__class__.__name__, "config": instance.get_config()}
    if hasattr(instance, "__name__"):
        return instance.__name__
    raise ValueError(
        f"Cannot serialize: expected a function or an object with get_config(); "
        f"received {instance!r}."
    )


def deserialize_keras_object(
    identifier, module_objects=None, custom_objects=None, printable_module_name="object"
):
    """The object that a serialized form or a name stands for.

    Names are looked up in `custom_objects`, then `get_custom_objects()`, then `module_objects`;
    nothing is ever imported by name.

    Raises:
        ValueError: if the name is unknown or the form is none of the two.
    """
    module_objects = {} if module_objects is None else module_objects
    custom_objects = custom_objects or {}

    def find(name, what):
        for table in (custom_objects, _custom_objects):
            if table.get(name) is not None:
                return table[name]
        if callable(module_objects.get(name)) and name not in _HELPERS and name[:1] != "_":
            return module_objects[name]
        known = sorted(k for k in module_objects if k[:1] != "_" and k not in _HELPERS)
        near = _similar(name, known)
        hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise ValueError(
            f"Unknown {printable_module_name}{what}: {name!r}.{hint} Pass your own objects in "
            "custom_objects."
        )

    if isinstance(identifier, dict):
        if not isinstance(identifier.get("class_name"), str) or "config" not in identifier:
            raise ValueError(
                f"Improper config of {printable_module_name}: expected a dict with 'class_name' "
                f"and 'config'; received {identifier!r}."
            )
        cls = find(identifier["class_name"], "")
        config = identifier["config"]
        if not hasattr(cls, "from_config"):
            with CustomObjectScope(custom_objects):
                return cls(**config)
        if has_arg(cls.from_config, "custom_objects"):
            return cls.from_config(config, custom_objects={**_custom_objects, **custom_objects})
        with CustomObjectScope(custom_objects):
            return cls.from_config(config)
    if isinstance(identifier, str):
        found = find(identifier, " function or class" if printable_module_name == "object" else "")
        return found() if isinstance(found, type) else found
    if callable(identifier):
        return identifier
    raise ValueError(
        f"Cannot interpret as {printable_module_name}: expected a name, a dict or a callable; "
        f"received {identifier!r}."
    )


def _similar(name, known):
    import difflib

    return difflib.get_close_matches(name, known, n=2, cutoff=0.75)


def func_dump(func):
    """A Python function as (bytecode in base64, defaults, values of its closure)."""
    code = base64.b64encode(marshal.dumps(func.__code__)).decode("ascii")
    closure = tuple(c.cell_contents for c in func.__closure__) if func.__closure__ else None
    return code, func.__defaults__, closure


def _bytecode(text):
    """The bytes of a function in base64, or as text, as they were written before Keras 2.1."""
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return text.encode("raw_unicode_escape")


def func_load(code, defaults=None, closure=None, globs=None):
    """The function that `func_dump` wrote: runs foreign code, so only on what you trust."""
    if isinstance(code, (tuple, list)):
        code, defaults, closure = code
        if isinstance(defaults, list):
            defaults = tuple(defaults)
    try:
        code = marshal.loads(_bytecode(code))
    except (ValueError, EOFError, TypeError, UnicodeError) as error:
        raise ValueError(
            "The function was saved as bytecode of another Python version and cannot be read; "
            "pass it in custom_objects under its layer's name or define it again."
        ) from error
    if closure is not None:
        closure = tuple(python_types.CellType(value) for value in closure)
    return python_types.FunctionType(
        code, globals() if globs is None else globs, code.co_name, defaults, closure
    )


def getargspec(fn):
    """`inspect.getfullargspec` (Keras kept a copy for old Pythons)."""
    return inspect.getfullargspec(fn)


def has_arg(fn, name, accept_all=False):
    """Whether `fn` can be called with keyword `name`; `accept_all`: **kwargs count."""
    try:
        parameters = inspect.signature(fn).parameters
    except (TypeError, ValueError):
        return False
    parameter = parameters.get(name)
    if parameter is None:
        return accept_all and any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def to_list(x, allow_tuple=False):
    """`x` if it is a list, else the list that holds it."""
    if isinstance(x, list):
        return x
    if allow_tuple and isinstance(x, tuple):
        return list(x)
    return [x]


def unpack_singleton(x):
    """The element of a sequence of length 1, else the sequence."""
    return x[0] if len(x) == 1 else x


def object_list_uid(object_list):
    """A text that identifies a list of objects."""
    return ", ".join(str(abs(id(x))) for x in to_list(object_list, allow_tuple=True))


def is_all_none(iterable_or_element):
    """Whether nothing but None is there."""
    return all(x is None for x in to_list(iterable_or_element, allow_tuple=True))


def slice_arrays(arrays, start=None, stop=None):
    """Rows of an array or of each array of a list.

    Args:
        arrays: array, list of arrays (None stays None), or None.
        start: first row, or a list of row indices.
        stop: row after the last.
    """
    if arrays is None:
        return [None]
    if isinstance(start, list) and stop is not None:
        raise ValueError(f"slice_arrays: expected no stop with a list of rows; received {stop!r}.")
    if isinstance(arrays, list):
        return [None if a is None else _rows(a, start, stop) for a in arrays]
    if hasattr(start, "__len__") or hasattr(start, "__getitem__") or hasattr(arrays, "shape"):
        return _rows(arrays, start, stop)
    return [None]


def _rows(array, start, stop):
    if hasattr(start, "__len__"):
        return array[start.tolist() if hasattr(start, "shape") else start]
    return array[start:stop]


def transpose_shape(shape, target_format, spatial_axes):
    """A channels_last shape in the axis order of `target_format`."""
    if target_format == "channels_last":
        return shape
    if target_format != "channels_first":
        raise ValueError(
            f"Expected data_format 'channels_first' or 'channels_last'; received {target_format!r}."
        )
    values = (*shape[: spatial_axes[0]], shape[-1], *(shape[i] for i in spatial_axes))
    return values if isinstance(shape, tuple) else list(values)


def check_for_unexpected_keys(name, input_dict, expected_values):
    """Raise ValueError for keys of `input_dict` that are not expected."""
    unknown = sorted(set(input_dict) - set(expected_values))
    if unknown:
        raise ValueError(
            f"Unknown entries in {name!r} dictionary: {unknown}; expected only "
            f"{list(expected_values)}."
        )


def make_tuple(*args):
    """The arguments as a tuple (Keras 1)."""
    return args


def get_from_module(identifier, module_params, module_name, instantiate=False, kwargs=None):
    """The object of that name in a module's dict; other objects as they are (Keras 1).

    Args:
        identifier: name, {"name": name, argument: value, …}, or an object.
        module_params: {name: object}.
        module_name: for the message.
        instantiate: whether to call what was found.
        kwargs: arguments of that call.
    """
    kwargs = dict(kwargs or {})
    if isinstance(identifier, dict):
        kwargs.update(identifier)
        identifier, instantiate = kwargs.pop("name"), True
    if not isinstance(identifier, str):
        return identifier
    found = _custom_objects.get(identifier, module_params.get(identifier))
    if found is None:
        raise ValueError(f"Invalid {module_name}: {identifier}")
    return found(**kwargs) if instantiate else found


def as_python(value):
    """JSON for what JSON does not know: NumPy scalars and arrays, types, bytes."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, bytes):
        return value.decode("utf-8")
    if hasattr(value, "get_config") and not isinstance(value, type):  # may be callable too
        return serialize_keras_object(value)
    if hasattr(value, "__name__"):
        return value.__name__
    raise TypeError(f"Not JSON serializable: {value!r}")
