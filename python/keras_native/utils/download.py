"""Files from the network, kept in the Keras cache folder."""

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile

from .progbar import Progbar

_SCHEMES = ("http", "https", "ftp")
_CHUNK = 1 << 16
_UNPACKED_LIMIT, _UNPACKED_RATIO = 1 << 28, 100  # bytes; beyond both, an archive is refused


def keras_home():
    """The Keras folder: $KERAS_HOME, else ~/.keras, else a folder for temporary files."""
    home = os.environ.get("KERAS_HOME")
    if home:
        return home
    base = os.path.expanduser("~")
    if not os.access(base, os.W_OK):
        base = tempfile.gettempdir()
    return os.path.join(base, ".keras")


def get_file(
    fname,
    origin,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
):
    """Download a file unless the cache has it; the file appears under its name only when whole.

    Args:
        fname: name in the cache; an absolute path puts the file elsewhere.
        origin: URL (http, https or ftp).
        untar: old spelling of `extract` for `fname` + ".tar.gz".
        md5_hash: old spelling of `file_hash`.
        file_hash: expected md5 (32 digits) or sha256 (64 digits).
        cache_subdir: folder inside the cache.
        hash_algorithm: "md5", "sha256" or "auto".
        extract: unpack the archive beside it.
        archive_format: "auto", "tar", "zip" or None.
        cache_dir: the cache; None: `keras_home()`.
    Returns:
        Path of the file.
    Raises:
        ValueError: if the name leaves the cache, the scheme is another, or the hash is wrong.
        OSError: if the download fails.
    """
    if file_hash is None and md5_hash is not None:
        file_hash, hash_algorithm = md5_hash, "md5"
    folder = os.path.join(cache_dir or keras_home(), cache_subdir)
    path = _inside(folder, fname)
    target = path + ".tar.gz" if untar else path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if not os.path.exists(target) or (
        file_hash is not None and not validate_file(target, file_hash, hash_algorithm)
    ):
        _download(origin, target, file_hash, hash_algorithm)
    if untar:
        if not os.path.exists(path):
            _extract_whole(target, path)
        return path
    if extract:
        extract_archive(target, folder, archive_format)
    return target


def _inside(folder, fname):
    if os.path.isabs(fname):
        return fname
    path = os.path.join(folder, fname)
    root = os.path.realpath(folder)
    if os.path.commonpath([root, os.path.realpath(path)]) != root or not fname.strip(". /"):
        raise ValueError(f"get_file: expected a name inside {folder!r}; received {fname!r}.")
    return path


def _download(origin, target, file_hash, hash_algorithm):
    """Fetch `origin` beside `target`, check it, and rename it into place."""
    scheme = urllib.parse.urlsplit(origin).scheme
    if scheme not in _SCHEMES:
        raise ValueError(f"get_file: expected a URL of {', '.join(_SCHEMES)}; received {origin!r}.")
    print("Downloading data from", origin)
    handle, partial = tempfile.mkstemp(dir=os.path.dirname(target), prefix=".download-")
    try:
        with os.fdopen(handle, "wb") as out:
            _fetch(origin, out)
            out.flush()
            os.fsync(out.fileno())
        if file_hash is not None and not validate_file(partial, file_hash, hash_algorithm):
            raise ValueError(
                f"get_file: expected hash {file_hash} of {origin}; received "
                f"{hash_file(partial, _algorithm(file_hash, hash_algorithm))}."
            )
        os.replace(partial, target)
    finally:
        if os.path.exists(partial):
            os.unlink(partial)


def _fetch(origin, out):
    try:
        with urllib.request.urlopen(origin) as response:
            total = int(response.headers.get("Content-Length", 0)) or None
            bar = Progbar(total)
            read = 0
            while chunk := response.read(_CHUNK):
                out.write(chunk)
                read += len(chunk)
                bar.update(read)
            if total is None:
                print()
    except urllib.error.HTTPError as error:
        raise OSError(f"Download of {origin} failed: {error.code} {error.reason}.") from error
    except urllib.error.URLError as error:
        raise OSError(f"Download of {origin} failed: {error.reason}.") from error
    if total is not None and read != total:
        raise OSError(f"Download of {origin} broke off: {read} of {total} bytes.")


def _algorithm(file_hash, algorithm):
    if algorithm == "auto":
        return "sha256" if len(file_hash) == 64 else "md5"
    return algorithm


def hash_file(path, algorithm="sha256", chunk_size=_CHUNK):
    """The file's hash in hexadecimal digits, read in pieces."""
    digest = hashlib.new(algorithm)
    with open(path, "rb") as f:
        while chunk := f.read(chunk_size):
            digest.update(chunk)
    return digest.hexdigest()


def validate_file(fpath, file_hash, algorithm="auto", chunk_size=65535):
    """Whether the file has that md5 or sha256 hash."""
    return hash_file(fpath, _algorithm(file_hash, algorithm)) == str(file_hash)


def extract_archive(file_path, path=".", archive_format="auto"):
    """Unpack a tar or zip archive into `path`; members that would leave it are refused.

    Returns:
        True if the file was an archive of a format asked for.
    """
    if archive_format is None:
        return False
    formats = ("tar", "zip") if archive_format == "auto" else (archive_format,)
    for kind in formats:
        if kind in ("tar", "tar.gz", "tar.bz") and tarfile.is_tarfile(file_path):
            with tarfile.open(file_path) as archive:
                _extract_tar(archive, path)
            return True
        if kind == "zip" and zipfile.is_zipfile(file_path):
            with zipfile.ZipFile(file_path) as archive:
                _check_total((entry.file_size for entry in archive.infolist()), file_path)
                for name in archive.namelist():
                    _check_member(path, name)
                archive.extractall(path)
            return True
    return False


def _extract_whole(archive, path):
    """Unpacks beside `path`, which most archives hold; members appear when all are unpacked."""
    folder = os.path.dirname(path)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unpack-") as beside:
        extract_archive(archive, beside, "tar")
        for name in os.listdir(beside):
            source, target = os.path.join(beside, name), os.path.join(folder, name)
            if os.path.isdir(target):
                shutil.copytree(source, target, dirs_exist_ok=True)
            else:
                os.replace(source, target)


def _check_total(sizes, file_path):
    """Refuses archives that unpack to far more than they are."""
    total, packed = sum(sizes), os.path.getsize(file_path)
    if total > _UNPACKED_LIMIT and total > _UNPACKED_RATIO * packed:
        raise ValueError(
            f"{file_path}: {packed} bytes would unpack to {total}, more than "
            f"{_UNPACKED_RATIO} times as many."
        )


def _extract_tar(archive, path):
    """Plain files and folders only, written one by one."""
    _check_total((member.size for member in archive.getmembers()), archive.name)
    for member in archive.getmembers():
        target = _check_member(path, member.name)
        if member.isdir():
            os.makedirs(target, exist_ok=True)
        elif member.isreg():
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with archive.extractfile(member) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out)
        else:
            raise ValueError(
                f"Archive member {member.name!r}: expected a file or folder; received a link or "
                "device."
            )


def _check_member(path, name):
    root = os.path.realpath(path)
    target = os.path.realpath(os.path.join(root, name))
    if os.path.isabs(name) or os.path.commonpath([root, target]) != root:
        raise ValueError(f"Archive member {name!r} would be written outside {path!r}.")
    return target
