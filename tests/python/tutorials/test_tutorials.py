"""Scripts out of old guides and blogs run as they are, `import keras` and all.

The scripts beside this file hold the snippets of five of them, typing mistakes of the web repaired,
with sizes and epochs small enough for a test.
"""

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from keras_native.datasets import digits

HERE = pathlib.Path(__file__).parent
SCRIPTS = sorted(path.name for path in HERE.glob("*.py") if not path.name.startswith("test_"))


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A home folder whose Keras cache holds an MNIST made of the bundled digits."""
    folder = tmp_path_factory.mktemp("home")
    cache = folder / ".keras" / "datasets"
    cache.mkdir(parents=True)
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
    return folder


# What `python -m keras_native script` does; the digits are not those of the checksum.
RUN = """
import sys
from keras_native import __main__
from keras_native.datasets import mnist
mnist._MD5 = None
sys.exit(__main__.main(sys.argv[1:]))
"""


CALLS = [[script] for script in SCRIPTS]
CALLS += [["--keras=1", script] for script in SCRIPTS if script.startswith("keras1_")]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_script(call, home, tmp_path):
    *options, script = call
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, *options, str(HERE / script)],
        env={**os.environ, "HOME": str(home), "KERAS_HOME": str(home / ".keras")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
