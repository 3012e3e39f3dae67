"""Architectures: numbers of weights as in Keras, weights from files, images into their range."""

import inspect
import json

import numpy as np
import pytest
from keras_native import applications as A
from keras_native import backend as K
from keras_native import layers as L
from keras_native.applications import imagenet_utils
from keras_native.models import Model

# Without top, which is a matter of dense layers; with it, and 1000 classes, in the comment.
COUNTS = {
    "DenseNet121": 7037504,  # 8062504
    "DenseNet169": 12642880,  # 14307880
    "DenseNet201": 18321984,  # 20242984
    "InceptionResNetV2": 54336736,  # 55873736
    "InceptionV3": 21802784,  # 23851784
    "MobileNet": 3228864,  # 4253864
    "MobileNetV2": 2257984,  # 3538984
    "NASNetLarge": 84916818,  # 88949818
    "NASNetMobile": 4269716,  # 5326716
    "ResNet50": 23587712,  # 25636712
    "ResNet50V2": 23564800,  # 25613800
    "ResNet101": 42658176,  # 44707176
    "ResNet101V2": 42626560,  # 44675560
    "ResNet152": 58370944,  # 60419944
    "ResNet152V2": 58331648,  # 60380648
    "VGG16": 14714688,  # 138357544
    "VGG19": 20024384,  # 143667240
    "Xception": 20861480,  # 22910480
}
WITH_TOP = {"MobileNet": 4253864, "MobileNetV2": 3538984, "DenseNet121": 8062504}


@pytest.mark.parametrize("name", COUNTS)
def test_count(name):
    model = getattr(A, name)(weights=None, include_top=False)
    assert model.count_params() == COUNTS[name]
    assert model.output_shape[1:3] == (
        (None, None) if "NASNet" not in name else (11, 11) if "Large" in name else (7, 7)
    )
    pooled = getattr(A, name)(weights=None, include_top=False, pooling="avg")
    assert pooled.output_shape == (None, model.output_shape[-1])


@pytest.mark.parametrize("name", WITH_TOP)
def test_count_with_top(name):
    model = getattr(A, name)(weights=None)
    assert model.count_params() == WITH_TOP[name]
    assert model.output_shape == (None, 1000)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "count"), [("VGG16", 138357544), ("VGG19", 143667240)])
def test_dense_layers_of_vgg(name, count):
    assert getattr(A, name)(weights=None).count_params() == count


def test_every_model_is_listed():
    assert set(COUNTS) == set(A.__all__)
    for name in COUNTS:
        function = getattr(A, name)
        assert inspect.signature(function).parameters["weights"].default == "imagenet"
        module = inspect.getmodule(function)
        assert callable(module.preprocess_input) and callable(module.decode_predictions)


def test_weights_from_a_file(tmp_path):
    arguments = dict(input_shape=(32, 32, 3), alpha=0.25, classes=5)
    model = A.MobileNet(weights=None, **arguments)
    path = str(tmp_path / "weights.h5")
    model.save_weights(path)
    again = A.MobileNet(weights=path, **arguments)
    x = np.random.RandomState(1).uniform(-1, 1, (2, 32, 32, 3)).astype("float32")
    got = again.predict(x)
    np.testing.assert_array_equal(got, model.predict(x))
    assert got.shape == (2, 5) and np.allclose(got.sum(1), 1, atol=1e-5)


def test_nasnet_of_another_size():
    model = A.nasnet.NASNet((64, 48, 3), 96, num_blocks=1, stem_block_filters=8, classes=3)
    assert model.output_shape == (None, 3)
    with pytest.raises(ValueError, match="multiple of 96"):
        A.nasnet.NASNet(penultimate_filters=100)


