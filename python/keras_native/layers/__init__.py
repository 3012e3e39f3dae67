"""All layers, and the way from configurations back to them."""

from ..engine.base_layer import InputSpec, Layer
from ..engine.input_layer import Input, InputLayer
from . import merge
from .advanced_activations import ELU, LeakyReLU, PReLU, ReLU, Softmax, ThresholdedReLU
from .core import (
    Activation,
    ActivityRegularization,
    Dense,
    Dropout,
    Flatten,
    Lambda,
    Masking,
    Permute,
    RepeatVector,
    Reshape,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from .embeddings import Embedding
from .merge import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from .noise import AlphaDropout, GaussianDropout, GaussianNoise
from .normalization import BatchNormalization
from .serialization import deserialize, serialize

# isort: split
from ..legacy.layer_classes import (
    Highway,
    MaxoutDense,
    Merge,
    ParametricSoftplus,
    SReLU,
    TimeDistributedDense,
)
from ..legacy.table import CLASSES as _RENAMED

globals().update({old: globals()[new] for old, new in _RENAMED.items() if new in globals()})
