"""`model.train_function` and its kin, for code that calls them by hand."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from ..utils.generic_utils import to_list


class StepFunction:
    """A compiled function of a model that takes the lists Keras's own takes.

    `fit` has no sample weights where none are given and fixes the learning phase; who calls
    `model.train_function` passes both.

    Args:
        model: the model.
        kind: 'train', 'test' or 'predict'.
    """

    def __init__(self, model, kind):
        self._model, self._kind = model, kind

    def __call__(self, values):
        """Runs one batch.

        Args:
            values: arrays of the inputs, targets and sample weights (which may be left out), and
                the learning phase where the model uses it.

        Returns:
            list of arrays: the loss and metrics, or the predictions.
        """
        values = list(values)
        count, weights = self._counts()
        phase = None
        if len(values) in (count + 1, count + weights + 1) and np.ndim(values[-1]) == 0:
            phase = values.pop()
        if self._kind == "predict":
            return self._predict(values, phase)
        training = self._model._training
        weighted = weights > 0 and len(values) == count + weights
        function = getattr(training, f"{self._kind}_function")(weighted)
        if not weighted and len(function.inputs) == count + weights:
            values += [np.ones(len(values[0]))] * weights
        return function(values)

    def _counts(self):
        """How many arrays there are, of inputs and targets and of sample weights."""
        count = len(self._model._feed_inputs)
        if self._kind == "predict":
            return count, 0
        self._made()
        training = self._model._training
        return count + len(training.fed()), len(training.weighed())

    def _predict(self, values, phase):
        if not phase:
            return self._made()(values)
        model = self._model
        inputs = [*model._feed_inputs, K.learning_phase()]
        return K.function(inputs, model.outputs, updates=model.state_updates)([*values, phase])

    def _made(self):
        return getattr(self._model, f"_make_{self._kind}_function")()

    def __getattr__(self, name):
        if name[:2] == "__":
            raise AttributeError(name)
        return getattr(self._made(), name)


class HandedStep:
    """A train function that was handed to a model, in the place of the compiled one.

    It takes inputs, targets, weights of samples and, where the model uses it, the learning phase:
    what Keras gave it. Training by adversarial embeddings is written so.

    Args:
        model: a compiled model.
        function: its compiled train function, whose inputs and outputs these are.
        call: the function that was handed in; it takes and returns a list.
    """

    is_whole = is_plain = False

    def __init__(self, model, function, call):
        self._model, self._call = model, call
        self._fed, self.inputs, self.outputs = function._fed, function.inputs, function.outputs

    def __call__(self, arrays):
        """Loss and metrics of a batch."""
        values = self._model._data_of_callbacks(list(arrays))
        if np.ndim(values[-1]) == 0:
            values[-1] = 1.0
        return to_list(self._call(values))
