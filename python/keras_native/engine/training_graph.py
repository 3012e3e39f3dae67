"""What `compile` makes of a model: targets, loss, metrics, and functions of batches.

The graph of losses and metrics comes in two forms, without and with sample weights, and each is
made when it is first needed: most training has no weights and should not pay for them.
"""

from __future__ import annotations

import weakref

import numpy as np

from .. import backend as K
from .. import dialect
from ..legacy.metric_lists import MetricLists
from ..metrics import Mean, Metric
from ..utils.generic_utils import has_arg
from . import compile_utils
from .endpoint import Endpoint
from .layer_weights import unique


class LossGraph:
    """Total loss and metric values, all scalars, with or without sample weights as inputs."""

    def __init__(self, model, endpoints, weighted):
        total = None
        loss_values, metric_values = [], []
        for end in endpoints:
            if end.loss is None:
                continue
            loss = end.loss_tensor(weighted)
            if end.loss_metric is not None:
                number = K.shape(end.tensor)[0] if end.batch_metrics else None
                loss_values.append(end.loss_metric(loss, sample_weight=number))
            part = loss if end.loss_weight == 1 else loss * end.loss_weight
            total = part if total is None else total + part
        for penalty in model.losses:
            if not K.is_tensor(penalty):  # of l2(0), or a number that a layer added
                penalty = K.constant(penalty)
            penalty = penalty if K.ndim(penalty) == 0 else K.sum(penalty)
            total = penalty if total is None else total + penalty
        if total is None:
            raise ValueError(
                f"The model {model.name!r} cannot be compiled because it has no loss to optimize."
            )
        for end in endpoints:
            if end.loss is not None:
                metric_values += end.metric_tensors(weighted)
        self.total = total
        self.values = loss_values + metric_values + list(model._added_metric_values().values())
        self.weights = [e.weight for e in endpoints if e.loss is not None] if weighted else []

    def updates(self):
        """What the metrics assign."""
        return [u for value in self.values for u in getattr(value, "_updates", ())]


