"""The loops of fit, evaluate and predict over arrays."""

from __future__ import annotations

import numpy as np

from ..utils.generic_utils import Progbar, slice_arrays, to_list, unpack_singleton
from .epoch_runners import REFRESH, Epochs, Steps
from .feeding import Feed, Pace, RowFeed, converted
from .loop_callbacks import (
    Progress,
    callback_list,
    checked_epochs,
    progress_bar,
    training_callbacks,
)
from .training_utils import (
    batch_shuffle,
    check_num_samples,
    make_batches,
    should_run_validation,
)

__all__ = [
    "Progbar",
    "batch_shuffle",
    "check_num_samples",
    "fit_loop",
    "make_batches",
    "predict_loop",
    "should_run_validation",
    "slice_arrays",
    "test_loop",
    "to_list",
    "unpack_singleton",
]


def fit_loop(
    model,
    fit_function,
    fit_inputs,
    out_labels=None,
    batch_size=None,
    epochs=100,
    verbose=1,
    callbacks=None,
    val_function=None,
    val_inputs=None,
    shuffle=True,
    initial_epoch=0,
    steps_per_epoch=None,
    validation_steps=None,
    validation_freq=1,
):
    """Trains for some epochs.

    Args:
        model: a compiled model.
        fit_function: its train function.
        fit_inputs: arrays: inputs, targets and, where the function takes them, weights.
        out_labels: names of the function's outputs.
        batch_size: samples in a batch.
        epochs: number of the last epoch plus one.
        verbose: 0 silent, 1 progress bar, 2 one line per epoch.
        callbacks: list of callbacks.
        val_function: function to validate with, or a callable without function attributes that
            returns the validation's values.
        val_inputs: arrays for it.
        shuffle: whether samples are shuffled before each epoch; 'batch' shuffles whole batches.
        initial_epoch: number of the first epoch.
        steps_per_epoch: steps in an epoch, each over all of the inputs.
        validation_steps: steps of a validation, each over all of its inputs.
        validation_freq: every how many epochs there is a validation, or their numbers.

    Returns:
        The `History` callback.
    """
    do_validation = val_function is not None
    epochs, initial_epoch = checked_epochs(epochs, initial_epoch)
    if shuffle not in (True, False, None, "batch"):
        raise ValueError(f"shuffle expected True, False or 'batch', got {shuffle!r}")
    samples = check_num_samples(fit_inputs, batch_size, steps_per_epoch, "steps_per_epoch")
    by_steps = steps_per_epoch is not None
    found = training_callbacks(
        model,
        callbacks,
        verbose,
        "steps" if by_steps else "samples",
        batch_size=batch_size,
        epochs=epochs,
        steps=steps_per_epoch,
        samples=samples,
        do_validation=do_validation,
    )
    if by_steps:
        epoch_runner = Steps(model, fit_function, fit_inputs, steps_per_epoch, found)
    else:
        feed = Feed(fit_function, fit_inputs, batch_size, keep=epochs - initial_epoch > 1)
        epoch_runner = Epochs(model, feed, found, shuffle, verbose)
    for callback in found:
        callback.validation_data = model._data_of_callbacks(val_inputs)
    if verbose and val_inputs and fit_inputs:
        print(
            f"Train on {fit_inputs[0].shape[0]} samples, "
            f"validate on {val_inputs[0].shape[0]} samples"
        )

    validate = None
    if do_validation:
        validate = _validation(
            model,
            val_function,
            val_inputs,
            batch_size=batch_size,
            steps=validation_steps,
            callbacks=found,
            keep=epochs - initial_epoch > 1,
        )

    found._call_begin_hook("train")
    found.model.stop_training = False
    progress = Progress(initial_epoch, found, epoch_runner)
    found.resume(progress)
    for epoch in range(progress.epoch, epochs):
        model.reset_metrics()
        found.on_epoch_begin(epoch)
        if progress.batch:  # what the beginning of the epoch has reset
            found.resume(progress)
        logs: dict = {}
        whole = epoch_runner.run(progress)
        if whole and validate and should_run_validation(validation_freq, epoch):
            for name, value in zip(model.metrics_names, to_list(validate()), strict=True):
                logs["val_" + name] = value
        progress.epoch, progress.batch = epoch + 1, 0
        found.on_epoch_end(epoch, logs)
        found.on_progress(progress)
        if found.model.stop_training:
            break
    found._call_end_hook("train")
    return model.history


def _validation(model, function, inputs, *, batch_size, steps, callbacks, keep):
    """A callable for the values of a validation; `keep` where it will be called again."""
    if not hasattr(function, "run_batches"):
        return lambda: function(callbacks)
    feed = None
    if steps is None:
        inputs = converted(function, inputs)  # once, not every epoch
        feed = Feed(function, inputs, batch_size, keep=keep)
    return lambda: test_loop(
        model,
        function,
        inputs,
        batch_size=batch_size,
        steps=steps,
        callbacks=callbacks,
        verbose=0,
        feed=feed,
    )


