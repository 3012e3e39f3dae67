"""Callbacks that act on a metric: stop, restore, change the learning rate."""

import math
import warnings

import numpy as np

from .. import backend as K
from ..legacy import accepts_keras1
from ..legacy.config import other_spelling
from .base import Callback


class TerminateOnNaN(Callback):
    """Stops training when the loss of a batch is NaN or infinite."""

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is not None and not math.isfinite(loss):
            print(f"Batch {batch}: Invalid loss, terminating training")
            self.model.stop_training = True


def _better(owner, monitor, mode, rising):
    """np.less or np.greater: how a better value of `monitor` compares to a worse one.

    Args:
        rising: function of the monitor's name for mode "auto": whether more is better.
    """
    if mode not in ("auto", "min", "max"):
        warnings.warn(
            f"{owner}: expected mode 'auto', 'min' or 'max'; received {mode!r}, 'auto' is used.",
            RuntimeWarning,
            stacklevel=3,
        )
        mode = "auto"
    if mode == "auto":
        mode = "max" if rising(monitor) else "min"
    return np.greater if mode == "max" else np.less


def _worst(monitor_op):
    return np.inf if monitor_op is np.less else -np.inf


def _monitored(monitor, logs):
    """The metric's value: under its name, or under its other spelling; None if it is not there."""
    logs = logs or {}
    value = logs.get(monitor)
    return logs.get(other_spelling(monitor)) if value is None else value


def _missing(owner, monitor, logs):
    warnings.warn(
        f"{owner} looks at metric `{monitor}`, which is not there. Available: "
        f"{', '.join(map(str, logs))}",
        RuntimeWarning,
        stacklevel=3,
    )


class EarlyStopping(Callback):
    """Stops training when a metric has stopped improving.

    Args:
        monitor: name of the metric.
        min_delta: least change that counts as an improvement.
        patience: number of epochs without improvement after which training stops.
        verbose: 1 to say so.
        mode: "min", "max" or "auto" (max for names with 'acc').
        baseline: value that must be beaten.
        restore_best_weights: go back to the weights of the best epoch when stopping.
    """

    kept_attributes = ("wait", "best", "best_weights", "stopped_epoch")

    def __init__(
        self,
        monitor="val_loss",
        min_delta=0,
        patience=0,
        verbose=0,
        mode="auto",
        baseline=None,
        restore_best_weights=False,
    ):
        super().__init__()
        self.monitor = monitor
        self.baseline = baseline
        self.patience = patience
        self.verbose = verbose
        self.wait = 0
        self.stopped_epoch = 0
        self.restore_best_weights = restore_best_weights
        self.best_weights = None
        self.monitor_op = _better("EarlyStopping", monitor, mode, lambda name: "acc" in name)
        self.min_delta = min_delta if self.monitor_op is np.greater else -min_delta

    def on_train_begin(self, logs=None):
        self.wait = 0
        self.stopped_epoch = 0
        self.best_weights = None
        self.best = _worst(self.monitor_op) if self.baseline is None else self.baseline

    def on_epoch_end(self, epoch, logs=None):
        current = self.get_monitor_value(logs)
        if current is None:
            return
        if self.monitor_op(current - self.min_delta, self.best):
            self.best = current
            self.wait = 0
            if self.restore_best_weights:
                self.best_weights = self.model.get_weights()
            return
        self.wait += 1
        if self.wait >= self.patience:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.best_weights is not None:
                if self.verbose > 0:
                    print("Restoring model weights from the end of the best epoch")
                self.model.set_weights(self.best_weights)

    def on_train_end(self, logs=None):
        if self.stopped_epoch > 0 and self.verbose > 0:
            print(f"Epoch {self.stopped_epoch + 1:05d}: early stopping")

    def get_monitor_value(self, logs):
        """The metric's value in `logs`; None, with a warning, if it is not there."""
        value = _monitored(self.monitor, logs)
        if value is None:
            _missing("EarlyStopping", self.monitor, logs or {})
        return value


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of every epoch.

    Args:
        schedule: function of the epoch (from 0) and the present rate, or of the epoch alone, that
            returns the new rate.
        verbose: 1 to say so.
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        if not hasattr(optimizer, "lr"):
            raise ValueError("LearningRateScheduler: expected an optimizer with attribute 'lr'.")
        try:
            lr = self.schedule(epoch, float(K.get_value(optimizer.lr)))
        except TypeError:  # a schedule of the epoch alone
            lr = self.schedule(epoch)
        if not isinstance(lr, (float, np.floating)):
            raise ValueError(
                f"LearningRateScheduler: expected a float from the schedule; received {lr!r}."
            )
        K.set_value(optimizer.lr, lr)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: LearningRateScheduler setting learning rate to {lr}.")

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs["lr"] = K.get_value(self.model.optimizer.lr)


@accepts_keras1
class ReduceLROnPlateau(Callback):
    """Multiplies the learning rate by `factor` when a metric has stopped improving.

    Args:
        monitor: name of the metric.
        factor: below 1.
        patience: number of epochs without improvement after which the rate is reduced.
        verbose: 1 to say so.
        mode: "min", "max" or "auto" (max for names with 'acc').
        min_delta: least change that counts as an improvement.
        cooldown: number of epochs to wait after a reduction.
        min_lr: the rate never falls below it.
    """

    kept_attributes = ("wait", "best", "cooldown_counter")

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0,
        **kwargs,
    ):
        super().__init__()
        if kwargs:
            raise TypeError(f"ReduceLROnPlateau: unknown arguments {sorted(kwargs)}.")
        if factor >= 1.0:
            raise ValueError(f"ReduceLROnPlateau: expected factor < 1; received {factor}.")
        self.monitor = monitor
        self.factor = factor
        self.min_lr = min_lr
        self.min_delta = min_delta
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.mode = mode
        self._reset()

    def _reset(self):
        better = _better("ReduceLROnPlateau", self.monitor, self.mode, lambda name: "acc" in name)
        sign = 1 if better is np.greater else -1
        self.monitor_op = lambda a, b: better(a, b + sign * self.min_delta)
        self.best = _worst(better)
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        self._reset()

    def in_cooldown(self):
        """Whether the last reduction is too recent to look at the metric."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        logs["lr"] = K.get_value(self.model.optimizer.lr)
        current = _monitored(self.monitor, logs)
        if current is None:
            _missing("ReduceLROnPlateau", self.monitor, logs)
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.monitor_op(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience:
                self._reduce(epoch)

    def _reduce(self, epoch):
        old_lr = float(K.get_value(self.model.optimizer.lr))
        if old_lr <= self.min_lr:
            return
        new_lr = max(old_lr * self.factor, self.min_lr)
        K.set_value(self.model.optimizer.lr, new_lr)
        if self.verbose > 0:
            print(f"\nEpoch {epoch + 1:05d}: ReduceLROnPlateau reducing learning rate to {new_lr}.")
        self.cooldown_counter = self.cooldown
        self.wait = 0


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin, on_epoch_end: functions of (epoch, logs).
        on_batch_begin, on_batch_end: functions of (batch, logs).
        on_train_begin, on_train_end: functions of (logs).
        kwargs: further hooks or attributes.
    """

    def __init__(
        self,
        on_epoch_begin=None,
        on_epoch_end=None,
        on_batch_begin=None,
        on_batch_end=None,
        on_train_begin=None,
        on_train_end=None,
        **kwargs,
    ):
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_batch_begin": on_batch_begin,
            "on_batch_end": on_batch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            **kwargs,
        }
        self.__dict__.update({name: hook for name, hook in hooks.items() if hook is not None})
