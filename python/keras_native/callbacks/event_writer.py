"""Event files of TensorBoard, written with TensorBoard's own writer (extra `tensorboard`)."""

import math
import struct
import time
import zlib

import numpy as np


def tensorboard(name):
    """A module of the package tensorboard.

    Raises:
        ImportError: if it is not installed.
    """
    import importlib

    try:
        return importlib.import_module(f"tensorboard.{name}")
    except ImportError as error:
        raise ImportError(
            "The TensorBoard callback needs the package tensorboard: "
            "pip install keras-native[tensorboard]."
        ) from error


class EventWriter:
    """One event file.

    Args:
        log_dir: its folder, made if needed.
    """

    def __init__(self, log_dir):
        writer = tensorboard("summary.writer.event_file_writer")
        self._event = tensorboard("compat.proto.event_pb2").Event
        self._summary = tensorboard("compat.proto.summary_pb2")
        self._writer = writer.EventFileWriter(str(log_dir))

    def scalar(self, tag, value, step):
        """One number."""
        self._add(step, tag=tag, simple_value=float(value))

    def histogram(self, tag, histogram, step):
        """A `Histogram`, or an array to make one of."""
        if not isinstance(histogram, Histogram):
            histogram = Histogram().add(histogram)
        self._add(step, tag=tag, histo=self._summary.HistogramProto(**histogram.fields()))

    def images(self, tag, images, step, limit=3):
        """Pictures (n, height, width, channels), at most `limit` of them, scaled to bytes."""
        images = images[:limit]
        for i, image in enumerate(images):
            height, width, channels = image.shape
            encoded = self._summary.Summary.Image(
                height=height, width=width, colorspace=channels, encoded_image_string=png(image)
            )
            name = f"{tag}/image" if len(images) == 1 else f"{tag}/image/{i}"
            self._add(step, tag=name, image=encoded)

    def text(self, tag, text, step, plugin):
        """A text for one of TensorBoard's plugins."""
        tensor = tensorboard("compat.proto.tensor_pb2").TensorProto(
            dtype=tensorboard("compat.proto.types_pb2").DT_STRING, string_val=[text.encode()]
        )
        data = self._summary.SummaryMetadata.PluginData(plugin_name=plugin, content=b"1")
        metadata = self._summary.SummaryMetadata(plugin_data=data)
        self._add(step, tag=tag, tensor=tensor, metadata=metadata)

    def graph(self, graph):
        """A serialized GraphDef."""
        self._writer.add_event(self._event(wall_time=time.time(), graph_def=graph))

    def flush(self):
        """Brings everything to the disk."""
        self._writer.flush()

    def close(self):
        """Ends the file."""
        self._writer.close()

    def _add(self, step, **value):
        summary = self._summary.Summary(value=[self._summary.Summary.Value(**value)])
        self._writer.add_event(self._event(wall_time=time.time(), step=int(step), summary=summary))


def _limits():
    """Upper edges of the buckets: TensorFlow's, a geometric series on both sides of zero."""
    edges, edge = [], 1e-12
    while edge < 1e20:
        edges.append(edge)
        edge *= 1.1
    largest = np.finfo("float64").max
    return np.array([-largest, *(-e for e in reversed(edges)), *edges, largest])


class Histogram:
    """Counts of values in buckets that are the same for all; arrays are added one by one."""

    _edges = None

    def __init__(self):
        if Histogram._edges is None:
            Histogram._edges = _limits()
        self.counts = np.zeros(len(self._edges), np.int64)
        self.least, self.largest = math.inf, -math.inf
        self.sum = self.sum_squares = 0.0

    def add(self, values):
        """Counts the finite elements of an array; returns the histogram."""
        values = np.asarray(values, "float64").ravel()
        values = values[np.isfinite(values)]
        if values.size:
            places = np.searchsorted(self._edges, values, side="right")
            places = np.minimum(places, len(self._edges) - 1)
            self.counts += np.bincount(places, minlength=len(self._edges))
            self.least = min(self.least, values.min())
            self.largest = max(self.largest, values.max())
            self.sum += values.sum()
            self.sum_squares += np.square(values).sum()
        return self

    def fields(self):
        """Fields of the message HistogramProto; runs of empty buckets are written as one."""
        filled = self.counts > 0
        kept = filled.copy()
        kept[:-1] |= filled[1:]  # the edge below a filled bucket
        kept[-1] |= not kept.any()
        empty = not filled.any()
        return {
            "min": 0.0 if empty else self.least,
            "max": 0.0 if empty else self.largest,
            "num": float(self.counts.sum()),
            "sum": self.sum,
            "sum_squares": self.sum_squares,
            "bucket_limit": self._edges[kept].tolist(),
            "bucket": self.counts[kept].astype("float64").tolist(),
        }


def png(image):
    """A picture (height, width, 1, 3 or 4 channels) as a PNG file.

    Floats are scaled: the largest becomes 255 where none is negative, else zero becomes 127.
    """
    if image.dtype != np.uint8:
        image = np.nan_to_num(np.asarray(image, "float64"), posinf=0, neginf=0)
        least, largest = image.min(initial=0), image.max(initial=0)
        if least < 0:
            image = 127 + image * (127 / max(-least, largest))
        elif largest > 0:
            image = image * (255 / largest)
        image = image.astype(np.uint8)
    height, width, channels = image.shape
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    rows = np.zeros((height, 1 + width * channels), np.uint8)  # each after its filter, none
    rows[:, 1:] = image.reshape(height, -1)

    def chunk(kind, data):
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, colour, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"IDAT", zlib.compress(rows.tobytes())),
            chunk(b"IEND", b""),
        )
    )
