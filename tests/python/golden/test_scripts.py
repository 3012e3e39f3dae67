"""Losses, metrics and initializers against values that Keras 1.2.2 and 2.3.1 computed.

Each case of tests/fixtures holds the code that ran there and what it gave; the code runs here over
the same random arrays.
"""

import json
import pathlib
import zlib

import numpy as np
import pytest
from keras_native import backend as K
from keras_native import (
    dialect,
    initializations,
    initializers,
    layers,
    losses,
    metrics,
    models,
    objectives,
)

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "fixtures"
CASES = [
    path.parent
    for path in sorted(FOLDER.glob("keras-*/*/case.json"))
    if json.loads(path.read_text())["kind"] == "script"
]


def names_for(producer):
    """What the code of a case may use."""
    if producer == "keras-2.3.1":
        tensor = K.constant
    else:
        tensor = lambda a: K.variable(np.asarray(a, "float32"))  # noqa: E731

    def metric_step(metric, y, p, w):
        K.eval(
            metric(K.constant(y), K.constant(p), sample_weight=None if w is None else K.constant(w))
        )
        return np.asarray(K.eval(metric.result()))

    return {
        "np": np,
        "K": K,
        "losses": losses,
        "metrics": metrics,
        "objectives": objectives,
        "initializers": initializers,
        "initializations": initializations,
        "K_eval": K.eval,
        "K_tensor": tensor,
        "metric_step": metric_step,
        **{k: getattr(layers, k) for k in dir(layers) if k[0] != "_"},
        "Model": models.Model,
        "Sequential": models.Sequential,
    }


def same_distribution(expected, got, key):
    """Location, spread and limits of two samples of one law agree."""
    spread = max(expected["std"], 1e-7)
    for what, allowed in (
        ("mean", 0.2),
        ("std", 0.1),
        ("median_abs", 0.15),
        ("min", 1.6),
        ("max", 1.6),
    ):
        assert abs(got[what] - expected[what]) <= allowed * spread, (key, what)


def assert_close(got, expected, key):
    """Equal, but for rounding of the numbers within; dicts are compared entry by entry."""
    if isinstance(expected, dict):
        assert sorted(got) == sorted(expected), key
        for name in expected:
            assert_close(got[name], expected[name], f"{key}.{name}")
    elif isinstance(expected, float):
        assert got == pytest.approx(expected, rel=1e-6), key
    else:
        assert got == expected, key


@pytest.mark.parametrize("folder", CASES, ids=lambda p: f"{p.parent.name}-{p.name}")
def test_case(folder):
    """The code of a case, in the arithmetic of the Keras that ran it."""
    generation = "1" if folder.parent.name == "keras-1.2.2" else "2"
    dialect.set_default(generation)
    K.clear_session()
    np.random.seed(0)
    case = json.loads((folder / "case.json").read_text())
    data = folder / "data.npz"
    arrays = dict(np.load(data)) if data.exists() else {}
    names = names_for(folder.parent.name)
    rng = np.random.RandomState(zlib.crc32((case["name"] + "/script").encode()) & 0x7FFFFFFF)
    names.update(out={}, inp={}, rng=rng)
    exec(compile(case["run"], case["name"], "exec"), names)
    for key, value in names["inp"].items():
        np.testing.assert_array_equal(value, arrays["in_" + key])
    tolerance = case.get("tolerances", {}).get("values", {})
    out = names["out"]
    expected = case.get("expected") or {}
    assert set(expected) | {k for k in arrays if not k.startswith("in_")} == set(out)
    for key, value in out.items():
        if key.startswith("stat_"):
            same_distribution(expected[key], value, key)
        elif key in expected:
            assert_close(value, expected[key], key)
        else:
            np.testing.assert_allclose(value, arrays[key], err_msg=key, **tolerance)
