"""Endless batches of images that a table names."""

import os
import warnings

import numpy as np

from .file_iterators import ENDINGS, FileIterator
from .iterators import _part

_OF_CLASSES = ("binary", "categorical", "sparse")


class DataFrameIterator(FileIterator):
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
        if class_mode == "multi_output" and not isinstance(y_col, (list, tuple)):
            raise TypeError(
                f"If class_mode='multi_output', expected y_col as a list; got {y_col!r}."
            )
        self.directory = directory or ""
        names = list(dataframe[x_col])
        if not all(isinstance(name, str) for name in names):
            raise TypeError(f"Expected column {x_col!r} (x_col) to hold names of files.")
        rows = [i for i, name in enumerate(names) if not validate_filenames or self._is_image(name)]
        if len(rows) < len(names):
            warnings.warn(
                f"Found {len(names) - len(rows)} invalid image filename(s) in x_col={x_col!r}. "
                "These filename(s) will be ignored.",
                stacklevel=3,
            )
        of = ""
        if class_mode in _OF_CLASSES:
            labels = self._labels(list(dataframe[y_col]), rows, y_col, classes)
            rows = [i for i in rows if labels[i]]
            of = f" belonging to {len(self.class_indices)} classes"
        elif classes:
            warnings.warn(f"`classes` is ignored with class_mode={class_mode!r}.", stacklevel=3)
        rows = rows[_part(len(rows), subset, self.split)]
        if class_mode in _OF_CLASSES:
            self._set_classes([labels[i] for i in rows])
        elif class_mode in ("raw", "multi_output"):
            columns = [y_col] if isinstance(y_col, str) else list(y_col)
            self._columns = [_of(dataframe, column, rows) for column in columns]
        self.filenames = [names[i] for i in rows]
        self._filepaths = [os.path.join(self.directory, name) for name in self.filenames]
        self.samples = len(self.filenames)
        self.sample_weight = _of(dataframe, weight_col, rows) if weight_col else None
        if weight_col and self.sample_weight.dtype.kind not in "biuf":
            raise TypeError(f"Expected column {weight_col!r} (weight_col) to hold numbers.")
        checked = "validated" if validate_filenames else "non-validated"
        print(f"Found {self.samples} {checked} image filenames{of}.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _is_image(self, name):
        path = os.path.join(self.directory, name)
        return path.lower().endswith(ENDINGS) and os.path.isfile(path)

    def _labels(self, column, rows, y_col, classes):
        """Labels of all rows as tuples of those that are classes; sets the classes.

        Raises:
            TypeError: labels of a kind that does not suit the mode.
            ValueError: if there are not two classes where there should be.
        """
        several = self.class_mode == "categorical"
        kinds = (str, list, tuple) if several else str
        if not all(isinstance(label, kinds) for label in column):
            also = ", or lists of them" if several else ""
            raise TypeError(
                f"If class_mode={self.class_mode!r}, expected column {y_col!r} to hold texts{also}."
            )
        labels = [(label,) if isinstance(label, str) else tuple(label) for label in column]
        names = sorted(set(classes or [name for i in rows for name in labels[i]]))
        if self.class_mode == "binary" and len(names) != 2:
            raise ValueError(
                f"If class_mode='binary' there must be 2 classes; received {len(names)}."
            )
        self.class_indices = dict(zip(names, range(len(names)), strict=True))
        return [tuple(name for name in label if name in self.class_indices) for label in labels]

    def _set_classes(self, labels):
        numbers = [[self.class_indices[name] for name in label] for label in labels]
        single = all(len(label) == 1 for label in numbers)
        self.classes = np.array(numbers, "int32").reshape(-1) if single else numbers

    def _targets(self, batch, index_array):
        if self.class_mode == "raw":
            columns = [column[index_array] for column in self._columns]
            return columns[0] if len(columns) == 1 else np.stack(columns, axis=1)
        if self.class_mode == "multi_output":
            return [column[index_array] for column in self._columns]
        if self.class_mode == "categorical":
            targets = np.zeros((len(batch), len(self.class_indices)), self.dtype)
            for target, index in zip(targets, index_array, strict=True):
                target[self.classes[index]] = 1
            return targets
        return super()._targets(batch, index_array)

    @property
    def filepaths(self):
        """Paths of the images."""
        return self._filepaths

    @property
    def labels(self):
        """Class numbers of the images, lists of them where one has several; or the targets."""
        if self.class_mode == "multi_output":
            return self._columns
        if self.class_mode == "raw":
            return self._targets([], slice(None))
        return getattr(self, "classes", None)


def _of(table, column, rows):
    """Values of a column as an array."""
    values = list(table[column])
    return np.array([values[i] for i in rows])
