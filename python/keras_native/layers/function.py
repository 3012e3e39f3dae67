"""Lambda: a function of tensors as a layer."""

import json
import types

from .. import backend as K
from ..engine.base_layer import Layer
from ..legacy import accepts_keras1
from ..utils import trust
from ..utils.generic_utils import deserialize_keras_object, func_dump, func_load, has_arg


@accepts_keras1
class Lambda(Layer):
    """Applies a function to its input.

    Args:
        function: of the input tensor (or list of tensors); may take `mask`, and `arguments`.
        output_shape: of the output: tuple without the batch axis, or a function of the input's
            shape. Found out when it is left out.
        mask: mask of the output: a tensor, or a function of (inputs, mask).
        arguments: dict of further keyword arguments of `function`.
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Layer {self.name!r}: expected a function; received {function!r}.")
        if not (output_shape is None or callable(output_shape)) and not isinstance(
            output_shape, (tuple, list)
        ):
            raise TypeError(
                f"Layer {self.name!r}: expected output_shape to be a list, a tuple, or a function; "
                f"received {output_shape!r}."
            )
        self.function = function
        self.arguments = arguments or {}
        if mask is not None:
            self.supports_masking = True
        self.mask = mask
        self._output_shape = tuple(output_shape) if isinstance(output_shape, list) else output_shape

    def call(self, inputs, mask=None):
        arguments = dict(self.arguments)
        if has_arg(self.function, "mask", accept_all=False):
            arguments["mask"] = mask
        return self.function(inputs, **arguments)

    def compute_output_shape(self, input_shape):
        if callable(self._output_shape):
            shape = self._output_shape(input_shape)
            if not isinstance(shape, (tuple, list)):
                raise ValueError(
                    f"Layer {self.name!r}: expected output_shape to return a tuple; received "
                    f"{shape!r}."
                )
            return [tuple(s) for s in shape] if _is_list_of_shapes(shape) else tuple(shape)
        if self._output_shape is not None:
            first = input_shape[0] if isinstance(input_shape, list) else input_shape
            return (first[0] if first else None, *self._output_shape)
        return self._traced_shape(input_shape)

    def _output_shapes(self, outputs, input_shapes):
        try:
            return super()._output_shapes(outputs, input_shapes)
        except ValueError:
            if self._output_shape is not None:
                raise
            # Layers before it declared what their outputs do not have: what was computed counts.
            return [tuple(x.shape) for x in outputs]

    def _traced_shape(self, input_shape):
        if isinstance(input_shape, list):
            output = self.call([K.placeholder(shape=shape) for shape in input_shape])
        else:
            output = self.call(K.placeholder(shape=input_shape))
        if isinstance(output, list):
            return [K.int_shape(x) for x in output]
        return K.int_shape(output)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        function, kind = _describe(self.function)
        shape, shape_kind = self._output_shape, "raw"
        if callable(shape):
            shape, shape_kind = _describe(shape)
        return {
            **super().get_config(),
            "function": function,
            "function_type": kind,
            "output_shape": shape,
            "output_shape_type": shape_kind,
            "arguments": self.arguments,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """The layer of a configuration.

        Raises:
            ValueError: if a function is bytecode that was not written by this process, or a name
                that `custom_objects` does not know, unless the source is declared trusted.
        """
        config = dict(config)
        config.pop("module", None)  # newer files name modules; nothing is imported by name
        config.pop("output_shape_module", None)
        for key in ("function", "output_shape"):
            kind = config.pop(f"{key}_type", "raw")
            config[key] = _restore(config.get(key), kind, custom_objects)
        return cls(**config)


def _is_list_of_shapes(shape):
    return bool(shape) and all(isinstance(s, (tuple, list)) for s in shape)


def _form(described, kind):
    """What identifies a serialized function, before and after a trip through JSON."""
    if kind == "function":
        return kind, described
    return kind, json.dumps(described, default=_plain)


def _plain(value):
    return value.tolist() if hasattr(value, "tolist") else f"<object {id(value)}>"


def _describe(function):
    """(serialized function, kind) for a configuration."""
    if isinstance(function, types.LambdaType) and function.__name__ == "<lambda>":
        described, kind = func_dump(function), "lambda"
    else:
        described, kind = getattr(function, "__name__", type(function).__name__), "function"
    trust.remember(_form(described, kind), function)
    return described, kind


def _restore(described, kind, custom_objects):
    if kind == "raw" or described is None:
        return tuple(described) if isinstance(described, list) else described
    if kind == "function":
        named = custom_objects and described in custom_objects
        known = None if named else trust.recall(_form(described, kind))
        return known or deserialize_keras_object(
            described,
            custom_objects=custom_objects,
            printable_module_name="function in Lambda layer",
        )
    if kind != "lambda":
        raise ValueError(
            f"Lambda: expected function_type 'lambda', 'function' or 'raw'; received {kind!r}."
        )
    known = trust.recall(_form(described, kind))
    if known is not None:
        return known
    if not trust.bytecode_allowed():
        raise ValueError(
            "The configuration holds a lambda as Python bytecode, which would run a program from "
            "the file. If you trust where it comes from, load it inside "
            "`keras_native.utils.trust.trusted_source()`; otherwise define the layer in your code "
            "and load its weights."
        )
    return func_load(described, globs={"K": K, **vars(K)})
