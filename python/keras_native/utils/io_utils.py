"""HDF5 files as arrays and dicts, and questions to the user."""

import threading
import weakref

import numpy as np

from .h5dict import H5Dict, load_from_binary_h5py, save_to_binary_h5py

__all__ = [
    "H5Dict",
    "HDF5Matrix",
    "ask_to_proceed_with_overwrite",
    "h5dict",
    "load_array",
    "load_from_binary_h5py",
    "save_array",
    "save_to_binary_h5py",
]

h5dict = H5Dict  # the name before Keras 2.3
# path -> h5py.File, shared by all matrices over one file, closed with the last of them
_open_files = weakref.WeakValueDictionary()
_lock = threading.Lock()


class HDF5Matrix:
    """Rows of an HDF5 data set, read from disk as they are asked for.

    Args:
        datapath: path of the HDF5 file.
        dataset: name of the data set in it.
        start, end: range of rows; `end` None: all.
        normalizer: function applied to what was read.
    """

    def __init__(self, datapath, dataset, start=0, end=None, normalizer=None):
        with _lock:
            self._file = _open_files.get(datapath)
            if self._file is None:
                import h5py

                self._file = _open_files[datapath] = h5py.File(datapath, "r")
            self.data = self._file[dataset]
        self.start = start
        self.end = self.data.shape[0] if end is None else end
        if not 0 <= self.start <= self.end <= self.data.shape[0]:
            raise ValueError(
                f"HDF5Matrix: expected 0 <= start <= end <= {self.data.shape[0]}; received "
                f"start={start}, end={end}."
            )
        self.normalizer = normalizer
        sample = self._normalized(self.data[:1])
        self._base_shape, self._base_dtype = sample.shape[1:], sample.dtype

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, key):
        if isinstance(key, slice):
            first, stop, step = key.indices(len(self))
            if step == 1:
                return self._normalized(self.data[self.start + first : self.start + stop])
            key = np.arange(first, stop, step)
        elif isinstance(key, (int, np.integer)):
            return self._normalized(self.data[self._row(int(key))])
        elif not isinstance(key, (list, tuple, range, np.ndarray)):
            raise TypeError(f"HDF5Matrix: expected an integer, slice or list; received {key!r}.")
        return self._normalized(self._rows(np.asarray(key)))

    def _row(self, index):
        row = index + len(self) if index < 0 else index
        if not 0 <= row < len(self):
            raise IndexError(f"HDF5Matrix: row {index} of {len(self)}.")
        return self.start + row

    def _rows(self, key):
        """Any order and repetition: h5py wants indices that increase."""
        if key.dtype == bool:
            key = np.flatnonzero(key)
        rows = np.array([self._row(int(i)) for i in key.ravel()], "int64")
        unique, inverse = np.unique(rows, return_inverse=True)
        return self.data[list(unique)][inverse.reshape(-1)]

    def _normalized(self, rows):
        return rows if self.normalizer is None else self.normalizer(rows)

    @property
    def shape(self):
        """Shape of the rows taken together."""
        return (len(self), *self._base_shape)

    @property
    def dtype(self):
        """dtype after normalization."""
        return self._base_dtype

    @property
    def ndim(self):
        """Number of axes."""
        return self.data.ndim

    @property
    def size(self):
        """Number of elements."""
        return int(np.prod(self.shape))


def load_array(name):
    """The array that `save_array` wrote (Keras 1)."""
    import h5py

    with h5py.File(name, "r") as f:
        return f["data"][()]


def save_array(array, name):
    """Writes an array into an HDF5 file of its own (Keras 1)."""
    import h5py

    with h5py.File(name, "w") as f:
        f["data"] = array


def ask_to_proceed_with_overwrite(filepath):
    """Ask at the terminal whether to overwrite; returns the answer as a bool."""
    answer = input(f"[WARNING] {filepath} already exists - overwrite? [y/n]").strip().lower()
    while answer not in ("y", "n"):
        answer = input('Enter "y" (overwrite) or "n" (cancel).').strip().lower()
    if answer == "n":
        return False
    print("[TIP] Next time specify overwrite=True!")
    return True
