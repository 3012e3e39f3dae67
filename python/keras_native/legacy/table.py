"""Keras 1 spellings, as data: old argument -> new argument, old value -> new value.

One row per class, method or function, keyed by its qualified name. `hook.accepts_keras1` applies
a row to calls and `config.modern_config` applies it to configurations read from Keras 1 files.
Nothing else in the package knows the old names, so this folder can be deleted as a whole.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

# Tests of a positional argument, by which the Keras 1 order is told from the Keras 2 order.
INITIALIZER, INT, FLOAT, DICT, SHAPE = "initializer", "int", "float", "dict", "shape"
BOOL = "bool"


_NONE = MappingProxyType({})


class Spelling(NamedTuple):
    """How Keras 1 called one class, method or function."""

    names: Mapping = _NONE  # old keyword -> new keyword; None: accepted and without effect
    joined: Mapping = _NONE  # new keyword -> old keywords whose values it takes as one tuple
    order: str = ""  # Keras 1 order of positional arguments, by old keyword
    order_if: tuple = ()  # (index, test) pairs that must all hold for `order` to apply
    time_series: bool = False  # input_dim and input_length together give input_shape
    history: bool = False  # returns a History, whose metrics then have the names of Keras 1
    defaults: Mapping = _NONE  # new keyword -> default in Keras 1, for code that asked for Keras 1
    samples: bool = False  # counts samples, not batches; an old keyword implies the old order


DIM_ORDERING = {"th": "channels_first", "tf": "channels_last", "default": None}

# New keyword -> {old value: new value}; applied only where the old keyword was used.
VALUES = {
    "data_format": DIM_ORDERING,
    "implementation": {"cpu": 0, "mem": 1, "gpu": 2},
    "unit_forget_bias": {"one": True, "ones": True, "zero": False, "zeros": False},
}

# Names of initializers that Keras 1 took where Keras 2 has an activation.
INITIALIZERS = (
    "uniform lecun_uniform normal identity orthogonal zero one zeros ones glorot_normal "
    "glorot_uniform he_normal he_uniform lecun_normal"
)

_KERNEL = {
    "init": "kernel_initializer",
    "W_regularizer": "kernel_regularizer",
    "b_regularizer": "bias_regularizer",
    "W_constraint": "kernel_constraint",
    "b_constraint": "bias_constraint",
    "bias": "use_bias",
}
_DATA = {"dim_ordering": "data_format"}
_DENSE = {"output_dim": "units", **_KERNEL}
_CONV = {"nb_filter": "filters", "subsample": "strides", "border_mode": "padding", **_KERNEL}
_CONV_1D = {
    **_CONV,
    "filter_length": "kernel_size",
    "subsample_length": "strides",
    "atrous_rate": "dilation_rate",
}
_CONV_ND = {**_CONV, **_DATA, "atrous_rate": "dilation_rate"}
_KERNEL_2D = {"kernel_size": ("nb_row", "nb_col")}
_KERNEL_3D = {"kernel_size": ("kernel_dim1", "kernel_dim2", "kernel_dim3")}
_TAIL = " W_regularizer b_regularizer activity_regularizer W_constraint b_constraint bias"
_CONV_TAIL = " init activation weights border_mode subsample dim_ordering" + _TAIL
_CONV_2D_ORDER = "nb_filter nb_row nb_col" + _CONV_TAIL
_TWO_INTS = ((1, INT), (2, INT))
_RECURRENT = {
    "output_dim": "units",
    "init": "kernel_initializer",
    "inner_init": "recurrent_initializer",
    "inner_activation": "recurrent_activation",
    "W_regularizer": "kernel_regularizer",
    "U_regularizer": "recurrent_regularizer",
    "b_regularizer": "bias_regularizer",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "consume_less": "implementation",
    "forget_bias_init": "unit_forget_bias",
}
_RECURRENT_TAIL = " W_regularizer U_regularizer b_regularizer dropout_W dropout_U"
_POOL = {"border_mode": "padding", **_DATA}
_POOL_1D = {"pool_length": "pool_size", "stride": "strides", "border_mode": "padding"}
_WORKERS = {
    "max_q_size": "max_queue_size",
    "nb_worker": "workers",
    "pickle_safe": "use_multiprocessing",
}
_GENERATOR_ORDER = "generator val_samples max_q_size nb_worker pickle_safe"
_FIT = {"nb_epoch": "epochs", "X": "x", "show_accuracy": None}
_EVALUATE = {"X": "x", "show_accuracy": None}

TABLE = {
    # core
    "Dense": Spelling(
        _DENSE,
        order="output_dim init activation weights" + _TAIL + " input_dim",
        order_if=((1, INITIALIZER),),
    ),
    "Dropout": Spelling({"p": "rate"}),
    "SpatialDropout1D": Spelling({"p": "rate"}),
    "SpatialDropout2D": Spelling({"p": "rate", **_DATA}),
    "SpatialDropout3D": Spelling({"p": "rate", **_DATA}),
    "Lambda": Spelling(order="function output_shape arguments", order_if=((2, DICT),)),
    "GaussianNoise": Spelling({"sigma": "stddev"}),
    "GaussianDropout": Spelling({"p": "rate"}),
    "BatchNormalization": Spelling(
        {"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
        order=(
            "epsilon mode axis momentum weights beta_init gamma_init "
            "gamma_regularizer beta_regularizer"
        ),
        order_if=((0, FLOAT),),
    ),
    "PReLU": Spelling(
        {"init": "alpha_initializer"},
        order="init weights shared_axes",
        order_if=((1, SHAPE),),
    ),
    "Embedding": Spelling(
        {
            "init": "embeddings_initializer",
            "W_regularizer": "embeddings_regularizer",
            "W_constraint": "embeddings_constraint",
        },
        order=(
            "input_dim output_dim init input_length W_regularizer activity_regularizer "
            "W_constraint mask_zero weights dropout"
        ),
        order_if=((3, INT),),
    ),
    # convolution
    "Conv1D": Spelling(
        _CONV_1D,
        order=(
            "nb_filter filter_length init activation weights border_mode subsample_length" + _TAIL
        ),
        order_if=((2, INITIALIZER),),
        time_series=True,
    ),
    "Conv2D": Spelling(_CONV_ND, _KERNEL_2D, _CONV_2D_ORDER, _TWO_INTS),
    "SeparableConv2D": Spelling(
        {
            **_CONV_ND,
            "init": "depthwise_initializer",
        },
        _KERNEL_2D,
        (
            "nb_filter nb_row nb_col init activation weights border_mode subsample "
            "depth_multiplier dim_ordering depthwise_regularizer pointwise_regularizer "
            "b_regularizer activity_regularizer depthwise_constraint "
            "pointwise_constraint b_constraint bias"
        ),
        _TWO_INTS,
    ),
    "Conv2DTranspose": Spelling(
        _CONV_ND,
        _KERNEL_2D,
        "nb_filter nb_row nb_col output_shape" + _CONV_TAIL,
        _TWO_INTS,
    ),
    "Conv3D": Spelling(
        _CONV_ND,
        _KERNEL_3D,
        "nb_filter kernel_dim1 kernel_dim2 kernel_dim3" + _CONV_TAIL,
        (*_TWO_INTS, (3, INT)),
    ),
    "Conv3DTranspose": Spelling(
        _CONV_ND,
        _KERNEL_3D,
        "nb_filter kernel_dim1 kernel_dim2 kernel_dim3 output_shape" + _CONV_TAIL,
        (*_TWO_INTS, (3, INT)),
    ),
    "LocallyConnected1D": Spelling(_CONV_1D, time_series=True),
    "LocallyConnected2D": Spelling(_CONV_ND, _KERNEL_2D, _CONV_2D_ORDER, _TWO_INTS),
    "ConvLSTM2D": Spelling(
        {**_CONV_ND, **_RECURRENT},
        _KERNEL_2D,
        (
            "nb_filter nb_row nb_col init inner_init forget_bias_init activation "
            "inner_activation dim_ordering border_mode subsample" + _RECURRENT_TAIL
        ),
        _TWO_INTS,
    ),
    "UpSampling1D": Spelling({"length": "size"}),
    "UpSampling2D": Spelling(_DATA),
    "UpSampling3D": Spelling(_DATA),
    "ZeroPadding2D": Spelling(_DATA),
    "ZeroPadding3D": Spelling(_DATA),
    "Cropping2D": Spelling(_DATA),
    "Cropping3D": Spelling(_DATA),
    # pooling
    "MaxPooling1D": Spelling(_POOL_1D),
    "AveragePooling1D": Spelling(_POOL_1D),
    "MaxPooling2D": Spelling(_POOL),
    "AveragePooling2D": Spelling(_POOL),
    "MaxPooling3D": Spelling(_POOL),
    "AveragePooling3D": Spelling(_POOL),
    "GlobalMaxPooling2D": Spelling(_DATA),
    "GlobalAveragePooling2D": Spelling(_DATA),
    "GlobalMaxPooling3D": Spelling(_DATA),
    "GlobalAveragePooling3D": Spelling(_DATA),
    # recurrent
    "Recurrent": Spelling({"consume_less": "implementation"}, time_series=True),
    "SimpleRNN": Spelling(
        _RECURRENT,
        order="output_dim init inner_init activation" + _RECURRENT_TAIL,
        order_if=((1, INITIALIZER),),
        time_series=True,
    ),
    "GRU": Spelling(
        _RECURRENT,
        order=("output_dim init inner_init activation inner_activation" + _RECURRENT_TAIL),
        order_if=((1, INITIALIZER),),
        defaults={"recurrent_activation": "hard_sigmoid", "implementation": 0},
        time_series=True,
    ),
    "LSTM": Spelling(
        _RECURRENT,
        order=(
            "output_dim init inner_init forget_bias_init activation inner_activation"
            + _RECURRENT_TAIL
        ),
        order_if=((1, INITIALIZER),),
        defaults={"recurrent_activation": "hard_sigmoid", "implementation": 0},
        time_series=True,
    ),
    # layers and models
    "Layer": Spelling({"input_dtype": "dtype"}),
    "Layer.add_weight": Spelling(
        order="shape initializer name trainable regularizer constraint",
        order_if=((0, SHAPE),),
    ),
    "InputLayer": Spelling({"input_dtype": "dtype"}),
    "Model": Spelling({"input": "inputs", "output": "outputs"}),
    "Network": Spelling({"input": "inputs", "output": "outputs"}),
    "Model.compile": Spelling({"class_mode": None, "theano_mode": None}),
    "Model.fit": Spelling(_FIT, history=True),
    "Model.evaluate": Spelling(_EVALUATE),
    "Model.predict": Spelling({"X": "x"}),
    "GeneratorMethods.fit_generator": Spelling(
        {
            "nb_epoch": "epochs",
            "samples_per_epoch": "steps_per_epoch",
            "nb_val_samples": "validation_steps",
            **_WORKERS,
        },
        order=(
            "generator samples_per_epoch nb_epoch verbose callbacks validation_data "
            "nb_val_samples class_weight max_q_size nb_worker pickle_safe initial_epoch"
        ),
        order_if=((7, DICT),),
        history=True,
        samples=True,
    ),
    "GeneratorMethods.evaluate_generator": Spelling(
        {"val_samples": "steps", **_WORKERS}, order=_GENERATOR_ORDER, samples=True
    ),
    "GeneratorMethods.predict_generator": Spelling(
        {"val_samples": "steps", **_WORKERS}, order=_GENERATOR_ORDER, samples=True
    ),
    "Sequential.predict_classes": Spelling({"X": "x"}),
    "Sequential.predict_proba": Spelling({"X": "x"}),
    # the rest
    "MaxNorm": Spelling({"m": "max_value"}),
    "MinMaxNorm": Spelling({"low": "min_value", "high": "max_value"}),
    "to_categorical": Spelling({"nb_classes": "num_classes"}),
    "get_test_data": Spelling(
        {"nb_train": "num_train", "nb_test": "num_test", "nb_class": "num_classes"}
    ),
    "Tokenizer": Spelling({"nb_words": "num_words"}),
    "ImageDataGenerator": Spelling(_DATA),
    "ImageDataGenerator.flow": Spelling({"X": "x"}),
    "ReduceLROnPlateau": Spelling({"epsilon": "min_delta"}),
    "TensorBoard": Spelling(
        order="log_dir histogram_freq write_graph write_images", order_if=((2, BOOL),)
    ),
}

# Regularizers and constraints, which Keras 1 wrote as {"name": class, argument: value, …}:
# class then -> (class now, {argument then: argument now}).
OBJECTS = {
    "ActivityRegularizer": ("L1L2", {}),
    "L1L2Regularizer": ("L1L2", {}),
    "WeightRegularizer": ("L1L2", {}),
    "MaxNorm": ("MaxNorm", {"m": "max_value"}),
    "MinMaxNorm": ("MinMaxNorm", {"low": "min_value", "high": "max_value"}),
    "NonNeg": ("NonNeg", {}),
    "UnitNorm": ("UnitNorm", {}),
}

# Metrics that are called differently from one version to the next: ending -> other ending.
METRICS = {"acc": "accuracy", "accuracy": "acc"}

# How Keras 1 called the classes that changed their names, in its automatic names and summaries.
NAMES_THEN = {
    "Conv1D": "Convolution1D",
    "Conv2D": "Convolution2D",
    "Conv3D": "Convolution3D",
    "Conv2DTranspose": "Deconvolution2D",
    "SeparableConv2D": "SeparableConvolution2D",
}

# Classes that only changed their name.
CLASSES = {
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "AtrousConvolution1D": "Conv1D",
    "AtrousConvolution2D": "Conv2D",
    "AtrousConv1D": "Conv1D",
    "AtrousConv2D": "Conv2D",
    "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose",
    "Deconv2D": "Conv2DTranspose",
    "Deconv3D": "Conv3DTranspose",
    "Convolution2DTranspose": "Conv2DTranspose",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
}
