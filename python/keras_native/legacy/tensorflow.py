"""What scripts of Keras ask of TensorFlow beside its Keras: sessions with options, graphs, seeds,
devices, activations, and the types of tensors and shapes to tell them from others.

`as_keras` puts these names into a module `tensorflow` where TensorFlow is not installed. Options of
GPU memory go to `keras_native.config`; without a GPU they have no effect, and neither have those of
threads (`KERAS_NATIVE_NUM_THREADS`) or of logging. Of what computes there are only activations,
what the formula of one, `gelu`, was written with, and what conditional random fields find their
best path with.
"""

import contextlib
import types

import numpy as np

from .. import backend as K
from .. import config as _config
from ..backend.tensor import Dimension, Tensor, TensorShape  # noqa: F401


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

    def finalize(self):
        """Nothing is held."""


_graph = Graph()
_INITIALIZER = object()


def get_default_graph():
    """The one graph."""
    return _graph


def global_variables_initializer():
    """For `Session.run`, which has nothing to do: variables have values as they are made."""
    return _INITIALIZER


class Session:
    """Holds options; making the first one is when TensorFlow took the memory of the GPU.

    `keras.backend.set_session` takes it. There is nothing in it to run.
    """

    graph = _graph

    def __init__(self, target="", graph=None, config=None):
        self.config = ConfigProto() if config is None else config
        self.config.gpu_options.apply()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        return None

    def as_default(self):
        """A context that changes nothing."""
        return contextlib.nullcontext(self)

    def close(self):
        """Nothing is held."""

    def run(self, fetches=None, *args, **kwargs):
        """Nothing happens for initializers.

        Raises:
            RuntimeError: for all else; says what computes tensors here.
        """
        wanted = fetches if isinstance(fetches, (list, tuple)) else [fetches]
        if all(x is _INITIALIZER for x in wanted):
            return None
        raise RuntimeError(
            "There is no TensorFlow session underneath, so it runs nothing. Use "
            "K.function(inputs, outputs), K.eval(tensor) or K.get_value(variable)."
        )


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


class _Activations:
    """Stands for `tensorflow.nn`: the activations that layers were given from there."""

    names = ("relu", "elu", "selu", "softmax", "softplus", "softsign", "sigmoid", "tanh")
    later = {"relu6": "relu6", "leaky_relu": "leaky_relu", "silu": "silu", "swish": "silu"}

    def __getattr__(self, name):
        from .. import activations
        from ..later import activations as later

        if name in self.names:
            return getattr(activations, name)
        if name in self.later:
            return getattr(later, self.later[name])
        raise AttributeError(
            f"There is no TensorFlow underneath: of `tensorflow.nn` only the activations "
            f"{', '.join((*self.names, *self.later))} are there. Received: tensorflow.nn.{name}"
        )


def _erf(x):
    return K.emit("erf", (K.as_tensor(x),))


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
nn = _Activations()
random = types.SimpleNamespace(set_seed=set_random_seed)
test = types.SimpleNamespace(is_gpu_available=_is_gpu_available, gpu_device_name=_gpu_device_name)
disable_eager_execution = disable_v2_behavior = reset_default_graph = _nothing
local_variables_initializer = tables_initializer = global_variables_initializer
initialize_all_variables = global_variables_initializer


def _gather_nd(params, indices):
    """What lies in `params` at each row of `indices`, which count along its first axes."""
    indices = K.cast(K.as_tensor(indices), "int32")
    extents, depth = K.shape(params), K.int_shape(indices)[-1]
    if depth is None:
        raise ValueError(
            "tensorflow.gather_nd expected indices whose last axis has a known extent. Received: "
            f"indices of shape {K.int_shape(indices)}"
        )
    at = indices[..., 0]
    for axis in range(1, depth):
        at = at * K.cast(extents[axis], "int32") + indices[..., axis]
    below = [extents[axis] for axis in range(depth, K.ndim(params))]
    return K.gather(K.reshape(params, [-1, *below]), at)


OPERATIONS = {"gather_nd": _gather_nd, "range": K.arange}  # of tensorflow
MATH = {"erf": _erf, "sqrt": K.sqrt}  # of tensorflow.python.ops.math_ops
NAMES = (
    "GPUOptions", "ConfigProto", "Session", "InteractiveSession", "set_random_seed", "device",
    "config", "logging", "random", "test", "disable_eager_execution", "disable_v2_behavior",
    "reset_default_graph", "Graph", "get_default_graph", "global_variables_initializer",
    "local_variables_initializer", "tables_initializer", "initialize_all_variables", "nn",
    "Dimension", "Tensor", "TensorShape",
)  # fmt: skip
