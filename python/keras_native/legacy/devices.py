"""The device lists that Keras had inside, and that scripts asked whether there is a GPU."""

from .. import config


def _get_available_gpus():
    """Names of the GPUs, as TensorFlow calls them; an empty list where there is none."""
    gpus = [name for name in config.list_devices() if name.startswith("cuda")]
    return [f"/device:GPU:{number}" for number in range(len(gpus))]
