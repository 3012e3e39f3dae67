"""Files that change while they are read: a model, or a clean error and the old weights."""

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import Sequential, load_model
from keras_native.saving import archive, reader

CLEAN = (ValueError, TypeError, OSError)


def stack(scale):
    model = Sequential(
        [L.Dense(64, input_shape=(64,), name="a"), L.Dense(64, name="b"), L.Dense(3, name="c")]
    )
    model.set_weights([np.full_like(w, scale) for w in model.get_weights()])
    return model


def cut(path, other):
    with open(path, "r+b") as f:
        f.truncate(len(other) // 3)


def emptied(path, other):
    with open(path, "r+b") as f:
        f.truncate(0)


def scrambled(path, other):
    with open(path, "r+b") as f:
        f.write(np.random.RandomState(1).bytes(len(other)))


def written_over(path, other):
    with open(path, "r+b") as f:
        f.write(other)


def exchanged(path, other):
    """As this package saves: the reader goes on with the old file."""
    (path.parent / "new").write_bytes(other)
    (path.parent / "new").replace(path)


def linked_outside(path, other):
    """The data set that is read next becomes a link to another file."""
    try:
        with h5py.File(path, "r+", locking=False) as f:
            del f["model_weights/c/c/kernel:0"]
            f["model_weights/c/c/kernel:0"] = h5py.ExternalLink("/etc/passwd", "/x")
    except OSError:  # HDF5 itself refuses to open a file twice
        cut(path, other)


CHANGES = [cut, emptied, scrambled, written_over, exchanged, linked_outside]


@pytest.mark.parametrize("ending", ["h5", "keras"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("moment", range(0, 7, 2))
def test_files_that_change(ending, change, moment, tmp_path, monkeypatch):
    path = tmp_path / f"m.{ending}"
    stack(2.0).save(path)
    other = path.read_bytes()
    stack(1.0).save(path)
    calls = []

    def at_its_moment(function):
        def changed(*arguments):
            calls.append(function)
            if len(calls) == moment + 1:
                change(path, other)
            return function(*arguments)

        return changed

    monkeypatch.setattr(reader, "array", at_its_moment(reader.array))
    monkeypatch.setattr(archive.Archive, "read", at_its_moment(archive.Archive.read))
    model = stack(3.0)
    try:
        model.load_weights(path)
        found = {float(v) for w in model.get_weights() for v in np.unique(w)}
        assert found == {1.0} or change in (scrambled, written_over, linked_outside)
    except CLEAN:
        assert all((w == 3).all() for w in model.get_weights())
        assert change is not exchanged
    assert len(calls) > moment or moment > 2
    calls.clear()
    stack(1.0).save(path)
    try:
        load_model(path, compile=False)
    except CLEAN:
        assert change is not exchanged
