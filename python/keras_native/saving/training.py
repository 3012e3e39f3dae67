"""How a model was compiled, as JSON, and the state of its optimizer."""

import json
import warnings

import numpy as np

from .. import backend as K
from .. import dialect
from ..utils.generic_utils import as_python
from . import compiled, foreign, keras1, layout, reader
from .architecture import malformed, parse_json
from .attributes import as_text, load_attributes_from_hdf5_group
from .weights import write_arrays


def training_config(model):
    """JSON text of the arguments of `compile`."""
    optimizer = model.optimizer
    return json.dumps(
        {
            "optimizer_config": {
                "class_name": optimizer.__class__.__name__,
                "config": optimizer.get_config(),
            },
            "loss": model.loss,
            "metrics": model._compile_metrics,
            "weighted_metrics": model._compile_weighted_metrics,
            "sample_weight_mode": model.sample_weight_mode,
            "loss_weights": model.loss_weights,
        },
        default=as_python,
    )


def save_training(f, model):
    """Write compile arguments and optimizer state of a compiled model into a file's root."""
    f.attrs["training_config"] = training_config(model).encode("utf-8")
    save_optimizer(f, model)


def save_optimizer(f, model):
    """Write the state of a model's optimizer as group `optimizer_weights`."""
    weights = model.optimizer.weights
    if weights:
        write_arrays(f.create_group("optimizer_weights"), "weight_names", weights)


def save_archived(f, model, as_keras_3):
    """Write the state of a model's optimizer into the weights of an archive.

    Args:
        as_keras_3: whether in the order of Keras 3, where it looks for it; else as in HDF5.
    """
    if as_keras_3:
        layout.save_optimizer(f, model, compiled.state(model.optimizer))
    else:
        save_optimizer(f, model)


def load_training(f, model, custom_objects):
    """Compile `model` as the file says, and set the optimizer's state."""
    if "training_config" not in f.attrs:
        warnings.warn(
            "No training configuration found in save file: the model was *not* compiled. Compile "
            "it manually.",
            stacklevel=4,
        )
        return
    config = parse_json(as_text(f.attrs["training_config"], "training_config"))
    compile_from_config(model, config, custom_objects)
    reorder = None
    if keras1.is_writer(f):  # not of a model of Keras 1 that was loaded and saved here
        reorder = lambda state: keras1.state_in_model_order(f, model, state)  # noqa: E731
    _load_state(f, model, reorder)


def load_own(f, model, config, custom_objects):
    """Compile `model` as an archive of this package says, and set the optimizer's state."""
    compile_from_config(model, config, custom_objects)
    paths = layout.optimizer_state(f)
    if paths:
        _load_optimizer(f, paths, model, None, compiled.state)
    else:
        _load_state(f, model)


def _load_state(f, model, reorder=None):
    """Set the optimizer's state from group `optimizer_weights`, where there is one."""
    if not reader.has(f, "optimizer_weights"):
        return
    group = reader.subgroup(f, "optimizer_weights")
    names = load_attributes_from_hdf5_group(group, "weight_names")
    _load_optimizer(group, names, model, reorder)


def load_archived(f, model, config, custom_objects):
    """Compile `model` as an archive's `compile_config` says, and set the optimizer's state.

    Args:
        f: the open weights of the archive.
    """
    if not isinstance(config, dict) or not ("loss" in config or config.get("optimizer")):
        return
    # Keras 3 forgets the optimizer of a model that it saved as HDF5 before; its default follows,
    # and the state is that of another.
    known = bool(config.get("optimizer"))
    optimizer = config["optimizer"] if known else {"class_name": "RMSprop", "config": {}}
    config = {**config, "optimizer_config": optimizer}
    compile_from_config(model, config, custom_objects)
    paths = layout.optimizer_state(f)
    if paths and known:
        _load_optimizer(f, paths, model, None)


def compile_from_config(model, config, custom_objects):
    """`model.compile` with arguments from `training_config`."""
    from .. import losses, metrics, optimizers

    custom_objects = custom_objects or {}
    if not isinstance(config, dict):
        raise ValueError(f"Expected the training configuration as a dict; it is {config!r:.100}.")
    generation = model.keras_generation
    if generation in ("tf_keras", "3"):
        with malformed("training configuration"):
            config = foreign.compile_arguments(config, generation)
    if "optimizer_config" not in config:
        raise ValueError("The training configuration names no optimizer.")

    def restored(value, deserialize):
        if isinstance(value, dict) and set(value) == {"class_name", "config"}:
            return deserialize(value, custom_objects=custom_objects)
        if isinstance(value, dict):
            return {k: restored(v, deserialize) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [restored(v, deserialize) for v in value]
        return custom_objects.get(value, value) if isinstance(value, str) else value

    with dialect.use(model._dialect), malformed("training configuration"):
        model.compile(
            optimizer=optimizers.deserialize(
                config["optimizer_config"], custom_objects=custom_objects
            ),
            loss=restored(config.get("loss"), losses.deserialize),
            metrics=restored(config.get("metrics"), metrics.deserialize),
            weighted_metrics=restored(config.get("weighted_metrics"), metrics.deserialize),
            loss_weights=config.get("loss_weights"),
            sample_weight_mode=config.get("sample_weight_mode"),
        )


def _load_optimizer(group, names, model, reorder, variables=None):
    """Set the optimizer's state from data sets `names` of a group.

    Args:
        reorder: function of the list of arrays, for files of Keras 1.
        variables: function of the optimizer: its variables in the order of `names`; without it
            they are its weights.
    """
    model._make_train_function()
    trained = sum(int(np.prod(K.int_shape(w))) for w in model.optimizer.weights)
    budget = reader.Budget(2 * trained + 64)
    try:
        state = [reader.array(group, name, budget) for name in names]
        if len(state) < len(model.optimizer.weights) and _is_untouched(state):
            return
        if reorder is not None:
            state = reorder(state)
        if variables is None:
            model.optimizer.set_weights(state)
        else:
            _set_variables(variables(model.optimizer), state)
    except ValueError as error:
        warnings.warn(
            "Error in loading the saved optimizer state. As a result, your model is starting with "
            f"a freshly initialized optimizer. ({error})",
            stacklevel=5,
        )


def _is_untouched(state):
    """Whether later Keras saved an optimizer before its first step: a counter of 0, and a rate."""
    return 0 < len(state) <= 2 and all(a.ndim == 0 for a in state) and state[0] == 0


def _set_variables(variables, values):
    """Set variables if all values fit.

    Raises:
        ValueError: if one does not.
    """
    shapes = [K.int_shape(v) for v in variables or ()]
    if shapes != [value.shape for value in values]:
        raise ValueError(f"Expected arrays of shapes {shapes}.")
    K.batch_set_value(zip(variables, values, strict=True))
