"""`compile`, and what a compiled model knows of itself: names, metrics, functions."""

from __future__ import annotations

import warnings

from .. import backend as K
from .layer_weights import unique
from .network import Network
from .step_functions import StepFunction
from .training_graph import TrainingGraph


def all_layers(layer):
    """The layers inside a layer or model, however deep."""
    for inner in unique([*getattr(layer, "_layers", ()), *layer._sublayers]):
        yield inner
        yield from all_layers(inner)


class Compilable(Network):
    """A network that can be compiled: base of `Model`."""

    def _init_network(self, name):
        super()._init_network(name)
        self.__dict__.update(
            _compile_arguments=None,
            _training=None,
            _predict_function=None,
            _fast_predict=None,
            _fast_train={},
            _handed_step=None,
            stop_training=False,
            history=None,
        )

    def _init_graph_network(self, inputs, outputs):
        super()._init_graph_network(inputs, outputs)
        self._reset_functions()

    def _reset_functions(self):
        """Forgets the functions made for the graph as it was."""
        self.__dict__.update(
            _training=None,
            _predict_function=None,
            _fast_predict=None,
            _fast_train={},
            _handed_step=None,
        )
        if self._compile_arguments is not None and self.outputs:
            self._compile_graph()

    # ------------------------------------------------------------ compile

    def _set_training(self, optimizer, arguments):
        """Takes the arguments of `compile`; builds losses and metrics if there is a graph."""
        from .. import optimizers

        self.optimizer = self._scaling_loss(optimizers.get(optimizer))
        self.loss = arguments["loss"]
        self.loss_weights = arguments["loss_weights"]
        self.sample_weight_mode = arguments["sample_weight_mode"]
        self._compile_metrics = arguments["metrics"] or []
        self._compile_weighted_metrics = arguments["weighted_metrics"]
        self._compile_arguments = arguments
        self._training = self._handed_step = None
        self._fast_train = {}
        self._is_compiled = True
        if self.outputs:
            self._compile_graph()

    def _scaling_loss(self, optimizer):
        """The optimizer, with loss scaling where a layer's policy asks for it."""
        from ..optimizers.loss_scale import LossScaleOptimizer, scaling_loss

        if isinstance(optimizer, LossScaleOptimizer):
            return optimizer
        policies = [self._policy, *(layer._policy for layer in all_layers(self))]
        scale = next((p.loss_scale for p in policies if p.is_mixed and p.loss_scale), None)
        return optimizer if scale is None else scaling_loss(optimizer, scale)

    def _compile_graph(self):
        self._training = TrainingGraph(self, self._compile_arguments)
        self._fast_train = {}
        self._collected_trainable_weights = self.trainable_weights

    def _require_compiled(self):
        if self._compile_arguments is None:
            raise RuntimeError(
                f"The model {self.name!r} needs to be compiled before being used: call "
                f"`model.compile(optimizer, loss)` first."
            )
        if self._training is None:
            raise RuntimeError(
                f"The model {self.name!r} has not been built: its layers do not know their input "
                f"shape. Call `model.build(input_shape)` or train it on data."
            )
        return self._training

    def _check_trainable_weights_consistency(self):
        """Warns where `trainable` was changed after `compile`."""
        collected = getattr(self, "_collected_trainable_weights", None)
        if collected is not None and len(collected) != len(self.trainable_weights):
            warnings.warn(
                "Discrepancy between trainable weights and collected trainable weights, did you "
                "set `model.trainable` without calling `model.compile` after ?",
                stacklevel=3,
            )

    @property
    def metrics(self):
        """Metric objects: those of `compile`, then those of `add_metric`."""
        compiled = self._training.metrics if self._training is not None else []
        return compiled + super().metrics

    @property
    def metrics_names(self):
        """Names of the values that training and evaluation report; the loss comes first."""
        if self._training is not None:
            return self._training.lists.names()
        return ["loss", *(metric.name for metric in super().metrics)]

    @property
    def metrics_tensors(self):
        """Values of `metrics_names` but the loss; until Keras 2.2, a list to append to."""
        return self._of_compile().lists.tensors()

    def reset_metrics(self):
        """Starts all metrics anew."""
        if self._training is not None:
            self._training.reset_metrics()

    def _of_compile(self):
        """What `compile` made. AttributeError before: `hasattr` and `getattr` are asked then."""
        if self._training is None:
            raise AttributeError(f"The model {self.name!r} has this after `compile`.")
        return self._training

    @property
    def total_loss(self):
        """The loss as a tensor of inputs, targets and sample weights."""
        return self._of_compile().graph(weighted=True).total

    @property
    def targets(self):
        """The placeholders of the targets."""
        return [end.target for end in self._of_compile().endpoints]

    @property
    def sample_weights(self):
        """The placeholders of the sample weights."""
        return [end.weight for end in self._of_compile().endpoints]

    @property
    def loss_functions(self):
        """The loss objects, one per output."""
        return [end.loss for end in self._of_compile().endpoints]

    @property
    def _feed_targets(self):
        return [end.target for end in self._of_compile().fed()]

    @property
    def _feed_sample_weights(self):
        return [end.weight for end in self._of_compile().weighed()]

    @property
    def _feed_outputs(self):
        return [end.tensor for end in self._of_compile().fed()]

    @property
    def _feed_output_names(self):
        return [end.name for end in self._of_compile().fed()]

    # ------------------------------------------------------------ functions

    def _make_train_function(self):
        self._check_trainable_weights_consistency()
        return self._require_compiled().train_function(weighted=False)

    def _make_test_function(self):
        return self._require_compiled().test_function(weighted=False)

    def _make_predict_function(self):
        if self._predict_function is None:
            self._predict_function = K.function(
                self._feed_inputs,
                self.outputs,
                updates=self.state_updates,
                phase=0,
                name="predict",
            )
        return self._predict_function

    @property
    def train_function(self):
        """The compiled training step, or the function that was handed in instead."""
        return self._handed_step or StepFunction(self, "train")

    @train_function.setter
    def train_function(self, value):
        """A function that trains on a batch from now on; see `HandedStep`.

        None: the next step makes it anew, with `trainable` and the optimizer as they are.
        """
        self._handed_step = value
        self._fast_train = {}
        if value is not None:
            return
        self._forget(value, "train_function")
        if self._training is not None:
            self._collected_trainable_weights = self.trainable_weights
            self._training.forget_train_function()

    @property
    def test_function(self):
        """The compiled evaluation of a batch."""
        return StepFunction(self, "test")

    @property
    def predict_function(self):
        """The compiled prediction of a batch."""
        return StepFunction(self, "predict")

    @test_function.setter
    def test_function(self, value):
        """None: the next evaluation makes it anew."""
        self._forget(value, "test_function")
        if self._training is not None:
            self._training.forget_test_functions()

    @predict_function.setter
    def predict_function(self, value):
        """None: the next prediction makes it anew."""
        self._forget(value, "predict_function")
        self._predict_function = None

    def _forget(self, value, name):
        if value is not None:
            raise ValueError(f"`{name}` can only be set to None, which has it made anew.")
        self._fast_predict, self._fast_train = None, {}

    def _get_callback_model(self):
        """The model that callbacks see."""
        return getattr(self, "callback_model", None) or self
