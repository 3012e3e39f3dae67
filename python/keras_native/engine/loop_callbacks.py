"""The callbacks of a run, set up."""

from __future__ import annotations

from ..utils.generic_utils import to_list


def training_callbacks(model, callbacks, verbose, count_mode, **params):
    """The callbacks of a training run, the built-in ones among them, told model and parameters.

    Args:
        callbacks: the user's, or None.
        verbose: whether a progress bar is shown.
        count_mode: 'samples' or 'steps'.
        **params: what the callbacks find in `params`; `do_validation` decides on the names.
    """
    from .. import callbacks as module

    labels = model.metrics_names
    model.history = module.History()
    # A list that runs per batch alongside the user's, in Keras's order.
    listed = [module.BaseLogger(stateful_metrics=labels[1:])]
    if verbose:
        listed.append(module.ProgbarLogger(count_mode, stateful_metrics=labels[1:]))
    listed += to_list(callbacks, allow_tuple=True) if callbacks is not None else []
    found = module.CallbackList([*listed, model.history])
    found.set_model(model._get_callback_model())
    shown = labels + ["val_" + name for name in labels] if params["do_validation"] else labels
    found.set_params({**params, "verbose": verbose, "metrics": list(shown)})
    return found


def callback_list(model, callbacks, **params):
    """`callbacks` as a list that knows model and parameters (one from `fit` knows them)."""
    from .. import callbacks as module

    if isinstance(callbacks, module.CallbackList):
        return callbacks
    listed = to_list(callbacks, allow_tuple=True) if callbacks is not None else []
    found = module.CallbackList(listed)
    found.set_model(model)
    found.set_params(params)
    return found


def progress_bar(target, verbose):
    """A bar towards `target` where `verbose` is 1, else None."""
    if verbose != 1:
        return None
    from ..utils.progbar import Progbar

    return Progbar(target=target)
