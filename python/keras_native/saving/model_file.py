"""Whole models and weights as files: HDF5 in the layout of Keras 2.3.1, and `.keras` archives."""

import contextlib
import io
import json
import os

from ..utils import trust
from ..utils.generic_utils import as_python
from ..utils.io_utils import ask_to_proceed_with_overwrite
from . import (
    architecture,
    archive,
    compiled,
    export,
    inputs,
    keras1,
    layout,
    reader,
    training,
    weights,
)
from .atomic import atomic_path
from .attributes import as_text


def save_model(model, filepath, overwrite=True, include_optimizer=True):
    """Write architecture, weights, compile arguments and optimizer state.

    Args:
        model: the model.
        filepath: path, open h5py group, or file-like object. A path appears whole or not at all.
        overwrite: False asks before an existing file is replaced.
        include_optimizer: whether compile arguments and optimizer state are written.
    """
    if _is_path(filepath) and os.fsdecode(filepath).endswith(".keras"):
        _save_archive(model, filepath, overwrite, include_optimizer)
        return
    with _writing(filepath, overwrite) as f:
        if f is None:
            return
        if model.keras_generation != "2":
            f.attrs["keras_generation"] = model.keras_generation.encode()
        f.attrs["keras_version"] = weights.KERAS_VERSION.encode()
        f.attrs["backend"] = weights.BACKEND.encode()
        f.attrs["model_config"] = _config_text(model)
        weights.save_weights_to_hdf5_group(
            f.create_group("model_weights"), weights.stored_layers(model)
        )
        if include_optimizer and getattr(model, "optimizer", None) is not None:
            training.save_training(f, model)


@architecture.malformed("file")
def load_model(filepath, custom_objects=None, compile=True):
    """The model that `save_model` wrote.

    Nothing from the file is run or imported: names are looked up among this package's classes and
    `custom_objects`.

    Args:
        filepath: path, open h5py group, or file-like object.
        custom_objects: {name: class or function} for what is not of this package.
        compile: whether to compile it as it was, with the optimizer's state.
    Raises:
        ValueError: if the file is no model, or does not fit together.
        OSError: if it cannot be opened.
    """
    if _is_archive(filepath):
        return _load_archive(filepath, custom_objects, compile)
    with _reading(filepath) as f:
        if "model_config" not in f.attrs:
            raise ValueError(f"No model found in config file: {filepath!r} has no 'model_config'.")
        config = architecture.parse_json(as_text(f.attrs["model_config"], "model_config"))
        version = "1"
        if "keras_version" in f.attrs:
            version = as_text(f.attrs["keras_version"], "keras_version")
        if "keras_generation" in f.attrs and isinstance(config, dict):
            config["keras_generation"] = as_text(f.attrs["keras_generation"], "keras_generation")
        stored = reader.subgroup(f, "model_weights")
        if version.startswith("1"):
            keras1.tell_shared_axes(config, stored)
        inputs.tell_input_shape(config, stored)
        with trust.weights_for(_stored_bytes(f)):
            model = architecture.model_from_config(config, custom_objects, version)
        if not hasattr(model, "layers"):
            raise ValueError(f"Expected a model in {filepath!r}; it holds {model!r}.")
        weights.load_weights_from_hdf5_group(stored, weights.stored_layers(model))
        if compile:
            training.load_training(f, model, custom_objects)
    return model


def _stored_bytes(f):
    """Size of the file that a group lies in."""
    return f.file.id.get_filesize()


def _save_archive(model, filepath, overwrite, include_optimizer):
    """Write a `.keras` archive that Keras 3 opens, with the optimizer where it has the same."""
    import h5py

    if not overwrite and os.path.exists(filepath) and not ask_to_proceed_with_overwrite(filepath):
        return
    content = io.BytesIO()
    config = export.archived(model_config(model))
    with h5py.File(content, "w") as f:
        layout.save(f, model)
        if include_optimizer and getattr(model, "optimizer", None) is not None:
            config["training_config"] = json.loads(training.training_config(model))
            config["compile_config"] = compiled.compile_config(model, config["training_config"])
            training.save_archived(f, model, bool(config["compile_config"]))
    metadata = {"keras_version": export.KERAS_VERSION, "date_saved": export.now()}
    with atomic_path(filepath) as temporary:
        archive.write(
            temporary,
            json.dumps(metadata),
            json.dumps(config, default=as_python),
            content.getvalue(),
        )


def _is_archive(filepath):
    import h5py

    if _is_path(filepath):  # a pipe would keep us waiting
        _require_file(filepath)
    return not isinstance(filepath, h5py.Group) and archive.is_archive(filepath)


