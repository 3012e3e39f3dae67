"""`keras.legacy.interfaces`: decorators that code copied from Keras 2 puts on its own classes.

A custom optimizer or layer that starts as a copy of one of Keras's brings its decorators along.
Here they mean what they meant there: the method also takes the arguments of Keras 1.
"""

import functools
import warnings

from .hook import Keras1SpellingWarning, translate_calls
from .table import TABLE

# Decorator of Keras -> the row of the table whose spellings it accepts.
_ROWS = {
    "legacy_add_weight_support": "Layer.add_weight",
    "legacy_batchnorm_support": "BatchNormalization",
    "legacy_conv1d_support": "Conv1D",
    "legacy_conv2d_support": "Conv2D",
    "legacy_conv3d_support": "Conv3D",
    "legacy_convlstm2d_support": "ConvLSTM2D",
    "legacy_cropping2d_support": "Cropping2D",
    "legacy_cropping3d_support": "Cropping3D",
    "legacy_deconv2d_support": "Conv2DTranspose",
    "legacy_dense_support": "Dense",
    "legacy_dropout_support": "Dropout",
    "legacy_embedding_support": "Embedding",
    "legacy_gaussiandropout_support": "GaussianDropout",
    "legacy_gaussiannoise_support": "GaussianNoise",
    "legacy_generator_methods_support": "GeneratorMethods.fit_generator",
    "legacy_global_pooling_support": "GlobalMaxPooling2D",
    "legacy_input_support": "InputLayer",
    "legacy_lambda_support": "Lambda",
    "legacy_model_constructor_support": "Model",
    "legacy_pooling1d_support": "MaxPooling1D",
    "legacy_pooling2d_support": "MaxPooling2D",
    "legacy_pooling3d_support": "MaxPooling3D",
    "legacy_prelu_support": "PReLU",
    "legacy_recurrent_support": "LSTM",
    "legacy_separable_conv2d_support": "SeparableConv2D",
    "legacy_spatialdropout1d_support": "SpatialDropout1D",
    "legacy_spatialdropoutNd_support": "SpatialDropout2D",
    "legacy_upsampling1d_support": "UpSampling1D",
    "legacy_upsampling2d_support": "UpSampling2D",
    "legacy_upsampling3d_support": "UpSampling3D",
    "legacy_zeropadding2d_support": "ZeroPadding2D",
    "legacy_zeropadding3d_support": "ZeroPadding3D",
}


def __getattr__(name):
    row = TABLE.get(_ROWS.get(name))
    if row is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    def legacy_support(function):
        owner = function.__qualname__.rpartition(".")[0].rpartition(".")[2]
        shown = owner if function.__name__ == "__init__" and owner else function.__name__
        return translate_calls(function, row, shown, skip=1 if owner else 0)

    return legacy_support


def __dir__():
    return sorted({*globals(), *_ROWS})


def generate_legacy_interface(
    allowed_positional_args=None,
    conversions=None,
    preprocessor=None,
    value_conversions=None,
    object_type="class",
):
    """A decorator of a method that renames old keywords.

    Args:
        allowed_positional_args: names of what may be given by position; None allows everything.
        conversions: list of (old keyword, new keyword).
        preprocessor: function of (args, kwargs) that returns both and what it converted, as
            (new keyword, old keyword) pairs.
        value_conversions: {keyword: {old value: new value}}.
        object_type: 'class' where messages name the class, 'method' where the method.

    Raises:
        TypeError: by a call, for too many positional arguments or an argument in both spellings.
    """
    renamed, values = dict(conversions or ()), dict(value_conversions or ())

    def legacy_support(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            shown = type(args[0]).__name__ if object_type == "class" else function.__name__
            converted = []
            if preprocessor is not None:
                args, kwargs, converted = preprocessor(args, kwargs)
            if allowed_positional_args is not None:
                _check_positions(shown, args[1:], allowed_positional_args)
            for keyword, table in values.items():
                if keyword in kwargs and kwargs[keyword] in table:
                    kwargs[keyword] = table[kwargs[keyword]]
            for old, new in renamed.items():
                if old in kwargs:
                    if new in kwargs:
                        raise_duplicate_arg_error(old, new)
                    kwargs[new] = kwargs.pop(old)
                    converted = [*converted, (new, old)]
            if converted:
                pairs = ", ".join(f"`{old}` is `{new}`" for new, old in converted)
                message = f"Keras 1 spelling in a call of `{shown}`: {pairs} today."
                warnings.warn(message, Keras1SpellingWarning, stacklevel=2)
            return function(*args, **kwargs)

        wrapper._original_function = function
        return wrapper

    return legacy_support


generate_legacy_method_interface = functools.partial(
    generate_legacy_interface, object_type="method"
)


def _check_positions(shown, given, allowed):
    if len(given) > len(allowed):
        raise TypeError(
            f"`{shown}` can accept only {len(allowed)} positional arguments {tuple(allowed)}, but "
            f"you passed the following positional arguments: {list(given)}"
        )


def raise_duplicate_arg_error(old_arg, new_arg):
    """Tells that one argument came in both spellings."""
    raise TypeError(
        f"For the `{new_arg}` argument, the call received both the Keras 1 keyword `{old_arg}` and "
        f"the Keras 2 keyword `{new_arg}`. Give only the latter."
    )


def legacy_get_updates_support(get_updates):
    """Lets an optimizer's `get_updates(loss, params)` be called as Keras 1 did.

    There it was `get_updates(params, constraints, loss)`; constraints belong to variables today.
    """

    @functools.wraps(get_updates)
    def wrapper(self, *args, **kwargs):
        if len(args) == 3 or "constraints" in kwargs or (args and "loss" in kwargs):
            named = dict(zip(("params", "constraints", "loss"), args, strict=False), **kwargs)
            return get_updates(self, named["loss"], named["params"])
        return get_updates(self, *args, **kwargs)

    wrapper._original_function = get_updates
    return wrapper
