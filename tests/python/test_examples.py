"""The examples and the README's own example run as printed, on less data."""

import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = sorted(path.name for path in (ROOT / "examples").glob("*.py"))
README = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)

# Training of one epoch, and clothes of 4 x 4 blocks instead of the real ones.
PRELUDE = """
import sys, runpy
import numpy as np
from keras_native.datasets import fashion_mnist
from keras_native.models import Model

def clothes(n, rng=np.random.RandomState(0)):
    return rng.randint(0, 256, (n, 28, 28)).astype("uint8"), rng.randint(0, 10, n).astype("uint8")

fashion_mnist.load_data = lambda: (clothes(600), clothes(100))
fit = Model.fit
Model.fit = lambda self, *args, **kwargs: fit(self, *args, **{**kwargs, "epochs": 1})
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def run(script, folder):
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE, str(script)],
        cwd=folder,
        env={**os.environ, "HOME": str(folder), "MPLCONFIGDIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path):
    assert "loss" in run(ROOT / "examples" / name, tmp_path)


@pytest.mark.parametrize("number", range(len(README)))
def test_readme(number, tmp_path):
    script = tmp_path / "readme.py"
    script.write_text(README[number])
    assert "loss" in run(script, tmp_path)


def test_digits_are_learned(tmp_path):
    """The demonstration as printed: at least 97 % of digits it has never seen, in 10 s."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "digits_mlp.py")],
        cwd=tmp_path,
        env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    seconds = float(re.search(r"Trained for ([\d.]+) s", done.stdout)[1])
    right = float(re.search(r"never seen: ([\d.]+)% right", done.stdout)[1])
    assert right >= 97 and seconds < 10
    assert (tmp_path / "digits_mlp.h5").exists()
