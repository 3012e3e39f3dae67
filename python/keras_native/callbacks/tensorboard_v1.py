"""The TensorBoard callback of Keras: one file of events, metrics under their own names."""

import os

import numpy as np

from .. import backend as K
from ..legacy import accepts_keras1
from ..utils.arguments import whole_number
from .base import Callback
from .event_writer import EventWriter, Histogram, tensorboard
from .model_graph import graph_def


@accepts_keras1
class TensorBoard(Callback):
    """Writes what TensorBoard shows: metrics, histograms, weights as pictures, the graph.

    Needs the package tensorboard (extra `tensorboard`), and no TensorFlow. Look at the result with
    `tensorboard --logdir logs`.

    Args:
        log_dir: folder of the files.
        histogram_freq: epochs between two histograms of all weights, and of all layers' outputs
            where validation data are arrays; 0 for none.
        batch_size: samples at a time when the outputs for the histograms are computed.
        write_graph: whether to write the graph.
        write_grads: with `histogram_freq` and validation arrays, also histograms of gradients.
        write_images: with `histogram_freq`, also the weights as pictures.
        embeddings_freq: epochs between two savings of embeddings; 0 for none.
        embeddings_layer_names: layers to save; None: all Embedding layers.
        embeddings_metadata: file of labels of the embedded data, or {layer name: file}.
        embeddings_data: data whose embeddings are saved.
        update_freq: "epoch", "batch", or a number of samples: how often metrics are written.
    """

    def __init__(
        self,
        log_dir="./logs",
        histogram_freq=0,
        batch_size=32,
        write_graph=True,
        write_grads=False,
        write_images=False,
        embeddings_freq=0,
        embeddings_layer_names=None,
        embeddings_metadata=None,
        embeddings_data=None,
        update_freq="epoch",
    ):
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.batch_size = batch_size
        self.write_graph = write_graph
        self.write_grads = write_grads
        self.write_images = write_images
        self.embeddings_freq = embeddings_freq
        self.embeddings_layer_names = embeddings_layer_names
        self.embeddings_metadata = embeddings_metadata or {}
        self.embeddings_data = embeddings_data
        if update_freq == "batch":
            update_freq = 1
        elif update_freq != "epoch":
            update_freq = whole_number(
                update_freq, "TensorBoard: update_freq ('epoch', 'batch' or samples)", 1
            )
        self.update_freq = update_freq
        self.needs_batches = update_freq != "epoch"
        if embeddings_freq and embeddings_data is None:
            raise ValueError(
                "To visualize embeddings, embeddings_data must be provided: TensorBoard got "
                f"embeddings_freq={embeddings_freq!r} and embeddings_data=None."
            )
        self.writer = None
        self.samples_seen = 0
        self.samples_seen_at_last_write = 0
        self._outputs = self._gradients = self._embedded = None

    def set_model(self, model):
        self.model = model
        self._outputs = self._gradients = self._embedded = None
        self.writer = EventWriter(self.log_dir)
        if self.write_graph and model._is_graph_network and model.inputs:
            self.writer.graph(graph_def(model))
            self.writer.flush()

    def on_batch_end(self, batch, logs=None):
        logs = logs or {}
        if self.update_freq == "epoch":
            return
        self.samples_seen += logs.get("size", 0)
        if self.samples_seen - self.samples_seen_at_last_write >= self.update_freq:
            self._write_logs(logs, self.samples_seen)
            self.samples_seen_at_last_write = self.samples_seen

    def on_epoch_end(self, epoch, logs=None):
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
            if self.validation_data:
                self._write_outputs(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            self._write_embeddings()
        self._write_logs(logs or {}, epoch if self.update_freq == "epoch" else self.samples_seen)

    def on_train_end(self, _):
        self.writer.close()

    def _write_logs(self, logs, index):
        for name, value in logs.items():
            if name not in ("batch", "size"):
                self.writer.scalar(name, np.asarray(value).item(), index)
        self.writer.flush()

    # ------------------------------------------------------------ histograms and pictures

    def _write_weights(self, epoch):
        for layer in self.model.layers:
            for variable, value in zip(
                layer.weights, K.batch_get_value(layer.weights), strict=True
            ):
                name = variable.name.replace(":", "_")
                self.writer.histogram(name, value, epoch)
                if self.write_images:
                    images = weight_images(value)
                    if images is not None:
                        self.writer.images(name, images, epoch)

    def _write_outputs(self, epoch):
        """Histograms over the validation data: of outputs, and of gradients where asked for."""
        if self._outputs is None:
            self._outputs = self._output_tensors()
            tensors = [x for _, x in self._outputs]
            self._output_function = K.function(self.model._feed_inputs, tensors, phase=0)
            if self.write_grads:
                self._make_gradients()
        inputs = len(self.model._feed_inputs)
        outputs = [Histogram() for _ in self._outputs]
        gradients = [Histogram() for _ in self._gradients or ()]
        data = self._arrays()
        for start in range(0, len(data[0]), self.batch_size):
            part = [a[start : start + self.batch_size] for a in data]
            for histogram, value in zip(outputs, self._output_function(part[:inputs]), strict=True):
                histogram.add(value)
            if self._gradients:
                for histogram, value in zip(gradients, self._of_gradients(part), strict=True):
                    histogram.add(value)
        named = [name for name, _ in self._outputs], [name for name, _ in self._gradients or ()]
        for names, histograms in zip(named, (outputs, gradients), strict=True):
            for name, histogram in zip(names, histograms, strict=True):
                self.writer.histogram(name, histogram, epoch)

    def _output_tensors(self):
        named = []
        for layer in self.model.layers:
            try:
                output = layer.output
            except AttributeError:  # called several times
                continue
            if isinstance(output, list):
                named += [(f"{layer.name}_out_{i}", x) for i, x in enumerate(output)]
            else:
                named.append((f"{layer.name}_out", output))
        return named

    def _make_gradients(self):
        """The gradients of the loss by the weights, as a function of what validation is fed."""
        test = self.model._training.test_function(weighted=self._has_weights())
        weights = self.model._collected_trainable_weights
        found = self.model.optimizer.get_gradients(test.outputs[0], weights)
        self._gradients = [
            (w.name.replace(":", "_") + "_grad", g) for w, g in zip(weights, found, strict=True)
        ]
        self._of_gradients = K.function(test.inputs, found, phase=0)

    def _has_weights(self):
        plain = self.model._training.test_function(weighted=False)
        return len(self._arrays()) > len(plain.inputs)

    def _arrays(self):
        """The validation data without the learning phase, which comes last where it matters."""
        return [a for a in self.validation_data if np.ndim(a)]

    # ------------------------------------------------------------ embeddings

    def _write_embeddings(self):
        """The embeddings of the data as tables, and what the projector wants to know of them."""
        if self._embedded is None:
            self._embedded = self._embedding_layers()
            tensors = [self.model.get_layer(name).output for name in self._embedded]
            self._embed = K.function(self.model._feed_inputs, tensors, phase=0)
            self._data = self.model._standardized(self.embeddings_data)[0]
            self._write_projector()
        parts = [
            self._embed([a[start : start + self.batch_size] for a in self._data])
            for start in range(0, len(self._data[0]), self.batch_size)
        ]
        for name, values in zip(self._embedded, zip(*parts, strict=True), strict=True):
            rows = np.concatenate(values)
            table = os.path.join(self.log_dir, _table(name))
            np.savetxt(table, rows.reshape(len(rows), -1), fmt="%.8g", delimiter="\t")

    def _embedding_layers(self):
        names = self.embeddings_layer_names
        if not names:
            names = [x.name for x in self.model.layers if type(x).__name__ == "Embedding"]
        return list(names)

    def _write_projector(self):
        config = tensorboard("plugins.projector.projector_config_pb2").ProjectorConfig()
        metadata = self.embeddings_metadata
        for name in self._embedded:
            entry = config.embeddings.add(tensor_name=f"{name}_embedding", tensor_path=_table(name))
            shape = self.model.get_layer(name).output_shape[1:]
            entry.tensor_shape.extend([len(self._data[0]), int(np.prod(shape))])
            path = metadata.get(name) if isinstance(metadata, dict) else metadata
            if path:
                entry.metadata_path = os.fspath(path)
        path = os.path.join(self.log_dir, "projector_config.pbtxt")
        with open(path, "w", encoding="utf-8") as f:
            f.write(str(config))


def _table(name):
    return f"{name.replace('/', '_')}_embedding.tsv"


def weight_images(value):
    """A weight as pictures (n, height, width, 1); None where it has more axes than can be shown.

    A matrix is one picture, lying; a vector is one column; of three axes the channels are pictures.
    """
    value = np.squeeze(value)
    if value.ndim == 1:
        value = value[:, None]
    elif value.ndim == 2:
        value = value.T if value.shape[0] > value.shape[1] else value
    elif value.ndim == 3:
        value = np.moveaxis(value, -1, 0) if K.image_data_format() == "channels_last" else value
    else:
        return None
    return value.reshape((-1, *value.shape[-2:], 1)) if value.size else None
