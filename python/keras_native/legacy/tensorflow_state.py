"""What TensorFlow keeps: placeholders, variables by name, groups of updates, first values."""

import contextlib

import numpy as np

from .. import backend as K
from .. import initializers
from ..backend.between import reached
from ..backend.dtypes import dtype_name
from ..backend.session import Action
from ..backend.variables import variables_among

_by_name: dict[str, K.Variable] = {}
_scopes = [("", False)]  # names of open scopes, and whether variables are taken again
AUTO_REUSE = "auto"


def placeholder(dtype, shape=None, name=None):
    """An input; a number where no shape is given."""
    shape = getattr(shape, "dims", shape)
    return K.placeholder(() if shape is None else shape, dtype=dtype_name(dtype), name=name)


def placeholder_with_default(input, shape, name=None):
    """The value itself, unless it is fed."""
    return K.identity(K.as_tensor(input))


@contextlib.contextmanager
def variable_scope(name_or_scope=None, default_name=None, values=None, reuse=None, **options):
    """Variables of `get_variable` are called `name/…`; with `reuse` they are those made before."""
    above, again = _scopes[-1]
    name = getattr(name_or_scope, "name", name_or_scope or default_name or "")
    scope = Scope(f"{above}{name}/", again or bool(reuse))
    _scopes.append((scope.path, scope.reuse))
    try:
        yield scope
    finally:
        _scopes.pop()


class Scope:
    """An open scope of variables."""

    def __init__(self, path, reuse):
        self.path, self.name, self.reuse = path, path.rstrip("/"), reuse

    def reuse_variables(self):
        """From now on, variables of this scope are those made before."""
        self.reuse = True
        _scopes[-1] = (self.path, True)


def get_variable(name, shape=None, dtype="float32", initializer=None, regularizer=None,
                 trainable=True, **options):  # fmt: skip
    """The variable of that name in the open scope: made, or the one made before."""
    path, again = _scopes[-1]
    full = path + name
    if again and full in _by_name:
        return _by_name[full]
    if initializer is None:
        initializer = initializers.glorot_uniform()
    if callable(initializer):
        shape = [shape] if isinstance(shape, (int, np.integer)) else list(shape)
        initializer = initializer([int(n) for n in shape])
    made = K.variable(initializer, dtype_name(dtype), full)
    made.trainable = trainable
    _by_name[full] = made
    return made


def trainable_below(loss):
    """The trainable variables that a tensor is computed from, in the order they were made."""
    found = variables_among(reached([loss._value]))
    return [v for v in found if v.trainable]


def trainable_variables(scope=None):
    """All trainable variables whose names begin with `scope`."""
    return [v for v in global_variables(scope) if v.trainable]


def global_variables(scope=None):
    """All variables whose names begin with `scope`."""
    return [v for v in variables_among(None) if scope is None or v.name.startswith(scope)]


def group(*inputs, name=None):
    """Updates made together."""
    updates = []
    for made in inputs[0] if len(inputs) == 1 and isinstance(inputs[0], list) else inputs:
        updates += made.updates if isinstance(made, Action) else [made]
    return Action(updates)


def variables_initializer(var_list=None, name=None):
    """Nothing: variables have their values as they are made."""
    return Action(name="init")


def no_op(name=None):
    """Nothing."""
    return Action(name="NoOp")


def _like_1(initializer, **renamed):
    """An initializer with the arguments of TensorFlow 1."""

    def make(*args, dtype=None, **kwargs):
        return initializer(*args, **{renamed.get(k, k): v for k, v in kwargs.items()})

    return make


def xavier_initializer(uniform=True, seed=None, dtype=None):
    """Glorot's."""
    return (initializers.glorot_uniform if uniform else initializers.glorot_normal)(seed=seed)


def normal(mean=0.0, stddev=1.0, seed=None, dtype=None):
    """Normal values."""
    return initializers.RandomNormal(mean, stddev, seed)


def truncated(mean=0.0, stddev=1.0, seed=None, dtype=None):
    """Normal values within two deviations."""
    return initializers.TruncatedNormal(mean, stddev, seed)


def uniform(minval=0, maxval=None, seed=None, dtype=None):
    """Values between two bounds."""
    return initializers.RandomUniform(minval, 1.0 if maxval is None else maxval, seed)


INITIALIZERS = {
    "constant_initializer": _like_1(initializers.Constant),
    "ones_initializer": _like_1(initializers.Ones),
    "orthogonal_initializer": _like_1(initializers.Orthogonal),
    "random_normal_initializer": normal,
    "random_uniform_initializer": uniform,
    "truncated_normal_initializer": truncated,
    "variance_scaling_initializer": _like_1(initializers.VarianceScaling),
    "zeros_initializer": _like_1(initializers.Zeros),
}
NAMES = {
    "AUTO_REUSE": AUTO_REUSE,
    "get_variable": get_variable,
    "global_variables": global_variables,
    "group": group,
    "no_op": no_op,
    "placeholder": placeholder,
    "placeholder_with_default": placeholder_with_default,
    "trainable_variables": trainable_variables,
    "variable_scope": variable_scope,
    "variables_initializer": variables_initializer,
    **INITIALIZERS,
}
