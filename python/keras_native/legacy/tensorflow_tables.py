"""TensorFlow's names of what the backend computes, by module: {name: function}."""

import functools

import numpy as np

from .. import activations, regularizers
from .. import backend as K
from ..backend.movement import full
from ..backend.tensor import binary, divide, float_unary, logical, unary
from ..later import activations as later
from . import tensorflow_dynamic as dynamic
from . import tensorflow_gradients as gradients
from . import tensorflow_images as images
from . import tensorflow_loops as loops
from . import tensorflow_more as more
from . import tensorflow_nn as more_nn
from . import tensorflow_ops as ops
from . import tensorflow_state as state

# Arguments by their names in TensorFlow 1.
_OLDER = {
    "dim": "axis",
    "dimension": "axis",
    "keep_dims": "keepdims",
    "reduction_indices": "axis",
    "squeeze_dims": "axis",
}


# How TensorFlow goes about it, which changes no value.
_HOW = frozenset(
    "parallel_iterations back_prop swap_memory infer_shape validate_indices use_cudnn_on_gpu "
    "colocate_gradients_with_ops gate_gradients aggregation_method".split()
)


def _named(function):
    """`function` with the arguments that all operations of TensorFlow have."""

    @functools.wraps(function)
    def operation(*args, name=None, **kwargs):
        kwargs = {_OLDER.get(k, k): v for k, v in kwargs.items() if k not in _HOW}
        return function(*args, **kwargs)

    return operation


def _table(**functions):
    return {name: _named(function) for name, function in functions.items()}


def _of_one(make, op):
    return lambda x: make(op, x)


def _of_two(make, op):
    return lambda x, y: make(op, x, y)


def _reduction(function):
    return lambda input_tensor, axis=None, keepdims=False: function(input_tensor, axis, keepdims)


