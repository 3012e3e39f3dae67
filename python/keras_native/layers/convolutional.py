"""The convolutional layers under the name that scripts import."""

from ..engine.base_layer import InputSpec, Layer
from ..legacy.paths import moved
from ..legacy.table import CLASSES as _RENAMED
from ..utils.generic_utils import transpose_shape
from .conv import Conv1D, Conv2D, Conv3D
from .conv_base import _Conv
from .conv_depthwise import DepthwiseConv2D
from .conv_separable import SeparableConv1D, SeparableConv2D, _SeparableConv
from .conv_transpose import Conv2DTranspose, Conv3DTranspose
from .pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
)
from .spatial import (
    Cropping1D,
    Cropping2D,
    Cropping3D,
    UpSampling1D,
    UpSampling2D,
    UpSampling3D,
    ZeroPadding1D,
    ZeroPadding2D,
    ZeroPadding3D,
    _Cropping,
    _UpSampling,
    _ZeroPadding,
)

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "DepthwiseConv2D",
    "InputSpec",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv1D",
    "SeparableConv2D",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
    "transpose_shape",
    "_Conv",
    "_Cropping",
    "_SeparableConv",
    "_UpSampling",
    "_ZeroPadding",
]

_OLD = {old: globals()[new] for old, new in _RENAMED.items() if new in globals()}
globals().update(_OLD)
__all__ += list(_OLD)

__getattr__ = moved(__name__)
