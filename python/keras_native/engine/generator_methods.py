"""`fit_generator`, `evaluate_generator` and `predict_generator` as methods; the work is done in
`training_generator`."""

from __future__ import annotations

from ..legacy import accepts_keras1
from . import training_generator


class GeneratorMethods:
    """Mixin of `Model`."""

    @accepts_keras1
    def fit_generator(
        self,
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
        """Trains on batches from a generator or a Sequence; see `fit`.

        Args:
            generator: yields (x, y) or (x, y, sample weights), without end; or a Sequence.
            steps_per_epoch: batches in an epoch; may be left out for a Sequence.
            validation_data: arrays, or a generator or Sequence.
            validation_steps: batches in a validation by a generator.
            max_queue_size: batches to prepare ahead.
            workers: threads or processes that prepare them; 0 for none.
            use_multiprocessing: processes instead of threads.
            shuffle: whether the batches of a Sequence are shuffled.
        """
        return training_generator.fit_generator(
            self,
            generator,
            steps_per_epoch=steps_per_epoch,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_data=validation_data,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
            class_weight=class_weight,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            shuffle=shuffle,
            initial_epoch=initial_epoch,
        )

    @accepts_keras1
    def evaluate_generator(
        self,
        generator,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        verbose=0,
    ):
        """Loss and metrics over batches from a generator or a Sequence; see `fit_generator`."""
        return training_generator.evaluate_generator(
            self,
            generator,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            verbose=verbose,
        )

    @accepts_keras1
    def predict_generator(
        self,
        generator,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        verbose=0,
    ):
        """Outputs for batches from a generator or a Sequence; see `fit_generator`."""
        return training_generator.predict_generator(
            self,
            generator,
            steps=steps,
            callbacks=callbacks,
            max_queue_size=max_queue_size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            verbose=verbose,
        )
