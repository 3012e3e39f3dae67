"""Files written here, opened by Keras 2.3.1, tf_keras and Keras 3, and the other way round.

    python tests/interop/check.py                          # the environments that are found
    python tests/interop/check.py --make ~/keras-envs      # makes what is missing there, with pip
    python tests/interop/check.py keras-2.3.1=~/k2/bin/python

Each other Keras runs in its own interpreter: `other_keras.py` loads every file there, compares
predictions, goes on training where the file holds the optimizer's state, and writes the model
again, which is then loaded here. What was not found is said, and a failed check ends the program
with 1.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import samples
from keras_native.models import load_model

HERE = pathlib.Path(__file__).resolve().parent
# Environment -> (module, Python that can hold it, what to install).
KNOWN = {
    "keras-2.3.1": (
        "keras",
        "python3.7",
        ["keras==2.3.1", "tensorflow-cpu==1.15.0", "h5py==2.10.0", "protobuf<3.21", "numpy<1.19"],
    ),
    "tf_keras": ("tf_keras", sys.executable, ["tf_keras", "tensorflow-cpu"]),
    "keras-3": ("keras", sys.executable, ["keras", "tensorflow-cpu"]),
}
BACKENDS = {"keras-3": {"KERAS_BACKEND": "tensorflow"}}
TOLERANCE = {"rtol": 1e-4, "atol": 2e-5}


def holds(python, name):
    """The version of environment `name` that an interpreter can import; None without."""
    module = KNOWN[name][0]
    code = f"import {module}; print('version', {module}.__version__)"
    try:
        done = subprocess.run(
            [str(python), "-W", "ignore", "-c", code],
            capture_output=True,
            text=True,
            env=environment(name),
            timeout=300,
        )
    except OSError:
        return None
    said = [line for line in done.stdout.splitlines() if line.startswith("version ")]
    version = said[0].partition(" ")[2] if said else ""
    wanted = {"keras-2.3.1": "2.3.1", "keras-3": "3."}.get(name, "")
    return version if version and version.startswith(wanted) else None


def environment(name):
    """Variables for an interpreter that holds another Keras: nothing of this package."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return {**own, "TF_CPP_MIN_LOG_LEVEL": "3", **BACKENDS.get(name, {})}


def make(folder, name):
    """A virtual environment with one of the known; the path of its interpreter, or None."""
    _, base, packages = KNOWN[name]
    python = folder / name / "bin" / "python"
    if not python.exists():
        print(f"making {name} in {folder / name}", flush=True)
        try:
            subprocess.run([base, "-m", "venv", str(folder / name)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: cannot be made: {error}")
            return None
    return python


def find(arguments):
    """[(environment, interpreter, version)] of those given, made, or beside this interpreter."""
    given = dict(item.partition("=")[::2] for item in arguments.environments)
    found = []
    for name in KNOWN:
        candidates = [os.path.expanduser(given[name])] if name in given else [sys.executable]
        if arguments.make and name not in given:
            candidates.insert(0, make(pathlib.Path(arguments.make).expanduser(), name))
        for python in candidates:
            version = holds(python, name) if python else None
            if version:
                found.append((name, python, version))
                break
        else:
            print(f"{name}: SKIPPED, not found")
    return found


def check(name, python, folder):
    """(number of checks, failures) of one environment."""
    done = subprocess.run(
        [str(python), "-W", "ignore", str(HERE / "other_keras.py"), KNOWN[name][0], str(folder)],
        capture_output=True,
        text=True,
        env=environment(name),
        timeout=3600,
    )
    result = folder / "result.json"
    if done.returncode or not result.exists():
        return 1, [f"the program ended with {done.returncode}: {done.stderr[-2000:]}"]
    results = json.loads(result.read_text())
    failures = [f"{what}: {said}" for what, said in results if said]
    count = len(results)
    for case in sorted(path.parent for path in folder.glob("*/data.npz")):
        for back in sorted(case.glob("back.*")):
            count += 1
            problem = _read_back(case, back)
            if problem:
                failures.append(f"{case.name} {back.name} read back: {problem}")
    return count, failures


def _read_back(case, path):
    """What is wrong with a file that the other Keras wrote; None if nothing is."""
    data = np.load(case / "data.npz")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = load_model(path, compile=False)
            got = samples.as_list(model.predict([data[k] for k in samples.keys(data, "x")]))
        for key, value in zip(samples.keys(data, "pred"), got, strict=True):
            np.testing.assert_allclose(value, data[key], **TOLERANCE)
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("environments", nargs="*", help="NAME=PYTHON")
    parser.add_argument("--make", metavar="DIR", help="where environments are made with pip")
    arguments = parser.parse_args()
    failed = 0
    for name, python, version in find(arguments):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            samples.write(folder)
            count, failures = check(name, python, folder)
        print(f"{name} ({version}): {count - len(failures)} of {count} checks hold")
        for failure in failures:
            print(f"  {failure}")
        failed += len(failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
