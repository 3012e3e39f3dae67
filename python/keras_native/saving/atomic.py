"""Files that are whole or not there: written beside, made durable, renamed into place."""

import contextlib
import errno
import os
import secrets


@contextlib.contextmanager
def atomic_path(path):
    """Path of a temporary file that replaces `path` when the block ends without an exception.

    Killed at any moment, the process leaves the old file or the new one.

    Raises:
        OSError: if there is no such folder, or something else than a file under that name.
    """
    path = os.path.realpath(os.fsdecode(path))
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "No such folder to write a file in", folder)
    if os.path.exists(path) and not os.path.isfile(path):  # a folder, or a device such as null
        raise OSError(errno.EEXIST, "Expected a file to write; it is something else", path)
    temporary = os.path.join(folder, f".saving-{secrets.token_hex(8)}")
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    try:
        yield temporary
        if os.path.exists(path):
            os.chmod(temporary, os.stat(path).st_mode & 0o7777)
        _sync(temporary)
        os.replace(temporary, path)
        _sync(folder)
    finally:
        if os.path.exists(temporary):
            os.unlink(temporary)


def _sync(path):
    """Make what was written to `path` (a file or folder) durable."""
    try:
        # Windows syncs only what is open for writing, and opens no folders.
        handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:  # a file system that cannot
        pass
    finally:
        os.close(handle)
