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
_weights_left = None  # how many values of weights a file may still ask for; None: any number


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


@contextlib.contextmanager
def weights_for(stored_bytes):
    """Inside, layers may make no more weights than a file of `stored_bytes` can hold.

    A value takes four bytes unless the file is packed; what can hardly be packed so tightly is
    refused before memory is taken.
    """
    global _weights_left
    before = _weights_left
    _weights_left = 1_000_000 + 25 * stored_bytes
    try:
        yield
    finally:
        _weights_left = before


def claim_weights(count, what):
    """Count `count` values against the file that a model comes from.

    Raises:
        ValueError: if the file cannot hold so many.
    """
    global _weights_left
    if _weights_left is None:
        return
    if count > _weights_left:
        raise ValueError(
            f"{what}: the configuration asks for {count} values of weights, more than the file "
            f"can hold."
        )
    _weights_left -= count
