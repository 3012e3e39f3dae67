"""`H5Dict`: one way to write into HDF5 files, groups and plain dicts."""

import os

import numpy as np

_HEADER_LIMIT = 64512  # bytes that HDF5 takes for one attribute


class H5Dict:
    """A dict of arrays, texts, lists and further such dicts, over HDF5 or over a plain dict.

    Asking for a name that is not there makes a group of that name, unless it is read only.

    Args:
        path: path of an HDF5 file, an `h5py.Group`, a plain dict, or a file opened for bytes.
        mode: "r" to read, "w" to write anew, "a" to do both.
    """

    def __init__(self, path, mode="a"):
        self._opened = False
        self.read_only = mode == "r"
        if isinstance(path, dict):
            self.data = path
            if mode == "w":
                path.clear()
            path["_is_group"] = True
            return
        import h5py

        if isinstance(path, h5py.Group):
            self.data = path
        elif isinstance(path, (str, os.PathLike)) or hasattr(path, "seek"):
            self.data = h5py.File(path, mode)
            self._opened = True
        else:
            raise TypeError(
                "H5Dict: expected a path, an h5py.Group, a dict or a file of bytes; received "
                f"{type(path).__name__}."
            )

    @staticmethod
    def is_supported_type(path):
        """Whether `H5Dict(path)` works."""
        if isinstance(path, (dict, str, os.PathLike)) or hasattr(path, "seek"):
            return True
        import h5py

        return isinstance(path, h5py.Group)

    def __setitem__(self, attr, val):
        if self.read_only:
            raise ValueError("Cannot set item in read-only mode.")
        attr = _text(attr)
        if isinstance(self.data, dict):
            self.data[attr] = val.copy() if isinstance(val, np.ndarray) else val
        elif attr in self.data:
            raise KeyError(f'Cannot set attribute. Group with name "{attr}" exists.')
        elif isinstance(val, (np.ndarray, np.generic)):
            self.data.create_dataset(attr, data=val)
        elif isinstance(val, (list, tuple)):
            self._set_list(attr, [_bytes(v) for v in val])
        else:
            self.data.attrs[attr] = val

    def _set_list(self, attr, values):
        """An attribute, or several numbered ones where one would be too large."""
        too_large = [v for v in values if isinstance(v, bytes) and len(v) > _HEADER_LIMIT]
        if too_large:
            raise RuntimeError(
                f"H5Dict: expected items of at most {_HEADER_LIMIT} bytes in {attr!r}; received "
                f"one of {len(too_large[0])}."
            )
        chunks = [np.asarray(values)]
        while any(chunk.nbytes > _HEADER_LIMIT for chunk in chunks):
            chunks = np.array_split(np.asarray(values), len(chunks) + 1)
        if len(chunks) == 1:
            self.data.attrs[attr] = chunks[0]
            return
        for i, chunk in enumerate(chunks):
            self.data.attrs[f"{attr}{i}"] = chunk

    def __getitem__(self, attr):
        attr = _text(attr)
        if isinstance(self.data, dict):
            if attr not in self.data:
                self.data[attr] = self._new_group(attr, {"_is_group": True})
            value = self.data[attr]
            is_group = isinstance(value, dict) and value.get("_is_group")
            return H5Dict(value, self._mode()) if is_group else value
        if attr in self.data.attrs:
            return _listed(self.data.attrs[attr])
        if attr in self.data:
            value = self.data[attr]
            return value[()] if hasattr(value, "shape") else H5Dict(value, self._mode())
        chunks = []
        while f"{attr}{len(chunks)}" in self.data.attrs:
            chunks.append(self.data.attrs[f"{attr}{len(chunks)}"])
        if chunks:
            return _listed(np.concatenate(chunks))
        self._new_group(attr, None)
        return H5Dict(self.data.create_group(attr), self._mode())

    def _new_group(self, attr, group):
        if self.read_only:
            raise ValueError(f"Cannot create group in read-only mode: {attr!r} is not there.")
        return group

    def _mode(self):
        return "r" if self.read_only else "a"

    def __delitem__(self, attr):
        if self.read_only:
            raise ValueError("Cannot delete item in read-only mode.")
        attr = _text(attr)
        if isinstance(self.data, dict) or attr in self.data:
            del self.data[attr]
        else:
            del self.data.attrs[attr]

    def __contains__(self, key):
        key = _text(key)
        if isinstance(self.data, dict):
            return key in self.data and key != "_is_group"
        return key in self.data or key in self.data.attrs

    def __len__(self):
        return len(list(iter(self)))

    def __iter__(self):
        if isinstance(self.data, dict):
            return iter([key for key in self.data if key != "_is_group"])
        return iter(self.data)

    def iter(self):
        """The names of arrays and groups."""
        return iter(self)

    def get(self, key, default=None):
        """The value of a name, or `default`."""
        return self[key] if key in self else default

    def update(self, *args):
        """Takes over all items of dicts and of lists of pairs."""
        for items in args:
            for key, value in items.items() if hasattr(items, "items") else items:
                self[key] = value

    def close(self):
        """Writes what is left and closes the file, if this opened it."""
        if isinstance(self.data, dict):
            return
        self.data.file.flush()
        if self._opened:
            self.data.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


def _text(name):
    return name.decode("utf-8") if isinstance(name, bytes) else name


def _listed(value):
    """Texts as the list that they were given as; anything else as HDF5 has it."""
    return value.tolist() if getattr(getattr(value, "dtype", None), "kind", "") == "S" else value


def _bytes(value):
    return value.encode("utf-8") if isinstance(value, str) else value


def load_from_binary_h5py(load_function, stream):
    """What `load_function` makes of the HDF5 file in a binary stream.

    Args:
        load_function: function of an `h5py.File` open for reading.
        stream: file of bytes.
    """
    import io

    import h5py

    with h5py.File(io.BytesIO(stream.read()), "r") as f:
        return load_function(f)


def save_to_binary_h5py(save_function, stream):
    """Writes the HDF5 file that `save_function` makes into a binary stream.

    Args:
        save_function: function of an `h5py.File` open for writing.
        stream: file of bytes.
    """
    import io

    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as f:
        save_function(f)
    stream.write(content.getvalue())
