"""How a model was compiled, and the state of its optimizer, in the form of Keras 3.

Rules that Keras 3 does not have (Nadam's of Keras 2, losses and metrics of one's own) have no form
there; Keras 3 then opens the model uncompiled. Optimizers of Keras 2 that differ only in where a
tiny epsilon is added keep their state.
"""

from .. import backend as K
from ..later.optimizers.base import LaterOptimizer
from ..optimizers.loss_scale import LossScaleOptimizer

# Class of Keras 2 -> arguments that mean the same in Keras 3.
_SETTINGS = {
    "SGD": ("momentum", "nesterov"),
    "RMSprop": ("rho", "epsilon"),
    "Adagrad": ("epsilon",),
    "Adadelta": ("rho", "epsilon"),
    "Adam": ("beta_1", "beta_2", "epsilon", "amsgrad"),
    "Adamax": ("beta_1", "beta_2", "epsilon"),
}
# Class -> slots that lie side by side for each parameter, then slots that follow on their own.
_SLOTS = {
    "SGD": (1, 0), "RMSprop": (1, 0), "Adagrad": (1, 0), "Adadelta": (2, 0), "Adam": (2, 1),
    "Adamax": (2, 0),
}  # fmt: skip
_OBJECTIVES = {
    name: name
    for name in (
        "mean_squared_error", "mean_absolute_error", "mean_absolute_percentage_error",
        "mean_squared_logarithmic_error", "squared_hinge", "hinge", "categorical_hinge",
        "categorical_crossentropy", "sparse_categorical_crossentropy", "binary_crossentropy",
        "poisson", "mse", "mae", "mape", "msle",
    )
}  # fmt: skip
_LOSSES = {**_OBJECTIVES, "logcosh": "log_cosh", "kullback_leibler_divergence": "kl_divergence",
           "kld": "kl_divergence"}  # fmt: skip
_METRICS = {
    **_OBJECTIVES,
    **{
        name: name
        for name in (
            "accuracy", "acc", "crossentropy", "ce", "binary_accuracy", "categorical_accuracy",
            "sparse_categorical_accuracy", "top_k_categorical_accuracy",
            "sparse_top_k_categorical_accuracy",
        )
    },
}  # fmt: skip
_LOSS_CLASSES = {
    "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
    "MeanSquaredLogarithmicError", "BinaryCrossentropy", "CategoricalCrossentropy",
    "SparseCategoricalCrossentropy", "Hinge", "SquaredHinge", "CategoricalHinge", "Poisson",
}  # fmt: skip


class _Unknown(Exception):
    """Something that Keras 3 has no form of."""


def compile_config(model, training_config):
    """The `compile_config` of an archive, a dict; empty where Keras 3 could not read it.

    Args:
        model: a compiled model.
        training_config: its arguments of `compile` as plain values, in the form of Keras 2.
    """
    try:
        return {
            "optimizer": _optimizer(model.optimizer),
            "loss": _named(training_config["loss"], _LOSSES, _loss),
            "loss_weights": training_config["loss_weights"],
            "metrics": _named(training_config["metrics"], _METRICS),
            "weighted_metrics": _named(training_config["weighted_metrics"], _METRICS),
            "run_eagerly": False,
            "steps_per_execution": 1,
            "jit_compile": False,
        }
    except _Unknown:
        return {}


def state(optimizer):
    """The optimizer's variables in the order of Keras 3: steps, rate, slots by parameter.

    None for an optimizer that Keras 3 does not have.
    """
    if isinstance(optimizer, LossScaleOptimizer):
        return _scaling_state(optimizer)
    if isinstance(optimizer, LaterOptimizer):
        return optimizer.weights if optimizer.layout == "3" else None
    name = type(optimizer).__name__
    if not _is_ours(optimizer) or name not in _SLOTS or not optimizer.weights:
        return None
    steps, *slots = optimizer.weights
    head = [steps] if _decays(optimizer) else [steps, optimizer.learning_rate]
    if name == "SGD" and not K.get_value(optimizer.momentum):
        return head
    together, alone = _SLOTS[name]
    count = len(slots) // (together + alone)
    groups = [slots[i * count : (i + 1) * count] for i in range(together + alone)]
    ordered = [slot for own in zip(*groups[:together], strict=True) for slot in own]
    if name == "Adam" and not optimizer.amsgrad:  # its third slots are empty
        alone = 0
    return (
        head + ordered + [slot for group in groups[together : together + alone] for slot in group]
    )


def _scaling_state(optimizer):
    """Keras 3 gives loss scaling a count of steps and a rate as well, before its own state."""
    inner = state(optimizer.inner_optimizer)
    if inner is None or not optimizer.dynamic:
        return None
    head = [optimizer.iterations, optimizer.learning_rate]
    return [*head, optimizer.dynamic_counter, optimizer.loss_scale, *inner]


def _is_ours(optimizer):
    return type(optimizer).__module__.partition(".")[0] == __name__.partition(".")[0]


def _decays(optimizer):
    return optimizer.initial_decay > 0


def _optimizer(optimizer):
    """The configuration of an optimizer in Keras 3."""
    if isinstance(optimizer, LossScaleOptimizer) and optimizer.dynamic:
        return _optimizer(optimizer.inner_optimizer)  # it wraps by the policy of the model
    name = type(optimizer).__name__
    own = optimizer.get_config()
    if state(optimizer) is None:
        raise _Unknown(name)
    if isinstance(optimizer, LaterOptimizer):
        config = {k: v for k, v in own.items() if k != "is_legacy_optimizer"}
        if isinstance(config["learning_rate"], dict):
            config["learning_rate"] = _object("keras.optimizers.schedules", config["learning_rate"])
        return _object("keras.optimizers", {"class_name": name, "config": config})
    config = {key: own[key] for key in _SETTINGS[name]}
    config["learning_rate"] = own["learning_rate"]
    if _decays(optimizer):  # the rate divided by 1 + decay * steps
        settings = {
            "initial_learning_rate": own["learning_rate"],
            "decay_steps": 1,
            "decay_rate": own["decay"],
            "staircase": False,
        }
        schedule = {"class_name": "InverseTimeDecay", "config": settings}
        config["learning_rate"] = _object("keras.optimizers.schedules", schedule)
    if own.get("clipnorm"):  # of all gradients together, in Keras 2
        if own.get("clipvalue"):
            raise _Unknown("both ways of clipping")
        config["global_clipnorm"] = own["clipnorm"]
    elif own.get("clipvalue"):
        config["clipvalue"] = own["clipvalue"]
    return _object("keras.optimizers", {"class_name": name, "config": config})


def _object(module, described):
    return {"module": module, **described, "registered_name": None}


def _named(value, table, make=None):
    """Names of a table in the form of Keras 3, in any nesting."""
    if value is None:
        return None
    if isinstance(value, str):
        if value not in table:
            raise _Unknown(value)
        return table[value]
    if isinstance(value, (list, tuple)):
        return [_named(v, table, make) for v in value]
    if isinstance(value, dict) and "class_name" not in value:
        return {k: _named(v, table, make) for k, v in value.items()}
    if make is None:
        raise _Unknown(repr(value))
    return make(value)


def _loss(described):
    """A loss object {'class_name', 'config'} of Keras 2."""
    if described.get("class_name") not in _LOSS_CLASSES:
        raise _Unknown(repr(described))
    return _object("keras.losses", described)
