"""One batch at a time: `train_on_batch`, `test_on_batch`, `predict_on_batch`."""

from __future__ import annotations

import numpy as np

from ..utils.generic_utils import unpack_singleton


class BatchMethods:
    """Mixin of `Model`."""

    def train_on_batch(self, x, y, sample_weight=None, class_weight=None, reset_metrics=True):
        """One training step.

        Args:
            x, y, sample_weight, class_weight: as for `fit`.
            reset_metrics: whether metrics start anew for this batch.

        Returns:
            The loss, or the list of loss and metrics in the order of `metrics_names`.
        """
        self._start_batch(reset_metrics)
        if sample_weight is None and class_weight is None:
            fast = self._fast_train.get("train")
            if fast is not None and fast.fits(x, y):
                return self._batch_result(fast.run(x, y), reset_metrics)
        self._require_compile_arguments()
        data = self._standardized(x, y, sample_weight=sample_weight, class_weight=class_weight)
        self._check_trainable_weights_consistency()
        function, inputs = self._training_call(data)
        self._remember_batch("train", function, x, y, inputs)
        return self._batch_result(function(inputs), reset_metrics)

    def test_on_batch(self, x, y, sample_weight=None, reset_metrics=True):
        """Loss and metrics of one batch, in test mode; arguments as for `train_on_batch`."""
        self._start_batch(reset_metrics)
        if sample_weight is None:
            fast = self._fast_train.get("test")
            if fast is not None and fast.fits(x, y):
                return self._batch_result(fast.run(x, y), reset_metrics)
        self._require_compile_arguments()
        data = self._standardized(x, y, sample_weight=sample_weight)
        function, inputs = self._test_call(data)
        self._remember_batch("test", function, x, y, inputs)
        return self._batch_result(function(inputs), reset_metrics)

    def _start_batch(self, reset_metrics):
        # Keras 2 starts metrics anew after a batch only, so that one after `evaluate` adds to it.
        if reset_metrics and self._dialect.batch_metrics and self._is_compiled:
            self.reset_metrics()

    def _batch_result(self, values, reset_metrics):
        if reset_metrics:
            self.reset_metrics()
        values = [v[()] if np.ndim(v) == 0 else v for v in values]
        return values[0] if len(values) == 1 else values

    def predict_on_batch(self, x):
        """Outputs of one batch, in test mode.

        Args:
            x: array, list or dict of arrays.
        """
        fast = self._fast_predict
        if fast is not None and fast.fits(x):
            return fast.run(x)
        inputs, _, _ = self._standardized(x)
        self._remember_inputs(x)
        return unpack_singleton(self._make_predict_function()(inputs))
