"""Endless batches of images from files, and from folders of them."""

import os

import numpy as np

from .files import EXTENSIONS, _layout, files_below, img_to_array, load_img
from .iterators import Iterator, _part

_CHANNELS = {"grayscale": 1, "rgb": 3, "rgba": 4}
ENDINGS = tuple(f".{e}" for e in EXTENSIONS)


class FileIterator(Iterator):
    """Base of iterators over image files."""

    allowed_class_modes: frozenset = frozenset()

    def _set_files(
        self,
        class_mode,
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
        if class_mode not in self.allowed_class_modes:
            modes = sorted(self.allowed_class_modes - {None})
            raise ValueError(
                f"Expected class_mode among {', '.join(modes)} and None; received {class_mode!r}."
            )
        self.class_mode = class_mode
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
            batch = self._transformed(batch)
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


class DirectoryIterator(FileIterator):
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
            class_mode,
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
        self.directory = directory
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
        paths = [os.path.join(*found) for found in files_below(folder, ENDINGS, follow_links)]
        return paths[_part(len(paths), self.subset, self.split)]

    @property
    def filepaths(self):
        """Paths of the images."""
        return self._filepaths

    @property
    def labels(self):
        """Class numbers of the images."""
        return self.classes
