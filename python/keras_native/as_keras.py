"""After `import keras_native.as_keras`, `import keras` and all paths below it are this package.

So is `keras_preprocessing`. Only this process and those that it spawns are affected. A module
`keras.x.y` is the module `keras_native.x.y`, not a copy.
Where TensorFlow is not installed, `tensorflow.keras` and the paths below it are this package too,
for scripts that use nothing else of TensorFlow but sessions with options of GPU memory, seeds and
the like, and operations in losses and Lambda layers; see `keras_native.legacy.tensorflow` and
`tensorflow_tables`.
`keras.__version__` is then that of the Keras whose arithmetic new models follow: 2.3.1, or 1.2.2
after `use_keras(1)`. `keras.backend.backend()` is "tensorflow", whose conventions are followed.
"""

import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

from . import dialect
from .legacy import children, numpy_names

_PACKAGE = __name__.partition(".")[0]
_NAME = "keras"
_PREPROCESSING = "keras_preprocessing"  # a package of its own from Keras 2.2 on
_TENSORFLOW = "tensorflow"
_WITH_KERAS = (
    _TENSORFLOW,
    *(f"{_TENSORFLOW}.{path}" for path in ("python", "contrib", "compat", "compat.v1")),
)
_OPS = ("control_flow_ops", "functional_ops", "tensor_array_ops")
_DEPTH = 3  # of modules below TensorFlow, as in tensorflow.python.ops.math_ops
_VERSIONS = {"1": "1.2.2", "2": "2.3.1"}
_BEFORE_2_3 = "2.2.4"


class _Door(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of `<name>.…` with the modules of this package, or of a part of it."""

    def __init__(self, name, home=_PACKAGE):
        self.name, self.home = name, home

    def own(self, fullname):
        return self.home + fullname[len(self.name) :]

    def find_spec(self, fullname, path=None, target=None):
        if fullname != self.name and not fullname.startswith(f"{self.name}."):
            return None
        own = self.own(fullname)
        try:
            importlib.import_module(own)
        except ModuleNotFoundError as error:
            if error.name == own:
                return None
            raise
        return importlib.machinery.ModuleSpec(fullname, self)

    def create_module(self, spec):
        module = sys.modules[self.own(spec.name)]
        spec.loader_state = (module.__spec__, module.__loader__)
        return module

    def exec_module(self, module):
        # The import system has put its own description on the module: give it its own back.
        module.__spec__, module.__loader__ = module.__spec__.loader_state


class _OnlyKeras(types.ModuleType):
    """Stands for `tensorflow`: its Keras, options of sessions, operations that the backend has, and
    a word about what is missing."""

    __version__ = "2.0.0"  # the TensorFlow that came with this Keras

    def __getattr__(self, name):
        if name == "keras" and self.__name__ in _WITH_KERAS:
            return importlib.import_module(f"{self.__name__}.keras")
        from .legacy import tensorflow, tensorflow_tables

        offers = self.__name__ in _WITH_KERAS and self.__name__ != "tensorflow.compat"
        if offers and name in tensorflow.NAMES:
            return getattr(tensorflow, name)
        below = self.__name__.removeprefix(f"{_TENSORFLOW}.")
        functions = tensorflow_tables.OPERATIONS if offers else tensorflow_tables.of_module(below)
        if name in functions:
            return functions[name]
        raise AttributeError(
            f"There is no TensorFlow underneath: of `{_TENSORFLOW}` only `keras`, options of "
            f"sessions and what the backend computes are there. Received: {self.__name__}.{name}"
        )


class _NotMissed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Lets modules inside TensorFlow be imported: much old code imports more than it uses."""

    def find_spec(self, fullname, path=None, target=None):
        top, *below = fullname.split(".")
        if top != _TENSORFLOW or below[:1] not in (["python"], ["contrib"]) or "keras" in below:
            return None
        if len(below) > _DEPTH:
            return None  # of functions nothing is pretended
        return importlib.machinery.ModuleSpec(fullname, self, is_package=len(below) < _DEPTH)

    def create_module(self, spec):
        return _OnlyKeras(spec.name)

    def exec_module(self, module):
        """There is nothing in it."""


def _of_device_lib(name):
    from .legacy import tensorflow

    if name == "list_local_devices":
        return tensorflow.list_local_devices
    raise AttributeError(f"There is no TensorFlow underneath. Received: device_lib.{name}")


def _install_tensorflow():
    if "tensorflow" in sys.modules or importlib.util.find_spec("tensorflow"):
        return
    for name in _WITH_KERAS:
        sys.modules[name] = _OnlyKeras(name)
        sys.modules[name].__path__ = []
        sys.meta_path.insert(0, _Door(f"{name}.keras"))
        above, _, last = name.rpartition(".")
        if above:
            setattr(sys.modules[above], last, sys.modules[name])
    client = types.ModuleType("tensorflow.python.client")
    client.device_lib = types.ModuleType("tensorflow.python.client.device_lib")
    client.device_lib.__getattr__ = _of_device_lib
    sys.modules["tensorflow.python"].client = client
    for module in (client, client.device_lib):
        sys.modules[module.__name__] = module
    sys.meta_path.append(_NotMissed())
    # Among the names of the backend until Keras 2.2.
    backend = importlib.import_module(f"{_PACKAGE}.backend")
    backend.tf = sys.modules[_TENSORFLOW]
    for name in _OPS:
        setattr(backend, name, importlib.import_module(f"{_TENSORFLOW}.python.ops.{name}"))
    # TensorBoard asks for this module to know that it has to do without TensorFlow.
    sys.modules["tensorboard.compat.notf"] = types.ModuleType("tensorboard.compat.notf")


def install():
    """Open the door; a `keras` imported before stays what it is only for those who hold it."""
    if any(isinstance(finder, _Door) for finder in sys.meta_path):
        return
    for name in [n for n in sys.modules if n.partition(".")[0] in (_NAME, _PREPROCESSING)]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Door(_NAME))
    sys.meta_path.insert(0, _Door(_PREPROCESSING, f"{_PACKAGE}.preprocessing"))
    importlib.import_module(_NAME)
    _install_tensorflow()
    children.install(open_in_child)
    use_keras(2)


def open_in_child(version, with_numpy_names):
    """The door in a process that is spawned; importing this module has opened it."""
    use_keras(version)
    if with_numpy_names:
        numpy_names.restore()


def use_keras(version):
    """Let what is made from now on follow Keras 1 (1.2.2) or Keras 2 (2.3.1).

    Spellings of both are understood either way. Keras 1 means its defaults and its arithmetic:
    hard sigmoids as gates, losses over unmasked steps and weighted samples, metrics batch by
    batch, its automatic names, its summary; see `keras_native.dialect`.

    `K.batch_dot` of more than three axes is that of its time: of Keras before 2.3 for '2.2' and 1.

    Args:
        version: 1 or 2, or a text that starts so ('1.2.2', '2.2').

    Raises:
        ValueError: for another version.
    """
    from .legacy.batch_dot import Then

    generation, _, minor = str(version).partition(".")
    if generation not in _VERSIONS:
        raise ValueError(f"Expected version 1 or 2 of Keras; received {version!r}.")
    dialect.set_default(generation)
    minor = minor.partition(".")[0]
    Then.before_2_3 = generation == "1" or minor in ("0", "1", "2")
    later = generation == "1" or not Then.before_2_3
    sys.modules[_PACKAGE].__version__ = _VERSIONS[generation] if later else _BEFORE_2_3


install()
