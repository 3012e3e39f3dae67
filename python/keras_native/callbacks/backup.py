"""Training that survives the end of its process: all that a run is, in one file, and back."""

import json
import os
import random
from zipfile import BadZipFile

import numpy as np

from .. import backend as K
from ..saving.atomic import atomic_path
from ..utils.arguments import whole_number
from .base import Callback

_FILE = "backup.npz"
_FORMAT = 2


class BackupAndRestore(Callback):
    """Keeps a copy of the training on disk; after a crash the same `fit` goes on from there.

    The copy holds weights, optimizer, random numbers, the order of the samples and what the other
    callbacks remember. Training on arrays that was killed and started again ends with the bits of
    training that never stopped, provided the script makes model and data in the same way.

    So does training on a `Sequence` whose batches depend on their number alone, or on what it names
    in `kept_attributes` (arrays and plain values, such as an order that `on_epoch_end` draws), with
    as many steps in an epoch as it has. A generator is asked for its next batches: its own position
    is not kept. Callbacks of your own name what they remember in `kept_attributes` too.

    Args:
        backup_dir: folder for the copy, one per training.
        save_freq: "epoch", or a number of batches after which to save. Training on a generator is
            saved after epochs only.
        delete_checkpoint: whether to remove the copy when training has come to its end.
    """

    def __init__(self, backup_dir, save_freq="epoch", delete_checkpoint=True):
        super().__init__()
        self.backup_dir = os.fspath(backup_dir)
        if save_freq != "epoch":
            save_freq = whole_number(save_freq, "BackupAndRestore: save_freq (or 'epoch')", 1)
        self.save_freq = save_freq
        self.delete_checkpoint = delete_checkpoint
        self.needs_batches = save_freq != "epoch"
        self._batches = 0
        self._copy = None

    @property
    def path(self):
        """Path of the copy."""
        return os.path.join(self.backup_dir, _FILE)

    def on_train_begin(self, logs=None):
        os.makedirs(self.backup_dir, exist_ok=True)
        self._copy = _read(self.path) if os.path.exists(self.path) else None

    def resume(self, progress):
        """Moves the run to where the copy was made; see `CallbackList.resume`."""
        self._batches = 0
        if self._copy is not None:
            _restore(self._copy, self.model, progress, self.path)

    def on_progress(self, progress):
        """Saves where it is time to; see `CallbackList.on_progress`."""
        self._copy = None
        if progress.batch == 0:
            if self.save_freq == "epoch" or not progress.by_rows:
                self._save(progress)
        elif self.needs_batches:
            self._batches += 1
            if self._batches >= self.save_freq:
                self._save(progress)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.exists(self.path):
            os.unlink(self.path)

    def _save(self, progress):
        self._batches = 0
        text, arrays = _packed(_state(self.model, progress))
        with atomic_path(self.path) as temporary, open(temporary, "wb") as f:
            np.savez(f, header=np.frombuffer(text.encode(), np.uint8), **arrays)


# ------------------------------------------------------------ what a run is


def _state(model, progress):
    """Everything of a run that its next step depends on, as plain values and arrays."""
    return {
        "format": _FORMAT,
        "epoch": progress.epoch,
        "batch": progress.batch,
        "order": progress.order,
        "seed": progress.seed,
        "kept": progress.kept,
        "weights": model.get_weights(),
        "states": [K.get_value(v) for v in _layer_states(model)],
        "metrics": [K.get_value(v) for v in _metric_variables(model)],
        "optimizer": model.optimizer.get_weights(),
        "settings": {name: K.get_value(v) for name, v in _settings(model.optimizer).items()},
        "steps": model._make_train_function().executable.step,
        "numpy": list(np.random.get_state()),
        "python": _random_state(),
        "callbacks": [_remembered(callback) for callback in progress.callbacks],
    }


