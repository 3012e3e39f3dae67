"""Names inside Keras that published scripts import, and names that NumPy had then."""

import importlib
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.applications.imagenet_utils import _obtain_input_shape
from keras_native.layers import recurrent
from keras_native.legacy import private
from keras_native.preprocessing import image
from keras_native.preprocessing.sequence import _remove_long_seq


@pytest.mark.parametrize(
    ("path", "name", "home"),
    [
        ("applications.mobilenet", "relu6", "later.activations:relu6"),
        ("backend.tensorflow_backend", "_to_tensor", "legacy.private:_to_tensor"),
        ("engine.base_layer", "_to_snake_case", "engine.base_layer:snake_case"),
        ("engine.saving", "_convert_rnn_weights", "saving.convert_recurrent:convert_rnn_weights"),
        ("engine.topology", "_object_list_uid", "utils.generic_utils:object_list_uid"),
        ("engine.topology", "load_weights_from_hdf5_group", "saving:load_weights_from_hdf5_group"),
        ("engine.topology", "preprocess_weights_for_loading", "saving.convert:"),
        ("engine.training", "_make_batches", "engine.training_utils:make_batches"),
        ("engine.training", "_slice_arrays", "utils.generic_utils:slice_arrays"),
        ("engine.training", "_standardize_input_data", "engine.data_checks:standardize_input_data"),
        ("layers.recurrent", "Recurrent", "legacy.recurrent:"),
        ("layers.recurrent", "_standardize_args", "layers.rnn_arguments:standardize_args"),
        ("preprocessing.text", "base_filter", "legacy.private:base_filter"),
        ("utils.data_utils", "_extract_archive", "utils.download:extract_archive"),
        ("utils.vis_utils", "_check_pydot", "utils.vis_utils:_pydot"),
    ],
)
def test_aliases(path, name, home):
    found = getattr(importlib.import_module(f"keras_native.{path}"), name)
    home, _, own = home.partition(":")
    assert found is getattr(importlib.import_module(f"keras_native.{home}"), own or name)


@pytest.mark.parametrize("path", ["", ".convolutional", ".core", ".recurrent", ".wrappers"])
def test_layers_lend_what_they_imported(path):
    """Layers of others are written with what stood at the head of Keras's own."""
    layers = importlib.import_module(f"keras_native.layers{path}")
    for name in ("activations", "constraints", "initializers", "regularizers"):
        assert getattr(layers, name) is importlib.import_module(f"keras_native.{name}")
    assert layers.K is K
    everything = {}
    exec(f"from keras_native.layers{path} import *", everything)
    assert "moved" not in everything


def test_unknown_names_are_still_unknown():
    for path in ("applications.imagenet_utils", "backend.common", "layers", "layers.recurrent"):
        with pytest.raises(AttributeError, match="_no_such_name"):
            importlib.import_module(f"keras_native.{path}")._no_such_name  # noqa: B018


def test_settings_of_keras1():
    common = importlib.import_module("keras_native.backend.common")
    assert (common._EPSILON, common._FLOATX) == (K.epsilon(), K.floatx())
    assert K._BACKEND == common._BACKEND == K.backend()


def test_input_shape_of_image_models():
    last, first = "channels_last", "channels_first"
    assert _obtain_input_shape(None, 224, 32, last, False) == (None, None, 3)
    assert _obtain_input_shape(None, 224, 32, first, True, weights="imagenet") == (3, 224, 224)
    assert _obtain_input_shape((1, 64, 48), 224, 32, first, True) == (1, 64, 48)
    with pytest.raises(ValueError, match="at least 48x48"):
        _obtain_input_shape((40, 64, 3), 224, 48, last, False)
    with pytest.raises(ValueError, match=r"should be \(224, 224, 3\)"):
        _obtain_input_shape((64, 64, 3), 224, 32, last, True, weights="imagenet")


def test_tensors_and_masks():
    for x in ([1, 2], np.ones(2), K.constant([1, 2], dtype="int32")):
        assert K.dtype(private._to_tensor(x, "float32")) == "float32"
    ones = K.ones_like(K.placeholder((None, 50)))
    assert len(recurrent._generate_dropout_mask(ones, 0.5, count=3)) == 3
    mask = recurrent._generate_dropout_mask(K.ones((20, 50)), 0.5, training=True)
    assert set(np.unique(K.eval(mask))) == {0.0, 2.0}
    still = recurrent._generate_dropout_mask(K.ones((20, 50)), 0.5, training=False)
    assert K.eval(still).min() == 1


def test_dense_at_every_step():
    random = np.random.RandomState(0)
    x, w, b = random.randn(2, 3, 4), random.randn(4, 5), random.randn(5)
    tensors = [K.constant(v) for v in (x, w, b)]
    y = K.eval(recurrent.time_distributed_dense(*tensors))
    np.testing.assert_allclose(y, x @ w + b, rtol=1e-4, atol=1e-5)
    one = recurrent._time_distributed_dense(
        K.ones((2, 3, 40)), K.eye(40), dropout=0.5, training=True
    )
    values = K.eval(one)
    assert set(np.unique(values)) == {0.0, 2.0}
    assert (values == values[:, :1]).all()  # one mask for all steps


def test_long_sequences():
    assert _remove_long_seq(3, [[1], [1, 2, 3], [4, 5]], [0, 1, 2]) == ([[1], [4, 5]], [0, 2])


def test_files_of_a_class(tmp_path):
    folder = tmp_path / "cats"
    (folder / "deep").mkdir(parents=True)
    for name in ("b.PNG", "a.jpg", "deep/c.jpg", "notes.txt"):
        (folder / name).write_text("")
    endings = {"jpg", "png"}
    assert [n for _, n in image._iter_valid_files(str(folder), endings, False)] == [
        "a.jpg", "b.PNG", "c.jpg",
    ]  # fmt: skip
    numbers, paths = image._list_valid_filenames_in_directory(
        str(folder), endings, (0.3, 1), {"cats": 7}, False
    )
    assert (numbers, [pathlib.Path(p).parts for p in paths]) == (
        [7] * 3, [("cats", "a.jpg"), ("cats", "b.PNG"), ("cats", "deep", "c.jpg")],
    )  # fmt: skip
    assert image._count_valid_files_in_directory(str(folder), endings, (0.5, 1)) == 2


def test_the_runner_gives_numpy_its_old_names(tmp_path):
    script = tmp_path / "old.py"
    script.write_text(
        "import numpy as np\n"
        "assert np.zeros(2, dtype=np.float).dtype == 'float64'\n"
        "assert np.asscalar(np.array([3])) == 3 and np.product([2, 3]) == 6\n"
        "print(isinstance(True, np.bool) or np.bool is np.bool_)\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "keras_native", str(script)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert (done.stdout, done.returncode) == ("True\n", 0), done.stderr
