"""Module paths that Keras 1 and 2 had and this package does not: old path -> where the names are.

A module of the table is made when it is first imported; its attributes are looked up in the modules
listed, in order.
"""

import importlib
import importlib.abc
import importlib.machinery
import sys

PATHS = {
    "applications.mobilenetv2": ["applications.mobilenet_v2"],
    "backend.cntk_backend": ["backend"],
    "backend.common": ["backend.common"],
    "backend.load_backend": ["backend"],
    "backend.numpy_backend": ["backend"],
    "backend.tensorflow_backend": ["backend", "backend.common", "legacy.devices", "legacy.private"],
    "backend.theano_backend": ["backend"],
    "callbacks.callbacks": ["callbacks"],
    "engine.saving": ["saving", "saving.convert_recurrent"],
    "layer": ["layers"],
    "legacy.layers": ["layers"],
    "legacy.models": ["models"],
    "models.models": ["models"],
    **{
        f"preprocessing.image.{module}": ["preprocessing.image", "preprocessing.image.transforms"]
        for module in (
            "affine_transformations dataframe_iterator directory_iterator image_data_generator "
            "iterator numpy_array_iterator utils"
        ).split()
    },
    "utils.training_utils": ["utils.multi_gpu_utils"],
    "utils.visualize_util": ["utils.vis_utils"],
}
# Names that were other ones then: {path: {old name: name}}.
NAMES = {
    "engine.saving": {"_convert_rnn_weights": "convert_rnn_weights"},
    "utils.visualize_util": {"plot": "plot_model"},
}

# Names that a module of today also has, found when they are asked for: {path: {name: the module
# that has it, and behind a colon its name there}}. No module before the colon is the package.
_JOINING = {"Merge": "layers", "merge": "layers"}
# What modules of layers imported; layers of others took it from there.
_IMPORTED = {
    "K": ":backend",
    "activations": ":activations",
    "constraints": ":constraints",
    "initializers": ":initializers",
    "regularizers": ":regularizers",
}
_PRIVATE = "legacy.private"
MOVED = {
    "applications.imagenet_utils": {"_obtain_input_shape": _PRIVATE},
    "applications.mobilenet": {"relu6": "later.activations"},
    "engine": {**_JOINING, "get_source_inputs": "utils.layer_utils"},
    "engine.topology": {
        **_JOINING,
        "_is_all_none": "utils.generic_utils:is_all_none",
        "_object_list_uid": "utils.generic_utils:object_list_uid",
        "_to_list": "utils.generic_utils:to_list",
        "_to_snake_case": "engine.base_layer:snake_case",
        "load_weights_from_hdf5_group": "saving",
        "load_weights_from_hdf5_group_by_name": "saving",
        "preprocess_weights_for_loading": "saving",
        "save_weights_to_hdf5_group": "saving",
        "object_list_uid": "utils.generic_utils",
        "to_list": "utils.generic_utils",
    },
    "engine.training": {
        "Container": "engine.topology",
        "GeneratorEnqueuer": "utils.data_utils",
        "_batch_shuffle": "engine.training_utils:batch_shuffle",
        "_check_array_lengths": "engine.training_utils:check_array_length_consistency",
        "_check_loss_and_target_compatibility": (
            "engine.training_utils:check_loss_and_target_compatibility"
        ),
        "_collect_metrics": "engine.training_utils:collect_per_output_metric_info",
        "_make_batches": "engine.training_utils:make_batches",
        "_slice_arrays": "utils.generic_utils:slice_arrays",
        "_standardize_class_weights": "engine.training_utils:standardize_class_weights",
        "_standardize_input_data": "engine.training_utils:standardize_input_data",
        "_standardize_sample_weights": "engine.training_utils:standardize_sample_weights",
        "_standardize_weights": "engine.training_utils:standardize_weights",
        "_weighted_masked_objective": "engine.training_utils:weighted_masked_objective",
        "batch_shuffle": "engine.training_utils",
        "collect_trainable_weights": _PRIVATE,
        "check_array_lengths": "engine.training_utils:check_array_length_consistency",
        "check_loss_and_target_compatibility": "engine.training_utils",
        "collect_metrics": "engine.training_utils:collect_per_output_metric_info",
        "make_batches": "engine.training_utils",
        "slice_X": "utils.generic_utils:slice_arrays",
        "standardize_class_weights": "engine.training_utils",
        "standardize_input_data": "engine.training_utils",
        "standardize_sample_or_class_weights": "engine.training_utils",
        "standardize_sample_weights": "engine.training_utils",
        "standardize_weights": "engine.training_utils",
        "weighted_objective": "engine.training_utils:weighted_masked_objective",
    },
    "layers": _IMPORTED,
    "layers.advanced_activations": {"ParametricSoftplus": "layers", "SReLU": "layers"},
    "layers.convolutional": _IMPORTED,
    "layers.core": {
        **_IMPORTED,
        "Highway": "layers",
        "MaxoutDense": "layers",
        "TimeDistributedDense": "layers",
        **_JOINING,
    },
    "layers.recurrent": {
        **_IMPORTED,
        "Recurrent": "legacy.recurrent",
        "_generate_dropout_mask": _PRIVATE,
        "_standardize_args": "layers.rnn_arguments:standardize_args",
        "_time_distributed_dense": f"{_PRIVATE}:time_distributed_dense",
        "time_distributed_dense": _PRIVATE,
    },
    "layers.wrappers": _IMPORTED,
    "models": {
        "Layer": "layers",
        "Merge": "layers",
        "load_model": "saving",
        "model_from_config": "saving",
        "model_from_json": "saving",
        "model_from_yaml": "saving",
        "save_model": "saving",
    },
    "preprocessing.image": {
        "_count_valid_files_in_directory": _PRIVATE,
        "_iter_valid_files": _PRIVATE,
        "_list_valid_filenames_in_directory": _PRIVATE,
        "validate_filename": _PRIVATE,
    },
    "preprocessing.text": {"base_filter": _PRIVATE},
}

