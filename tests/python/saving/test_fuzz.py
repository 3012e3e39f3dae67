"""Real model files with bytes changed: a clean error or a model, in bounded time and memory."""

import io
import json
import random
import time
import zipfile

import h5py
import numpy as np
import pytest
from keras_native import backend as K
from keras_native import layers as L
from keras_native.models import Sequential, load_model
from keras_native.saving import archive

resource = pytest.importorskip("resource")  # Windows has none

CLEAN = (ValueError, TypeError, OSError)


def _file(ending, tmp_path):
    model = Sequential(
        [
            L.Conv1D(3, 2, activation="relu", input_shape=(6, 2), name="c"),
            L.BatchNormalization(name="b"),
            L.GRU(4, name="g"),
            L.Dense(2, name="d"),
        ]
    )
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((4, 6, 2)), np.ones((4, 2)))
    path = tmp_path / f"model.{ending}"
    model.save(path)
    return path.read_bytes()


def _bytes(rng, data):
    """A few bytes changed, a piece lost, or a piece doubled."""
    data = bytearray(data)
    kind = rng.random()
    if kind < 0.7:
        for _ in range(rng.choice([1, 1, 2, 8, 64])):
            data[rng.randrange(len(data))] = rng.randrange(256)
    elif kind < 0.85:
        del data[rng.randrange(len(data)) :]
    else:
        at = rng.randrange(len(data))
        data[at:at] = data[at : at + rng.randrange(1, 512)]
    return bytes(data)


ODD = [None, True, -1, 0, 10**12, 1.5, "", "eval", "Dense", [], {}, [[]], "x" * 1000]


def _json(rng, text):
    """One value of a JSON text replaced, doubled or removed."""
    root = json.loads(text)
    places, waiting = [], [root]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        places += [(here, key) for key in keys]
        waiting += [here[key] for key in keys if isinstance(here[key], (dict, list))]
    here, key = rng.choice(places)
    if rng.random() < 0.2:
        del here[key]
    else:
        here[key] = rng.choice(ODD)
    return json.dumps(root)


def _config_of(rng, ending, data):
    if ending == "keras":
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            members = {name: z.read(name) for name in z.namelist()}
        name = rng.choice(["config.json", "config.json", "metadata.json"])
        members[name] = _json(rng, members[name])
        out = io.BytesIO()
        archive.write(out, *(members[k] for k in ("metadata.json", "config.json", archive.WEIGHTS)))
        return out.getvalue()
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "a") as f:
        name = rng.choice(["model_config", "model_config", "training_config"])
        text = f.attrs[name]
        f.attrs[name] = _json(rng, text).encode()
    return buffer.getvalue()


def _weights_of(rng, data):
    """An archive whose weights have bytes changed and right checksums."""
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        members = {name: z.read(name) for name in z.namelist()}
    out = io.BytesIO()
    weights = _bytes(rng, members[archive.WEIGHTS])
    archive.write(out, members["metadata.json"], members["config.json"], weights)
    return out.getvalue()


def _mutate(ending, count, tmp_path, seed):
    rng = random.Random(seed)
    whole = _file(ending, tmp_path)
    path = tmp_path / f"mutant.{ending}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    loaded = refused = 0
    for number in range(count):
        if number % 2:
            data = _config_of(rng, ending, whole)
        elif ending == "keras" and number % 4:  # past the checksums of the archive
            data = _weights_of(rng, whole)
        else:
            data = _bytes(rng, whole)
        path.write_bytes(data)
        start = time.process_time()
        try:
            load_model(path)
            loaded += 1
        except CLEAN:
            refused += 1
        assert time.process_time() - start < 20, f"mutation {number} of seed {seed}"
        if number % 50 == 0:
            K.clear_session()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    assert grown < (1 << 20), f"{grown} KiB more memory"
    assert loaded and refused


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_mutated_files(ending, tmp_path):
    _mutate(ending, 150, tmp_path, seed=1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize("ending", ["h5", "keras"])
def test_many_mutated_files(ending, tmp_path, seed):
    _mutate(ending, 500, tmp_path, seed)
