"""Names of layers, variables and tensors: running numbers and nested scopes."""

import contextlib
from collections import defaultdict

from .. import _core

_uids: defaultdict[str, int] = defaultdict(int)


class _Scope:
    """One entered scope: names given twice inside it get a number."""

    def __init__(self, path):
        self.path = path
        self.seen: dict[str, int] = {}


_scopes = [_Scope("")]


def get_uid(prefix=""):
    """The next number for `prefix`, starting from 1."""
    _uids[prefix] += 1
    return _uids[prefix]


def reset_uids():
    """Starts all numbers again."""
    _uids.clear()


@contextlib.contextmanager
def name_scope(name, default_name=None, values=None):
    """Variables and tensors made inside are called `name/…`; scopes nest."""
    name = str(name if name is not None else default_name or "").strip("/")
    parent = _scopes[-1].path
    _scopes.append(_Scope(f"{parent}{name}/" if name else parent))
    try:
        yield _scopes[-1].path
    finally:
        _scopes.pop()


@contextlib.contextmanager
def layer_scope(name):
    """A name scope whose name also appears in the messages of errors raised inside."""
    _core.push_layer(name)
    try:
        with name_scope(name) as path:
            yield path
    finally:
        _core.pop_layer()


def scoped_name(name):
    """`name` under the open scopes, unique within the innermost of them (not at top level)."""
    scope = _scopes[-1]
    if not scope.path:
        return name
    count = scope.seen.get(name, 0)
    scope.seen[name] = count + 1
    return f"{scope.path}{name}_{count}" if count else scope.path + name
