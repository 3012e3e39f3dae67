"""Where models run: the devices of this machine, the choice among them, their memory.

A GPU is used where there is one. `KERAS_NATIVE_DEVICE` (`cpu`, `cuda:0`) chooses another device for
the process, `set_device` from now on, and `with device(...)` for what is built within:

    with keras_native.config.device("cpu"):
        model = build_model()

Variables live on the device on which the function that uses them runs, and move there by
themselves.
"""

from .backend import devices as _devices

__all__ = [
    "allow_tf32",
    "device",
    "device_info",
    "get_device",
    "list_devices",
    "set_data_share",
    "set_device",
    "set_memory_growth",
    "set_memory_limit",
    "why_no_gpu",
]


def list_devices():
    """Names of all devices, `'cpu'` first, then `'cuda:0'` and so on."""
    return _devices.names()


def device_info(name=None):
    """What is known of a device (the current one by default), as a dict.

    `name`, `description`, `memory_total`, `memory_free`, `memory_used`, `memory_peak`,
    `memory_limit` (bytes, 0 where unknown or unlimited) and `tf32`.
    """
    return _devices.info(get_device() if name is None else name)


def get_device():
    """The device that new variables and functions use."""
    return _devices.current()


def set_device(name):
    """Use this device from now on; what was built before stays where it is.

    Raises:
        ValueError: where this machine has no such device.
    """
    _devices.set_default(name)


def device(name):
    """A context in which new variables and functions use the device `name`.

    Raises:
        ValueError: where this machine has no such device.
    """
    return _devices.scope(name)


def why_no_gpu():
    """Why no GPU is used, as text: no CUDA in this build, no driver, …; None where one is."""
    return _devices.why_no_gpu()


def _gpu(name):
    if name is not None:
        return name
    if why_no_gpu():
        raise ValueError(f"expected a GPU; there is none: {why_no_gpu()}")
    return "cuda:0"


def set_memory_limit(limit=None, fraction=None, device=None):
    """Let this process use at most so much of a GPU's memory.

    Arguments:
        limit: bytes; 0 lifts the limit.
        fraction: instead, a share of the whole memory in (0, 1].
        device: which GPU; the first by default.

    Raises:
        ValueError: where there is no GPU, or not exactly one of limit and fraction is given.
    """
    if (limit is None) == (fraction is None):
        raise ValueError(
            "expected either a limit in bytes or a fraction; "
            f"got limit={limit!r} and fraction={fraction!r}"
        )
    name = _gpu(device)
    if fraction is not None:
        if not 0 < fraction <= 1:
            raise ValueError(f"expected a fraction in (0, 1]; got {fraction!r}")
        limit = int(_devices.info(name)["memory_total"] * fraction)
    if limit < 0:
        raise ValueError(f"expected a limit of 0 bytes or more; got {limit!r}")
    _devices.set_memory_limit(name, limit, False)


def set_memory_growth(enabled, device=None):
    """Take memory as it is needed (True, the default), or the whole limit at once (False).

    Raises:
        ValueError: where there is no GPU.
        RuntimeError: where so much is not free.
    """
    name = _gpu(device)
    known = _devices.info(name)
    limit = known["memory_limit"] or int(0.9 * known["memory_free"])
    _devices.set_memory_limit(name, known["memory_limit"] if enabled else limit, not enabled)


def set_data_share(share):
    """How much of a GPU's free memory the arrays given to `fit` may take, to stay there whole.

    Arrays that fit in are copied to the GPU when `fit` begins, and its batches are gathered there;
    others are sent batch by batch while the batch before is computed. Where a model then runs out
    of memory, a smaller share leaves it more.

    Arguments:
        share: in [0, 1]; 0.25 unless set, 0 for never.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"expected a share in [0, 1]; got {share!r}")
    _devices.set_data_share(float(share))


def allow_tf32(allowed, device=None):
    """Whether products and convolutions on a GPU may round their float32 factors to TF32.

    They may unless told otherwise, as in TensorFlow: tensor cores are many times as fast, factors
    keep 10 bits of fraction, and sums are float32. It goes for what is compiled from now on: call
    it before a model is trained.

    Arguments:
        allowed: False for strict float32.
        device: which GPU; the first by default.

    Raises:
        ValueError: where there is no GPU.
    """
    _devices.allow_tf32(_gpu(device), bool(allowed))
