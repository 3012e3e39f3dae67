"""The loops of fit, evaluate and predict over generators and Sequences."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np

from ..utils.arguments import whole_number
from ..utils.enqueuers import GeneratorEnqueuer, OrderedEnqueuer, kept_of
from ..utils.generic_utils import Progbar, to_list, unpack_singleton
from ..utils.sequence import Sequence
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


@contextlib.contextmanager
def _batches(source, workers, use_multiprocessing, max_queue_size, shuffle=False, progress=None):
    """Batches without end, prepared ahead by workers where there are any.

    Args:
        progress: of a training, which begins at its epoch, and finds there what the source keeps.

    Yields:
        An iterator over the batches; and a function to call after an epoch of training, told
        whether to wait until a Sequence has had its `on_epoch_end`.
    """
    if workers <= 0:
        if progress is not None:
            progress.find_kept = lambda epoch: kept_of(source)
        if is_sequence(source):
            yield iter_sequence_infinite(source), lambda wait: source.on_epoch_end()
        else:
            yield iter(source), lambda wait: None
        return
    if is_sequence(source):
        enqueuer = OrderedEnqueuer(source, use_multiprocessing, shuffle=shuffle)
        if progress is not None:
            enqueuer.seed, enqueuer.epoch = progress.seed, progress.epoch
            progress.find_kept = enqueuer.kept_at
    else:
        if use_multiprocessing and workers > 1:
            warnings.warn(
                "Using a generator with `use_multiprocessing=True` and multiple workers may "
                "duplicate your data. Please consider using the `keras_native.utils.Sequence` "
                "class.",
                stacklevel=4,
            )
        enqueuer = GeneratorEnqueuer(source, use_multiprocessing)
    enqueuer.start(workers=workers, max_queue_size=max_queue_size)
    try:
        yield enqueuer.get(), lambda wait: enqueuer.join_end_of_epoch() if wait else None
    finally:
        enqueuer.stop()


def _steps_of(source, steps, name):
    """Number of batches: the argument, or the length of a Sequence.

    Raises:
        ValueError: a generator without a number.
    """
    if steps is None:
        if not is_sequence(source):
            raise ValueError(
                f"`{name}=None` is only valid for a generator based on the `Sequence` class. "
                f"Please specify `{name}` or use the `Sequence` class."
            )
        steps = len(source)
    return whole_number(steps, f"`{name}`", 1)


def _next(batches, seen):
    try:
        return next(batches)
    except StopIteration:
        raise ValueError(
            f"Your generator ran out of data after {seen} batches. Make sure that it yields at "
            f"least `steps_per_epoch * epochs` batches (or as many as `steps`): a generator for "
            f"training should go on without end."
        ) from None


def _unpack(batch, with_targets=True):
    """(x, y, sample weights) of what a generator yields.

    Raises:
        ValueError: something that is no tuple of that kind.
    """
    kinds = (list, tuple) if with_targets else tuple  # for predictions a list holds inputs
    if isinstance(batch, kinds) and len(batch) in (2, 3):
        x, y, *weight = batch
        return x, y, weight[0] if weight else None
    if not with_targets:
        return (batch[0] if isinstance(batch, tuple) and len(batch) == 1 else batch), None, None
    raise ValueError(
        f"Output of generator should be a tuple `(x, y, sample_weight)` or `(x, y)`. "
        f"Found: {str(batch)[:200]}"
    )


def _size(x):
    """Number of samples in a batch."""
    if x is None or (isinstance(x, (list, tuple, dict)) and not x):
        return 1
    if isinstance(x, dict):
        x = next(iter(x.values()))
    elif isinstance(x, (list, tuple)):
        x = x[0]
    return int(x.shape[0]) if hasattr(x, "shape") else len(x)


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
    steps_per_epoch = _steps_of(generator, steps_per_epoch, "steps_per_epoch")
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
            _batches(generator, workers, use_multiprocessing, max_queue_size, shuffle, progress)
        )
        seen = 0
        for epoch in range(progress.epoch, epochs):
            model.reset_metrics()
            found.on_epoch_begin(epoch)
            logs: dict = {}
            whole = True
            for k in range(steps_per_epoch):
                x, y, weight = _unpack(_next(batches, seen))
                seen += 1
                _train_step(model, found, k, x, y, weight, class_weight)
                if found.model.stop_training:
                    whole = k == steps_per_epoch - 1
                    break
            if whole and do_validation and should_run_validation(validation_freq, epoch):
                for name, value in zip(
                    model.metrics_names, to_list(validate(_size(x))), strict=True
                ):
                    logs["val_" + name] = value
            progress.epoch = epoch + 1
            progress.source = progress.source if whole else None
            found.on_epoch_end(epoch, logs)
            if not found.model.stop_training:
                end_epoch(counts_steps)
            if counts_steps and not found.model.stop_training:
                steps_per_epoch = _steps_of(generator, None, "steps_per_epoch")
                found.set_params({**found.params, "steps": steps_per_epoch})
            found.on_progress(progress)
            if found.model.stop_training:
                break
        found._call_end_hook("train")
    return model.history


def _train_step(model, callbacks, k, x, y, weight, class_weight):
    logs = {"batch": k, "size": _size(x)}
    callbacks._call_batch_hook("train", "begin", k, logs)
    values = model.train_on_batch(
        x, y, sample_weight=weight, class_weight=class_weight, reset_metrics=False
    )
    logs.update(zip(model.metrics_names, map(float, to_list(values)), strict=True))
    callbacks._call_batch_hook("train", "end", k, logs)


def _validator(model, data, steps, callbacks, resources, workers):
    """(function of the size of a training batch, what callbacks find as `validation_data`)."""
    if is_generator_or_sequence(data):
        steps = _steps_of(data, steps, "validation_steps")
        held_out, _ = resources.enter_context(_batches(data, *workers))

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
    steps = _steps_of(generator, steps, "steps")
    found = callback_list(
        model, callbacks, steps=steps, verbose=verbose, metrics=list(model.metrics_names)
    )
    with _batches(generator, workers, use_multiprocessing, max_queue_size) as (batches, _):
        return _evaluate_batches(model, batches, steps, found, progress_bar(steps, verbose))


def _evaluate_batches(model, batches, steps, callbacks, bar=None):
    model.reset_metrics()
    callbacks._call_begin_hook("test")
    values: list = []
    for k in range(steps):
        x, y, weight = _unpack(_next(batches, k))
        logs = {"batch": k, "size": _size(x)}
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
    steps = _steps_of(generator, steps, "steps")
    found = callback_list(model, callbacks, steps=steps, verbose=verbose)
    bar = progress_bar(steps, verbose)
    parts: list = []
    found._call_begin_hook("predict")
    with _batches(generator, workers, use_multiprocessing, max_queue_size) as (batches, _):
        for k in range(steps):
            x, _, _ = _unpack(_next(batches, k), with_targets=False)
            logs = {"batch": k, "size": _size(x)}
            found._call_batch_hook("predict", "begin", k, logs)
            logs["outputs"] = outputs = to_list(model.predict_on_batch(x))
            found._call_batch_hook("predict", "end", k, logs)
            parts.append(outputs)
            if bar:
                bar.update(k + 1)
    found._call_end_hook("predict")
    return unpack_singleton([np.concatenate(of_output) for of_output in zip(*parts, strict=True)])
