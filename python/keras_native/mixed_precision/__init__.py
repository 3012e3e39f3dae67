"""Computing in float16 or bfloat16 with float32 weights.

    from keras_native import mixed_precision

    mixed_precision.set_global_policy("mixed_bfloat16")

Layers made from then on cast their inputs, and their weights while they compute; losses, metrics
and statistics of batches stay float32. Under 'mixed_float16', `compile` wraps the optimizer in a
`LossScaleOptimizer`. Let the last layer give float32:

    model.add(Activation("softmax", dtype="float32"))
"""

from ..engine.policy import Policy, global_policy, policy_scope, set_global_policy
from ..optimizers.loss_scale import LossScaleOptimizer
from . import experimental

DTypePolicy = Policy  # names of Keras 3
dtype_policy = global_policy
set_policy = set_dtype_policy = set_global_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "experimental",
    "global_policy",
    "policy_scope",
    "set_dtype_policy",
    "set_global_policy",
    "set_policy",
]
