"""The door in processes that are spawned: they start anew and know of it what they are told.

What `multiprocessing` hands to a child is unpickled there before the script is read again. One
object more is handed over, whose unpickling opens the door.
"""

import importlib.abc
import importlib.util
import sys

from . import numpy_names

_MODULE = "multiprocessing.spawn"


class _Open:
    """Opens the door where it is unpickled."""

    def __init__(self, open_door):
        self.open_door = open_door

    def __reduce__(self):
        version = sys.modules[__name__.partition(".")[0]].__version__
        return self.open_door, (version, numpy_names.restored())


def _tell(spawn, open_door):
    prepared = spawn.get_preparation_data

    def get_preparation_data(name):
        return {**prepared(name), "keras_native": _Open(open_door)}

    spawn.get_preparation_data = get_preparation_data


class _WhenImported(importlib.abc.MetaPathFinder):
    """Most scripts have no children: the module is told when it is imported."""

    def __init__(self, open_door):
        self.open_door = open_door

    def find_spec(self, fullname, path=None, target=None):
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _tell(module, self.open_door)

        spec.loader.exec_module = exec_module
        return spec


def install(open_door):
    """Has children that are spawned from now on find the door open.

    Args:
        open_door: function, found by its name in the child, of a version of Keras and of whether
            NumPy has its names of then.
    """
    if _MODULE in sys.modules:
        _tell(sys.modules[_MODULE], open_door)
    else:
        sys.meta_path.insert(0, _WhenImported(open_door))
