"""The callbacks of a run, set up."""

from __future__ import annotations

from .. import dialect
from ..utils.arguments import whole_number
from ..utils.generic_utils import to_list
from ..utils.progbar import Progbar


class Progress:
    """How far a run of `fit` has come: all that another one needs to know to go on from there.

    Callbacks with a method `resume(progress)` are given it when training begins, and may change
    it: the run then starts at that epoch, batch and order of samples.

    Attributes:
        epoch: number of the epoch that comes next, or is running.
        batch: number of the batch in it that comes next.
        callbacks: the callbacks of the run, the built-in ones among them.
        by_rows: whether batches are rows of arrays, so that a run can go on at any of them.
        source: the Sequence that batches come from, each once in an epoch; None for other data.
        seed: of the orders of its batches.
    """

    def __init__(self, epoch, callbacks, runner=None):
        self.epoch = epoch
        self.source = self.seed = None
        self.find_kept = None
        self.batch = 0
        self.callbacks = callbacks
        self._runner = runner
        self.by_rows = hasattr(runner, "index")

    @property
    def order(self):
        """Row numbers in the order of the samples of this epoch; None where it is their own."""
        return getattr(self._runner, "index", None)

    @order.setter
    def order(self, order):
        self._runner.index = order

    @property
    def kept(self):
        """What the Sequence remembers when the next epoch begins: see its `kept_attributes`."""
        keeps = self.find_kept is not None and getattr(self.source, "kept_attributes", ())
        return self.find_kept(self.epoch) if keeps else {}

    @kept.setter
    def kept(self, kept):
        for name, value in kept.items():
            setattr(self.source, name, value)


def checked_epochs(epochs, initial_epoch):
    """Both as ints.

    Raises:
        ValueError: something that is no number of epochs.
    """
    return whole_number(epochs, "epochs", 0), whole_number(initial_epoch, "initial_epoch", 0)


def training_callbacks(model, callbacks, verbose, count_mode, **params):
    """The callbacks of a training run, the built-in ones among them, told model and parameters.

    Args:
        callbacks: the user's, or None.
        verbose: whether a progress bar is shown.
        count_mode: 'samples' or 'steps'.
        **params: what the callbacks find in `params`; `do_validation` decides on the names.
    """
    from .. import callbacks as module

    _check_verbose(verbose)
    labels = model.metrics_names
    model.history = module.History()
    # A list that runs per batch alongside the user's, in Keras's order.
    listed = [module.BaseLogger(stateful_metrics=labels[1:])]
    if verbose:
        listed.append(module.ProgbarLogger(count_mode, stateful_metrics=labels[1:]))
    found = module.CallbackList([*listed, *_users(callbacks), model.history])
    found.set_model(model._get_callback_model())
    shown = list(labels)
    if params["do_validation"] or "samples" not in params:  # generators name them all, in Keras
        shown += ["val_" + name for name in labels]
    if dialect.default().generation == "1":
        params |= {"nb_epoch": params["epochs"], "nb_sample": params.get("samples")}
    found.set_params({**params, "verbose": verbose, "metrics": shown})
    return found


def callback_list(model, callbacks, **params):
    """`callbacks` as a list that knows model and parameters (one from `fit` knows them)."""
    from .. import callbacks as module

    if isinstance(callbacks, module.CallbackList):
        return callbacks
    found = module.CallbackList(_users(callbacks))
    found.set_model(model)
    found.set_params(params)
    return found


def _users(callbacks):
    """The user's callbacks as a list.

    Raises:
        TypeError: something else among them.
    """
    listed = to_list(callbacks, allow_tuple=True) if callbacks is not None else []
    for callback in listed:
        if isinstance(callback, type) or not hasattr(callback, "set_model"):
            raise TypeError(
                f"callbacks expected a list of Callback objects, got {callback!r} in it"
            )
    return listed


def _check_verbose(verbose):
    if verbose is not None and not isinstance(verbose, (bool, int)):
        raise ValueError(f"verbose expected 0, 1 or 2, got {verbose!r}")


def progress_bar(target, verbose):
    """A bar towards `target` where `verbose` is 1, else None."""
    if verbose != 1:
        return None
    return Progbar(target=target)
