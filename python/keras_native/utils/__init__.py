"""Helpers beside models; each is loaded when first asked for."""

from .._lazy import lazy

_NAMES = {
    "enqueuers": ["GeneratorEnqueuer", "OrderedEnqueuer", "SequenceEnqueuer"],
    "generic_utils": [
        "CustomObjectScope",
        "Progbar",
        "custom_object_scope",
        "deserialize_keras_object",
        "get_custom_objects",
        "serialize_keras_object",
    ],
    "download": ["get_file"],
    "io_utils": ["H5Dict", "HDF5Matrix"],
    "layer_utils": ["convert_all_kernels_in_model", "get_source_inputs", "print_summary"],
    "multi_gpu_utils": ["multi_gpu_model"],
    "np_utils": ["normalize", "to_categorical"],
    "sequence": ["Sequence"],
    "vis_utils": ["model_to_dot", "plot_model"],
}
_MODULES = ["conv_utils", "data_utils", "losses_utils", "metrics_utils", "test_utils"]

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES, _MODULES)