def _restore(state, model, progress, path):
    _check(state, model, progress, path)
    model.set_weights(state["weights"])
    K.batch_set_value(zip(_layer_states(model), state["states"], strict=True))
    K.batch_set_value(zip(_metric_variables(model), state["metrics"], strict=True))
    function = model._make_train_function()  # makes the optimizer's slots
    model.optimizer.set_weights(state["optimizer"])
    settings = _settings(model.optimizer)
    K.batch_set_value([(settings[name], value) for name, value in state["settings"].items()])
    function.executable.step = state["steps"]
    progress.epoch, progress.batch = state["epoch"], state["batch"]
    if state["order"] is not None:
        progress.order = state["order"].copy()
    progress.seed = state["seed"]
    if progress.source is not None:
        progress.kept = state["kept"]
    kept = list(state["callbacks"])
    for callback in progress.callbacks:  # others of the same class, in their order
        own = next((k for k in kept if k["class"] == type(callback).__name__), None)
        if own is not None:
            kept = [k for k in kept if k is not own]
            _remind(callback, own)
    np.random.set_state(tuple(state["numpy"]))
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers.tolist()), gauss))


def _check(state, model, progress, path):
    """Raises a ValueError if the copy is of another training."""

    def shapes(arrays):
        return [np.shape(a) for a in arrays]

    length = None if progress.order is None else len(progress.order)
    expected = {
        "format": _FORMAT,
        "shapes of weights": shapes(model.get_weights()),
        "samples": length,
    }
    found = {
        "format": state["format"],
        "shapes of weights": shapes(state["weights"]),
        "samples": None if state["order"] is None else len(state["order"]),
    }
    for what, value in expected.items():
        if found[what] != value:
            raise ValueError(
                f"BackupAndRestore: {path} is the copy of another training. Expected {what} "
                f"{value}; it has {found[what]}. Use another backup_dir, or delete the file."
            )


def _settings(optimizer):
    """The optimizer's variables beside its weights: learning rate, decay, …"""
    kept = {id(w) for w in optimizer.weights}
    return {n: v for n, v in vars(optimizer).items() if K.is_variable(v) and id(v) not in kept}


def _layers(model):
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from _layers(layer)


def _layer_states(model):
    """The variables in which stateful recurrent layers keep their states."""
    states = [s for layer in _layers(model) for s in (getattr(layer, "states", None) or [])]
    return [s for s in states if K.is_variable(s)]


def _metric_variables(model):
    return [v for metric in model._training.all_metrics() for v in metric.weights]


def _random_state():
    version, numbers, gauss = random.getstate()
    return [version, np.array(numbers, "int64"), gauss]


def _remembered(callback):
    """What a callback has in its `kept_attributes`."""
    names = getattr(callback, "kept_attributes", ())
    kept = {name: getattr(callback, name) for name in names if hasattr(callback, name)}
    return {"class": type(callback).__name__, "values": kept}


def _remind(callback, kept):
    for name, value in kept["values"].items():
        current = getattr(callback, name, None)
        if isinstance(current, dict):
            current.clear()
            current.update(value)
        else:
            setattr(callback, name, value)


# ------------------------------------------------------------ the file


def _packed(state):
    """(JSON text, {name: array}) of nested dicts and lists of plain values and arrays."""
    arrays = {}

    def plain(value):
        if isinstance(value, (np.ndarray, np.generic)):
            arrays[f"a{len(arrays)}"] = np.asarray(value)
            return {"array": f"a{len(arrays) - 1}"}
        if isinstance(value, dict):
            return {"dict": [[k, plain(v)] for k, v in value.items()]}
        if isinstance(value, (list, tuple)):
            return [plain(v) for v in value]
        return value

    return json.dumps(plain(state)), arrays


def _read(path):
    """What `_packed` was given.

    Raises:
        ValueError: if the file is none of ours.
    """
    try:
        with open(path, "rb") as f, np.load(f, allow_pickle=False) as data:
            header = json.loads(data["header"].tobytes().decode())

            def value(item):
                if isinstance(item, list):
                    return [value(v) for v in item]
                if isinstance(item, dict):
                    if "array" in item:
                        return data[item["array"]][()]
                    return {k: value(v) for k, v in item["dict"]}
                return item

            return value(header)
    except (BadZipFile, KeyError, OSError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(
            f"BackupAndRestore: {path} could not be read ({error}). Delete it to start anew."
        ) from error
