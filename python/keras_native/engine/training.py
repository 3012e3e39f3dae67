"""The model: a network that can be compiled, trained, evaluated and asked for predictions."""

from __future__ import annotations

from ..legacy import accepts_keras1
from ..legacy.paths import moved
from ..utils.arguments import real_number
from ..utils.generic_utils import slice_arrays, to_list, unpack_singleton
from . import training_arrays, training_utils
from .base_layer import Layer
from .generator_methods import GeneratorMethods
from .network import Network
from .training_batch import BatchMethods
from .training_data import DataAdapter
from .training_setup import Compilable

__all__ = ["Layer", "Model", "Network", "slice_arrays", "to_list", "unpack_singleton"]
__getattr__ = moved(__name__)


@accepts_keras1
class Model(BatchMethods, GeneratorMethods, DataAdapter, Compilable):
    """A network with methods for training.

    Either `Model(inputs, outputs)` between tensors, or a subclass that makes its layers in
    `__init__` and uses them in `call`.

    Args:
        inputs: tensor or list of tensors made by `Input`.
        outputs: tensor or list of tensors that layers made from them.
        name: name of the model.
    """

    @accepts_keras1
    def compile(
        self,
        optimizer,
        loss=None,
        metrics=None,
        loss_weights=None,
        sample_weight_mode=None,
        weighted_metrics=None,
        target_tensors=None,
        **kwargs,
    ):
        """Says how the model is to be trained.

        Args:
            optimizer: name or object.
            loss: name, function or object; several outputs may have a list or a dict by name.
            metrics: list of metrics; a list of lists or a dict for several outputs.
            loss_weights: list or dict of the factors of the outputs' losses.
            sample_weight_mode: 'temporal' for weights per time step; list or dict for several
                outputs.
            weighted_metrics: metrics that take sample weights into account.
            target_tensors: tensors to use as targets instead of data given to `fit`.

        Raises:
            ValueError: unknown names, arguments that do not fit the outputs.
            TypeError: an argument that does not exist.
        """
        if kwargs:
            raise TypeError(f"compile() got unexpected arguments: {sorted(kwargs)}")
        self._set_training(
            optimizer,
            {
                "loss": loss if loss is not None else {},
                "metrics": metrics,
                "loss_weights": loss_weights,
                "sample_weight_mode": sample_weight_mode,
                "weighted_metrics": weighted_metrics,
                "target_tensors": target_tensors,
            },
        )

    # ------------------------------------------------------------ whole data sets

    @accepts_keras1
    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose=1,
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_freq=1,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
        **kwargs,
    ):
        """Trains for a number of epochs.

        Args:
            x: array, list or dict of arrays; or a generator or Sequence of batches.
            y: targets in the same forms.
            batch_size: samples per step, 32 if left out.
            epochs: number of the last epoch plus one.
            verbose: 0 silent, 1 progress bar, 2 one line per epoch.
            callbacks: list of callbacks.
            validation_split: share of the data, from its end, kept for validation.
            validation_data: (x, y) or (x, y, sample weights) to validate on, or a generator.
            shuffle: whether samples are shuffled before each epoch, or 'batch'.
            class_weight: {class number: weight}; a list or dict of these for several outputs.
            sample_weight: array of weights; a list or dict of these for several outputs.
            initial_epoch: number of the first epoch.
            steps_per_epoch, validation_steps: batches in an epoch and in a validation.
            validation_freq: every how many epochs to validate, or the numbers of those epochs.
            max_queue_size, workers, use_multiprocessing: how a generator is run ahead.

        Returns:
            A `History`: its `history` holds the values of every epoch.

        Raises:
            RuntimeError: the model was never compiled.
            ValueError: data that do not fit the model.
        """
        if kwargs:
            raise TypeError(f"Unrecognized keyword arguments: {sorted(kwargs)}")
        self._require_compile_arguments()
        if training_utils.is_generator_or_sequence(x):
            training_utils.check_generator_arguments(y, sample_weight, validation_split)
            return self.fit_generator(
                x,
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
        batch_size = self._validate_or_infer_batch_size(batch_size, steps_per_epoch, x)
        data = self._standardized(
            x, y, sample_weight=sample_weight, class_weight=class_weight, batch_size=batch_size
        )
        real_number(validation_split or 0.0, "validation_split")
        if (
            validation_steps
            and not steps_per_epoch
            and not training_utils.is_generator_or_sequence(validation_data)
        ):
            raise ValueError(
                "Can only use `validation_steps` when doing step-wise training, i.e. "
                "`steps_per_epoch` must be set."
            )
        data, held_out = self._hold_out(data, validation_data, validation_split, batch_size)
        if steps_per_epoch and not validation_steps and isinstance(held_out, tuple):
            raise ValueError(
                "Must specify `validation_steps` to perform validation when doing step-wise "
                "training (with `steps_per_epoch`)."
            )
        self._check_trainable_weights_consistency()
        function, inputs = self._training_call(data)
        val_function, val_inputs = self._validation_call(
            held_out, validation_steps, max_queue_size, workers, use_multiprocessing
        )
        return training_arrays.fit_loop(
            self,
            function,
            inputs,
            out_labels=self.metrics_names,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            val_function=val_function,
            val_inputs=val_inputs,
            shuffle=shuffle,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_freq=validation_freq,
        )

    def _hold_out(self, data, validation_data, share, batch_size):
        """What to train on, and what to validate on: given, a share of the data, or None."""
        if training_utils.is_generator_or_sequence(validation_data):
            return data, validation_data
        if training_utils.has_data(validation_data):
            return data, self._standardize_validation(validation_data, batch_size)
        if not share:
            return data, None
        if not 0.0 < share < 1.0:
            raise ValueError(f"validation_split expected a share between 0 and 1, got {share}")
        return self._split(data, share)

    @accepts_keras1
    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose=1,
        sample_weight=None,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
    ):
        """Loss and metrics over data, in test mode.

        Args:
            x, y, batch_size, verbose, sample_weight: as for `fit`.
            steps: number of batches to take from a generator.
            callbacks: list of callbacks.
            max_queue_size, workers, use_multiprocessing: how a generator is run ahead.

        Returns:
            The loss, or the list of loss and metrics in the order of `metrics_names`.
        """
        self._require_compile_arguments()
        if training_utils.is_generator_or_sequence(x):
            training_utils.check_generator_arguments(y, sample_weight)
            return self.evaluate_generator(
                x,
                steps=steps,
                verbose=verbose,
                callbacks=callbacks,
                max_queue_size=max_queue_size,
                workers=workers,
                use_multiprocessing=use_multiprocessing,
            )
        batch_size = self._validate_or_infer_batch_size(batch_size, steps, x)
        data = self._standardized(x, y, sample_weight=sample_weight, batch_size=batch_size)
        function, inputs = self._test_call(data)
        return training_arrays.test_loop(
            self,
            function,
            inputs,
            batch_size=batch_size,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
        )

    @accepts_keras1
    def predict(
        self,
        x,
        batch_size=None,
        verbose=0,
        steps=None,
        callbacks=None,
        max_queue_size=10,
        workers=1,
        use_multiprocessing=False,
    ):
        """Outputs for data, in test mode.

        Args:
            x: array, list or dict of arrays; or a generator or Sequence of batches.
            batch_size: samples at a time, 32 if left out.
            verbose: 1 for a progress bar.
            steps: number of batches to take from a generator.
            callbacks: list of callbacks.
            max_queue_size, workers, use_multiprocessing: how a generator is run ahead.

        Returns:
            An array, or a list of arrays for several outputs.
        """
        fast = self._fast_predict
        if fast is not None and not (verbose or steps or callbacks) and fast.fits(x):
            if len(x) <= (batch_size or 32):
                return fast.run(x)
        if training_utils.is_generator_or_sequence(x):
            return self.predict_generator(
                x,
                steps=steps,
                verbose=verbose,
                callbacks=callbacks,
                max_queue_size=max_queue_size,
                workers=workers,
                use_multiprocessing=use_multiprocessing,
            )
        batch_size = self._validate_or_infer_batch_size(batch_size, steps, x)
        inputs, _, _ = self._standardized(x)
        if self.stateful and batch_size and inputs[0].shape[0] % batch_size:
            raise _stateful_error(inputs, batch_size)
        self._remember_inputs(x)
        return training_arrays.predict_loop(
            self,
            self._make_predict_function(),
            inputs,
            batch_size=batch_size,
            verbose=verbose,
            steps=steps,
            callbacks=callbacks,
        )


def _stateful_error(inputs, batch_size):
    return ValueError(
        f"In a stateful network, you should only pass inputs with a number of samples that can be "
        f"divided by the batch size. Found: {inputs[0].shape[0]} samples. "
        f"Batch size: {batch_size}."
    )
