"""The GPU benchmarks: they say what is missing, and run on the stand-in for a GPU at tiny sizes."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from keras_native import config

ROOT = pathlib.Path(__file__).parents[3]
SCRIPTS = ["gpu_gemm.py", "gpu_gemm.py --tiles", "gpu_conv.py", "gpu_memory.py", "gpu_steps.py"]


def run(command, **environment):
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=300,
    )


def on_stand_in():
    return not config.why_no_gpu() and "stand-in" in config.device_info("cuda:0")["description"]


@pytest.mark.skipif(bool(shutil.which("nvidia-smi")), reason="this machine may have a GPU")
def test_the_tool_says_that_there_is_no_gpu(tmp_path):
    done = run(["sh", "tools/gpu_bench.sh"], OUT=str(tmp_path))
    assert done.returncode == 3
    assert "no GPU on this machine" in done.stdout
    assert "no GPU on this machine" in (tmp_path / "results.md").read_text()


@pytest.mark.skipif(not config.why_no_gpu(), reason="there is a GPU")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_says_that_there_is_no_gpu(script):
    done = run([sys.executable, *f"benchmarks/{script}".split()])
    assert done.returncode == 1
    assert "no GPU to measure on" in done.stderr


@pytest.mark.skipif(not on_stand_in(), reason="not on the stand-in for a GPU")
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_runs_on_the_stand_in(script):
    done = run([sys.executable, *f"benchmarks/{script}".split()])
    assert done.returncode == 0, done.stderr
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert len(rows) >= 3
    assert not any("| none |" in row for row in rows), done.stdout
