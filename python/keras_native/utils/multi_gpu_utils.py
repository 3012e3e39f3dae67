"""`multi_gpu_model`: what it means on an engine that trains on one device."""

import warnings

from ..engine.training import Model


def multi_gpu_model(model, gpus=None, cpu_merge=True, cpu_relocation=False):
    """A model that shares all layers with `model`.

    In Keras it cuts each batch into parts for several GPUs, which changes how long a step takes and
    not what it computes. Here a step runs whole on the one device that there is, with the same
    result; a warning says so.

    Args:
        model: a model.
        gpus: number of GPUs, 2 or more, or list of their numbers; None: all.
        cpu_merge, cpu_relocation: where Keras keeps the weights; without effect.

    Raises:
        ValueError: for fewer than two GPUs, as in Keras.
    """
    count = len(gpus) if isinstance(gpus, (list, tuple)) else gpus
    if count is not None and count <= 1:
        raise ValueError(
            "For multi-gpu usage to be effective, call `multi_gpu_model` with `gpus >= 2` or "
            f"`len(gpus) >= 2`. Received: `gpus={gpus!r}`"
        )
    warnings.warn(
        "multi_gpu_model: this engine runs each step on one device. The model that is returned "
        "trains there on whole batches and shares its weights with the given one.",
        stacklevel=2,
    )
    return Model(model.inputs, model.outputs, name=f"{model.name}_replicated")
