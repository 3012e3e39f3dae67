"""Which functions a configuration may bring back to life.

A model's configuration can hold functions: bytecode of lambdas, and names. Running what a file
says is running a stranger's program, so a function comes back only if this process wrote the very
same form before (then it is the same object, and nothing from the file is run), if the caller names
it in `custom_objects`, or if the caller has said that the source is trusted.
"""

import contextlib
import weakref

_written = {}  # form -> weak references to the functions of this process written so
_trusting = 0


def remember(form, function):
    """Note that `form` (hashable) was written for `function`."""
    alive = [ref for ref in _written.get(form, ()) if ref() not in (None, function)]
    with contextlib.suppress(TypeError):  # some callables cannot be referred to weakly
        _written[form] = [*alive, weakref.ref(function)]


def recall(form):
    """The function that this process wrote as `form`; None if there is none or more than one."""
    alive = [ref() for ref in _written.get(form, ()) if ref() is not None]
    return alive[0] if len(alive) == 1 else None


def bytecode_allowed():
    """Whether the caller has said that bytecode may be run."""
    return _trusting > 0


@contextlib.contextmanager
def trusted_source():
    """Inside, configurations may bring bytecode: only for files you made yourself."""
    global _trusting
    _trusting += 1
    try:
        yield
    finally:
        _trusting -= 1
