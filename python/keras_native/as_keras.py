"""After `import keras_native.as_keras`, `import keras` and all paths below it are this package.

Only this process is affected. A module `keras.x.y` is the module `keras_native.x.y`, not a copy.
`keras.__version__` is then that of the Keras whose arithmetic new models follow: 2.3.1, or 1.2.2
after `use_keras(1)`.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys

from . import dialect

_PACKAGE = __name__.partition(".")[0]
_NAME = "keras"
_VERSIONS = {"1": "1.2.2", "2": "2.3.1"}


class _Door(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of `keras.…` with the modules of this package."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != _NAME and not fullname.startswith(f"{_NAME}."):
            return None
        own = _PACKAGE + fullname[len(_NAME) :]
        try:
            importlib.import_module(own)
        except ModuleNotFoundError as error:
            if error.name == own:
                return None
            raise
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec):
        module = sys.modules[_PACKAGE + spec.name[len(_NAME) :]]
        spec.loader_state = (module.__spec__, module.__loader__)
        return module

    def exec_module(self, module):
        # The import system has put its own description on the module: give it its own back.
        module.__spec__, module.__loader__ = module.__spec__.loader_state


def install():
    """Open the door; a `keras` imported before stays what it is only for those who hold it."""
    if any(isinstance(finder, _Door) for finder in sys.meta_path):
        return
    for name in [n for n in sys.modules if n == _NAME or n.startswith(f"{_NAME}.")]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Door())
    importlib.import_module(_NAME)
    use_keras(2)


def use_keras(version):
    """Let what is made from now on follow Keras 1 (1.2.2) or Keras 2 (2.3.1).

    Spellings of both are understood either way. Keras 1 means its defaults and its arithmetic:
    hard sigmoids as gates, losses over unmasked steps and weighted samples, metrics batch by
    batch, its automatic names, its summary; see `keras_native.dialect`.

    Args:
        version: 1 or 2, or a text that starts so ('1.2.2').

    Raises:
        ValueError: for another version.
    """
    generation = str(version).partition(".")[0]
    if generation not in _VERSIONS:
        raise ValueError(f"Expected version 1 or 2 of Keras; received {version!r}.")
    dialect.set_default(generation)
    sys.modules[_PACKAGE].__version__ = _VERSIONS[generation]


install()