_PACKAGE = __name__.partition(".")[0]


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of the table; real files come first, since it stands last."""

    def find_spec(self, fullname, path=None, target=None):
        package, _, path = fullname.partition(".")
        if package == _PACKAGE and path in PATHS:
            return importlib.machinery.ModuleSpec(fullname, self)
        return None

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        path = module.__name__.partition(".")[2]
        renamed = NAMES.get(path, {})

        def __getattr__(name):
            if name[:2] != "__":
                for home in PATHS[path]:
                    found = importlib.import_module(f"{_PACKAGE}.{home}")
                    if hasattr(found, renamed.get(name, name)):
                        return getattr(found, renamed.get(name, name))
            raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

        def __dir__():
            homes = [importlib.import_module(f"{_PACKAGE}.{home}") for home in PATHS[path]]
            return sorted({*renamed, *(name for home in homes for name in dir(home))})

        module.__doc__ = f"Names of {', '.join(PATHS[path])} under a path of older Keras."
        module.__getattr__ = __getattr__
        module.__dir__ = __dir__


def moved(module):
    """`__getattr__` of a module of `MOVED`, given its `__name__`."""
    names = MOVED[module.partition(".")[2]]

    def __getattr__(name):
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        home, _, renamed = names[name].partition(":")
        found = importlib.import_module(f"{_PACKAGE}.{home}" if home else _PACKAGE)
        return getattr(found, renamed or name)

    return __getattr__


def submodules(package):
    """`__getattr__` of a package that imported its modules of `PATHS` itself, by its `__name__`."""
    inside = package.partition(".")[2]

    def __getattr__(name):
        if f"{inside}.{name}" not in PATHS:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return importlib.import_module(f"{package}.{name}")

    return __getattr__


def install():
    """Let the paths of the table be imported."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
