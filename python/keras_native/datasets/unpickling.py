"""Pickles of arrays, as CIFAR, IMDB and Reuters are published, read without trusting them.

A pickle is a program. The reader here lets it name nothing but the parts of a NumPy array, and
gives it stand-ins for those, which check what they are told: no type of NumPy is driven by the
file.
"""

import io
import math
import pickle
import re

import numpy as np

_NUMBER = re.compile(r"[<>|=]?([biuf][1248]|O8?|S\d{1,6}|U\d{1,6})$")
_MODULES = ("numpy", "numpy.core.multiarray", "numpy._core.multiarray")


class _Type:
    """Stand-in for a dtype of numbers, texts or objects."""

    def __init__(self, name, *flags):
        name = name.decode("ascii") if isinstance(name, bytes) else name
        if not isinstance(name, str) or not _NUMBER.match(name):
            raise pickle.UnpicklingError(f"expected a plain dtype; got {name!r}")
        self.dtype = np.dtype(name)

    def __setstate__(self, state):
        order = state[1].decode("ascii") if isinstance(state[1], bytes) else state[1]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in state[2:5]):
            raise pickle.UnpicklingError("expected a plain dtype; got one of parts")
        if order in ("<", ">") and not self.dtype.hasobject:
            self.dtype = self.dtype.newbyteorder(order)


class _Array:
    """Stand-in for an array: its state becomes a real one."""

    value = None

    def __setstate__(self, state):
        shape, kind, fortran, data = state[-4:]
        if not isinstance(kind, _Type) or not all(type(n) is int and n >= 0 for n in shape):
            raise pickle.UnpicklingError("expected a shape and a dtype of an array")
        size = math.prod(shape)
        if kind.dtype.hasobject:
            if not isinstance(data, list) or len(data) != size:
                raise pickle.UnpicklingError(f"expected a list of {size} objects")
            self.value = np.empty(size, object)
            self.value[:] = [_plain(item) for item in data]
            fortran = False  # objects are listed row by row in any case
        else:
            data = data.encode("latin-1") if isinstance(data, str) else data
            if not isinstance(data, bytes) or len(data) != size * kind.dtype.itemsize:
                raise pickle.UnpicklingError(f"expected the bytes of {size} elements")
            self.value = np.frombuffer(data, kind.dtype)
        self.value = self.value.reshape(shape, order="F" if fortran else "C")


def _plain(value):
    """The array of a stand-in; other values as they are."""
    if isinstance(value, _Array):
        if value.value is None:
            raise pickle.UnpicklingError("expected an array with contents")
        return value.value
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _reconstruct(*arguments):
    return _Array()


def _bytes(text, encoding="latin1"):
    """Python 3 writes bytes into old pickles as texts to encode."""
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("expected bytes written as Latin-1")
    return text.encode("latin-1")


def _find(module, name):
    if module in _MODULES:
        found = {"_reconstruct": _reconstruct, "ndarray": _Array, "dtype": _Type}.get(name)
        if found is not None:
            return found
    if (module, name) == ("_codecs", "encode"):
        return _bytes
    raise pickle.UnpicklingError(f"expected arrays and plain values only; got {module}.{name}")


class _Reader(pickle.Unpickler):
    """Fast; for files whose hash was checked."""

    def find_class(self, module, name):
        return _find(module, name)


class _CarefulReader(pickle._Unpickler):
    """The same in Python, which keeps no table as large as the file tells it to."""

    def find_class(self, module, name):
        return _find(module, name)


def load_arrays(file, where, careful=True):
    """The dict, list or array in a pickle of plain values and arrays.

    Args:
        file: binary file at the start of the pickle.
        where: path, for messages.
        careful: slower, for files that nobody has checked.
    Raises:
        ValueError: if the pickle is broken or holds anything else.
    """
    reader = _CarefulReader if careful else _Reader
    try:
        return _plain(reader(file, encoding="bytes").load())
    except Exception as error:  # whatever a broken file leads the reader to
        raise ValueError(
            f"{where}: expected a pickle of arrays and plain values ({error})."
        ) from error


def load_npz(path, names):
    """Arrays of an .npz file, those of objects among them.

    Args:
        names: of the arrays.
    Raises:
        ValueError: if the file is not one, or lacks an array.
    """
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            return [_member(archive, name, path) for name in names]
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise ValueError(
            f"{path}: expected an .npz file with {', '.join(names)} ({error})."
        ) from error


def _member(archive, name, path):
    data = io.BytesIO(archive.read(name + ".npy"))
    version = np.lib.format.read_magic(data)
    header = {(1, 0): np.lib.format.read_array_header_1_0}.get(
        version, np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = header(data)
    if not dtype.hasobject:
        data.seek(0)
        return np.lib.format.read_array(data, allow_pickle=False)
    if dtype.names is not None or dtype.shape:
        raise ValueError(f"{path}: expected {name} to hold numbers or lists; it holds {dtype}.")
    return load_arrays(data, path, careful=False)