MATH = _table(
    **{name: _of_one(unary, op) for name, op in {
        "abs": "abs", "ceil": "ceil", "floor": "floor", "negative": "neg", "round": "round",
        "sign": "sign", "square": "square", "is_nan": "is_nan", "is_inf": "is_inf",
    }.items()},
    **{name: _of_one(float_unary, name) for name in (
        "acos", "asin", "atan", "cos", "cosh", "erf", "exp", "expm1", "log", "log1p", "reciprocal",
        "rsqrt", "sigmoid", "sin", "sinh", "softplus", "softsign", "sqrt", "tan", "tanh",
    )},
    **{name: _of_two(binary, op) for name, op in {
        "add": "add", "subtract": "sub", "multiply": "mul", "floordiv": "floordiv", "mod": "mod",
        "floormod": "mod", "pow": "pow", "maximum": "maximum", "minimum": "minimum",
        "squared_difference": "squared_difference", "equal": "equal", "not_equal": "not_equal",
        "less": "less", "less_equal": "less_equal", "greater": "greater",
        "greater_equal": "greater_equal", "atan2": "atan2",
    }.items()},
    **{f"logical_{name}": _of_two(logical, f"logical_{name}") for name in ("and", "or", "xor")},
    **{f"reduce_{name}": _reduction(getattr(K, name)) for name in (
        "sum", "mean", "max", "min", "prod", "all", "any", "logsumexp", "std",
    )},
    reduce_variance=_reduction(K.var),
    add_n=lambda inputs: functools.reduce(lambda x, y: x + y, inputs),
    argmax=ops.position(K.argmax),
    argmin=ops.position(K.argmin),
    cumprod=lambda x, axis=0: K.cumprod(x, axis),
    cumsum=lambda x, axis=0: K.cumsum(x, axis),
    div=divide,
    divide=divide,
    is_finite=ops.is_finite,
    l2_normalize=ops.l2_normalize,
    logical_not=lambda x: K.logical_not(x),
    truediv=divide,
)  # fmt: skip
RANDOM = _table(
    normal=K.random_normal, truncated_normal=K.truncated_normal, uniform=K.random_uniform
)
_ACTIVATIONS = "relu elu selu softmax softplus softsign sigmoid tanh".split()
NN = {
    **_table(**{name: getattr(activations, name) for name in _ACTIVATIONS}),
    **_table(**{name: getattr(later, name) for name in ("relu6", "leaky_relu", "silu")}),
    **_table(
        avg_pool=ops.pooling("avg"),
        bias_add=lambda value, bias: K.bias_add(value, bias, "channels_last"),
        conv2d=ops.conv2d,
        dropout=ops.dropout,
        embedding_lookup=lambda params, ids: ops.gather(params, ids),
        in_top_k=lambda predictions, targets, k: K.in_top_k(predictions, targets, k),
        l2_loss=lambda t: K.sum(K.square(t)) / 2,
        l2_normalize=ops.l2_normalize,
        log_softmax=lambda logits, axis=-1: logits - K.logsumexp(logits, axis, keepdims=True),
        max_pool=ops.pooling("max"),
        moments=lambda x, axes, keepdims=False: (
            K.mean(x, axes, keepdims),
            K.var(x, axes, keepdims),
        ),
        sigmoid_cross_entropy_with_logits=lambda labels, logits: K.binary_crossentropy(
            target=labels, output=logits, from_logits=True
        ),
        softmax_cross_entropy_with_logits=lambda labels, logits, axis=-1: (
            K.categorical_crossentropy(target=labels, output=logits, from_logits=True, axis=axis)
        ),
        sparse_softmax_cross_entropy_with_logits=lambda labels, logits: (
            K.sparse_categorical_crossentropy(target=labels, output=logits, from_logits=True)
        ),
        top_k=dynamic.top_k,
    ),
}
NN.update(_table(**{function.__name__: function for function in more_nn.NN}))
NN["swish"] = NN["silu"]
NN["softmax_cross_entropy_with_logits_v2"] = NN["softmax_cross_entropy_with_logits"]
IMAGE = _table(
    crop_and_resize=images.crop_and_resize,
    flip_left_right=images.flipping(-2),
    flip_up_down=images.flipping(-3),
    non_max_suppression=dynamic.non_max_suppression,
    per_image_standardization=images.per_image_standardization,
    psnr=images.psnr,
    resize=images.resizing_by_method(half_pixel=True),
    resize_bilinear=images.resizing("resize_bilinear", half_pixel=False),
    resize_images=images.resizing_by_method(half_pixel=False),
    resize_nearest_neighbor=images.resizing("resize_nearest", half_pixel=False),
    rgb_to_grayscale=images.rgb_to_grayscale,
    total_variation=images.total_variation,
)
LOSSES = _table(**{function.__name__: function for function in more_nn.LOSSES})
DTYPES = {name: name for name in "bool uint8 int32 int64 float16 float32 float64".split()}
OPERATIONS = {
    **MATH,
    **DTYPES,
    **_table(
        Assert=lambda condition, data, summarize=None: None,
        Print=ops.print_,
        assign=lambda ref, value: K.update(ref, value),
        assign_add=lambda ref, value: K.update_add(ref, value),
        assign_sub=lambda ref, value: K.update_sub(ref, value),
        boolean_mask=dynamic.boolean_mask,
        cast=lambda x, dtype: K.cast(ops.as_tensor(x), dtype),
        clip_by_value=lambda t, clip_value_min, clip_value_max: K.clip(
            t, clip_value_min, clip_value_max
        ),
        concat=lambda values, axis: K.concatenate(values, axis),
        cond=loops.cond,
        constant=ops.constant,
        convert_to_tensor=ops.as_tensor,
        expand_dims=lambda input, axis: K.expand_dims(input, axis),
        fill=ops.fill,
        gather=ops.gather,
        gather_nd=ops.gather_nd,
        gradients=ops.gradients,
        identity=gradients.identity,
        foldl=lambda fn, elems, initializer=None: K.foldl(fn, elems, initializer),
        foldr=lambda fn, elems, initializer=None: K.foldr(fn, elems, initializer),
        map_fn=lambda fn, elems, dtype=None: K.map_fn(fn, elems, dtype=dtype),
        matmul=ops.matmul,
        norm=ops.norm,
        one_hot=ops.one_hot,
        ones=lambda shape, dtype="float32": full(shape, 1, dtype),
        ones_like=lambda tensor, dtype=None: K.ones_like(tensor, dtype),
        pad=ops.pad,
        py_func=dynamic.py_func,
        random_normal=K.random_normal,
        random_shuffle=dynamic.random_shuffle,
        random_uniform=K.random_uniform,
        range=K.arange,
        rank=lambda input: K.ndim(input),
        reshape=lambda tensor, shape: K.reshape(tensor, shape),
        reverse=lambda tensor, axis: K.reverse(tensor, axis),
        scan=loops.scan,
        shape=lambda input: K.shape(input),
        size=lambda input: K.cast(K.prod(K.shape(input)), "int32"),
        slice=lambda input_, begin, size: K.slice(input_, begin, size),
        sort=ops.sort,
        split=ops.split,
        squeeze=ops.squeeze,
        stack=lambda values, axis=0: K.stack(values, axis),
        stop_gradient=lambda input: K.stop_gradient(input),
        tile=lambda input, multiples: K.tile(input, multiples),
        to_float=lambda x: K.cast(ops.as_tensor(x), "float32"),
        to_int32=lambda x: K.cast(ops.as_tensor(x), "int32"),
        to_int64=lambda x: K.cast(ops.as_tensor(x), "int64"),
        transpose=ops.transpose,
        truncated_normal=K.truncated_normal,
        unique=dynamic.unique,
        unstack=ops.unstack,
        where=dynamic.where,
        while_loop=loops.while_loop,
        zeros=lambda shape, dtype="float32": full(shape, 0, dtype),
        zeros_like=lambda tensor, dtype=None: K.zeros_like(tensor, dtype),
    ),
    **_table(
        batch_gather=more.batch_gather,
        broadcast_to=lambda input, shape: full(shape, 0, K.dtype(input)) + input,
        clip_by_global_norm=more.clip_by_global_norm,
        clip_by_norm=more.clip_by_norm,
        count_nonzero=lambda input_tensor, axis=None, keepdims=False, dtype="int64": K.sum(
            K.cast(K.not_equal(input_tensor, 0), dtype), axis, keepdims
        ),
        depth_to_space=more.depth_to_space,
        diag=more.diag,
        diag_part=more.diag_part,
        einsum=more.einsum,
        eye=lambda num_rows, num_columns=None, dtype="float32": K.constant(
            np.eye(num_rows, num_columns), dtype
        ),
        global_norm=more.global_norm,
        linspace=more.linspace,
        matrix_band_part=more.matrix_band_part,
        meshgrid=more.meshgrid,
        reverse_sequence=more.reverse_sequence,
        scatter_nd=more.scatter_nd,
        segment_sum=more.segment_sum,
        sequence_mask=more.sequence_mask,
        space_to_depth=more.space_to_depth,
        sparse_tensor_to_dense=lambda sp_input, default_value=0: sp_input,
        tensordot=more.tensordot,
        to_double=lambda x: K.cast(ops.as_tensor(x), "float64"),
        unsorted_segment_sum=more.segment_sum,
    ),
    **state.NAMES,
    "TensorArray": loops.TensorArray,
    "Variable": _named(ops.variable),
    "RegisterGradient": gradients.RegisterGradient,
    "custom_gradient": gradients.custom_gradient,
    "control_dependencies": K.control_dependencies,
    "name_scope": K.name_scope,
    "newaxis": None,
}
_CONTRIB = {
    "layers": {
        "flatten": _named(lambda inputs: K.batch_flatten(inputs)),
        "l2_regularizer": lambda scale, scope=None: regularizers.l2(scale / 2),
        "xavier_initializer": state.xavier_initializer,
    },
}


def of_module(path):
    """{name: function} of a module inside TensorFlow, as 'python.ops.array_ops'."""
    part, _, name = path.partition(".")
    if part == "contrib":
        return _CONTRIB.get(name, {})
    if path == "python.ops.custom_gradient":
        by_hand = gradients.custom_gradient
        return {"custom_gradient": by_hand, "_graph_mode_decorator": by_hand}
    if path == "python.framework.ops":
        return {"RegisterGradient": gradients.RegisterGradient}
    return {**NN, **IMAGE, **OPERATIONS} if path.startswith("python.ops.") else {}
