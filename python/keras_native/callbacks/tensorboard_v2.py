"""The TensorBoard callback of tf.keras: files for training and validation, tags with a prefix."""

import os
import warnings

import numpy as np

from .. import backend as K
from .base import Callback
from .event_writer import EventWriter
from .model_graph import graph_def
from .tensorboard_v1 import weight_images

_IGNORED = ("batch_size", "write_grads", "embeddings_layer_names", "embeddings_data")


class TensorBoard(Callback):
    """Writes what TensorBoard shows, laid out as TensorFlow 2 does: `train/` and `validation/`.

    Args:
        log_dir: folder of the files.
        histogram_freq: epochs between two histograms of all weights; 0 for none.
        write_graph: whether to write the graph.
        write_images: with `histogram_freq`, also the weights as pictures.
        update_freq: "epoch", "batch", or a number of samples: how often metrics are written.
        batch_size, write_grads, embeddings_freq, embeddings_layer_names, embeddings_metadata,
        embeddings_data: of `tensorboard_v1.TensorBoard`, which heeds them; without effect here.
        kwargs: `profile_batch`, without effect.
    """

    def __init__(
        self,
        log_dir="./logs",
        histogram_freq=0,
        batch_size=None,
        write_graph=True,
        write_grads=False,
        write_images=False,
        embeddings_freq=0,
        embeddings_layer_names=None,
        embeddings_metadata=None,
        embeddings_data=None,
        update_freq="epoch",
        **kwargs,
    ):
        super().__init__()
        unknown = set(kwargs) - {"profile_batch"}
        if unknown:
            raise TypeError(f"TensorBoard: unknown arguments {sorted(unknown)}.")
        given = {
            "batch_size": batch_size,
            "write_grads": write_grads,
            "embeddings_layer_names": embeddings_layer_names,
            "embeddings_data": embeddings_data,
        }
        for name in [name for name in _IGNORED if given[name]]:
            warnings.warn(
                f"The TensorBoard callback of TensorFlow 2 ignores `{name}`; "
                "keras_native.callbacks.TensorBoard heeds it.",
                stacklevel=2,
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.needs_batches = self.update_freq != "epoch"
        self._writers = {}
        self._batches = self._samples = self._written = 0

    def set_model(self, model):
        self.model = model
        if self.write_graph and model._is_graph_network and model.inputs:
            writer = self._writer("train")
            writer.graph(graph_def(model))
            writer.text("keras", model.to_json(), 0, "graph_keras_model")
            writer.flush()

    def _writer(self, part):
        if part not in self._writers:
            self._writers[part] = EventWriter(os.path.join(self.log_dir, part))
        return self._writers[part]

    def on_batch_end(self, batch, logs=None):
        self._batches += 1
        self._samples += (logs or {}).get("size", 1)
        if self.needs_batches and self._samples - self._written >= self.update_freq:
            self._written = self._samples
            self._write("batch_", logs or {}, self._batches)

    def on_epoch_end(self, epoch, logs=None):
        self._write("epoch_", logs or {}, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)

    def on_train_end(self, logs=None):
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def _write(self, prefix, logs, step):
        for name, value in logs.items():
            if name in ("batch", "size"):
                continue
            part = "validation" if name.startswith("val_") else "train"
            writer = self._writer(part)
            writer.scalar(prefix + name.removeprefix("val_"), np.asarray(value).item(), step)
        for writer in self._writers.values():
            writer.flush()

    def _write_weights(self, epoch):
        writer = self._writer("train")
        for variable in self.model.weights:
            name, value = variable.name.replace(":", "_"), K.get_value(variable)
            writer.histogram(name, value, epoch)
            images = weight_images(value) if self.write_images else None
            if images is not None:
                writer.images(name, images, epoch)
        writer.flush()
