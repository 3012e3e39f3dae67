"""Module paths of older Keras, and the `keras` door."""

import importlib.util
import subprocess
import sys
import textwrap

import pytest


def run(code, *arguments, cwd=None):
    """Output of a Python process."""
    done = subprocess.run(
        [sys.executable, *arguments, "-c", textwrap.dedent(code)] if code else
        [sys.executable, *arguments],
        capture_output=True, text=True, cwd=cwd, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("path", "name", "home"),
    [
        ("callbacks.callbacks", "EarlyStopping", "callbacks"),
        ("backend.tensorflow_backend", "dot", "backend"),
        ("engine.topology", "Container", "engine.training:Model"),
        ("engine.topology", "InputSpec", "engine.base_layer"),
        ("engine.topology", "merge", "layers"),
        ("engine.saving", "load_model", "saving"),
        ("legacy.layers", "MaxoutDense", "layers"),
        ("objectives", "mse", "losses"),
        ("layer", "Dense", "layers"),
    ],
)
def test_old_path(path, name, home):
    home, _, home_name = home.partition(":")
    old = importlib.import_module(f"keras_native.{path}")
    modern = importlib.import_module(f"keras_native.{home}")
    assert getattr(old, name) is getattr(modern, home_name or name)
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = old.no_such_name


def test_door_gives_the_same_modules():
    assert run(
        """
        import keras_native.as_keras
        import keras, keras_native, keras.layers.core
        from keras.utils import np_utils
        from keras.utils.np_utils import to_categorical
        import keras_native.layers.core, keras_native.utils.np_utils
        print(keras is keras_native, keras.layers.core is keras_native.layers.core,
              np_utils is keras_native.utils.np_utils, keras.__spec__.name)
        try:
            import keras.no_such_module
        except ModuleNotFoundError as error:
            print(error.name)
        """
    ).split() == ["True", "True", "True", "keras_native", "keras.no_such_module"]


def test_without_the_door_there_is_no_keras(tmp_path):
    out = run(
        """
        import sys, keras_native
        print(any(name == "keras" or name.startswith("keras.") for name in sys.modules))
        """
    )
    assert out.strip() == "False"


def test_script_runs_unmodified(tmp_path):
    script = tmp_path / "old.py"
    script.write_text(
        "import sys\nfrom keras.utils.np_utils import to_categorical\nimport helper\n"
        "print(__name__, sys.argv[1:], to_categorical([1]).tolist(), helper.X)\n"
    )
    (tmp_path / "helper.py").write_text("X = 5\n")
    out = run(None, "-m", "keras_native", str(script), "a", "b")
    assert out.strip() == "__main__ ['a', 'b'] [[0.0, 1.0]] 5"


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="it is the real one")
def test_door_offers_keras_of_tensorflow(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import tensorflow as tf
            from tensorflow import keras
            from tensorflow.keras import layers
            from tensorflow.keras.models import Sequential
            from tensorflow.python.keras.layers import Dense
            import tensorflow.keras.backend as K
            import keras_native

            assert tf.keras is keras is keras_native and K is keras_native.backend
            assert layers.Dense is Dense and Sequential is keras_native.Sequential
            try:
                tf.constant(1)
            except AttributeError as error:
                print(error)
        """)
    )
    assert "no TensorFlow underneath" in run(None, "-m", "keras_native", str(script))
    assert (
        run("""
        import keras_native
        import importlib.util
        print(importlib.util.find_spec("tensorflow"))
    """)
        == "None\n"
    )


def test_import_is_light():
    heavy = run(
        """
        import sys, keras_native
        names = ("h5py", "yaml", "PIL", "scipy", "matplotlib", "urllib.request", "multiprocessing")
        print([name for name in names if name in sys.modules])
        """
    )
    assert heavy.strip() == "[]"
