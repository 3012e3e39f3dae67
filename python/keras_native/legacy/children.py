"""The door in processes that are spawned: they start anew and know of it what they are told.

What `multiprocessing` hands to a child is unpickled there before the script is read again. One
object more is handed over, whose unpickling opens the door.
"""

import importlib.abc
import importlib.util
import sys

_MODULE = "multiprocessing.spawn"


class _Open:
    """Opens the door where it is unpickled."""

    def __reduce__(self):
        from . import numpy_names

        version = sys.modules[__name__.partition(".")[0]].__version__
        return opened, (version, numpy_names.restored())


def opened(version, with_numpy_names):
    """Opens the door for a version of Keras, with the names that NumPy had then if asked for."""
    from .. import as_keras
    from . import numpy_names

    as_keras.use_keras(version)
    if with_numpy_names:
        numpy_names.restore()


def _tell(spawn):
    prepared = spawn.get_preparation_data

    def get_preparation_data(name):
        return {**prepared(name), "keras_native": _Open()}

    spawn.get_preparation_data = get_preparation_data


class _WhenImported(importlib.abc.MetaPathFinder):
    """Most scripts have no children: the module is told when it is imported."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            _tell(module)

        spec.loader.exec_module = exec_module
        return spec


def install():
    """Has children that are spawned from now on find the door open."""
    if _MODULE in sys.modules:
        _tell(sys.modules[_MODULE])
    else:
        sys.meta_path.insert(0, _WhenImported())
