"""Choosing devices, on machines with and without a GPU."""

import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from keras_native import config
from keras_native.layers import Dense
from keras_native.models import Sequential

NO_GPU = config.why_no_gpu()
without_gpu = pytest.mark.skipif(NO_GPU is None, reason="this machine has a GPU")


def run(code, **environment):
    env = {k: v for k, v in os.environ.items() if k != "KERAS_NATIVE_DEVICE"} | environment
    return subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)


def test_the_cpu_is_there():
    assert config.list_devices()[0] == "cpu"
    assert config.device_info("cpu")["name"] == "cpu"
    assert config.get_device() in config.list_devices()


def test_scope_and_choice():
    before = config.get_device()
    with config.device("cpu") as name:
        assert name == config.get_device() == "cpu"
    assert config.get_device() == before
    with pytest.raises(RuntimeError, match="inside"):
        with config.device("cpu"):
            raise RuntimeError("inside")
    assert config.get_device() == before
    config.set_device("CPU")
    assert config.get_device() == "cpu"
    config.set_device(before)


@pytest.mark.parametrize("name", ["tpu", "cuda:99"])
def test_unknown_device(name):
    with pytest.raises(ValueError, match=f"expected a device that this machine has.*'{name}'"):
        config.set_device(name)
    with pytest.raises(ValueError, match="'cpu'"):
        with config.device(name):
            pass


def test_a_device_is_named_by_text():
    with pytest.raises(TypeError, match="name of a device"):
        config.set_device(0)


@without_gpu
@pytest.mark.skipif(not importlib.util.find_spec("keras_native._cuda"), reason="built without CUDA")
def test_the_cuda_part_loads_without_a_gpu():
    from keras_native import _cuda

    assert not _cuda.devices
    assert NO_GPU == _cuda.absence


@without_gpu
def test_without_a_gpu_the_answer_says_why():
    assert config.list_devices() == ["cpu"]
    for ask in (
        lambda: config.set_memory_limit(fraction=0.5),
        lambda: config.set_memory_growth(True),
        lambda: config.allow_tf32(False),
    ):
        with pytest.raises(ValueError, match="there is none: ."):
            ask()
    with pytest.raises(ValueError, match="no GPU: ."):
        config.set_device("cuda:0")


def test_memory_limits_are_checked():
    with pytest.raises(ValueError, match="either a limit in bytes or a fraction"):
        config.set_memory_limit()
    with pytest.raises(ValueError, match="either a limit in bytes or a fraction"):
        config.set_memory_limit(1, 0.5)
    with pytest.raises(RuntimeError, match="cannot be limited"):
        config.set_memory_limit(1 << 20, device="cpu")


def test_the_environment_chooses():
    show = "from keras_native import config; print(config.get_device())"
    assert run(show, KERAS_NATIVE_DEVICE="cpu").stdout.strip() == "cpu"
    wrong = run(show, KERAS_NATIVE_DEVICE="tpu:1")
    assert wrong.returncode != 0
    assert "KERAS_NATIVE_DEVICE: expected a device that this machine has" in wrong.stderr


@without_gpu
def test_a_gpu_that_is_not_there():
    asked = run("import keras_native.backend", KERAS_NATIVE_DEVICE="cuda:0")
    assert asked.returncode != 0
    assert "no GPU: " in asked.stderr.splitlines()[-1]


def test_the_share_of_a_data_set_is_checked():
    for wrong in (-0.1, 1.5):
        with pytest.raises(ValueError, match=r"share in \[0, 1\]"):
            config.set_data_share(wrong)


def test_a_data_set_is_the_same_on_the_device_and_sent():
    x = np.random.RandomState(1).standard_normal((50, 4)).astype("float32")
    y = x.sum(axis=1, keepdims=True)
    losses = []
    for share in (0, 0.25):
        config.set_data_share(share)
        np.random.seed(3)
        model = Sequential([Dense(3, activation="tanh", input_shape=(4,)), Dense(1)])
        model.compile("adam", "mse", ["mae"])
        fitted = model.fit(x, y, 16, 3, validation_data=(x[:20], y[:20]), verbose=0)
        losses.append(fitted.history)
    assert losses[0] == losses[1]
    assert losses[0]["loss"][-1] < losses[0]["loss"][0]
