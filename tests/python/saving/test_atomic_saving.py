"""Saving leaves an old file whole or replaces it at once."""

import os
import signal
import subprocess
import sys
import textwrap

import pytest
from keras_native.models import load_model
from small_models import same_weights, stack


def test_questions_before_overwriting(path, monkeypatch):
    stack().save_weights(path)
    before = os.stat(path).st_mtime_ns
    monkeypatch.setattr("builtins.input", lambda prompt: "n")
    stack().save_weights(path, overwrite=False)
    stack().save(path, overwrite=False)
    assert os.stat(path).st_mtime_ns == before


def test_failure_leaves_the_old_file(path, monkeypatch):
    model = stack()
    model.save(path)
    with open(path, "rb") as f:
        old = f.read()
    monkeypatch.setattr(type(model.optimizer), "get_config", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.save(path)
    with open(path, "rb") as f:
        assert f.read() == old
    assert os.listdir(os.path.dirname(path)) == ["model.h5"]


def test_names_that_files_can_have(tmp_path):
    """The longest there are, in letters of three bytes; as bytes; with a path of its own kind."""
    model = stack()
    name = "模" * 84 + ".h5"
    for path in (tmp_path / name, os.fsencode(tmp_path / "b.h5"), str(tmp_path / "ü.keras")):
        model.save(path)
        same_weights(model, load_model(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_only_files_are_replaced(tmp_path):
    model = stack()
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "folder.h5").mkdir()
    for name in ("pipe.h5", "folder.h5"):
        with pytest.raises(OSError, match=f"something else: .*{name}"):
            model.save(tmp_path / name)
    with pytest.raises(FileNotFoundError, match="No such folder.*missing"):
        model.save(tmp_path / "missing" / "model.h5")
    assert sorted(os.listdir(tmp_path)) == ["folder.h5", "pipe.h5"]


def test_permissions_and_links_are_kept(tmp_path):
    real, link = tmp_path / "real.h5", tmp_path / "link.h5"
    model = stack()
    model.save(real)
    assert os.stat(real).st_mode & 0o777 == 0o666 & ~_umask()
    os.chmod(real, 0o640)
    link.symlink_to(real)
    model.save(link)
    assert link.is_symlink() and os.stat(real).st_mode & 0o777 == 0o640


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_killed_while_saving_the_file_is_whole(path):
    code = """
        import sys
        from keras_native import layers as L
        from keras_native.models import Sequential
        model = Sequential([L.Dense(300, input_shape=(300,)), L.Dense(300)])
        model.save(sys.argv[1])
        print("saved", flush=True)
        while True:
            model.save(sys.argv[1])
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), path], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "saved\n"
    for _ in range(3):
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert load_model(path, compile=False).count_params() == 2 * (300 * 300 + 300)
