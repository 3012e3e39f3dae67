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
        ("preprocessing.image.dataframe_iterator", "DataFrameIterator", "preprocessing.image"),
        ("preprocessing.image.utils", "validate_filename", "legacy.private"),
    ],
)
def test_old_path(path, name, home):
    home, _, home_name = home.partition(":")
    old = importlib.import_module(f"keras_native.{path}")
    modern = importlib.import_module(f"keras_native.{home}")
    assert getattr(old, name) is getattr(modern, home_name or name)
    with pytest.raises(AttributeError, match="no attribute 'no_such_name'"):
        _ = old.no_such_name


def test_the_backends_modules_are_its_attributes():
    lines = run(
        """
        import keras_native.as_keras
        import keras
        from keras import backend as K
        print(K.tensorflow_backend._get_available_gpus is not None, keras.backend.common.floatx())
        """
    )
    assert lines == "True float32\n"


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


def test_scripts_that_ask_for_their_backend_hear_a_name_they_know(tmp_path):
    script = tmp_path / "old.py"
    script.write_text(
        "from keras import backend as K\nfrom keras.backend import common\n"
        "print(K.backend(), K._BACKEND, common.backend())\n"
    )
    assert run(None, "-m", "keras_native", str(script)).split() == ["tensorflow"] * 3
    own = "from keras_native import backend as K\nprint(K.backend(), K._BACKEND)"
    assert run(own).split() == ["keras_native"] * 2


def test_script_runs_unmodified(tmp_path):
    script = tmp_path / "old.py"
    script.write_text(
        "import sys\nfrom keras.utils.np_utils import to_categorical\nimport helper\n"
        "print(__name__, sys.argv[1:], to_categorical([1]).tolist(), helper.X)\n"
    )
    (tmp_path / "helper.py").write_text("X = 5\n")
    out = run(None, "-m", "keras_native", str(script), "a", "b")
    assert out.strip() == "__main__ ['a', 'b'] [[0.0, 1.0]] 5"


no_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="it is the real one"
)


@no_tensorflow
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
                tf.contrib.rnn.BasicLSTMCell
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


SESSIONS = """
import tensorflow as tf
from keras.backend.tensorflow_backend import set_session
config = tf.ConfigProto()
config.gpu_options.per_process_gpu_memory_fraction = 0.3
set_session(tf.Session(config=config))

import keras.backend as K
options = tf.GPUOptions(per_process_gpu_memory_fraction=0.5, allow_growth=True)
K.set_session(tf.Session(config=tf.ConfigProto(gpu_options=options, allow_soft_placement=True)))

import tensorflow.compat.v1 as v1
from tensorflow.compat.v1.keras.backend import set_session
config = v1.ConfigProto(log_device_placement=True)
config.gpu_options.allow_growth = True
set_session(v1.Session(config=config))
tf.compat.v1.keras.backend.set_session(tf.compat.v1.InteractiveSession(config=config))

for gpu in tf.config.experimental.list_physical_devices('GPU'):
    tf.config.experimental.set_memory_growth(gpu, True)
with tf.device('/cpu:0'):
    x = K.variable(1.0)
tf.logging.set_verbosity(tf.logging.ERROR)
"""


@no_tensorflow
def test_options_of_gpu_memory(tmp_path):
    """Without a GPU they have no effect; with one they set what keras_native.config sets."""
    script = tmp_path / "script.py"
    script.write_text(SESSIONS + "print(len(tf.config.list_physical_devices('CPU')))\n")
    assert run(None, "-m", "keras_native", str(script)) == "1\n"
    there = """
        from keras_native import config as real
        said = []
        real.why_no_gpu = lambda: None
        real.list_devices = lambda: ["cpu", "cuda:0", "cuda:1"]
        real.set_memory_limit = lambda fraction: said.append(fraction)
        real.set_memory_growth = lambda on, device=None: said.append(device or on)
        import keras_native.as_keras
    """
    said = run(textwrap.dedent(there) + SESSIONS + "print(said)\n")
    assert said == "[0.3, 0.5, True, True, True, 'cuda:0', 'cuda:1']\n"


