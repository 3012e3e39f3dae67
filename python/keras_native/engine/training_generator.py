"""The loops of fit, evaluate and predict over generators and Sequences."""

from __future__ import annotations

import contextlib

import numpy as np

from ..utils.enqueuers import GeneratorEnqueuer, OrderedEnqueuer
from ..utils.generic_utils import Progbar, to_list, unpack_singleton
from ..utils.sequence import Sequence
from .generator_batches import batches_of, next_batch, size_of_batch, steps_of, unpacked
from .loop_callbacks import (
    Progress,
    callback_list,
    checked_epochs,
    progress_bar,
    training_callbacks,
)
from .training_arrays import test_loop
from .training_utils import (
    has_data,
    is_generator_or_sequence,
    is_sequence,
    iter_sequence_infinite,
    should_run_validation,
)

__all__ = [
    "GeneratorEnqueuer",
    "OrderedEnqueuer",
    "Progbar",
    "Sequence",
    "evaluate_generator",
    "fit_generator",
    "is_sequence",
    "iter_sequence_infinite",
    "predict_generator",
    "should_run_validation",
    "to_list",
    "unpack_singleton",
]


def fit_generator(
    model,
    generator,
    steps_per_epoch=None,
    epochs=1,
    verbose=1,
    callbacks=None,
    validation_data=None,
    validation_steps=None,
    validation_freq=1,
    class_weight=None,
    max_queue_size=10,
    workers=1,
    use_multiprocessing=False,
    shuffle=True,
    initial_epoch=0,
):
    """`Model.fit_generator`."""
    model._require_compile_arguments()
    counts_steps = steps_per_epoch is None  # anew each epoch, as a Sequence may change its length
    steps_per_epoch = steps_of(generator, steps_per_epoch, "steps_per_epoch")
    epochs, initial_epoch = checked_epochs(epochs, initial_epoch)
    with contextlib.ExitStack() as resources:
        do_validation = has_data(validation_data)
        validate = None
        found = training_callbacks(
            model,
            callbacks,
            verbose,
            "steps",
            epochs=epochs,
            steps=steps_per_epoch,
            do_validation=do_validation,
        )
        if do_validation:
            validate, kept = _validator(
                model,
                validation_data,
                validation_steps,
                found,
                resources,
                (workers, use_multiprocessing, max_queue_size),
            )
            if kept is not None:
                for callback in found:
                    callback.validation_data = kept
        found._call_begin_hook("train")
        found.model.stop_training = False
        progress = Progress(initial_epoch, found)
        if is_sequence(generator):
            progress.seed = int(np.random.randint(2**31))
            if steps_per_epoch == len(generator):  # their epochs are ours
                progress.source = generator
        found.resume(progress)
        batches, end_epoch = resources.enter_context(
            batches_of(generator, workers, use_multiprocessing, max_queue_size, shuffle, progress)
        )
        seen = 0
        for epoch in range(progress.epoch, epochs):
            model.reset_metrics()
            found.on_epoch_begin(epoch)
            logs: dict = {}
            whole = True
            for k in range(steps_per_epoch):
                x, y, weight = unpacked(next_batch(batches, seen))
                seen += 1
                _train_step(model, found, k, x, y, weight, class_weight)
                if found.model.stop_training:
                    whole = k == steps_per_epoch - 1
                    break
            if whole and do_validation and should_run_validation(validation_freq, epoch):
                for name, value in zip(
                    model.metrics_names, to_list(validate(size_of_batch(x))), strict=True
                ):
                    logs["val_" + name] = value
            progress.epoch = epoch + 1
            progress.source = progress.source if whole else None
            found.on_epoch_end(epoch, logs)
            if not found.model.stop_training:
                end_epoch(counts_steps)
            if counts_steps and not found.model.stop_training:
                steps_per_epoch = steps_of(generator, None, "steps_per_epoch")
                found.set_params({**found.params, "steps": steps_per_epoch})
            found.on_progress(progress)
            if found.model.stop_training:
                break
        found._call_end_hook("train")
    return model.history


