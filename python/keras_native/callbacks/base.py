"""What a callback is, and how a list of them is told what happens."""


class Callback:
    """Base class of callbacks: override the hooks you need.

    `logs` is a dict: after a batch it holds 'batch', 'size' and the metrics of the batch, after an
    epoch the metrics of the epoch.

    Attributes:
        params: dict of the run: 'epochs', 'steps', 'samples', 'verbose', 'metrics', …
        model: the model that is trained, tested or predicts.
    """

    # Names of the attributes that a run resumed by `BackupAndRestore` must find again.
    kept_attributes = ()

    def __init__(self):
        self.validation_data = None
        self.model = None
        self.params = None

    def set_params(self, params):
        """Called before the run with its parameters."""
        self.params = params

    def set_model(self, model):
        """Called before the run with the model."""
        self.model = model

    def on_epoch_begin(self, epoch, logs=None):
        """Before an epoch of training; epochs count from 0."""

    def on_epoch_end(self, epoch, logs=None):
        """After an epoch of training and its validation."""

    def on_batch_begin(self, batch, logs=None):
        """Older name of `on_train_batch_begin`."""

    def on_batch_end(self, batch, logs=None):
        """Older name of `on_train_batch_end`."""

    def on_train_batch_begin(self, batch, logs=None):
        """Before a training batch; batches count from 0 in each epoch."""
        self.on_batch_begin(batch, logs=logs)

    def on_train_batch_end(self, batch, logs=None):
        """After a training batch."""
        self.on_batch_end(batch, logs=logs)

    def on_test_batch_begin(self, batch, logs=None):
        """Before a batch of `evaluate` or of validation inside `fit`."""

    def on_test_batch_end(self, batch, logs=None):
        """After a batch of `evaluate` or of validation inside `fit`."""

    def on_predict_batch_begin(self, batch, logs=None):
        """Before a batch of `predict`."""

    def on_predict_batch_end(self, batch, logs=None):
        """After a batch of `predict`."""

    def on_train_begin(self, logs=None):
        """Before training."""

    def on_train_end(self, logs=None):
        """After training."""

    def on_test_begin(self, logs=None):
        """Before `evaluate`, or validation inside `fit`."""

    def on_test_end(self, logs=None):
        """After `evaluate`, or validation inside `fit`."""

    def on_predict_begin(self, logs=None):
        """Before `predict`."""

    def on_predict_end(self, logs=None):
        """After `predict`."""


class CallbackList:
    """Callbacks told together, in their order.

    The training loop asks `watches_batches` whether anyone must be called at every batch. If not,
    it runs many batches natively and tells the totals through `on_chunk_end`.
    """

    def __init__(self, callbacks=None, queue_length=10):
        self.callbacks = list(callbacks or [])
        self.params = {}
        self.model = None

    def resume(self, progress):
        """After `on_train_begin`: lets callbacks move the run to where an earlier one stopped.

        Args:
            progress: the `Progress` of the run, which they change.
        """
        self._tell("resume", progress)

    def on_progress(self, progress):
        """After an epoch, and after a batch that callbacks watch, when all of them were told."""
        self._tell("on_progress", progress)

    def _tell(self, method, progress):
        for callback in self.callbacks:
            if hasattr(callback, method):
                getattr(callback, method)(progress)

    def append(self, callback):
        """Add a callback at the end."""
        self.callbacks.append(callback)

    def set_params(self, params):
        """Tell all callbacks the parameters of the run."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model):
        """Tell all callbacks the model."""
        self.model = model
        for callback in self.callbacks:
            callback.set_model(model)

    def watches_batches(self, mode="train"):
        """Whether some callback needs a call at every batch of `mode`: train, test or predict."""
        return any(_watches(callback, mode) for callback in self.callbacks)

    def on_chunk_end(self, batches, samples, logs):
        """After a run of training batches that nobody watched one by one.

        Args:
            batches: number of batches run.
            samples: number of samples in them.
            logs: {metric: mean over those samples, or the value so far of a stateful metric}.
        """
        for callback in self.callbacks:
            if hasattr(callback, "on_chunk_end"):
                callback.on_chunk_end(batches, samples, logs)

    def _call(self, hook, *args, logs=None):
        logs = {} if logs is None else logs
        for callback in self.callbacks:
            getattr(callback, hook)(*args, logs)

    def _call_batch_hook(self, mode, hook, batch, logs=None):
        self._call(f"on_{mode}_batch_{hook}", batch, logs=logs)

    def _call_begin_hook(self, mode):
        self._call(f"on_{mode}_begin")

    def _call_end_hook(self, mode):
        self._call(f"on_{mode}_end")

    def on_batch_begin(self, batch, logs=None):
        self._call_batch_hook("train", "begin", batch, logs)

    def on_batch_end(self, batch, logs=None):
        self._call_batch_hook("train", "end", batch, logs)

    def on_epoch_begin(self, epoch, logs=None):
        self._call("on_epoch_begin", epoch, logs=logs)

    def on_epoch_end(self, epoch, logs=None):
        self._call("on_epoch_end", epoch, logs=logs)

    def on_train_batch_begin(self, batch, logs=None):
        self._call_batch_hook("train", "begin", batch, logs)

    def on_train_batch_end(self, batch, logs=None):
        self._call_batch_hook("train", "end", batch, logs)

    def on_test_batch_begin(self, batch, logs=None):
        self._call_batch_hook("test", "begin", batch, logs)

    def on_test_batch_end(self, batch, logs=None):
        self._call_batch_hook("test", "end", batch, logs)

    def on_predict_batch_begin(self, batch, logs=None):
        self._call_batch_hook("predict", "begin", batch, logs)

    def on_predict_batch_end(self, batch, logs=None):
        self._call_batch_hook("predict", "end", batch, logs)

    def on_train_begin(self, logs=None):
        self._call_begin_hook("train")

    def on_train_end(self, logs=None):
        self._call_end_hook("train")

    def on_test_begin(self, logs=None):
        self._call_begin_hook("test")

    def on_test_end(self, logs=None):
        self._call_end_hook("test")

    def on_predict_begin(self, logs=None):
        self._call_begin_hook("predict")

    def on_predict_end(self, logs=None):
        self._call_end_hook("predict")

    def __iter__(self):
        return iter(self.callbacks)


def _watches(callback, mode):
    """Whether `callback` itself has a batch hook that does something and knows no chunks.

    An attribute `needs_batches` of the callback decides where it is there.
    """
    if hasattr(callback, "needs_batches"):
        return callback.needs_batches
    if hasattr(callback, "on_chunk_end"):
        return False
    names = [f"on_{mode}_batch_begin", f"on_{mode}_batch_end"]
    if mode == "train":
        names += ["on_batch_begin", "on_batch_end"]
    for name in names:
        hook = getattr(callback, name, None)
        if hook is not None and getattr(hook, "__func__", hook) is not getattr(Callback, name):
            return True
    return False
