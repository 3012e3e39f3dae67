"""How `fit` over arrays goes through an epoch: in long stretches, batch by batch, or by steps."""

from __future__ import annotations

import numpy as np

from .feeding import Pace
from .training_utils import batch_shuffle

REFRESH = 0.05  # seconds between two drawings of the progress bar


class Epochs:
    """Runs epochs over arrays: in long stretches where no callback wants to see each batch."""

    def __init__(self, model, feed, callbacks, shuffle, verbose):
        self.model = model
        self.feed = feed
        self.callbacks = callbacks
        self.shuffle = shuffle
        self.labels = model.metrics_names
        self.index = np.arange(feed.samples, dtype=np.int64) if shuffle else None
        self.watched = callbacks.watches_batches("train")
        self.pace = Pace(REFRESH if verbose == 1 else None)

    def run(self, progress):
        """One epoch, or the rest of one; False if a callback stopped it before its end."""
        if progress.batch == 0:
            self._shuffle()
        return self._run_watched(progress) if self.watched else self._run_free(progress.batch)

    def _shuffle(self):
        if self.shuffle == "batch":
            self.index = batch_shuffle(self.index, self.feed.batch_size)
        elif self.shuffle:
            np.random.shuffle(self.index)

    def _run_free(self, k):
        while k < self.feed.batches:
            n = self.pace.take(self.feed.batches - k)
            values, loss_sum, samples = self.feed.run(k, k + n, self.index)
            self.pace.done(n)
            k += n
            logs = dict(zip(self.labels, values, strict=True))
            logs["loss"] = loss_sum / max(samples, 1)
            self.callbacks.on_chunk_end(n, samples, logs)
            if self.callbacks.model.stop_training:
                return k == self.feed.batches
        return True

    def _run_watched(self, progress):
        for k in range(progress.batch, self.feed.batches):
            logs = {"batch": k, "size": self.feed.size(k)}
            self.callbacks._call_batch_hook("train", "begin", k, logs)
            values, _, _ = self.feed.run(k, k + 1, self.index)
            progress.batch = k + 1
            logs.update(zip(self.labels, values, strict=True))
            self.callbacks._call_batch_hook("train", "end", k, logs)
            self.callbacks.on_progress(progress)
            if self.callbacks.model.stop_training:
                return k == self.feed.batches - 1
        return True


class Steps:
    """Runs epochs of a number of steps, each over all of the inputs."""

    def __init__(self, model, function, inputs, steps, callbacks):
        self.function, self.inputs, self.steps = function, inputs, steps
        self.callbacks = callbacks
        self.labels = model.metrics_names

    def run(self, progress):
        """One epoch; Keras validates at its end even if a callback stopped it before."""
        for k in range(self.steps):
            logs = {"batch": k, "size": 1}
            self.callbacks._call_batch_hook("train", "begin", k, logs)
            values = self.function(self.inputs)
            logs.update(zip(self.labels, (float(np.mean(v)) for v in values), strict=True))
            self.callbacks._call_batch_hook("train", "end", k, logs)
            if self.callbacks.model.stop_training:
                break
        return True
