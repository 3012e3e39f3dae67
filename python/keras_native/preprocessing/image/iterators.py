"""Endless batches of images, from arrays."""

import os
import threading

import numpy as np

from ...utils.sequence import Sequence
from .files import _layout, array_to_img


class Iterator(Sequence):
    """Base: indices of batches, shuffled at each pass, from any thread.

    With a seed the batches of a pass are the same for any number of threads: what is random about
    a batch is drawn under a lock, from a state that follows from its number.

    Args:
        n: number of samples.
        batch_size: samples in a batch; the last batch of a pass may be shorter.
        shuffle: new order at every pass.
        seed: of the order, and of what subclasses draw; None: from NumPy's state.
    """

    kept_attributes = ("index_array", "total_batches_seen")  # for `BackupAndRestore`

    def __init__(self, n, batch_size, shuffle, seed):
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self._drawn = threading.local()
        self._last_state = None  # of the random numbers, after the last batch of a pass
        self.index_array = None
        self.index_generator = self._flow_index()

    def _set_index_array(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def __getitem__(self, idx):
        if idx >= len(self):
            raise ValueError(f"Expected a batch below {len(self)}; received {idx}.")
        with self.lock:
            if self.seed is not None:
                passes = self.total_batches_seen // len(self)
                np.random.seed(self.seed + passes * len(self) + idx)
            self.total_batches_seen += 1
            if self.index_array is None:
                self._set_index_array()
            first = self.batch_size * idx
            indices = self.index_array[first : first + self.batch_size]
            self._draw(indices)
            if self.seed is not None and idx == len(self) - 1:
                self._last_state = np.random.get_state()
        return self._get_batches_of_transformed_samples(indices)

    def _draw(self, indices):
        """Draws what is random about a batch, for `_transformed` in the same thread."""
        generator = getattr(self, "image_data_generator", None)
        if generator is not None:
            self._drawn.parameters = [
                generator.get_random_transform(self.image_shape) for _ in indices
            ]

    def _transformed(self, images):
        """Images as the generator transforms them, by what `_draw` left if it was called."""
        parameters = self._drawn.__dict__.pop("parameters", None)
        return self.image_data_generator._batch(images, parameters)

    def __len__(self):
        return -(-self.n // self.batch_size)

    def on_epoch_end(self):
        if self._last_state is not None:
            np.random.set_state(self._last_state)
        self._set_index_array()

    def reset(self):
        """Start again with the first batch."""
        self.batch_index = 0

    def _flow_index(self):
        self.reset()
        while True:
            if self.seed is not None:
                np.random.seed(self.seed + self.total_batches_seen)
            if self.batch_index == 0:
                self._set_index_array()
            first = (self.batch_index * self.batch_size) % max(1, self.n)
            self.batch_index = self.batch_index + 1 if self.n > first + self.batch_size else 0
            self.total_batches_seen += 1
            yield self.index_array[first : first + self.batch_size]

    def __iter__(self):
        return self

    def __next__(self):
        return self.next()

    def next(self):
        """The next batch; passes follow each other without end."""
        with self.lock:
            indices = next(self.index_generator)
            self._draw(indices)
        return self._get_batches_of_transformed_samples(indices)

    def _get_batches_of_transformed_samples(self, index_array):
        raise NotImplementedError(f"{type(self).__name__} does not say how to make a batch.")

    def _save(self, batch, index_array):
        """Write the images of a batch into `save_to_dir`."""
        if not self.save_to_dir:
            return
        for image, index in zip(batch, index_array, strict=True):
            name = f"{self.save_prefix}_{index}_{np.random.randint(1 << 30)}.{self.save_format}"
            picture = array_to_img(image, self.data_format, scale=True)
            picture.save(os.path.join(self.save_to_dir, name))


def _part(n, subset, split):
    """slice of the samples of a subset: validation comes first."""
    if subset is None:
        return slice(None)
    if subset not in ("training", "validation"):
        raise ValueError(f"Expected subset 'training' or 'validation'; received {subset!r}.")
    cut = int(n * split)
    return slice(0, cut) if subset == "validation" else slice(cut, None)


class NumpyArrayIterator(Iterator):
    """Batches from arrays; arguments as in `ImageDataGenerator.flow`."""

    def __init__(
        self,
        x,
        y,
        image_data_generator,
        batch_size=32,
        shuffle=False,
        sample_weight=None,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        dtype=None,
    ):
        self.dtype = dtype or "float32"
        others = []
        if isinstance(x, (tuple, list)) and len(x) == 2 and not np.isscalar(x[0]):
            x, others = x
            others = [np.asarray(a) for a in (others if isinstance(others, list) else [others])]
        x = np.asarray(x, dtype=self.dtype)
        if x.ndim != 4:
            raise ValueError(f"Expected images with four axes; received shape {x.shape}.")
        arrays = {"targets": y, "sample weights": sample_weight}
        arrays.update({f"further array {i}": a for i, a in enumerate(others)})
        for name, array in arrays.items():
            if array is not None and len(array) != len(x):
                raise ValueError(
                    f"Expected {name} of as many samples as images, {len(x)}; received "
                    f"{len(array)}."
                )
        part = _part(len(x), subset, image_data_generator._validation_split)
        self.x, self.x_misc = x[part], [a[part] for a in others]
        self.y = None if y is None else np.asarray(y)[part]
        self.sample_weight = None if sample_weight is None else np.asarray(sample_weight)[part]
        if self.y is not None and subset == "training" and self.y.ndim == 1:
            missing = set(np.unique(y)) - set(np.unique(self.y))
            if missing:
                raise ValueError(
                    f"Training and validation subsets have different classes after the split: "
                    f"{sorted(missing)} are only in the validation part. Shuffle the data first."
                )
        self.image_data_generator = image_data_generator
        self.image_shape = self.x.shape[1:]
        self.data_format = _layout(data_format)
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array):
        batch = self._transformed(self.x[index_array].astype(self.dtype))
        self._save(batch, index_array)
        inputs = [batch, *(a[index_array] for a in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return inputs
        result = (inputs, self.y[index_array])
        if self.sample_weight is not None:
            result += (self.sample_weight[index_array],)
        return result
