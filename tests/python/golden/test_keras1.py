"""Models and training of Keras 1.2.2, computed there, in code that asks for Keras 1.

The code of each case runs as it is; predictions, logs, weights and texts must be those of
Keras 1.2.2. The scripts among the cases run in `test_scripts`.
"""

import json
import pathlib

import h5py
import numpy as np
import pytest
from keras_native import backend as K
from keras_native import dialect, layers, models, optimizers, regularizers

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "keras-1.2.2"
CASES = [
    path.parent
    for path in sorted(FOLDER.glob("*/case.json"))
    if json.loads(path.read_text())["kind"] in ("model", "fit")
]


def numbered(arrays, prefix):
    """Arrays prefix000, prefix001, … in order."""
    return [
        arrays[k] for k in sorted(arrays) if k.startswith(prefix) and k[len(prefix) :].isdigit()
    ]


def one(values):
    return values[0] if len(values) == 1 else values


class Case:
    """A model of a case with the weights it had there."""

    def __init__(self, folder):
        self.case = json.loads((folder / "case.json").read_text())
        self.arrays = dict(np.load(folder / "data.npz"))
        self.names = {"np": np, "metric_names": lambda m: list(m.metrics_names)}
        self.names.update(train_on_batch=lambda m, *a, **k: m.train_on_batch(*a, **k))
        self.names.update(test_on_batch=lambda m, *a, **k: m.test_on_batch(*a, **k))
        for module in (layers, models, optimizers, regularizers):
            self.names.update({k: getattr(module, k) for k in dir(module) if k[0] != "_"})
        K.set_image_dim_ordering("tf")
        self.run("build")
        self.model = self.names["model"]
        self.model.set_weights(numbered(self.arrays, "w_init"))

    def run(self, part):
        exec(compile(self.case[part], part, "exec"), self.names)

    def close(self, key, got, what):
        tolerance = self.case["tolerances"][what]
        expected = self.arrays[key] if isinstance(key, str) else key
        np.testing.assert_allclose(got, expected, err_msg=str(key)[:40], **tolerance)

    def predictions(self, key, what):
        got = self.model.predict(
            one(numbered(self.arrays, "x")), batch_size=self.case["batch_size"]
        )
        got = got if isinstance(got, list) else [got]
        for expected, values in zip(numbered(self.arrays, key), got, strict=True):
            self.close(expected, values, what)

    def final_weights(self):
        weights = numbered(self.arrays, "w_final")
        for expected, got in zip(weights, self.model.get_weights(), strict=True):
            self.close(expected, got, "train")


def train(case):
    """The steps of a case, one batch each."""
    size = case.case["batch_size"]
    xs, ys, weights = (numbered(case.arrays, k) for k in ("x", "y", "sw"))
    for step, expected in enumerate(case.arrays["logs"]):
        first = step % (len(xs[0]) // size) * size
        part = slice(first, first + size)
        extra = {"sample_weight": one([w[part] for w in weights])} if weights else {}
        x, y = one([x[part] for x in xs]), one([y[part] for y in ys])
        got = case.model.train_on_batch(x, y, **extra)
        case.close(expected, np.ravel(got), "train")


def fit(case):
    """The code of a case that fits or evaluates."""
    for prefix in "xy":
        case.names.update({f"{prefix}{i}": a for i, a in enumerate(numbered(case.arrays, prefix))})
    case.names["out"] = out = {}
    case.run("run")
    expected = case.case.get("expected") or {}
    for key, value in out.items():
        if key in expected and isinstance(expected[key], dict):
            assert sorted(value) == sorted(expected[key])
            for name, numbers in expected[key].items():
                case.close(np.asarray(numbers), value[name], "train")
        elif key in expected:
            assert value == expected[key]
        else:
            case.close(key, value, "train")


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_case(folder):
    dialect.set_default("1")
    K.clear_session()
    case = Case(folder)
    assert case.model.keras_generation == "1"
    if case.case["kind"] == "model":
        case.predictions("pred_before", "predict")
    case.run("compile")
    (train if case.case["kind"] == "model" else fit)(case)
    case.final_weights()


def test_shared_axes_of_prelu_are_told_by_the_weights(tmp_path):
    """Keras 1 left `shared_axes` out of its files; the shape of alpha says them."""
    path = tmp_path / "m.h5"
    model = models.Sequential([layers.PReLU(shared_axes=[1], input_shape=(3, 2), name="p")])
    model.set_weights([np.array([[0.1, 0.2]])])
    model.save(path)
    with h5py.File(path, "a") as f:
        config = json.loads(f.attrs["model_config"])
        own = config["config"]["layers"][-1]
        del own["config"]["shared_axes"]
        old = {"class_name": "Sequential", "config": [own]}
        f.attrs["model_config"] = json.dumps(old).encode()
        f.attrs["keras_version"] = b"1.2.2"
        del f["model_weights"].attrs["keras_version"]
    again = models.load_model(path, compile=False)
    assert again.keras_generation == "1" and again.layers[0].shared_axes == [1]
    x = np.random.normal(size=(2, 3, 2))
    np.testing.assert_array_equal(again.predict(x), model.predict(x))
