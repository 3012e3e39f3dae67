"""The GPU benchmarks: they say what is missing, and run on the stand-in for a GPU at tiny sizes."""

import importlib.util
import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from keras_native import config

ROOT = pathlib.Path(__file__).parents[3]
SCRIPTS = [
    *("gpu_gemm.py", "gpu_gemm.py --tiles", "gpu_conv.py bf16 tf32", "gpu_memory.py"),
    *("gpu_recurrent.py", "gpu_steps.py"),
]
LIBRARIES = {"eager": "torch", "compile": "torch", "JAX": "jax"}


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


def test_the_tool_knows_its_parts(tmp_path):
    done = run(["sh", "tools/gpu_bench.sh", "gemm", "everything"], OUT=str(tmp_path))
    assert done.returncode == 2
    assert "no such part: everything" in done.stderr


def answers_of(peer, *workloads):
    """What a peer says on the CPU, as dictionaries."""
    script = [sys.executable, "benchmarks/gpu_peers.py", peer, "--device", "cpu"]
    done = run([*script, "--batch", "2", "--steps", "1", "--workloads", *workloads])
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("peer", LIBRARIES)
def test_a_peer_that_is_not_installed_is_said_to_be_missing(peer):
    if importlib.util.find_spec(LIBRARIES[peer]):
        pytest.skip("it is installed")
    (answer,) = answers_of(peer, "mlp_small")
    assert LIBRARIES[peer] in answer["absent"]


@pytest.mark.parametrize("peer", ["eager", "JAX"])
def test_a_peer_knows_all_workloads(peer):
    if not importlib.util.find_spec(LIBRARIES[peer]):
        pytest.skip(f"{LIBRARIES[peer]} is not installed")
    sys.path.insert(0, str(ROOT / "benchmarks"))
    import gpu_models

    sys.path.pop(0)
    ready, *answers = answers_of(peer, *gpu_models.WORKLOADS)
    assert ready == {"ready": peer}
    assert [a["workload"] for a in answers] == list(gpu_models.WORKLOADS)
    assert all(a.get("seconds", 0) > 0 for a in answers), answers