def _load_archive(filepath, custom_objects, compile):
    """The model of a `.keras` archive."""
    with archive.Archive(filepath) as source:
        config = source.json("config.json")
        config = config if isinstance(config, dict) else {}
        metadata = source.json("metadata.json")
        version = metadata.get("keras_version") if isinstance(metadata, dict) else None
        with trust.weights_for(source.size(archive.WEIGHTS)):
            if "keras_native" in config:
                model = architecture.model_from_config(config["keras_native"], custom_objects)
            else:
                model = architecture.model_from_config(config, custom_objects, version)
        if not hasattr(model, "layers"):
            raise ValueError(f"Expected a model in {filepath!r}; it holds {model!r}.")
        with source.weights() as f:
            layout.load(f, model)
            if compile and isinstance(config.get("training_config"), dict):
                training.load_own(f, model, config["training_config"], custom_objects)
            elif compile:
                training.load_archived(f, model, config.get("compile_config"), custom_objects)
    return model


def save_weights(model, filepath, overwrite=True):
    """Write the weights of a model; arguments as in `save_model`.

    A path that ends in `.weights.h5` gets the layout of Keras 3, any other that of Keras 2.
    """
    keras3 = _is_path(filepath) and os.fsdecode(filepath).endswith(".weights.h5")
    with _writing(filepath, overwrite) as f:
        if f is None:
            return
        if keras3:
            layout.save(f, model)
        else:
            weights.save_weights_to_hdf5_group(f, weights.stored_layers(model))


@architecture.malformed("file")
def load_weights(model, filepath, by_name=False, skip_mismatch=False, reshape=False):
    """Set a model's weights from a file of `save_weights` or `save_model`.

    Args:
        by_name: match layers by name instead of by order.
        skip_mismatch: with `by_name`, leave weights that do not fit; else without effect.
        reshape: let arrays of as many elements take the shape of the weight.
    Raises:
        ValueError: if the file does not fit; the model is then as it was.
    """
    if _is_archive(filepath):
        with archive.Archive(filepath) as source, source.weights() as f:
            layout.load(f, model)
        return
    with _reading(filepath) as f:
        if layout.is_layout(f):
            if by_name:
                layout.load_by_name(f, model, skip_mismatch)
            else:
                layout.load(f, model)
            return
        if "layer_names" not in f.attrs and "layer_names0" not in f.attrs:
            f = reader.subgroup(f, "model_weights")
        layers = weights.stored_layers(model)
        if by_name:
            weights.load_weights_from_hdf5_group_by_name(f, layers, skip_mismatch, reshape)
        else:
            weights.load_weights_from_hdf5_group(f, layers, reshape)


def model_config(model):
    """{'class_name', 'config', 'keras_version', 'backend'} of a model."""
    config = {
        "class_name": model.__class__.__name__,
        "config": model.get_config(),
        "keras_version": weights.KERAS_VERSION,
        "backend": weights.BACKEND,
    }
    if model.keras_generation != "2":
        config["keras_generation"] = model.keras_generation
    return config


def _config_text(model):
    """The architecture as a file holds it."""
    return json.dumps(export.portable(model_config(model)), default=as_python).encode("utf-8")


def to_json(model, **kwargs):
    """The architecture as JSON; `kwargs` go to `json.dumps`."""
    return json.dumps(model_config(model), default=as_python, **kwargs)


def to_yaml(model, **kwargs):
    """The architecture as YAML; `kwargs` go to `yaml.dump`."""
    plain = json.loads(json.dumps(model_config(model), default=as_python))
    return architecture.to_yaml(plain, **kwargs)


def _is_path(filepath):
    return isinstance(filepath, (str, bytes, os.PathLike))


def _require_file(path):
    """Raise OSError unless there is a plain file (or a link to one)."""
    if not os.path.isfile(path):
        raise OSError(f"Unable to open file: {os.fspath(path)!r} is no file.")


@contextlib.contextmanager
def _writing(filepath, overwrite):
    """An open, empty HDF5 file or group to write to; None if the user keeps the old file."""
    import h5py

    if isinstance(filepath, h5py.Group):
        if len(filepath) or len(filepath.attrs):
            raise ValueError("Expected an empty h5py group to write to.")
        yield filepath
    elif not _is_path(filepath):
        with h5py.File(filepath, "w") as f:
            yield f
    elif not overwrite and os.path.exists(filepath) and not ask_to_proceed_with_overwrite(filepath):
        yield None
    else:
        with atomic_path(filepath) as temporary, h5py.File(temporary, "w") as f:
            yield f


@contextlib.contextmanager
def _reading(filepath):
    """An open HDF5 file or group to read from."""
    import h5py

    if isinstance(filepath, h5py.Group):
        yield filepath
        return
    if _is_path(filepath):
        _require_file(filepath)
    with h5py.File(filepath, "r") as f:
        yield f
