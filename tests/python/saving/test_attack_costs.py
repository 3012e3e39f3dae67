"""What attacks cost: each file is opened in a process of its own kind, with memory counted.

The child may take little memory beyond what the package takes to start, and its address space is
limited, so that an attack that works ends it.
"""

import importlib.util
import io
import json
import subprocess
import sys
import zipfile

import h5py
import numpy as np
import pytest
from keras_native import layers as L
from keras_native.models import Sequential
from keras_native.saving import archive

MIB = 1 << 20
KERNEL = "model_weights/d/d/kernel:0"


def model(path):
    Sequential([L.Dense(3, input_shape=(4,), name="d")]).save(path)
    return path


def with_kernel(make):
    """A file whose kernel is another data set."""

    def build(path):
        with h5py.File(model(path), "a") as f:
            del f[KERNEL]
            make(f)

    return build


def with_layer(layer):
    """A file whose last layer is another one; `layer` is its class and settings."""

    def build(path):
        name, own = layer
        with h5py.File(model(path), "a") as f:
            config = json.loads(f.attrs["model_config"])
            last = config["config"]["layers"][-1]
            last["class_name"] = name
            last["config"] = {"name": "d", "trainable": True, **own}
            if "batch_input_shape" in own:
                config["config"]["layers"] = [last]
            f.attrs["model_config"] = json.dumps(config).encode()

    return build


def with_config(make):
    """A file whose configuration is another text; `make` is given the good one."""

    def build(path):
        with h5py.File(model(path), "a", libver="latest") as f:
            text = make(json.loads(f.attrs["model_config"]))
            f.attrs.create("model_config", text, dtype=h5py.string_dtype())

    return build


def shape_bomb(shape):
    return with_kernel(
        lambda f: f.create_dataset(
            KERNEL, shape, "float32", chunks=(4096,) * len(shape), compression="gzip", fillvalue=1.0
        )
    )


def many_bombs(f):
    group = f["model_weights/d"]
    names = [f"d/more{i}:0".encode() for i in range(200)]
    for name in names:
        group.create_dataset(name, (1 << 26,), "float32", chunks=(1 << 16,), compression="gzip")
    group.attrs["weight_names"] = names


def many_layers(config):
    last = config["config"]["layers"][-1]
    config["config"]["layers"] += [
        {**last, "config": {**last["config"], "name": f"d{i}", "units": 4096}} for i in range(300)
    ]
    return json.dumps(config)


def nested(config):
    """More levels of lists than a configuration may have."""
    lists = "[" * 150 + json.dumps(config) + "]" * 150
    return '{"class_name": "Sequential", "config": {"layers": ' + lists + "}}"


def zip_of(name, size):
    def build(path):
        model(path)
        with zipfile.ZipFile(path) as z:
            members = {n: z.read(n) for n in z.namelist()}
        members[name] = bytes(size) if name == archive.WEIGHTS else b" " * size
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
            for n, data in members.items():
                z.writestr(n, data)

    return build


def zip_of_bomb(path):
    """An archive whose weights are honest in size and declare too much inside."""
    model(path)
    with zipfile.ZipFile(path) as z:
        members = {n: z.read(n) for n in z.namelist()}
    content = io.BytesIO(members[archive.WEIGHTS])
    with h5py.File(content, "a") as f:
        del f["layers/dense/vars/0"]
        f.create_dataset("layers/dense/vars/0", (1 << 40,), "float32", chunks=(1 << 20,))
    archive.write(path, members["metadata.json"], members["config.json"], content.getvalue())