@no_tensorflow
def test_seeds_and_sessions_of_tensorflow():
    out = run("""
        import keras_native.as_keras
        import tensorflow as tf
        import numpy as np
        from tensorflow import set_random_seed
        draws = []
        for seed in (set_random_seed, tf.set_random_seed, tf.random.set_seed):
            seed(3)
            draws.append(np.random.rand())
        print(len(set(draws)), tf.test.is_gpu_available(), tf.test.gpu_device_name())
        try:
            with tf.Session() as session:
                session.run(None)
        except TypeError as error:
            print(error)
    """)
    assert out.startswith("1 False \n") and "Received: None" in out


@no_tensorflow
def test_idioms_around_models(tmp_path):
    """Graphs of servers, initializers, lists of devices, activations: nothing in a model's way."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import numpy as np
            import tensorflow as tf
            from keras import backend as K
            from keras.backend.tensorflow_backend import _get_available_gpus
            from tensorflow.contrib.keras import layers
            from tensorflow.python.client import device_lib

            session = tf.Session()
            K.set_session(session)
            assert layers is tf.keras.layers and K.tf is tf
            model = tf.keras.Sequential(
                [
                    layers.Dense(4, activation=tf.nn.relu, input_shape=(3,)),
                    layers.Dense(2, activation=tf.nn.softmax),
                ]
            )
            assert isinstance(model.output, tf.Tensor) and not isinstance(K.epsilon(), tf.Tensor)
            assert isinstance(model.output.shape, tf.TensorShape)
            assert type(model.output.shape[1]) is tf.Dimension
            session.run(tf.global_variables_initializer())
            session.run([tf.local_variables_initializer(), tf.tables_initializer()])
            graph = tf.get_default_graph()
            with graph.as_default(), session.as_default(), session.graph.as_default():
                print(model.predict(np.ones((1, 3))).shape)
            graph.finalize()
            gpus = [d.name for d in device_lib.list_local_devices() if d.device_type == "GPU"]
            print(gpus, _get_available_gpus(), K.tensorflow_backend._get_available_gpus())
            cpu, activation = device_lib.list_local_devices()[0], model.layers[0].activation
            print(cpu.name, activation.__name__)
            try:
                tf.nn.ctc_loss
            except AttributeError as error:
                print(error)
        """)
    )
    there = "import keras_native.config as c; c.list_devices = lambda: ['cpu', 'cuda:0']\n"
    lines = run(None, "-m", "keras_native", str(script)).splitlines()
    assert lines[:3] == ["(1, 2)", "[] [] []", "/device:CPU:0 relu"]
    assert "no TensorFlow underneath" in lines[3]
    script.write_text(there + script.read_text())
    gpus = run(None, "-m", "keras_native", str(script)).splitlines()[1]
    assert gpus == " ".join(["['/device:GPU:0']"] * 3)


def test_keras_preprocessing_is_this_package():
    out = run("""
        import keras_native.as_keras
        import keras_preprocessing.text
        from keras_preprocessing import image, sequence
        from keras_preprocessing.sequence import pad_sequences
        import keras
        print(image is keras.preprocessing.image, pad_sequences is sequence.pad_sequences)
        print(keras_preprocessing.text.Tokenizer is keras.preprocessing.text.Tokenizer)
    """)
    assert out.split() == ["True"] * 3


def test_import_is_light():
    heavy = run(
        """
        import sys, keras_native
        names = ("h5py", "yaml", "PIL", "scipy", "matplotlib", "urllib.request", "multiprocessing")
        print([name for name in names if name in sys.modules])
        """
    )
    assert heavy.strip() == "[]"


