"""The devices of this machine and which of them new functions and variables use.

`_cuda` is an extension of its own. It is part of wheels that were built with CUDA, can be imported
without a driver, and plugs the GPUs it finds into the core.
"""

import contextlib
import os

from .. import _core

_VARIABLE = "KERAS_NATIVE_DEVICE"


def _plug_in_gpus():
    """Import `_cuda` where it was built; why there is no GPU, or None where there is one."""
    try:
        from .. import _cuda
    except ImportError as error:
        if error.name and error.name.endswith("_cuda"):
            return "this build of keras_native has no CUDA part"
        return f"the CUDA part could not be loaded: {error}"
    return None if _cuda.devices else _cuda.absence


def _choose():
    wanted = os.environ.get(_VARIABLE, "").strip().lower().replace("gpu", "cuda")
    if wanted == "cpu":
        return f"{_VARIABLE} is 'cpu'"
    absence = _plug_in_gpus()
    if wanted:
        try:
            _core.set_default_device(wanted)
        except ValueError as error:
            why = f" (no GPU: {absence})" if absence else ""
            raise ValueError(f"{_VARIABLE}: {error}{why}") from None
    elif not absence:
        _core.set_default_device("cuda:0")
    return absence


_absence = _choose()


def why_no_gpu():
    """Why no GPU can be used, as text; None where one can."""
    return _absence


def find(name):
    """The full name of a device: 'cuda' and 'gpu' are 'cuda:0'.

    Raises:
        ValueError: where this machine has none of that name; the message says why.
    """
    if not isinstance(name, str):
        raise TypeError(f"expected the name of a device as text; got {name!r}")
    wanted = name.strip().lower().removeprefix("/").replace("device:", "").replace("gpu", "cuda")
    try:
        return _core.device_info(wanted)["name"]
    except ValueError as error:
        why = f" (no GPU: {_absence})" if _absence and wanted.startswith("cuda") else ""
        raise ValueError(f"{error}{why}") from None


def names():
    return _core.devices()


def info(name):
    return _core.device_info(find(name))


def current():
    return _core.current_device()


def set_default(name):
    _core.set_default_device(find(name))


@contextlib.contextmanager
def scope(name):
    full = find(name)
    _core.push_device(full)
    try:
        yield full
    finally:
        _core.pop_device()


def set_memory_limit(name, limit, at_once):
    _core.set_memory_limit(find(name), limit, at_once)


def allow_tf32(name, allowed):
    _core.allow_tf32(find(name), allowed)


def set_data_share(share):
    _core.set_data_share(share)