def test_nothing_is_downloaded(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(ValueError, match="there is no file .*none is downloaded"):
        A.MobileNetV2(weights="imagenet")
    with pytest.raises(ValueError, match="there is no file"):
        A.VGG16(weights="weights.h5", include_top=False)
    with pytest.raises(ValueError, match="imagenet_class_index"):
        imagenet_utils.decode_predictions(np.zeros((1, 1000)))


def test_training_on_top_of_features():
    base = A.MobileNetV2(weights=None, include_top=False, input_shape=(32, 32, 3), alpha=0.35)
    x = L.GlobalAveragePooling2D()(base.output)
    model = Model(base.input, L.Dense(3, activation="softmax")(x))
    for layer in base.layers:
        layer.trainable = False
    model.compile("sgd", "categorical_crossentropy")
    before = model.get_weights()
    loss = model.train_on_batch(np.ones((2, 32, 32, 3)), np.eye(3)[:2])
    assert np.isfinite(loss)
    changed = [i for i, (a, b) in enumerate(zip(before, model.get_weights(), strict=True))
               if (a != b).any()]  # fmt: skip
    assert changed and min(changed) >= len(before) - 2


def test_channels_first():
    K.set_image_data_format("channels_first")
    for name in ("MobileNet", "MobileNetV2", "DenseNet121", "ResNet50"):
        model = getattr(A, name)(weights=None, include_top=False, input_shape=(3, 64, 64))
        assert model.count_params() == COUNTS[name]
        assert model.output_shape[2:] == (2, 2)


def test_inputs():
    tensor = L.Input((40, 40, 3))
    model = A.VGG16(weights=None, include_top=False, input_tensor=tensor, pooling="max")
    assert model.output_shape == (None, 512)
    with pytest.raises(ValueError, match="at least 75x75"):
        A.InceptionV3(weights=None, input_shape=(74, 74, 3))
    with pytest.raises(ValueError, match="three integers"):
        A.VGG16(weights=None, input_shape=(224, 224))
    with pytest.raises(ValueError, match="has to be known"):
        A.VGG16(weights=None, input_shape=(None, None, 3))
    with pytest.raises(ValueError, match="should be"):
        A.VGG16(input_shape=(64, 64, 3))


def test_preprocess_input():
    x = np.random.RandomState(1).uniform(0, 255, (2, 4, 5, 3))
    bgr = x[..., ::-1] - [103.939, 116.779, 123.68]
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    wanted = {"caffe": bgr, "tf": x / 127.5 - 1, "torch": (x / 255 - mean) / std}
    for mode, value in wanted.items():
        got = imagenet_utils.preprocess_input(x.copy(), mode=mode)
        np.testing.assert_allclose(got, value)
        first = imagenet_utils.preprocess_input(
            np.moveaxis(x, -1, 1).copy(), "channels_first", mode
        )
        np.testing.assert_allclose(first, np.moveaxis(value, -1, 1))
        tensor = imagenet_utils.preprocess_input(K.constant(x, dtype="float64"), mode=mode)
        np.testing.assert_allclose(K.eval(tensor), value)
        one = imagenet_utils.preprocess_input(x[0].copy(), mode=mode)
        np.testing.assert_allclose(one, value[0])
    assert imagenet_utils.preprocess_input(np.zeros((1, 2, 2, 3), "uint8")).dtype == "float32"
    with pytest.raises(ValueError, match="mode"):
        imagenet_utils.preprocess_input(x, mode="rgb")


def test_decode_predictions(tmp_path):
    path = tmp_path / "imagenet_class_index.json"
    path.write_text(json.dumps({str(i): [f"n{i}", f"thing {i}"] for i in range(1000)}))
    scores = np.zeros((1, 1000))
    scores[0, [7, 3]] = 0.6, 0.4
    got = imagenet_utils.decode_predictions(scores, top=2, class_index=str(path))
    assert got == [[("n7", "thing 7", 0.6), ("n3", "thing 3", 0.4)]]
    with pytest.raises(ValueError, match="1000"):
        imagenet_utils.decode_predictions(np.zeros((1, 10)))


@pytest.mark.parametrize(
    ("name", "pooling", "last"),
    [
        ("DenseNet121", "max", "max_pool"),
        ("ResNet50V2", "avg", "avg_pool"),
        ("ResNet50", "avg", "global_average_pooling2d_1"),
        ("MobileNetV2", "max", "global_max_pooling2d_1"),
    ],
)
def test_names_of_the_pooling_asked_for(name, pooling, last):
    """As `get_layer` finds it in Keras."""
    build = getattr(A, name)
    model = build(weights=None, include_top=False, input_shape=(64, 64, 3), pooling=pooling)
    assert model.layers[-1].name == last
