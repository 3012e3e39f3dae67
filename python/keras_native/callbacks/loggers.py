"""Callbacks that keep or show what the metrics did."""

import csv
import json
import os
import warnings
from collections.abc import Iterable

import numpy as np

from ..legacy.config import other_spelling
from ..utils.progbar import Progbar
from .base import Callback


class BaseLogger(Callback):
    """Turns the metrics of batches into those of the epoch: means, weighted by batch size.

    Args:
        stateful_metrics: names whose last value counts as it is.
    """

    kept_attributes = ("seen", "totals")

    def __init__(self, stateful_metrics=None):
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or [])

    def on_epoch_begin(self, epoch, logs=None):
        self.seen = 0
        self.totals = {}

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        self._add(logs.get("size", 0) * logs.get("num_steps", 1), logs)

    def on_chunk_end(self, batches, samples, logs):
        """As many `on_batch_end` calls at once."""
        self._add(samples, logs)

    def _add(self, samples, logs):
        self.seen += samples
        for name, value in logs.items():
            if name in self.stateful_metrics:
                self.totals[name] = value
            else:
                self.totals[name] = self.totals.get(name, 0) + value * samples

    def on_epoch_end(self, epoch, logs=None):
        if logs is None:
            return
        for name in self.params["metrics"]:
            if name in self.totals:
                value = self.totals[name]
                logs[name] = value if name in self.stateful_metrics else value / self.seen


class _Record(dict):
    """{metric: values} that finds 'acc' where it holds 'accuracy', and the other way round."""

    def __missing__(self, name):
        other = other_spelling(name)
        if other in self:
            return self[other]
        raise KeyError(name)


class History(Callback):
    """Keeps the metrics of every epoch; `fit` returns it.

    Attributes:
        epoch: list of epoch numbers.
        history: {metric: list of its values, one per epoch}.
    """

    kept_attributes = ("epoch", "history")

    def on_train_begin(self, logs=None):
        self.epoch = []
        self.history = _Record()

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class ProgbarLogger(Callback):
    """Shows the progress bar and the metrics.

    Args:
        count_mode: what the bar counts: "samples" or "steps".
        stateful_metrics: names that are shown as they are, not averaged.
    """

    kept_attributes = ("seen",)

    def __init__(self, count_mode="samples", stateful_metrics=None):
        super().__init__()
        if count_mode not in ("samples", "steps"):
            raise ValueError(
                f"ProgbarLogger: expected count_mode 'samples' or 'steps'; received {count_mode!r}."
            )
        self.use_steps = count_mode == "steps"
        self.stateful_metrics = set(stateful_metrics or [])

    def on_train_begin(self, logs=None):
        self.verbose = self.params["verbose"]
        self.epochs = self.params["epochs"]

    def on_epoch_begin(self, epoch, logs=None):
        self.target = self.params["steps" if self.use_steps else "samples"]
        self.seen = 0
        self.log_values = []
        if self.verbose:
            print(f"Epoch {epoch + 1}/{self.epochs}")
            self.progbar = Progbar(
                self.target, verbose=self.verbose, stateful_metrics=self.stateful_metrics
            )

    def on_batch_begin(self, batch, logs=None):
        if self.target is None or self.seen < self.target:
            self.log_values = []

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        steps = logs.get("num_steps", 1)
        self._advance(steps if self.use_steps else logs.get("size", 0) * steps, logs)

    def on_chunk_end(self, batches, samples, logs):
        """As many `on_batch_end` calls at once."""
        self.log_values = []
        self._advance(batches if self.use_steps else samples, logs)

    def _advance(self, count, logs):
        self.seen += count
        self._take(logs)
        # The last drawing waits for the end of the epoch, where validation is known.
        if self.verbose and (self.target is None or self.seen < self.target):
            self.progbar.update(self.seen, self.log_values)

    def on_epoch_end(self, epoch, logs=None):
        self._take(logs or {})
        if self.verbose:
            self.progbar.update(self.seen, self.log_values)

    def _take(self, logs):
        self.log_values += [(name, logs[name]) for name in self.params["metrics"] if name in logs]


class CSVLogger(Callback):
    """Writes one line of a CSV file per epoch.

    Args:
        filename: path of the file.
        separator: between the columns.
        append: go on with an existing file instead of starting a new one.
    """

    def __init__(self, filename, separator=",", append=False):
        super().__init__()
        self.sep = separator
        self.filename = filename
        self.append = append
        self.writer = None
        self.keys = None
        self.append_header = True
        self.csv_file = None

    def on_train_begin(self, logs=None):
        if self.append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="")

    def on_epoch_end(self, epoch, logs=None):
        logs = logs or {}
        if self.keys is None:
            self.keys = sorted(logs)
        if self.writer is None:
            self.writer = csv.DictWriter(
                self.csv_file, fieldnames=["epoch", *self.keys], delimiter=self.sep
            )
            if self.append_header:
                self.writer.writeheader()
        row = {name: _cell(logs.get(name, "NA")) for name in self.keys}
        self.writer.writerow({"epoch": epoch, **row})
        self.csv_file.flush()

    def on_train_end(self, logs=None):
        self.csv_file.close()
        self.writer = None


def _cell(value):
    if isinstance(value, str) or np.ndim(value) == 0:
        return value
    if isinstance(value, Iterable):
        return f'"[{", ".join(map(str, value))}]"'
    return value


class RemoteMonitor(Callback):
    """Sends the metrics of every epoch to a server by HTTP POST.

    Args:
        root: address of the server.
        path: path below it.
        field: form field that holds the JSON text.
        headers: dict of further HTTP headers.
        send_as_json: send the JSON as the body instead of a form.
    """

    def __init__(
        self,
        root="http://localhost:9000",
        path="/publish/epoch/end/",
        field="data",
        headers=None,
        send_as_json=False,
    ):
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch, logs=None):
        import urllib.error
        import urllib.parse
        import urllib.request

        numbers = {k: np.asarray(v).tolist() for k, v in (logs or {}).items()}
        body = json.dumps({"epoch": epoch, **numbers})
        kind = "application/json"
        if not self.send_as_json:
            body = urllib.parse.urlencode({self.field: body})
            kind = "application/x-www-form-urlencoded"
        request = urllib.request.Request(
            self.root + self.path,
            data=body.encode(),
            headers={"Content-Type": kind, **(self.headers or {})},
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()
        except (urllib.error.URLError, OSError) as error:
            warnings.warn(
                f"RemoteMonitor: {self.root} could not be reached ({error}).", stacklevel=2
            )