@no_tensorflow
def test_modules_inside_tensorflow_are_imported_and_not_missed(tmp_path):
    """Much old code imports more than it uses; what it does use is named where it is missing."""
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import numpy as np
            import tensorflow as tf
            import tensorflow.contrib.ctc
            from keras import backend as K
            from tensorflow.python.framework import ops
            from tensorflow.python.ops import ctc_ops as ctc
            from tensorflow.python.ops.math_ops import erf, sqrt

            x = K.placeholder((None,))
            gelu = 0.5 * x * (1.0 + erf(x / sqrt(2.0)))
            y = [gelu, tf.nn.swish(x), tf.nn.leaky_relu(x), tf.nn.relu6(x)]
            print(*(f"{v[0]:.3f} {v[1]:.3f}" for v in K.function([x], y)([np.array([-1.0, 7.0])])))
            table, row = K.placeholder((None, 3, 2)), K.placeholder((None,), dtype="int32")
            pairs = K.transpose(K.stack([tf.range(K.shape(row)[0]), row]))
            picked = [tf.gather_nd(table, pairs), tf.gather_nd(table, [[1, 2, 0], [0, 1, 1]])]
            values = K.function([table, row], picked)([np.arange(12).reshape(2, 3, 2), [2, 0]])
            print([v.tolist() for v in values])
            try:
                tf.gather_nd(table, K.placeholder((None, None), dtype="int32"))
            except ValueError as error:
                print(error)
            try:
                ctc.ctc_loss
            except AttributeError as error:
                print(str(error).rpartition(": ")[2])
            for statement in (
                "from tensorflow.python.ops.math_ops import bincount",
                "from tensorflow.python.framework.ops import prepend_name_scope",
                "import tensorflow.python.keras.no_such_module",
                "import tensorflow.no_such_module",
            ):
                try:
                    exec(statement)
                except ImportError as error:
                    print(type(error).__name__)
        """)
    )
    assert run(None, "-m", "keras_native", str(script)).splitlines() == [
        "-0.159 7.000 -0.269 6.994 -0.200 7.000 0.000 6.000",
        "[[[4.0, 5.0], [6.0, 7.0]], [10.0, 3.0]]",
        "tensorflow.gather_nd expected indices whose last axis has a known extent. "
        "Received: indices of shape (None, None)",
        "tensorflow.python.ops.ctc_ops.ctc_loss",
        "ImportError", "ImportError", "ModuleNotFoundError", "ModuleNotFoundError",
    ]  # fmt: skip


def test_spawned_children_find_the_door_open(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import multiprocessing
            import numpy as np
            import keras
            from keras.models import Sequential
            from keras.layers import Dense


            def work(rows):
                model = Sequential([Dense(2, input_shape=(3,))])
                return keras.__version__, np.float, model.predict(np.ones((rows, 3))).shape


            if __name__ == "__main__":
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    print(pool.map(work, [1, 4]))
        """)
    )
    found = run(None, "-m", "keras_native", "--keras", "1", str(script))
    wanted = [("1.2.2", float, (1, 2)), ("1.2.2", float, (4, 2))]
    assert found == f"{wanted}\n"
    inside = script.read_text().replace(
        "import keras\n", "import keras_native.as_keras, keras\n", 1
    )
    script.write_text(inside.replace("np.float,", "float,"))
    assert run(None, str(script)).count("2.3.1") == 2


@no_tensorflow
def test_options_of_scripts(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent("""
            import tensorflow as tf

            flags = tf.app.flags
            FLAGS = flags.FLAGS
            flags.DEFINE_string("training_file", "a.p", "bottleneck features")
            flags.DEFINE_integer("epochs", 50, "the number of epochs")
            flags.DEFINE_float("rate", 0.1, "")
            flags.DEFINE_bool("verbose", True, "")
            flags.DEFINE_boolean("fast", False, "")


            def main(argv):
                print(FLAGS.training_file, FLAGS.epochs, FLAGS.rate, FLAGS.verbose, FLAGS.fast)
                print(argv[1:])
                FLAGS.epochs += 1
                print(tf.flags.FLAGS.epochs)


            if __name__ == "__main__":
                tf.app.run()
        """)
    )
    out = run(None, "-m", "keras_native", str(script), "--epochs=3", "--noverbose", "--fast", "x")
    assert out.splitlines() == ["a.p 3 0.1 False True", "['x']", "4"]
    assert run(None, "-m", "keras_native", str(script)).startswith("a.p 50 0.1 True False\n[]\n")
