"""What scripts of Keras ask of TensorFlow beside its Keras: sessions with options, graphs, seeds,
devices, and the types of tensors and shapes to tell them from others.

`as_keras` puts these names into a module `tensorflow` where TensorFlow is not installed. Options of
GPU memory go to `keras_native.config`; without a GPU they have no effect, and neither have those of
threads (`KERAS_NATIVE_NUM_THREADS`) or of logging. What computes is in `tensorflow_tables`.
"""

import contextlib
import types

import numpy as np

from .. import backend as K
from .. import config as _config
from ..backend.session import Action
from ..backend.tensor import Dimension, Tensor, TensorShape  # noqa: F401
from . import tensorflow_dynamic as dynamic
from . import tensorflow_gradients as by_hand
from . import tensorflow_metrics as running
from . import tensorflow_tables as tables
from . import tensorflow_train as training
from .tensorflow_flags import app, flags  # noqa: F401


class GPUOptions:
    """`per_process_gpu_memory_fraction` and `allow_growth`; other options are kept and not used."""

    def __init__(self, per_process_gpu_memory_fraction=0.0, allow_growth=False, **options):
        self.per_process_gpu_memory_fraction = per_process_gpu_memory_fraction
        self.allow_growth = allow_growth
        vars(self).update(options)

    def apply(self):
        """Tell the GPU, where there is one."""
        if _config.why_no_gpu():
            return
        if self.per_process_gpu_memory_fraction:
            _config.set_memory_limit(fraction=self.per_process_gpu_memory_fraction)
        if self.allow_growth:
            _config.set_memory_growth(True)


class ConfigProto:
    """Options of a session, of which `gpu_options` count."""

    def __init__(self, gpu_options=None, **options):
        self.gpu_options = GPUOptions() if gpu_options is None else gpu_options
        vars(self).update(options)


class Graph:
    """What servers kept beside a model and entered around `predict`, as threads had graphs of their
    own. Models here may be used from any thread: it holds nothing.
    """

    def as_default(self):
        """A context that changes nothing."""
        return contextlib.nullcontext(self)

    def gradient_override_map(self, op_type_map):
        """See `tensorflow_gradients`."""
        return by_hand.gradient_override_map(op_type_map)

    def finalize(self):
        """Nothing is held."""


_graph = Graph()
_INITIALIZER = Action(name="init")


def get_default_graph():
    """The one graph."""
    return _graph


def global_variables_initializer():
    """For `Session.run`, which has nothing to do: variables have values as they are made."""
    return _INITIALIZER


class Session(K.Session):
    """A session with options; making the first one is when TensorFlow took the memory of the GPU.

    `keras.backend.set_session` takes it.
    """

    def __init__(self, target="", graph=None, config=None):
        super().__init__()
        self.config = ConfigProto() if config is None else config
        self.config.gpu_options.apply()


InteractiveSession = Session


def set_random_seed(seed):
    """All random numbers of this package follow from NumPy's generator, which gets the seed."""
    np.random.seed(seed % 2**32)


def _nothing(*args, **kwargs):
    return None


def _devices(device_type=None):
    """Devices as `tensorflow.config` lists them; `device_type` is 'CPU', 'GPU' or None for all."""
    kinds = [("GPU" if name.startswith("cuda") else "CPU") for name in _config.list_devices()]
    return [
        types.SimpleNamespace(name=f"/physical_device:{kind}:{kinds[:i].count(kind)}",
                              device_type=kind)
        for i, kind in enumerate(kinds) if device_type in (None, kind)
    ]  # fmt: skip


def _set_memory_growth(device, enable):
    if getattr(device, "device_type", None) == "GPU":
        _config.set_memory_growth(bool(enable), f"cuda:{device.name.rpartition(':')[2]}")


def _is_gpu_available(*args, **kwargs):
    return not _config.why_no_gpu()


def _gpu_device_name():
    return "/device:GPU:0" if _is_gpu_available() else ""


def list_local_devices(*args, **kwargs):
    """Devices as `tensorflow.python.client.device_lib` lists them."""
    return [
        types.SimpleNamespace(
            name=found.name.replace("physical_", ""),
            device_type=found.device_type,
            physical_device_desc="",
            memory_limit=0,
        )
        for found in _devices()
    ]


class _Part:
    """Stands for a module below `tensorflow`: the functions that are there."""

    def __init__(self, path, functions):
        self._path = path
        self.__dict__.update(functions)

    def __getattr__(self, name):
        there = ", ".join(sorted(n for n in self.__dict__ if n != "_path"))
        raise AttributeError(
            f"There is no TensorFlow underneath: of `{self._path}` only {there} are there. "
            f"Received: {self._path}.{name}"
        )


def device(name):
    """A context for what is built within; a GPU that is not there is the CPU, as was usual."""
    wanted = str(name).lower()
    if "gpu" in wanted and _config.why_no_gpu():
        return contextlib.nullcontext()
    return _config.device("cpu" if "cpu" in wanted else wanted)


config = types.SimpleNamespace(
    list_physical_devices=_devices,
    set_soft_device_placement=_nothing,
    experimental=types.SimpleNamespace(
        list_physical_devices=_devices, set_memory_growth=_set_memory_growth
    ),
)
logging = types.SimpleNamespace(
    DEBUG=10, INFO=20, WARN=30, WARNING=30, ERROR=40, FATAL=50, set_verbosity=_nothing
)
image = _Part("tensorflow.image", tables.IMAGE)
losses = _Part("tensorflow.losses", tables.LOSSES)
math = _Part("tensorflow.math", tables.MATH)
nn = _Part("tensorflow.nn", tables.NN)
random = _Part("tensorflow.random", {"set_seed": set_random_seed, **tables.RANDOM})
sets = _Part("tensorflow.sets", {"set_intersection": dynamic.set_intersection})
metrics = _Part("tensorflow.metrics", running.NAMES)
train = _Part("tensorflow.train", training.NAMES)
test = types.SimpleNamespace(is_gpu_available=_is_gpu_available, gpu_device_name=_gpu_device_name)
disable_eager_execution = disable_v2_behavior = reset_default_graph = _nothing
local_variables_initializer = running.local_variables_initializer
tables_initializer = global_variables_initializer
initialize_all_variables = global_variables_initializer

NAMES = (
    "GPUOptions", "ConfigProto", "Session", "InteractiveSession", "set_random_seed", "device",
    "config", "logging", "random", "test", "disable_eager_execution", "disable_v2_behavior",
    "reset_default_graph", "Graph", "get_default_graph", "global_variables_initializer",
    "local_variables_initializer", "tables_initializer", "initialize_all_variables", "nn",
    "app", "flags", "image", "losses", "math", "metrics", "sets", "train",
    "Dimension", "Tensor", "TensorShape",
)  # fmt: skip
