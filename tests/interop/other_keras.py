"""Run by another Keras (Python 3.6 and later): opens the files of `samples.py` and compares.

    python other_keras.py MODULE FOLDER

Writes FOLDER/result.json, a list of [check, '' or what went wrong], and per sample the model again
as back.h5 and back.keras where that Keras can.
"""

import importlib
import json
import os
import sys
import warnings

import numpy as np

TOLERANCE = {"rtol": 1e-4, "atol": 2e-5}


def as_list(value):
    return list(value) if isinstance(value, (list, tuple)) else [value]


def keys(data, prefix):
    return sorted(k for k in data if k.startswith(prefix) and k[len(prefix) :].isdigit())


def one(values):
    return values[0] if len(values) == 1 else values


class Sample:
    """One folder of files, opened with the Keras of this interpreter."""

    def __init__(self, keras, folder):
        self.keras, self.folder = keras, folder
        self.data = np.load(self.path("data.npz"))
        self.x = one([self.data[k] for k in keys(self.data.files, "x")])
        self.y = one([self.data[k] for k in keys(self.data.files, "y")])

    def path(self, name):
        return os.path.join(self.folder, name)

    def same(self, model):
        got = as_list(model.predict(self.x, verbose=0))
        wanted = [self.data[k] for k in keys(self.data.files, "pred")]
        assert len(got) == len(wanted)
        for i, value in enumerate(got):
            np.testing.assert_allclose(value, wanted[i], **TOLERANCE)

    def empty_model(self):
        """A model of the architecture with weights of zero."""
        if self.keras.__version__.startswith("3"):  # reads no JSON of Keras 2
            model = self.keras.models.load_model(self.path("model.keras"), compile=False)
        else:
            with open(self.path("arch.json")) as f:
                model = self.keras.models.model_from_json(f.read())
        model.set_weights([0 * w for w in model.get_weights()])
        return model

    def architecture(self):
        assert self.empty_model().count_params()

    def whole(self, name):
        model = self.keras.models.load_model(self.path(name), compile=False)
        self.same(model)
        return model

    def weights(self, name):
        model = self.empty_model()
        model.load_weights(self.path(name))
        self.same(model)

    def resumed(self, name):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model = self.keras.models.load_model(self.path(name))
        lost = [str(w.message) for w in caught if "optimizer" in str(w.message)]
        assert not lost, lost[0]
        if not getattr(model, "optimizer", None):
            raise AssertionError("the model is not compiled")
        old = self.keras.__version__.startswith("2.3")
        if old:
            model._make_train_function()
            state = model.optimizer.get_weights()
            expected = [self.data[k] for k in keys(self.data.files, "state")]
            assert len(state) == len(expected), (len(state), len(expected))
            for i, value in enumerate(state):
                np.testing.assert_array_equal(value, expected[i])
        steps = model.optimizer.iterations
        steps = int(self.keras.backend.get_value(steps) if old else np.asarray(steps))
        assert steps == int(self.data["state000"]), steps
        # Keras 2.3.1 on TensorFlow 1 reads the step counter before or after it is counted up, as
        # threads have it; Keras 3 adds the epsilon of RMSprop in another place.
        rule, keras3 = type(model.optimizer).__name__, self.keras.__version__.startswith("3")
        close = old and rule in ("Adam", "Adamax", "Nadam") or keras3 and rule == "RMSprop"
        for step, expected in enumerate(self.data["logs"]):
            if hasattr(model, "reset_metrics"):
                model.reset_metrics()
            got = np.ravel(model.train_on_batch(self.x, self.y))
            told = 1 if keras3 else len(expected)  # Keras 3 orders the losses of outputs by name
            rtol = 1e-3 if step == 0 or not close else 0.05
            np.testing.assert_allclose(got[:told], expected[:told], rtol=rtol, atol=2e-5)

    def back(self, source, name):
        self.whole(source).save(self.path(name))


def checks(sample, version, nested):
    """(name, function) of what this Keras is expected to do.

    A model inside a graph: Keras 3 opens none in the HDF5 of Keras 2, not from Keras 2 either,
    since it counts its calls in another way.
    """
    old, keras3 = version.startswith("2.3"), version.startswith("3")
    whole = [name for name, opens in (
        ("model.h5", not (keras3 and nested)),
        ("model.keras", not old),
    ) if opens]  # fmt: skip
    if not keras3:
        yield "arch.json", sample.architecture
    for name in whole:
        yield name, lambda name=name: sample.whole(name)
    yield "plain.h5", lambda: sample.weights("plain.h5")
    if not old:
        yield "model.weights.h5", lambda: sample.weights("model.weights.h5")
        yield "back.keras", lambda: sample.back(whole[-1], "back.keras")
    if not (keras3 and nested):  # what Keras 3 writes of it in HDF5 it cannot read itself
        yield "back.h5", lambda: sample.back(whole[0], "back.h5")
    # The state lies in the order of Keras 2 in HDF5, in that of Keras 3 in archives.
    name = "model.keras" if keras3 else "model.h5"
    yield f"{name} resumed", lambda: sample.resumed(name)


def main(module, folder):
    keras = importlib.import_module(module)
    results = []
    for name in sorted(os.listdir(folder)):
        if not os.path.isdir(os.path.join(folder, name)):
            continue
        sample = Sample(keras, os.path.join(folder, name))
        for what, run in checks(sample, keras.__version__, nested=name in ("graph", "towers")):
            try:
                run()
                said = ""
            except Exception as error:
                said = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
            results.append([f"{name} {what}", said])
            keras.backend.clear_session()
    with open(os.path.join(folder, "result.json"), "w") as f:
        json.dump(results, f)


main(*sys.argv[1:])