class TrainingGraph:
    """The endpoints of a compiled model and its functions of batches.

    Args:
        model: the model, with inputs and outputs.
        settings: dict of the arguments of `compile`.
    """

    def __init__(self, model, settings):
        self.model = model
        with dialect.use(model._dialect):
            self.endpoints = self._make_endpoints(settings)
            self._make_targets(settings["target_tensors"])
            self._make_metrics(settings)
        self._graphs: dict = {}
        self._test_functions: dict = {}
        self._train_function = None
        self.train_is_weighted = False
        self.graph(weighted=False)  # mistakes show now
        self.names = self._metrics_names()
        self._resets = _reset_plan(self.all_metrics())
        self.lists = MetricLists(self)

    # ------------------------------------------------------------ endpoints

    def _make_endpoints(self, settings):
        names = self.model.output_names
        losses = compile_utils.prepare_loss_functions(settings["loss"], names)
        factors = compile_utils.prepare_loss_weights(names, settings["loss_weights"])
        skipped = [i for i, loss in enumerate(losses) if loss is None]
        weights, modes = compile_utils.prepare_sample_weights(
            names, settings["sample_weight_mode"], skipped
        )
        ends = []
        for i, (name, tensor) in enumerate(zip(names, self.model.outputs, strict=True)):
            end = Endpoint(name, tensor, losses[i], factors[i])
            end.weight, end.weight_mode = weights[i], modes[i]
            end.masked_loss = self.model._dialect.masked_loss
            end.batch_metrics = self.model._dialect.batch_metrics
            ends.append(end)
        return ends

    def _make_targets(self, target_tensors):
        given = _given_targets(target_tensors, self.model.output_names)
        for end, target in zip(self.endpoints, given, strict=True):
            if end.loss is None:
                continue
            if target is None or K.is_placeholder(target):
                end.target = target
                if target is None:
                    end.target = K.placeholder(  # a scalar output has one target per sample
                        ndim=len(end.shape) or 2,
                        name=end.name + "_target",
                        dtype=K.dtype(end.predicted),
                    )
            else:
                end.target, end.target_is_fed = target, False

    def _make_metrics(self, settings):
        ends = self.endpoints
        names, shapes = self.model.output_names, [end.shape for end in ends]
        losses = [end.loss for end in ends]
        plain, weighted = (
            compile_utils.collect_per_output_metric_info(
                settings[key], names, shapes, losses, is_weighted=key == "weighted_metrics"
            )
            for key in ("metrics", "weighted_metrics")
        )
        taken = ["loss"]
        if len(ends) > 1:
            for end in ends:
                if end.loss is not None:
                    end.loss_metric = Mean(name=end.name + "_loss")
                    taken.append(end.loss_metric.name)
        taken += [metric.name for metric in self.model._added_metric_values()]
        self.metrics = []
        for i, end in enumerate(ends):
            if end.loss is None:
                continue
            end.metrics, end.weighted_metrics = end.split(plain[i]), end.split(weighted[i])
            for found in (end.metrics, end.weighted_metrics):
                for name, metric in found.items():
                    metric.name = self._free_name(name, end, taken)
                    taken.append(metric.name)
                    self.metrics.append(metric)

    def _free_name(self, name, end, taken):
        """`name`, with that of the output where there are several, and a number if it is taken."""
        base = name = f"{end.name}_{name}" if len(self.endpoints) > 1 else name
        number = 1
        while name in taken:
            name = f"{base}_{number}"
            number += 1
        return name

    # ------------------------------------------------------------ names and feeds

    def _metrics_names(self):
        """Names of what a function of batches returns."""
        losses = [end.loss_metric.name for end in self.endpoints if end.loss_metric is not None]
        own = [metric.name for metric in self.metrics]
        return ["loss", *losses, *own, *(m.name for m in self.model._added_metric_values())]

    def report(self, name, tensor):
        """Reports one more value, which was not there at `compile`."""
        self.model.add_metric(tensor, name)
        self.names = self._metrics_names()
        self._resets = _reset_plan(self.all_metrics())
        self._graphs = {}
        self.forget_train_function()
        self.forget_test_functions()

    def all_metrics(self):
        """All metric objects whose values are reported."""
        losses = [end.loss_metric for end in self.endpoints if end.loss_metric is not None]
        return losses + self.metrics + list(self.model._added_metric_values())

    def reset_metrics(self):
        """Starts all metrics anew."""
        zeros, others = self._resets
        K.batch_set_value(zeros)
        for metric in others:
            metric.reset_states()

    def fed(self):
        """The endpoints whose targets come from the user."""
        return [end for end in self.endpoints if end.loss is not None and end.target_is_fed]

    def weighed(self):
        """The endpoints that take sample weights."""
        return [end for end in self.endpoints if end.loss is not None]

    # ------------------------------------------------------------ functions

    def graph(self, weighted):
        """Losses and metrics as tensors."""
        if weighted not in self._graphs:
            with dialect.use(self.model._dialect):
                self._graphs[weighted] = LossGraph(self.model, self.endpoints, weighted)
        return self._graphs[weighted]

    def train_function(self, weighted):
        """inputs + targets [+ weights] -> loss and metrics, and one optimizer step.

        Once weights have come, the function with weights serves all later steps, and the
        optimizer's state moves over to it.
        """
        if self._train_function is None or (weighted and not self.train_is_weighted):
            optimizer, before = self.model.optimizer, self._train_function
            state = optimizer.get_weights() if before is not None else None
            self.train_is_weighted = weighted or self.train_is_weighted
            self._train_function = self._make_train_function()
            if before is not None:
                optimizer.set_weights(state)
                self._train_function.executable.step = before.executable.step
        return self._train_function

    def _make_train_function(self):
        model, graph = self.model, self.graph(self.train_is_weighted)
        params = unique(model._collected_trainable_weights)
        training = optimizer_updates(model.optimizer, graph.total, params) if params else []
        if hasattr(model.optimizer, "_on_change"):
            model.optimizer._on_change = weakref.WeakMethod(self._update_train_function)
        return self._function(graph, model.updates + list(training), phase=1, name="train")

    def _update_train_function(self):
        """Gives the train function, which a running loop may hold, the optimizer's new updates."""
        function, optimizer = self._train_function, self.model.optimizer
        if function is None:
            return
        state, step = optimizer.get_weights(), function.executable.step
        function.__dict__.update(self._make_train_function().__dict__)
        optimizer.set_weights(state)
        function.executable.step = step
        self.model._fast_train = {}

    def test_function(self, weighted):
        """inputs + targets [+ weights] -> loss and metrics."""
        if weighted not in self._test_functions:
            self._test_functions[weighted] = self._function(
                self.graph(weighted), self.model.state_updates, phase=0, name="test"
            )
        return self._test_functions[weighted]

    def weigh_steps(self, end, weights, target):
        """Weights as this output takes them, where they may be of samples or of their time steps.

        Args:
            end: the endpoint; it takes weights of steps from the first of them on.
            weights: array (samples,) or (samples, steps), or None.
            target: array (samples, steps, …).
        """
        if not self.model._dialect.weights_of_steps or weights is None or np.ndim(target) < 3:
            return weights
        weights = np.asarray(weights)
        if weights.ndim == 2 and weights.shape[1] > 1 and end.weight_mode is None:
            end.weight_mode = "temporal"
            end.weight = K.placeholder(ndim=2, name=end.name + "_sample_weights")
            self._graphs.pop(True, None)
            self._test_functions.pop(True, None)
            self.train_is_weighted = False  # made anew at the next step with weights
        if end.weight_mode == "temporal" and weights.ndim == 1:
            weights = np.repeat(weights[:, None], target.shape[1], axis=1)
        return weights

    def forget_train_function(self):
        """Has the train function made anew at the next step."""
        self._train_function = None

    def forget_test_functions(self):
        """Has the test functions made anew at the next evaluation."""
        self._test_functions = {}

    def _function(self, graph, updates, phase, name):
        inputs = self.model._feed_inputs + [end.target for end in self.fed()] + graph.weights
        return K.function(
            inputs,
            [graph.total, *graph.values],
            updates=updates + graph.updates(),
            phase=phase,
            name=name,
        )


