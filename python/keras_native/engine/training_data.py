"""Between the user's data and the model's functions."""

from __future__ import annotations

import numpy as np

from .. import backend as K
from ..utils.arguments import whole_number
from ..utils.generic_utils import to_list, unpack_singleton
from . import training_utils
from .call_frames import frames
from .data_checks import as_long_as_first, check_shape, loss_name, of_rank
from .fast_path import FastBatch, FastPredict, is_ready
from .input_layer import Input
from .step_functions import HandedStep


class DataAdapter:
    """Mixin of `Model`: checks data, and pairs it with the function that takes it."""

    # ------------------------------------------------------------ models that see data first

    def build(self, input_shape):
        """Builds a subclassed model by calling it on placeholders.

        Args:
            input_shape: shape with the batch axis, or a list of shapes.
        """
        called = frames.stack and frames.stack[-1] is None  # built because it is being called
        if not called and not self.inputs and input_shape:
            shapes = input_shape if isinstance(input_shape, list) else [input_shape]
            self._set_inputs([Input(batch_shape=tuple(shape)) for shape in shapes])
        self._built = True

    def _set_inputs_from(self, x):
        """Gives a model without inputs those that fit the data `x`."""
        values = x.values() if isinstance(x, dict) else to_list(x, allow_tuple=True)
        arrays = [training_utils.standardize_single_array(_plain(v)) for v in values]
        if hasattr(self, "_tail"):  # a stack
            if not self._layers:
                raise ValueError(f"Model {self.name!r} has no layers: add some first.")
            if len(arrays) != 1:
                raise ValueError(
                    f"Sequential model {self.name!r} expected one input array, got {len(arrays)}."
                )
            self.build((None,) + tuple(arrays[0].shape[1:]))
            return
        self._set_inputs([Input(shape=tuple(a.shape[1:])) for a in arrays])

    def _set_inputs(self, inputs):
        """Calls a subclassed model on `inputs` and takes inputs and outputs from that."""
        outputs = to_list(self(unpack_singleton(inputs)), allow_tuple=True)
        layers = [x._keras_history[0] for x in inputs]
        self.__dict__.update(
            inputs=inputs,
            outputs=outputs,
            input_names=[layer.name for layer in layers],
            output_names=[f"output_{i + 1}" for i in range(len(outputs))],
            _feed_inputs=inputs,
            _feed_input_names=[layer.name for layer in layers],
            _feed_input_shapes=[K.int_shape(x) for x in inputs],
        )
        self._reset_functions()

    def _require_compile_arguments(self):
        if self._compile_arguments is None:
            self._require_compiled()

    # ------------------------------------------------------------ checks

    def _standardized(
        self,
        x,
        y=None,
        sample_weight=None,
        class_weight=None,
        check_array_lengths=True,
        batch_size=None,
    ):
        """Data as lists of arrays that fit the model.

        Returns:
            inputs, targets, sample weights; None for the weights where nobody gave any.
        """
        if not self.inputs:
            self._set_inputs_from(x)
        if not self._built:
            self.build()
        inputs = training_utils.standardize_input_data(
            x,
            self._feed_input_names,
            self._feed_input_shapes,
            check_batch_axis=False,
            exception_prefix="input",
        )
        _refuse_missing(inputs, self._feed_input_names)
        targets, weights = [], None
        if y is not None:
            targets, weights = self._standardize_targets(y, sample_weight, class_weight)
        elif self._training is not None and self._training.fed() and sample_weight is not None:
            raise ValueError("`sample_weight` was given without targets `y`.")
        else:
            inputs = as_long_as_first(inputs)
        if check_array_lengths:
            training_utils.check_array_length_consistency(inputs, targets, weights)
        if self.stateful and batch_size and inputs[0].shape[0] % batch_size:
            raise ValueError(
                f"In a stateful network, you should only pass inputs with a number of samples that "
                f"can be divided by the batch size. Found: {inputs[0].shape[0]} samples. "
                f"Batch size: {batch_size}."
            )
        return inputs, targets, weights

    def _standardize_user_data(self, x, y=None, *args, **kwargs):
        """As `_standardized`, with weights for code that feeds all of a model's placeholders."""
        inputs, targets, weights = self._standardized(x, y, *args, **kwargs)
        if weights is None:
            weights = self._unit_weights(inputs, targets) if targets else []
        return inputs, targets, weights

    def _standardize_targets(self, y, sample_weight, class_weight):
        training = self._require_compiled()
        fed = training.fed()
        names = [end.name for end in fed]
        y = _sparse_targets_with_axis(y, fed)
        # Shapes are checked after losses against targets: that message says more.
        targets = training_utils.standardize_input_data(y, names, exception_prefix="target")
        targets = [of_rank(a, K.ndim(end.target)) for a, end in zip(targets, fed, strict=True)]
        training_utils.check_loss_and_target_compatibility(
            targets, [end.loss for end in fed], [end.shape for end in fed]
        )
        for array, end in zip(targets, fed, strict=True):
            shape = end.target_shape()
            if shape is not None and array is not None and not K.is_tensor(array):
                check_shape(array, end.name, shape, False, "target")
        return targets, self._standardize_all_weights(targets, sample_weight, class_weight)

    def _standardize_all_weights(self, targets, sample_weight, class_weight):
        """One array of weights per output that has a loss; None where there are none at all."""
        if sample_weight is None and class_weight is None:
            return None
        ends = self._training.weighed()
        names = [end.name for end in ends]
        by_sample = training_utils.standardize_sample_weights(sample_weight, names)
        by_class = training_utils.standardize_class_weights(class_weight, names)
        if all(w is None for w in by_sample + by_class):
            return None
        arrays = iter(targets)
        weights = []
        for end, by_sample_or_step, c in zip(ends, by_sample, by_class, strict=True):
            y = next(arrays) if end.target_is_fed else None
            w = self._training.weigh_steps(end, by_sample_or_step, y)
            weights.append(training_utils.standardize_weights(y, w, c, end.weight_mode))
        return weights

    def _standardize_validation(self, validation_data, batch_size):
        if not isinstance(validation_data, (list, tuple)) or len(validation_data) not in (2, 3):
            raise ValueError(
                f"When passing a `validation_data` argument, it must contain either 2 items "
                f"(x_val, y_val), or 3 items (x_val, y_val, val_sample_weights). However we "
                f"received `validation_data={type(validation_data).__name__}` of length "
                f"{len(validation_data) if hasattr(validation_data, '__len__') else '?'}"
            )
        x, y, *weight = validation_data
        return self._standardized(
            x, y, sample_weight=weight[0] if weight else None, batch_size=batch_size
        )

    def _split(self, data, share):
        """(first part, held-out part) of standardized data."""
        x, y, weights = data
        samples = x[0].shape[0]
        at = int(samples * (1.0 - share))
        if at == 0 or at == samples:
            raise ValueError(
                f"validation_split={share} of {samples} samples leaves an empty part: {at} to "
                f"train on, {samples - at} to validate on."
            )

        def part(arrays, rows):
            return None if arrays is None else [a[rows] for a in arrays]

        first, last = slice(0, at), slice(at, None)
        return (
            (part(x, first), part(y, first), part(weights, first)),
            (part(x, last), part(y, last), part(weights, last)),
        )

    def _validate_or_infer_batch_size(self, batch_size, steps, x):
        """The batch size to use: the user's, that of the inputs, or 32.

        Raises:
            ValueError: one that contradicts the model's inputs, or is not positive.
        """
        if batch_size is not None:
            batch_size = whole_number(batch_size, "batch_size", 1)
        fixed = None
        if self.inputs:
            fixed = K.int_shape(self.inputs[0])[0] if K.int_shape(self.inputs[0]) else None
        if fixed is not None and batch_size is not None and batch_size != fixed:
            raise ValueError(
                f"The `batch_size` argument value {batch_size} is incompatible with the specified "
                f"batch size of your Input Layer: {fixed}"
            )
        if steps is not None:
            return batch_size
        return int(batch_size or fixed or 32)

    # ------------------------------------------------------------ functions for data

    def _training_call(self, data):
        """The train function for these data, and the arrays to call it with."""
        x, y, weights = data
        training = self._require_targets(y)
        if weights is not None and not training.train_is_weighted:
            self._fast_train = {}  # from now on another function trains
        function = training.train_function(weighted=weights is not None)
        if training.train_is_weighted and weights is None:
            weights = self._unit_weights(x, y)
        if self._handed_step is not None:
            function = HandedStep(self, function, self._handed_step)
        return function, [*x, *y, *(weights or [])]

    def _test_call(self, data):
        """The test function for these data, and the arrays to call it with."""
        x, y, weights = data
        function = self._require_targets(y).test_function(weighted=weights is not None)
        return function, [*x, *y, *(weights or [])]

    def _data_of_callbacks(self, held_out):
        """The `validation_data` of callbacks: inputs, targets, weights, and phase if it matters.

        Args:
            held_out: arrays for the test function, weights among them only where there are some.
        """
        if held_out is None:
            return []
        plain = len(self._feed_inputs) + len(self._require_compiled().fed())
        found = list(held_out)
        if len(found) == plain:
            at = len(self._feed_inputs)
            found += self._unit_weights(found[:at], found[at:])
        follows_phase = self.uses_learning_phase and K.is_tensor(K.learning_phase())
        return [*found, 0.0] if follows_phase else found

    def _require_targets(self, y):
        """What `compile` made, after a check that there is something to compare outputs with."""
        training = self._require_compiled()
        missing = [end.name for end in training.fed()] if not y else []
        if missing:
            raise ValueError(
                f"The model {self.name!r} expects targets for its outputs {missing}, got y=None."
            )
        return training

    def _unit_weights(self, x, y):
        arrays = iter(y)
        return [
            training_utils.standardize_weights(
                next(arrays) if end.target_is_fed else x[0], sample_weight_mode=end.weight_mode
            )
            for end in self._training.weighed()
        ]

    def _validation_call(self, held_out, steps, max_queue_size, workers, use_multiprocessing):
        """What `fit` validates with: a test function and arrays, or a callable and None."""
        if held_out is None:
            return None, None
        if isinstance(held_out, tuple):
            return self._test_call(held_out)

        def validate(callbacks):
            return self.evaluate_generator(
                held_out,
                steps=steps,
                callbacks=callbacks,
                max_queue_size=max_queue_size,
                workers=workers,
                use_multiprocessing=use_multiprocessing,
            )

        return validate, None

    def _remember_inputs(self, x):
        """Lets predictions for arrays like `x` skip the checks they have passed."""
        if len(self._feed_inputs) == 1 and not self.stateful and is_ready(x, self._feed_inputs[0]):
            function = self._make_predict_function()
            if function.is_plain:
                self._fast_predict = FastPredict(function, x)

    def _remember_batch(self, mode, function, x, y, inputs):
        """The same for a step on a batch."""
        if len(inputs) != 2 or self.stateful or not function.is_plain:
            return
        if is_ready(x, function.inputs[0]) and is_ready(y, function.inputs[1]):
            self._fast_train[mode] = FastBatch(function, x, y)


def _plain(value):
    return value if hasattr(value, "shape") else np.asarray(value)


def _refuse_missing(arrays, names):
    for array, name in zip(arrays, names, strict=True):
        if array is None:
            raise ValueError(f"No data provided for input {name!r}: expected an array, got None.")
        if array.shape[0] == 0:
            raise ValueError(
                f"Input {name!r}: expected at least one sample, got an empty array of shape "
                f"{tuple(array.shape)}."
            )


def _sparse_targets_with_axis(y, ends):
    """Class numbers get their last axis of size 1: (N, T) for an output (N, T, classes)."""
    if len(ends) != 1 or not hasattr(y, "ndim"):
        return y
    end = ends[0]
    if loss_name(end.loss) == "sparse_categorical_crossentropy" and y.ndim == len(end.shape) - 1:
        return np.expand_dims(y, -1)
    return y
