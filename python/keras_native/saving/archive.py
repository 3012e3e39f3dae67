"""The `.keras` archive of Keras 3 and of tf_keras from 2.12 on: a zip of three members.

`metadata.json`, `config.json` and `model.weights.h5`. Members are read by their exact names, in
memory; nothing is extracted, and what a member declares is checked before memory is taken.
"""

import io
import zipfile

_LIMITS = {"metadata.json": 1 << 20, "config.json": 256 << 20, "model.weights.h5": 16 << 30}
_MAX_RATIO = 100  # unpacked bytes for one packed byte
_FREE = 1 << 20  # bytes that no ratio is asked of
_MAX_MEMBERS = 10_000
WEIGHTS = "model.weights.h5"


def is_archive(filepath):
    """Whether a path or file-like object holds a zip."""
    try:
        return zipfile.is_zipfile(filepath)
    except (OSError, ValueError, TypeError, AttributeError):
        return False


class Archive:
    """An open archive to read from.

    Raises:
        ValueError: if it is damaged, or its members are not what they have to be.
    """

    def __init__(self, filepath):
        try:
            self._zip = zipfile.ZipFile(filepath)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, UnicodeError) as error:
            raise ValueError(f"{filepath!r} is no whole archive: {error}") from error
        self._members = {}
        infos = self._zip.infolist()
        if len(infos) > _MAX_MEMBERS:
            raise ValueError(f"Expected at most {_MAX_MEMBERS} members in the archive.")
        for info in infos:
            if info.filename in self._members:
                raise ValueError(f"The archive has two members {info.filename!r}, refused.")
            self._members[info.filename] = info

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._zip.close()

    def __contains__(self, name):
        return name in self._members

    def read(self, name):
        """The bytes of a member.

        Raises:
            ValueError: if it is missing, encrypted, too large, packed too tightly, or damaged.
        """
        info = self._members.get(name)
        if info is None:
            raise ValueError(f"The archive has no member {name!r}.")
        if info.flag_bits & 1:
            raise ValueError(f"Member {name!r} is encrypted, refused.")
        if info.external_attr >> 28 == 0xA:
            raise ValueError(f"Member {name!r} is a symbolic link, refused.")
        size, packed = info.file_size, info.compress_size
        if size > _LIMITS[name] or (size > _FREE and size > _MAX_RATIO * max(1, packed)):
            raise ValueError(
                f"Member {name!r} declares {size} bytes, packed into {packed}; refused as too "
                f"large."
            )
        try:
            with self._zip.open(info) as member:
                data = member.read(size + 1)
        except _DAMAGE as error:
            raise ValueError(f"Member {name!r} of the archive is damaged: {error}") from error
        if len(data) != size:
            raise ValueError(f"Member {name!r} does not have the size that it declares.")
        return data

    def size(self, name):
        """Bytes of a member as stored; 0 if it is missing."""
        return self._members[name].compress_size if name in self._members else 0

    def json(self, name):
        """A member as JSON of bounded size and depth."""
        from .architecture import parse_json

        return parse_json(self.read(name))

    def weights(self):
        """The weights as an open HDF5 file."""
        import h5py

        if WEIGHTS not in self and "model.weights.npz" in self:
            raise ValueError("Weights as .npz in an archive are not supported; save them as HDF5.")
        try:
            return h5py.File(io.BytesIO(self.read(WEIGHTS)), "r")
        except (OSError, RuntimeError, KeyError) as error:
            raise ValueError(f"Member {WEIGHTS!r} is no HDF5 file: {error}") from error


def _damage():
    import lzma
    import zlib

    return (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError,
            RuntimeError, ValueError)  # fmt: skip


_DAMAGE = _damage()


def write(filepath, metadata, config, weights):
    """Write an archive, members unpacked and with a fixed date, so that equal models give equal
    files.

    Args:
        filepath: path or file-like object.
        metadata, config: JSON texts.
        weights: bytes of the HDF5 file.
    """
    with zipfile.ZipFile(filepath, "w", zipfile.ZIP_STORED) as archive:
        for name, data in (
            ("metadata.json", metadata),
            ("config.json", config),
            (WEIGHTS, weights),
        ):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)