def optimizer_updates(optimizer, loss, params):
    """The updates of one step; optimizers written for Keras 1 get their constraints apart."""
    if not has_arg(optimizer.get_updates, "constraints"):
        return optimizer.get_updates(loss=loss, params=params)
    found = {p: getattr(p, "constraint", None) for p in params}
    return optimizer.get_updates(params, {p: c for p, c in found.items() if c is not None}, loss)


def _reset_plan(metrics):
    """(variable, zeros) pairs of the metrics that only do that, and the other metrics.

    A layer that serves as a metric function, as was done before there were metric objects, starts
    at zero with the rest.
    """
    zeros, others = [], []
    for metric in metrics:
        if type(metric).reset_states is Metric.reset_states:
            weights = metric.weights + list(getattr(getattr(metric, "_fn", None), "weights", ()))
            zeros += [(v, np.zeros(K.int_shape(v), K.dtype(v))) for v in weights]
        else:
            others.append(metric)
    return zeros, others


def _given_targets(target_tensors, names):
    """One tensor or None per output.

    Raises:
        ValueError: a list of the wrong length, unknown names.
    """
    if target_tensors is None or (isinstance(target_tensors, list) and not target_tensors):
        return [None] * len(names)
    if isinstance(target_tensors, dict):
        unknown = [name for name in target_tensors if name not in names]
        if unknown:
            raise ValueError(
                f"Unknown entry in `target_tensors` dictionary: {unknown[0]!r}. Only expected the "
                f"following keys: {names}"
            )
        return [target_tensors.get(name) for name in names]
    if not isinstance(target_tensors, (list, tuple)) and len(names) > 1:
        raise ValueError(
            f"The model has {len(names)} outputs, but you passed a single tensor as "
            f"`target_tensors`. Expected a list or a dict of tensors."
        )
    given = target_tensors if isinstance(target_tensors, (list, tuple)) else [target_tensors]
    if len(given) != len(names):
        raise ValueError(
            f"When passing a list as `target_tensors`, it should have one entry per model output. "
            f"The model has {len(names)} outputs, but you passed target_tensors={target_tensors}"
        )
    return list(given)
