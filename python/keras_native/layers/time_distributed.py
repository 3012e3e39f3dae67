"""TimeDistributed: a layer applied to every step of a sequence."""

from .. import backend as K
from ..engine.base_layer import InputSpec, has_arg
from ..engine.call_frames import trial
from ..utils.generic_utils import is_all_none, to_list, unpack_singleton
from .time_axis import fold_time, unfold_time
from .wrapper import Wrapper


class TimeDistributed(Wrapper):
    """A layer (or a model) applied to every step of (batch, time, …) by itself.

    Args:
        layer: the layer. It sees (batch * time, …).
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **kwargs)
        self.supports_masking = True
        self._inner_masks = {}  # id of an input -> (input, mask of the inner layer's output)

    def build(self, input_shape):
        if len(input_shape) < 3:
            raise ValueError(
                f"TimeDistributed layer {self.name!r} expected inputs of at least three axes "
                f"(batch, time, …); received shape {input_shape}."
            )
        if getattr(self.layer, "stateful", False):
            raise ValueError(
                f"TimeDistributed layer {self.name!r} cannot hold the stateful layer "
                f"{self.layer.name!r}: the steps of a sequence are computed at once."
            )
        self.input_spec = InputSpec(shape=(None, None, *input_shape[2:]))
        if not self.layer.built:
            self.layer.build((None, *input_shape[2:]))
            self.layer.built = True
        self.built = True

    def compute_output_shape(self, input_shape):
        shape = self.layer.compute_output_shape((input_shape[0], *input_shape[2:]))
        return (shape[0], input_shape[1], *shape[1:])

    def call(self, inputs, training=None, mask=None):
        inner_inputs, inner_mask = fold_time(inputs), self._inner_mask(mask)
        kwargs = {"training": training} if has_arg(self.layer.call, "training") else {}
        if hasattr(self.layer, "run_internal_graph"):  # a model: outputs and masks in one go
            output, output_mask, _ = self.layer._invoke(inner_inputs, inner_mask, kwargs)
            self._inner_masks[id(inputs)] = inputs, unpack_singleton(to_list(output_mask))
        else:
            if inner_mask is not None and has_arg(self.layer.call, "mask"):
                kwargs["mask"] = inner_mask
            output = self.layer.call(inner_inputs, **kwargs)
        if isinstance(output, (list, tuple)) and len(output) > 1:
            raise ValueError(
                f"TimeDistributed layer {self.name!r} expected {self.layer.name!r} to have one "
                f"output; it has {len(output)} (with return_state=True the states are outputs too)."
            )
        output = unpack_singleton(to_list(output, allow_tuple=True))
        phase = getattr(output, "_uses_learning_phase", False)
        output = unfold_time(output, inputs)
        if phase:
            output._uses_learning_phase = True
        return output

    def compute_mask(self, inputs, mask=None):
        output_mask = self._output_mask(inputs, mask)
        if output_mask is not None:
            return unfold_time(output_mask, inputs)
        if mask is None:
            return None
        while K.ndim(mask) > 2:  # a step counts where something in it does
            mask = K.any(mask, axis=-1)
        return mask

    def _output_mask(self, inputs, mask):
        """Mask of the inner layer's output (batch * time, …)."""
        known, found = self._inner_masks.pop(id(inputs), (None, None))
        if known is inputs:
            return found
        with trial():
            return self.layer.compute_mask(fold_time(inputs), self._inner_mask(mask))

    def _inner_mask(self, mask):
        return None if is_all_none(mask) else fold_time(mask)
