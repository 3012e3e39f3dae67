"""Which types a layer computes in and keeps its weights in.

A mixed policy computes in float16 or bfloat16 and keeps float32 weights: those read as the narrow
type while the layer's `call` runs, and inputs are cast to it.
"""

from __future__ import annotations

import contextlib

import numpy as np

from .. import backend as K

HALVES = ("float16", "bfloat16")
FLOATS = (*HALVES, "float32", "float64")
_MIXED = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
_INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "bool")
CLASSES = ("Policy", "PolicyV1", "DTypePolicy", "FloatDTypePolicy")  # as files name it


class Policy:
    """The types of a layer.

    Args:
        name: 'mixed_float16', 'mixed_bfloat16', or a dtype for both computations and weights.

    Raises:
        TypeError: for anything but a text.
        ValueError: for an unknown name.
    """

    def __init__(self, name):
        if isinstance(name, type) or not isinstance(name, str):
            raise TypeError(
                "'name' must be a string, such as 'mixed_float16'. Received: "
                f"{name!r} of type {type(name).__name__}"
            )
        if name not in _MIXED and name not in FLOATS and name not in _INTEGERS:
            raise ValueError(
                f"Cannot convert value {name!r} to a mixed precision Policy. Valid policies are "
                f"{sorted(_MIXED)} and the names of dtypes such as 'float32'."
            )
        self._name = name

    @property
    def name(self):
        """What the policy was made of."""
        return self._name

    @property
    def compute_dtype(self):
        """The dtype of inputs and of what is computed from them."""
        return _MIXED.get(self._name, self._name)

    @property
    def variable_dtype(self):
        """The dtype of weights."""
        return "float32" if self._name in _MIXED else self._name

    @property
    def is_mixed(self):
        """Whether weights have another type than computations."""
        return self._name in _MIXED

    @property
    def loss_scale(self):
        """What `compile` scales the loss by: 'dynamic', or None for not at all."""
        return "dynamic" if self._name == "mixed_float16" else None

    def __eq__(self, other):
        return isinstance(other, Policy) and self.get_config() == other.get_config()

    def __hash__(self):
        return hash(self._name)

    def __repr__(self):
        return f'<Policy "{self._name}">'

    def get_config(self):
        """Arguments of an equal policy."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def deserialize(config):
    """The policy of a name, a policy, or the configuration of one as later Keras writes it.

    Raises:
        ValueError: for what is none of these.
    """
    if isinstance(config, Policy):
        return config
    if isinstance(config, dict):
        own = config.get("config")
        if config.get("class_name") not in CLASSES or not isinstance(own, dict):
            raise ValueError(f"Expected the configuration of a Policy; received {config!r:.200}.")
        return Policy(own.get("name"))
    return Policy(config)


class _Global:
    policy: Policy | None = None


def global_policy():
    """The policy of layers that are given none: the default float type unless one was set."""
    return _Global.policy or Policy(K.floatx())


def set_global_policy(policy):
    """Layers made from now on follow `policy`, unless they are given a `dtype` of their own.

    Args:
        policy: a `Policy`, its name, or None for the default float type.

    Raises:
        ValueError: for a policy that is not of floats.
    """
    policy = None if policy is None else deserialize(policy)
    if policy is not None and policy.compute_dtype not in FLOATS:
        raise ValueError(
            "set_global_policy can only be used to set the global policy to floating-point "
            f"policies, such as 'float32' or 'mixed_float16'. Received: {policy.name!r}"
        )
    _Global.policy = policy


@contextlib.contextmanager
def policy_scope(policy):
    """Inside, `policy` is the global one."""
    before = _Global.policy
    set_global_policy(policy)
    try:
        yield
    finally:
        _Global.policy = before


def of_layer(dtype):
    """(policy, dtype) of a layer that was given `dtype`: a type, a policy, its name, or None.

    Integers are types of inputs, such as those of an embedding: they say nothing of computations.
    """
    if dtype is None:
        policy = global_policy()
        return policy, policy.variable_dtype
    if isinstance(dtype, (Policy, dict)) or dtype in _MIXED:
        policy = deserialize(dtype)
        return policy, policy.variable_dtype
    name = dtype if isinstance(dtype, str) else np.dtype(dtype).name
    return (Policy(name) if name in FLOATS else global_policy()), dtype


def weight_dtype(policy):
    """The type of weights; those of a layer for whole numbers have the default one."""
    return policy.variable_dtype if policy.variable_dtype in FLOATS else K.floatx()


def cast_input(x, policy):
    """`x` in the type that the policy computes in, where one of both is narrow."""
    wanted, dtype = policy.compute_dtype, K.dtype(x)
    if dtype == wanted or dtype not in FLOATS or wanted not in FLOATS:
        return x
    if dtype not in HALVES and wanted not in HALVES:
        return x
    narrow = K.cast(x, wanted)
    for name in ("_keras_shape", "_keras_mask", "_uses_learning_phase"):
        if hasattr(x, name):
            setattr(narrow, name, getattr(x, name))
    return narrow


def in_float32(x):
    """`x`, in float32 where it is narrower: for statistics, penalties and losses."""
    return K.cast(x, "float32") if K.dtype(x) in HALVES else x


class TypedByPolicy:
    """Mixin of `Layer`: what its policy means for inputs, weights and computations."""

    _policy: Policy

    @property
    def dtype_policy(self):
        """The `Policy` that says what the layer computes in and keeps weights in."""
        return self._policy

    @property
    def compute_dtype(self):
        """The dtype that float inputs are cast to, and weights are read as, in `call`."""
        return self._policy.compute_dtype

    @property
    def variable_dtype(self):
        """The dtype of the layer's weights."""
        return self._policy.variable_dtype

    def _weight_dtype(self):
        return weight_dtype(self._policy)

    def _casting(self):
        """The context in which weights read as the type that the layer computes in."""
        return K.autocast(self.compute_dtype if self._policy.is_mixed else None)

    def _cast_inputs(self, inputs):
        """The inputs in the type that the layer computes in."""
        if isinstance(inputs, list):
            return [cast_input(x, self._policy) for x in inputs]
        return cast_input(inputs, self._policy)