def laughs(path):
    """YAML whose aliases would unfold into 10**9 values."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    lines += ["class_name: Sequential", "config: *a8"]
    with open(path, "w") as f:
        f.write("\n".join(lines))


ATTACKS = {
    "shape.h5": shape_bomb((1 << 40,)),
    "shapes.h5": shape_bomb((1 << 20, 1 << 20)),
    "many.h5": with_kernel(many_bombs),
    "names.h5": with_kernel(
        lambda f: f["model_weights"].attrs.create(
            "layer_names", np.zeros(8000, "S8"), dtype="S8"
        )
    ),
    "units.h5": with_layer(("Dense", {"units": 10**12})),
    "units_that_fit.h5": with_layer(("Dense", {"units": 2 * 10**9})),
    "lstm.h5": with_layer(("LSTM", {"units": 10**6, "batch_input_shape": [None, 3, 4]})),
    "states.h5": with_layer(
        ("LSTM", {"units": 3, "batch_input_shape": [10**10, 3, 4], "stateful": True})
    ),
    "states_that_fit.h5": with_layer(
        ("GRU", {"units": 3, "batch_input_shape": [10**8, 3, 4], "stateful": True})
    ),
    "embedding.h5": with_layer(
        ("Embedding", {"input_dim": 10**11, "output_dim": 8, "batch_input_shape": [None, 4]})
    ),
    "filters.h5": with_layer(
        (
            "Conv2D",
            {
                "filters": 10**6,
                "kernel_size": [999, 999],
                "batch_input_shape": [None, 1000, 1000, 8],
            },
        )
    ),
    "local.h5": with_layer(
        (
            "LocallyConnected1D",
            {"filters": 9, "kernel_size": 9, "batch_input_shape": [None, 10**9, 9]},
        )
    ),
    "slopes.h5": with_layer(("PReLU", {"batch_input_shape": [None, 10**6, 10**6]})),
    "repeated.h5": with_layer(("RepeatVector", {"n": 10**15})),
    "padded.h5": with_layer(
        ("ZeroPadding1D", {"padding": 10**15, "batch_input_shape": [None, 3, 4]})
    ),
    "layers.h5": with_config(many_layers),
    "deep.h5": with_config(lambda config: "[" * 10**6),
    "nested.h5": with_config(nested),
    "digits.h5": with_config(lambda config: '{"class_name": 1' + "0" * 10**6 + "}"),
    "config.keras": zip_of("config.json", 200 * MIB),
    "metadata.keras": zip_of("metadata.json", 200 * MIB),
    "weights.keras": zip_of(archive.WEIGHTS, 200 * MIB),
    "inner.keras": zip_of_bomb,
    "laughs.yaml": laughs,
}  # fmt: skip

CHILD = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
from keras_native.models import load_model, model_from_yaml

def highest():  # getrusage would tell of the parent as well
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM")) // 1024

def read(path):
    if path.endswith(".yaml"):
        model_from_yaml(open(path).read())
    elif path == "memory":
        return b"x" * (100 << 20)
    else:
        load_model(path)

good, *paths = sys.argv[1:]
read(good)  # what an honest file takes
with open("/proc/self/statm") as f:
    space = int(f.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (space + (1 << 30),) * 2)
for path in paths:
    with open("/proc/self/clear_refs", "w") as f:
        f.write("5")  # the highest so far is forgotten
    before, start = highest(), time.process_time()
    try:
        data = read(path)
        said = "loaded"
    except (ValueError, TypeError, OSError) as error:
        said = f"{type(error).__name__}: {error}"[:200]
    print(json.dumps([path, highest() - before, time.process_time() - start, said]), flush=True)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="counts memory by /proc")


@pytest.fixture(scope="module")
def costs(tmp_path_factory):
    """{path's name: (MiB, seconds, what was said)} of all attacks, opened one after the other."""
    folder = tmp_path_factory.mktemp("attacks")
    good = model(folder / "good.h5")
    for name, build in ATTACKS.items():
        build(folder / name)
    names = [name for name in ATTACKS if importlib.util.find_spec("yaml") or name[-4:] != "yaml"]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(good), *(str(folder / name) for name in names), "memory"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    found = {path.rpartition("/")[2]: cost for path, *cost in lines}
    return found, done.stderr[-2000:]


@pytest.mark.parametrize("name", ATTACKS)
def test_memory_and_time(name, costs):
    """At most 64 MiB and ten seconds of computing, whatever the file says."""
    if name.endswith("yaml"):
        pytest.importorskip("yaml")
    found, errors = costs
    assert name in found, errors
    grown, seconds, said = found[name]
    assert "Error" in said, said
    assert grown < 64, f"{grown} MiB for {said}"
    assert seconds < 10, f"{seconds} s for {said}"


def test_memory_would_be_seen(costs):
    """The child notices memory that is taken."""
    grown, _, said = costs[0]["memory"]
    assert grown >= 90 and said == "loaded"