def test_loop(model, f, ins, batch_size=None, verbose=0, steps=None, callbacks=None, feed=None):
    """Loss and metrics over arrays.

    Args:
        model: a compiled model.
        f: its test function.
        ins: arrays: inputs, targets and, where the function takes them, weights.
        batch_size: samples in a batch.
        verbose: 1 for a progress bar.
        steps: number of steps, each over all of `ins`.
        callbacks: list of callbacks.
        feed: the `Feed` of these arrays and batches, where there is one already.

    Returns:
        The loss, or a list of loss and metrics: the loss averaged over samples, the metrics as
        they stand at the end.
    """
    model.reset_metrics()
    samples = check_num_samples(ins, batch_size, steps, "steps")
    found = callback_list(
        model,
        callbacks,
        batch_size=batch_size,
        steps=steps,
        samples=samples,
        verbose=verbose,
        metrics=list(model.metrics_names),
    )
    bar = progress_bar(steps if steps is not None else samples, verbose)
    found._call_begin_hook("test")
    watched = found.watches_batches("test")
    labels = model.metrics_names
    total, count, values = 0.0, 0, []

    def batch(k, size, run):
        logs = {"batch": k, "size": size}
        if watched:
            found._call_batch_hook("test", "begin", k, logs)
        values, loss_sum, n = run()
        if watched:
            logs.update(zip(labels, values, strict=True))
            found._call_batch_hook("test", "end", k, logs)
        return values, loss_sum, n

    if steps is not None:
        for k in range(steps):
            values = [float(np.mean(v)) for v in f(ins)]
            values, loss_sum, n = batch(k, 1, lambda v=values: (v, v[0], 1))
            total, count = total + loss_sum, count + n
            if bar:
                bar.update(k + 1)
    else:
        feed = feed or Feed(f, ins, batch_size)
        pace = Pace(REFRESH if bar else None)
        k = 0
        while k < feed.batches:
            n = 1 if watched else pace.take(feed.batches - k)
            values, loss_sum, seen = batch(k, feed.size(k), lambda k=k, n=n: feed.run(k, k + n))
            pace.done(n)
            k += n
            total, count = total + loss_sum, count + seen
            if bar:
                bar.update(count)
    found._call_end_hook("test")
    values = list(values)
    values[0] = total / max(count, 1)
    return unpack_singleton(values)


def predict_loop(model, f, ins, batch_size=32, verbose=0, steps=None, callbacks=None):
    """Outputs for arrays.

    Args:
        model: a model.
        f: its predict function.
        ins: input arrays.
        batch_size: samples in a batch.
        verbose: 1 for a progress bar.
        steps: number of steps, each over all of `ins`.
        callbacks: list of callbacks.

    Returns:
        An array, or a list of arrays for several outputs.
    """
    samples = check_num_samples(ins, batch_size, steps, "steps")
    found = callback_list(
        model, callbacks, batch_size=batch_size, steps=steps, samples=samples, verbose=verbose
    )
    bar = progress_bar(steps if steps is not None else samples, verbose)
    found._call_begin_hook("predict")
    if steps is not None:
        results = [[] for _ in f.outputs]
        for k in range(steps):
            logs = {"batch": k, "size": 1}
            found._call_batch_hook("predict", "begin", k, logs)
            logs["outputs"] = f(ins)
            for result, part in zip(results, logs["outputs"], strict=True):
                result.append(part)
            found._call_batch_hook("predict", "end", k, logs)
            if bar:
                bar.update(k + 1)
        outputs = [np.concatenate(parts, axis=0) for parts in results]
    else:
        outputs = _predict_rows(RowFeed(f, ins, batch_size), found, bar)
    found._call_end_hook("predict")
    return unpack_singleton(outputs)


def _predict_rows(feed, callbacks, bar):
    watched = callbacks.watches_batches("predict")
    pace = Pace(REFRESH if bar else None)
    k = 0
    while k < feed.batches:
        n = 1 if watched else pace.take(feed.batches - k)
        logs = {"batch": k, "size": feed.size(k)}
        if watched:
            callbacks._call_batch_hook("predict", "begin", k, logs)
        feed.run(k, k + n)
        if watched:
            start = k * feed.batch_size
            logs["outputs"] = [y[start : start + feed.size(k)] for y in feed.outputs]
            callbacks._call_batch_hook("predict", "end", k, logs)
        pace.done(n)
        k += n
        if bar:
            bar.update(min(k * feed.batch_size, feed.samples))
    return feed.outputs
