"""Embedding: integers as learned vectors."""

from .. import backend as K
from .. import constraints, initializers, regularizers
from ..engine.base_layer import Layer
from ..engine.policy import cast_input
from ..legacy import accepts_keras1
from .core import positive_integer


@accepts_keras1
class Embedding(Layer):
    """Row of a table for every integer: (batch, …) -> (batch, …, output_dim).

    Args:
        input_dim: number of rows; inputs are from 0 to input_dim - 1.
        output_dim: length of a row.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint: of the table.
        activity_regularizer: penalty on the output.
        mask_zero: whether input 0 means "nothing here" and is masked.
        input_length: number of integers in a sample, where it is fixed.
        dropout: share of the rows that each training step leaves out, as in Keras 1: a word is
            there or not in all places of a batch.
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        activity_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        input_length=None,
        **kwargs,
    ):
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            lengths = input_length if isinstance(input_length, (list, tuple)) else (input_length,)
            kwargs["input_shape"] = tuple(lengths)
        self.dropout = kwargs.pop("dropout", None) or 0.0
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"Embedding: expected 0 <= dropout < 1; received {self.dropout}.")
        super().__init__(**kwargs)
        self.input_dim = positive_integer(self, "input_dim", input_dim)
        self.output_dim = positive_integer(self, "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.input_length = input_length

    def build(self, input_shape):
        if self._dialect.generation != "1":
            Embedding.compute_output_shape(self, input_shape)  # refuses other lengths
        self.embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            name="embeddings",
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
        )
        self.built = True

    def compute_mask(self, inputs, mask=None):
        return K.not_equal(inputs, 0) if self.mask_zero else None

    def call(self, inputs):
        if K.dtype(inputs) not in ("int32", "int64"):
            inputs = K.cast(inputs, "int32")
        with K.autocast(None):  # the rows alone are cast, not the whole table
            rows = cast_input(K.gather(self.embeddings, inputs), self._policy)
        if not self.dropout:
            return rows
        kept = K.random_binomial((self.input_dim, 1), p=1.0 - self.dropout) / (1.0 - self.dropout)
        return K.in_train_phase(rows * K.cast(K.gather(kept, inputs), K.dtype(rows)), rows)

    def compute_output_shape(self, input_shape):
        lengths = self.input_length
        if lengths is None:
            return (*input_shape, self.output_dim)
        lengths = list(lengths) if isinstance(lengths, (list, tuple)) else [lengths]
        given = input_shape[1:]
        if len(lengths) != len(given) or any(
            None not in (a, b) and a != b for a, b in zip(lengths, given, strict=True)
        ):
            raise ValueError(
                f"Layer {self.name!r}: expected inputs of input_length={self.input_length}; "
                f"received shape {input_shape}."
            )
        known = [a if b is None else b for a, b in zip(lengths, given, strict=True)]
        return (input_shape[0], *known, self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            **({"dropout": self.dropout} if self.dropout else {}),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "input_length": self.input_length,
        }
