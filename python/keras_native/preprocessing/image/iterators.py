"""Endless batches of images from arrays, folders and tables."""

import os
import threading

import numpy as np

from ...utils.data_utils import Sequence
from .files import EXTENSIONS, _layout, array_to_img, img_to_array, load_img

_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}


class Iterator(Sequence):
    """Base: indices of batches, shuffled at each pass, from any thread.

    Args:
        n: number of samples.
        batch_size: samples in a batch; the last batch of a pass may be shorter.
        shuffle: new order at every pass.
        seed: of the order, and of what subclasses draw; None: from NumPy's state.
    """

    def __init__(self, n, batch_size, shuffle, seed):
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array = None
        self.index_generator = self._flow_index()

    def _set_index_array(self):
        self.index_array = np.random.permutation(self.n) if self.shuffle else np.arange(self.n)

    def __getitem__(self, idx):
        if idx >= len(self):
            raise ValueError(f"Expected a batch below {len(self)}; received {idx}.")
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_index_array()
        first = self.batch_size * idx
        return self._get_batches_of_transformed_samples(
            self.index_array[first : first + self.batch_size]
        )

    def __len__(self):
        return -(-self.n // self.batch_size)

    def on_epoch_end(self):
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
        self.data_format = _layout(data_format)
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        super().__init__(len(self.x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array):
        batch = self.image_data_generator._batch(self.x[index_array].astype(self.dtype))
        self._save(batch, index_array)
        inputs = [batch, *(a[index_array] for a in self.x_misc)] if self.x_misc else batch
        if self.y is None:
            return (inputs,) if self.x_misc else inputs
        result = (inputs, self.y[index_array])
        if self.sample_weight is not None:
            result += (self.sample_weight[index_array],)
        return result


class _FileIterator(Iterator):
    """Base of iterators over image files."""

    def _set_files(
        self,
        image_data_generator,
        target_size,
        color_mode,
        data_format,
        save_to_dir,
        save_prefix,
        save_format,
        subset,
        interpolation,
        dtype,
    ):
        if color_mode not in _CHANNELS:
            raise ValueError(
                f"Expected color_mode among {sorted(_CHANNELS)}; received {color_mode!r}."
            )
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.color_mode = color_mode
        self.data_format = _layout(data_format)
        channels = (_CHANNELS[color_mode],)
        first = self.data_format == "channels_first"
        self.image_shape = channels + self.target_size if first else self.target_size + channels
        self.save_to_dir = save_to_dir
        self.save_prefix = save_prefix
        self.save_format = save_format
        self.interpolation = interpolation
        self.subset = subset
        self.dtype = dtype or "float32"
        self.split = image_data_generator._validation_split if image_data_generator else 0.0

    def _get_batches_of_transformed_samples(self, index_array):
        batch = np.zeros((len(index_array), *self.image_shape), self.dtype)
        for i, index in enumerate(index_array):
            picture = load_img(
                self.filepaths[index],
                color_mode=self.color_mode,
                target_size=self.target_size,
                interpolation=self.interpolation,
            )
            batch[i] = img_to_array(picture, data_format=self.data_format, dtype=self.dtype)
        if self.image_data_generator:
            batch = self.image_data_generator._batch(batch)
        self._save(batch, index_array)
        targets = self._targets(batch, index_array)
        if targets is None:
            return batch
        if getattr(self, "sample_weight", None) is None:
            return batch, targets
        return batch, targets, self.sample_weight[index_array]

    def _targets(self, batch, index_array):
        if self.class_mode == "input":
            return batch.copy()
        if self.class_mode in ("binary", "sparse"):
            return self.classes[index_array].astype(self.dtype)
        if self.class_mode == "categorical":
            return np.eye(len(self.class_indices), dtype=self.dtype)[self.classes[index_array]]
        return None


class DirectoryIterator(_FileIterator):
    """Batches from folders of images; arguments as in `flow_from_directory`."""

    allowed_class_modes = frozenset({"categorical", "binary", "sparse", "input", None})

    def __init__(
        self,
        directory,
        image_data_generator,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format=None,
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        follow_links=False,
        subset=None,
        interpolation="nearest",
        dtype=None,
    ):
        self._set_files(
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            dtype,
        )
        if class_mode not in self.allowed_class_modes:
            raise ValueError(
                f"Expected class_mode among categorical, binary, sparse, input and None; received "
                f"{class_mode!r}."
            )
        self.directory = directory
        self.class_mode = class_mode
        if not classes:
            classes = sorted(e.name for e in os.scandir(directory) if e.is_dir())
        self.num_classes = len(classes)
        self.class_indices = dict(zip(classes, range(len(classes)), strict=True))
        found = [
            (path, self.class_indices[name])
            for name in classes
            for path in self._files_of(os.path.join(directory, name), follow_links)
        ]
        self._filepaths = [path for path, _ in found]
        self.classes = np.array([label for _, label in found], "int32")
        self.filenames = [os.path.relpath(path, directory) for path in self._filepaths]
        self.samples = len(found)
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _files_of(self, folder, follow_links):
        """Image files below a class's folder, sorted, as far as they belong to the subset."""
        paths = []
        for root, _, names in sorted(os.walk(folder, followlinks=follow_links)):
            paths += [os.path.join(root, n) for n in sorted(names) if n.lower().endswith(_ENDINGS)]
        return paths[_part(len(paths), self.subset, self.split)]

    @property
    def filepaths(self):
        """Paths of the images."""
        return self._filepaths

    @property
    def labels(self):
        """Class numbers of the images."""
        return self.classes


_ENDINGS = tuple(f".{e}" for e in EXTENSIONS)


class DataFrameIterator(_FileIterator):
    """Batches from a table of files; arguments as in `flow_from_dataframe`."""

    allowed_class_modes = frozenset(
        {"binary", "categorical", "input", "multi_output", "raw", "sparse", None}
    )

    def __init__(
        self,
        dataframe,
        directory=None,
        image_data_generator=None,
        x_col="filename",
        y_col="class",
        weight_col=None,
        target_size=(256, 256),
        color_mode="rgb",
        classes=None,
        class_mode="categorical",
        batch_size=32,
        shuffle=True,
        seed=None,
        data_format="channels_last",
        save_to_dir=None,
        save_prefix="",
        save_format="png",
        subset=None,
        interpolation="nearest",
        dtype="float32",
        validate_filenames=True,
    ):
        self._set_files(
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            save_to_dir,
            save_prefix,
            save_format,
            subset,
            interpolation,
            dtype,
        )
        if class_mode not in self.allowed_class_modes:
            raise ValueError(
                f"Expected class_mode among binary, categorical, input, multi_output, raw, sparse "
                f"and None; received {class_mode!r}."
            )
        self.directory = directory or ""
        self.class_mode = class_mode
        table = dataframe
        if validate_filenames:
            table = table[[self._is_image(name) for name in table[x_col]]]
        if class_mode in ("binary", "categorical", "sparse"):
            table = self._with_classes(table, y_col, classes)
        table = table[_part(len(table), subset, self.split)]
        self.filenames = table[x_col].tolist()
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.samples = len(self.filenames)
        self.sample_weight = table[weight_col].to_numpy() if weight_col else None
        if class_mode in ("binary", "categorical", "sparse"):
            self.classes = table[y_col].map(self.class_indices).to_numpy().astype("int32")
            print(f"Found {self.samples} images belonging to {len(self.class_indices)} classes.")
        else:
            if class_mode in ("raw", "multi_output"):
                columns = [y_col] if isinstance(y_col, str) else list(y_col)
                self._columns = [np.array(table[c].tolist()) for c in columns]
            print(f"Found {self.samples} images.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _is_image(self, name):
        path = os.path.join(self.directory, str(name))
        return path.lower().endswith(_ENDINGS) and os.path.isfile(path)

    def _with_classes(self, table, y_col, classes):
        labels = table[y_col]
        if not all(isinstance(label, str) for label in labels):
            raise TypeError(
                f"If class_mode={self.class_mode!r}, expected column {y_col!r} to hold texts."
            )
        names = sorted(set(labels)) if classes is None else list(classes)
        if self.class_mode == "binary" and len(names) != 2:
            raise ValueError(
                f"If class_mode='binary' there must be 2 classes; received {len(names)}."
            )
        self.class_indices = dict(zip(names, range(len(names)), strict=True))
        return table[[label in self.class_indices for label in labels]]

    def _targets(self, batch, index_array):
        if self.class_mode == "raw":
            columns = [column[index_array] for column in self._columns]
            return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
        if self.class_mode == "multi_output":
            return [column[index_array] for column in self._columns]
        return super()._targets(batch, index_array)

    @property
    def filepaths(self):
        """Paths of the images."""
        return self._filepaths

    @property
    def labels(self):
        """Class numbers of the images, or the column of raw targets."""
        return getattr(self, "classes", None)
