"""What happens when a layer is called: checks, building, the computation, and its node."""

from __future__ import annotations

from .. import backend as K
from ..utils.generic_utils import has_arg, is_all_none, to_list, unpack_singleton
from .call_frames import call_frame
from .node import Node
from .policy import in_float32
from .tensor_names import output_name


class CalledOnTensors:
    """Mixin of `Layer`: calling it on tensors."""

    def assert_input_compatibility(self, inputs):
        """Checks tensors against `input_spec`.

        Raises:
            ValueError: something that is no tensor, a wrong number of them, or a wrong shape.
        """
        inputs = to_list(inputs)
        for x in inputs:
            if not K.is_tensor(x):
                raise ValueError(
                    f"Layer {self.name} was called with an input that isn't a symbolic tensor. "
                    f"Received type: {type(x)}. Full input: {inputs}. "
                    f"All inputs to the layer should be tensors."
                )
        if not self.input_spec:
            return
        specs = to_list(self.input_spec, allow_tuple=True)
        if len(inputs) != len(specs):
            raise ValueError(
                f"Layer {self.name} expects {len(specs)} inputs, but it received {len(inputs)} "
                f"input tensors. Input received: {inputs}"
            )
        for i, (x, spec) in enumerate(zip(inputs, specs, strict=True)):
            wrong = spec and spec.complaint(K.int_shape(x), K.dtype(x))
            if wrong:
                raise ValueError(f"Input {i} is incompatible with layer {self.name}: {wrong}")

    def __call__(self, inputs, **kwargs):
        """Applies the layer.

        Args:
            inputs: a tensor or a list of tensors.
            **kwargs: passed to `call`; `mask` replaces the mask that came with the inputs.

        Returns:
            A tensor or list of tensors that know which layer made them.
        """
        if isinstance(inputs, (list, tuple)):
            inputs = list(inputs)
        with K.layer_scope(self.name):
            if not self.built:
                self._build_on(inputs)
            self.assert_input_compatibility(inputs)
            mask = unpack_singleton([getattr(x, "_keras_mask", None) for x in to_list(inputs)])
            output, output_mask, frame = self._invoke(inputs, mask, kwargs)
        self._add_inbound_node(inputs, output, mask, output_mask, kwargs, frame)
        return output

    def _build_on(self, inputs):
        """Builds the layer for the shapes of `inputs` and sets weights given at construction."""
        self.assert_input_compatibility(inputs)
        with call_frame(self, building=True), K.autocast(None):
            self.build(unpack_singleton([K.int_shape(x) for x in to_list(inputs)]))
        self.built = True
        if self._initial_weights is not None and len(self._initial_weights) > 0:
            self.set_weights(self._initial_weights)

    def _invoke(self, inputs, mask, kwargs):
        """Runs `call` and `compute_mask`; returns outputs, their masks and what came up.

        Also used for the layers inside a model that is called as a layer.
        """
        if not is_all_none(mask) and "mask" not in kwargs and has_arg(self.call, "mask"):
            kwargs = {**kwargs, "mask": mask}
        with call_frame(self) as frame, self._casting():
            output = self.call(self._cast_inputs(inputs), **kwargs)
            self._check_output(output)
            output_mask = self.compute_mask(inputs, mask)
            # A tensor that passes through unchanged keeps its own history: hand out a copy.
            given = {id(x) for x in to_list(inputs)}
            if isinstance(output, (list, tuple)):
                output = [K.identity(x) if id(x) in given else x for x in output]
                output = unpack_singleton(output)  # as K.gradients of one tensor gives it
            elif id(output) in given:
                output = K.identity(output)
            penalty = getattr(self, "activity_regularizer", None)
            if penalty is not None:
                self.add_loss([self._penalty(penalty, x) for x in to_list(output)], inputs)
        return output, output_mask, frame

    def _penalty(self, penalty, x):
        """What the activation `x` adds to the loss."""
        value = penalty(in_float32(x))
        if self._dialect.penalty_per_sample:
            value = value / K.cast(K.shape(x)[0], K.dtype(value))
        return value

    def _check_output(self, output):
        outputs = to_list(output, allow_tuple=True)
        if not outputs or not all(K.is_tensor(x) for x in outputs):
            raise TypeError(
                f"Layer {self.name!r}: call() has to return a tensor or a list of tensors, "
                f"got {output!r}"
            )

    def _add_inbound_node(self, inputs, output, mask, output_mask, kwargs, frame=None):
        """Records a call and marks its output tensors with it."""
        inputs, outputs = to_list(inputs), to_list(output, allow_tuple=True)
        masks = to_list(mask)
        output_masks = to_list(output_mask)
        if len(output_masks) != len(outputs):
            output_masks = (output_masks + [None] * len(outputs))[: len(outputs)]
        input_shapes = [K.int_shape(x) for x in inputs]
        output_shapes = self._output_shapes(outputs, input_shapes)
        histories = [getattr(x, "_keras_history", (None, None, None)) for x in inputs]
        node = Node(
            self,
            inbound_layers=[history[0] for history in histories],
            node_indices=[history[1] for history in histories],
            tensor_indices=[history[2] for history in histories],
            input_tensors=inputs,
            output_tensors=outputs,
            input_masks=masks,
            output_masks=output_masks,
            input_shapes=input_shapes,
            output_shapes=output_shapes,
            arguments=kwargs,
        )
        if frame is not None:
            node.losses, node.updates = frame.losses, frame.updates
            node.metric_values = frame.metric_values
        index = len(self._inbound_nodes) - 1
        uses_phase = getattr(self, "uses_learning_phase", False) or any(
            getattr(x, "_uses_learning_phase", False) for x in inputs
        )
        for i, tensor in enumerate(outputs):
            tensor._keras_history = (self, index, i)
            tensor._keras_shape = output_shapes[i]
            tensor._keras_mask = output_masks[i]
            if "_name" not in vars(tensor):
                tensor._name = output_name(self, index, i, tensor._value.op)
            if uses_phase:
                tensor._uses_learning_phase = True
        return node

    def _output_shapes(self, outputs, input_shapes):
        """Shapes of the outputs as the graph knows them, gaps filled by `compute_output_shape`.

        A scalar, as a layer that computes a loss may give it, has the shape that was declared.
        """
        shapes = [tuple(x.shape) for x in outputs]
        known = not any(None in shape[1:] or not shape for shape in shapes)
        if known or not all(input_shapes):
            return shapes
        if not self._declares_output_shape():
            return shapes
        declared = self.compute_output_shape(unpack_singleton(input_shapes))
        declared = declared if isinstance(declared, list) else [declared]
        for i, (shape, said) in enumerate(zip(shapes, declared, strict=False)):
            if said is not None and not shape:
                shapes[i] = tuple(said)
            elif said is not None and len(said) == len(shape):
                shapes[i] = _agreed(shape, said)
        return shapes


def _agreed(shape, said):
    """The known extents of both; what was declared where they contradict each other: layers made of
    other shapes, whose number of elements is the same, say so to those that reshape after them."""
    if any(None not in (a, b) and a != b for a, b in zip(shape, said, strict=True)):
        return tuple(said)
    return tuple(b if a is None else a for a, b in zip(shape, said, strict=True))
