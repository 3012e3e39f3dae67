"""ModelCheckpoint: the model, or its weights, in a file after epochs."""

import os
import string

from ..legacy.config import other_spelling
from .base import Callback
from .monitors import _better, _missing, _monitored, _worst


class ModelCheckpoint(Callback):
    """Saves the model after epochs.

    Args:
        filepath: path, in which `{epoch}` and names of metrics may stand, as in
            "weights.{epoch:02d}-{val_loss:.2f}.hdf5".
        monitor: name of the metric.
        verbose: 1 to say what is saved.
        save_best_only: save only when the metric is better than ever before.
        save_weights_only: `save_weights` instead of `save`.
        mode: "min", "max" or "auto" (max for names with 'acc' or starting with 'fmeasure').
        period: number of epochs between savings.
    """

    kept_attributes = ("best", "epochs_since_last_save")

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        period=1,
    ):
        super().__init__()
        self.monitor = monitor
        self.verbose = verbose
        self.filepath = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.period = period
        self.epochs_since_last_save = 0
        self.monitor_op = _better(
            "ModelCheckpoint",
            monitor,
            mode,
            lambda name: "acc" in name or name.startswith("fmeasure"),
        )
        self.best = _worst(self.monitor_op)

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        self.epochs_since_last_save += 1
        if self.epochs_since_last_save < self.period:
            return
        self.epochs_since_last_save = 0
        path = fill_path(self.filepath, {"epoch": epoch + 1, **logs})
        if self.save_best_only and not self._improved(epoch, path, logs):
            return
        if self.verbose > 0 and not self.save_best_only:
            print(f"\nEpoch {epoch + 1:05d}: saving model to {path}")
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)

    def _improved(self, epoch, path, logs):
        current = _monitored(self.monitor, logs)
        if current is None:
            _missing("ModelCheckpoint", self.monitor, logs)
            return False
        improved = self.monitor_op(current, self.best)
        if self.verbose > 0:
            says = f"\nEpoch {epoch + 1:05d}: {self.monitor} "
            if improved:
                says += f"improved from {self.best:0.5f} to {current:0.5f}, saving model to {path}"
            else:
                says += f"did not improve from {self.best:0.5f}"
            print(says)
        if improved:
            self.best = current
        return improved


class _PlainFields(string.Formatter):
    """`str.format` with plain names only: no attribute, no index."""

    def get_field(self, field_name, args, kwargs):
        if not field_name.isidentifier():
            raise ValueError(f"Expected plain names in {{}}; received {field_name!r}.")
        other = other_spelling(field_name)
        if field_name not in kwargs and other in kwargs:
            field_name = other
        return kwargs[field_name], field_name


def fill_path(template, values):
    """`template.format(**values)`, with plain names only.

    Raises:
        KeyError: if a name is not there.
        ValueError: if a field is more than a name and a format.
    """
    return _PlainFields().vformat(template, (), values)
