"""Model files: the HDF5 layout of Keras 2.3.1, and models as JSON or YAML."""

from .._lazy import lazy

_NAMES = {
    "architecture": ["model_from_config", "model_from_json", "model_from_yaml"],
    "attributes": ["load_attributes_from_hdf5_group", "save_attributes_to_hdf5_group"],
    "model_file": [
        "load_model",
        "load_weights",
        "save_model",
        "save_weights",
        "to_json",
        "to_yaml",
    ],
    "pickled": ["pickle_model", "unpickle_model"],
    "weights": [
        "load_weights_from_hdf5_group",
        "load_weights_from_hdf5_group_by_name",
        "preprocess_weights_for_loading",
        "save_weights_to_hdf5_group",
        "written_with",
    ],
}

__getattr__, __dir__, __all__ = lazy(__name__, _NAMES)
