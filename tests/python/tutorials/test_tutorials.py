"""Scripts out of old guides and blogs run as they are, `import keras` and all.

The scripts beside this file hold the snippets of five of them, typing mistakes of the web repaired,
with sizes and epochs small enough for a test. README.md lists the snippets.
"""

import importlib.util
import os
import pathlib
import pickle
import subprocess
import sys

import numpy as np
import pytest
from keras_native.datasets import digits

HERE = pathlib.Path(__file__).parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))


def write_digits(cache):
    """An MNIST made of the bundled digits."""
    (x_train, y_train), (x_test, y_test) = digits.load_data()

    def large(images):
        images = images.reshape(-1, 8, 8).astype("float32") * (255 / images.max())
        framed = np.zeros((len(images), 28, 28), "uint8")
        framed[:, 2:26, 2:26] = images.repeat(3, axis=1).repeat(3, axis=2)
        return framed

    np.savez(
        cache / "mnist.npz",
        x_train=large(x_train),
        y_train=y_train.astype("uint8"),
        x_test=large(x_test),
        y_test=y_test.astype("uint8"),
    )


def write_images(cache):
    """CIFAR-10 and CIFAR-100 of a few images, unpacked."""
    rng = np.random.RandomState(0)

    def write(folder, names, *labels):
        (cache / folder).mkdir()
        for name in names:
            batch = {b"data": rng.randint(0, 256, (10, 3072)).astype("uint8")}
            batch |= {label: list(range(10)) for label in labels}
            (cache / folder / name).write_bytes(pickle.dumps(batch, protocol=2))

    batches = [f"data_batch_{i}" for i in range(1, 6)]
    write("cifar-10-batches-py", [*batches, "test_batch"], b"labels")
    write("cifar-100-python", ["train", "test"], b"fine_labels", b"coarse_labels")


def write_texts(cache):
    """IMDB, Reuters and Boston housing of a few samples."""
    rng = np.random.RandomState(0)

    def lists(n):
        found = np.empty(n, object)
        found[:] = [rng.randint(1, 30, rng.randint(1, 12)).tolist() for _ in range(n)]
        return found

    two = np.arange(40) % 2
    np.savez(cache / "imdb.npz", x_train=lists(40), y_train=two, x_test=lists(40), y_test=two)
    np.savez(cache / "reuters.npz", x=lists(40), y=np.arange(40) % 5)
    (cache / "reuters_word_index.json").write_text('{"giraffe": 1234}')
    np.savez(cache / "boston_housing.npz", x=rng.random_sample((40, 13)), y=rng.random_sample(40))


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home folder whose Keras cache holds small data sets."""
    folder = tmp_path_factory.mktemp("home")
    cache = folder / ".keras" / "datasets"
    cache.mkdir(parents=True)
    write_digits(cache)
    write_images(cache)
    write_texts(cache)
    return folder


# What `python -m keras_native script` does; the data sets are not those of the checksums.
RUN = """
import sys
from keras_native import __main__
from keras_native.datasets import boston_housing, imdb, mnist, reuters
mnist._MD5 = imdb._MD5 = reuters._MD5 = reuters._INDEX_MD5 = boston_housing._SHA256 = None
sys.exit(__main__.main(sys.argv[1:]))
"""


def skip_without(script):
    """Skips a script whose second line names libraries that are, or are not, installed here."""
    wanted = (HERE / script).read_text().splitlines()[1]
    for part in wanted.split("# "):
        kind, _, names = part.partition(": ")
        for name in names.split():
            if kind == "needs":
                pytest.importorskip(name)
            elif kind == "needs no" and importlib.util.find_spec(name):
                pytest.skip(f"the real {name} is installed")


CALLS = [[script] for script in SCRIPTS]
CALLS += [["--keras=1", script] for script in SCRIPTS if script.startswith("keras1_")]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_script(call, home, tmp_path):
    *options, script = call
    skip_without(script)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, *options, str(HERE / script)],
        env={
            **os.environ,
            "HOME": str(home),
            "KERAS_HOME": str(home / ".keras"),
            "MPLBACKEND": "agg",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