def _train_step(model, callbacks, k, x, y, weight, class_weight):
    logs = {"batch": k, "size": size_of_batch(x)}
    callbacks._call_batch_hook("train", "begin", k, logs)
    values = model.train_on_batch(
        x, y, sample_weight=weight, class_weight=class_weight, reset_metrics=False
    )
    logs.update(zip(model.metrics_names, map(float, to_list(values)), strict=True))
    callbacks._call_batch_hook("train", "end", k, logs)


def _validator(model, data, steps, callbacks, resources, workers):
    """(function of the size of a training batch, what callbacks find as `validation_data`)."""
    if is_generator_or_sequence(data):
        steps = steps_of(data, steps, "validation_steps")
        held_out, _ = resources.enter_context(batches_of(data, *workers))

        def validate(batch_size):
            return _evaluate_batches(model, held_out, steps, callbacks)

        return validate, None
    if not isinstance(data, (list, tuple)) or len(data) not in (2, 3):
        raise ValueError(
            f"`validation_data` should be a tuple `(val_x, val_y, val_sample_weight)` or "
            f"`(val_x, val_y)`. Found: {str(data)[:200]}"
        )
    x, y, *weight = data
    arrays = model._standardized(x, y, sample_weight=weight[0] if weight else None)
    function, inputs = model._test_call(arrays)

    def validate_arrays(batch_size):
        return test_loop(model, function, inputs, batch_size=batch_size, callbacks=callbacks)

    return validate_arrays, model._data_of_callbacks(inputs)


def evaluate_generator(
    model,
    generator,
    steps=None,
    callbacks=None,
    max_queue_size=10,
    workers=1,
    use_multiprocessing=False,
    verbose=0,
):
    """`Model.evaluate_generator`."""
    model._require_compile_arguments()
    steps = steps_of(generator, steps, "steps")
    found = callback_list(
        model, callbacks, steps=steps, verbose=verbose, metrics=list(model.metrics_names)
    )
    with batches_of(generator, workers, use_multiprocessing, max_queue_size) as (batches, _):
        return _evaluate_batches(model, batches, steps, found, progress_bar(steps, verbose))


def _evaluate_batches(model, batches, steps, callbacks, bar=None):
    model.reset_metrics()
    callbacks._call_begin_hook("test")
    values: list = []
    for k in range(steps):
        x, y, weight = unpacked(next_batch(batches, k))
        logs = {"batch": k, "size": size_of_batch(x)}
        callbacks._call_batch_hook("test", "begin", k, logs)
        values = to_list(model.test_on_batch(x, y, sample_weight=weight, reset_metrics=False))
        values = [float(v) for v in values]
        logs.update(zip(model.metrics_names, values, strict=True))
        callbacks._call_batch_hook("test", "end", k, logs)
        if bar:
            bar.update(k + 1)
    callbacks._call_end_hook("test")
    # As Keras 2.3.1: metrics as they stand at the end, and the loss of the last batch.
    return unpack_singleton(values)


def predict_generator(
    model,
    generator,
    steps=None,
    callbacks=None,
    max_queue_size=10,
    workers=1,
    use_multiprocessing=False,
    verbose=0,
):
    """`Model.predict_generator`."""
    steps = steps_of(generator, steps, "steps")
    found = callback_list(model, callbacks, steps=steps, verbose=verbose)
    bar = progress_bar(steps, verbose)
    parts: list = []
    found._call_begin_hook("predict")
    with batches_of(generator, workers, use_multiprocessing, max_queue_size) as (batches, _):
        for k in range(steps):
            x, _, _ = unpacked(next_batch(batches, k), with_targets=False)
            logs = {"batch": k, "size": size_of_batch(x)}
            found._call_batch_hook("predict", "begin", k, logs)
            logs["outputs"] = outputs = to_list(model.predict_on_batch(x))
            found._call_batch_hook("predict", "end", k, logs)
            parts.append(outputs)
            if bar:
                bar.update(k + 1)
    found._call_end_hook("predict")
    return unpack_singleton([np.concatenate(of_output) for of_output in zip(*parts, strict=True)])
