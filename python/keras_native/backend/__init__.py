"""The functions of `keras.backend`: symbolic tensors on the native core.

This package is the only importer of `keras_native._core`.
"""

from ..legacy.backend_calls import wrap as _wrap
from ..legacy.paths import submodules as _submodules
from . import devices, operators
from .autocast import autocast
from .common import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    image_dim_ordering,
    legacy_weight_ordering,
    normalize_data_format,
    numpy_floatx,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_image_dim_ordering,
    set_legacy_weight_ordering,
    wide_floatx,
)
from .control import (
    clear_session,
    eager,
    in_test_phase,
    in_train_phase,
    learning_phase,
    set_learning_phase,
    switch,
    symbolic,
)
from .conv import (
    conv1d,
    conv2d,
    conv2d_transpose,
    conv3d,
    conv3d_transpose,
    depthwise_conv2d,
    local_conv1d,
    local_conv2d,
    pool1d,
    pool2d,
    pool3d,
    separable_conv1d,
    separable_conv2d,
)
from .creation import eye, ones, zeros
from .ctc import ctc_batch_cost, ctc_decode, ctc_label_dense_to_sparse
from .functions import (
    Function,
    eval,
    function,
    gradients,
    stop_gradient,
)
from .linalg import batch_dot, dot
from .loops import foldl, foldr, map_fn, rnn
from .math import (
    abs,
    cast,
    clip,
    cos,
    equal,
    exp,
    greater,
    greater_equal,
    hard_sigmoid,
    identity,
    less,
    less_equal,
    log,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    not_equal,
    pow,
    round,
    sigmoid,
    sign,
    sin,
    sqrt,
    square,
    tanh,
    where,
)
from .movement import (
    arange,
    asymmetric_spatial_2d_padding,
    asymmetric_temporal_padding,
    concatenate,
    gather,
    one_hot,
    ones_like,
    permute_dimensions,
    repeat,
    repeat_elements,
    resize_images,
    resize_volumes,
    reverse,
    slice,
    spatial_2d_padding,
    spatial_3d_padding,
    stack,
    temporal_padding,
    tile,
    transpose,
    zeros_like,
)
from .naming import get_uid, layer_scope, name_scope, reset_uids
from .nn import (
    batch_normalization,
    bias_add,
    binary_crossentropy,
    categorical_crossentropy,
    elu,
    in_top_k,
    l2_normalize,
    normalize_batch_in_training,
    relu,
    selu,
    softmax,
    softplus,
    softsign,
    sparse_categorical_crossentropy,
    top_k,
)
from .observe import observe, print_tensor
from .placeholders import constant, is_placeholder, placeholder
from .random import (
    dropout,
    new_seed,
    random_binomial,
    random_normal,
    random_normal_variable,
    random_uniform,
    random_uniform_variable,
    truncated_normal,
)
from .reduce import (
    all,
    any,
    argmax,
    argmin,
    cumprod,
    cumsum,
    logsumexp,
    max,
    mean,
    min,
    prod,
    std,
    sum,
    var,
)
from .session import Session, get_session, set_session
from .shapes import (
    batch_flatten,
    dtype,
    expand_dims,
    flatten,
    get_variable_shape,
    int_shape,
    is_keras_tensor,
    ndim,
    reshape,
    shape,
    size,
    squeeze,
)
from .sparse import is_sparse, to_dense
from .tensor import (
    Tensor,
    TensorShape,
    as_tensor,
    cast_to_floatx,
    emit,
    emit_all,
    is_tensor,
)
from .variables import (
    Update,
    Variable,
    batch_get_value,
    batch_set_value,
    collect_updates,
    control_dependencies,
    count_params,
    get_value,
    is_variable,
    manual_variable_initialization,
    moving_average_update,
    set_value,
    update,
    update_add,
    update_sub,
    variable,
)

lesser, lesser_equal = less, less_equal  # Keras 1 spellings
_wrap(globals())
_BACKEND = backend()

__all__ = [name for name in dir() if not name.startswith("_")]
__getattr__ = _submodules(__name__)
