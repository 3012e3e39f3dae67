"""Event files, read back by TensorBoard's own reader."""

import io

import numpy as np
import pytest
from keras_native.callbacks import ReduceLROnPlateau, TensorBoard, tensorboard_v2
from keras_native.callbacks.event_writer import Histogram, png
from keras_native.layers import Conv2D, Dense, Embedding, Flatten, Input, concatenate
from keras_native.models import Model, Sequential

pytest.importorskip("tensorboard")
X, Y = np.random.RandomState(0).rand(30, 3), np.random.RandomState(1).rand(30, 2)


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    everything = {name: 0 for name in ("scalars", "histograms", "images", "tensors")}
    found = EventAccumulator(str(folder), size_guidance=everything)
    return found.Reload()


def scalars(events, tag):
    return [(e.step, e.value) for e in events.Scalars(tag)]


def network():
    model = Sequential(
        [Dense(4, activation="relu", input_dim=3, name="first"), Dense(2, name="second")]
    )
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def fit(callback, model=None, x=X, y=Y, **options):
    model = model or network()
    options = {"epochs": 3, "batch_size": 8, "validation_split": 0.2, "verbose": 0, **options}
    return model, model.fit(x, y, callbacks=[*options.pop("others", []), callback], **options)


def test_metrics_of_epochs(tmp_path):
    others = [ReduceLROnPlateau()]
    _, history = fit(TensorBoard(tmp_path / "logs"), others=others)
    events = read(tmp_path / "logs")
    assert set(events.Tags()["scalars"]) == {"loss", "mae", "val_loss", "val_mae", "lr"}
    for name, values in history.history.items():
        assert scalars(events, name) == [(i, pytest.approx(v)) for i, v in enumerate(values)]


@pytest.mark.parametrize(("update_freq", "steps"), [("batch", [8, 16, 24, 32]), (16, [16, 32])])
def test_metrics_of_batches(tmp_path, update_freq, steps):
    callback = TensorBoard(tmp_path, update_freq=update_freq)
    fit(callback, x=X[:16], y=Y[:16], epochs=2, validation_split=0)
    events = read(tmp_path)
    # as in Keras, what an epoch ends with is written at the number of samples seen
    assert sorted({step for step, _ in scalars(events, "loss")}) == steps
    assert len(scalars(events, "loss")) == len(steps) + 2
    with pytest.raises(ValueError, match="update_freq.*got 'often'"):
        TensorBoard(update_freq="often")


def test_histograms_of_weights_outputs_and_gradients(tmp_path):
    model, _ = fit(TensorBoard(tmp_path, histogram_freq=2, write_grads=True, batch_size=4))
    events = read(tmp_path)
    weights = {f"{layer}/{part}_0" for layer in ("first", "second") for part in ("kernel", "bias")}
    gradients = {f"{name}_grad" for name in weights}
    outputs = {"first_out", "second_out"}
    assert set(events.Tags()["histograms"]) == weights | outputs | gradients
    first, last = events.Histograms("first/kernel_0")
    assert (first.step, last.step) == (0, 2)
    kernel = model.layers[0].get_weights()[0]
    value = last.histogram_value
    assert (value.num, value.min, value.max) == (12, kernel.min(), kernel.max())
    assert value.sum == pytest.approx(kernel.sum(), rel=1e-5)
    assert sum(value.bucket) == 12 and len(value.bucket) == len(value.bucket_limit)
    # outputs of the 6 held-out samples, in two batches
    value = events.Histograms("second_out")[-1].histogram_value
    predicted = model.predict(X[24:])
    assert value.num == 12
    assert (value.min, value.max) == pytest.approx((predicted.min(), predicted.max()), rel=1e-5)
    # the gradients of the loss over both batches
    value = events.Histograms("second/bias_0_grad")[-1].histogram_value
    slopes = [(model.predict(X[a:b]) - Y[a:b]).mean(0) for a, b in ((24, 28), (28, 30))]
    assert value.num == 4
    assert value.sum == pytest.approx(np.sum(slopes), rel=1e-4)


def test_histograms_of_weights_with_a_generator(tmp_path):
    def batches():
        while True:
            yield X, Y

    model = network()
    model.fit_generator(
        batches(), 2, epochs=2, verbose=0, validation_data=batches(), validation_steps=1,
        callbacks=[TensorBoard(tmp_path, histogram_freq=1)],
    )  # fmt: skip
    assert len(read(tmp_path).Histograms("first/kernel_0")) == 2


def test_histogram_counts():
    values = np.array([0.0, 1.0, 1.0, -2.0, 1e30, np.nan])
    fields = Histogram().add(values).add(np.array([3.0])).fields()
    assert (fields["num"], fields["min"], fields["max"]) == (6, -2, 1e30)
    total, seen = 0, sorted([0.0, 1.0, 1.0, -2.0, 1e30, 3.0])
    for limit, count in zip(fields["bucket_limit"], fields["bucket"], strict=True):
        total += count
        assert total == sum(v < limit for v in seen)
    empty = Histogram().fields()
    assert empty["num"] == 0 and len(empty["bucket"]) == 1


def test_pictures_of_weights(tmp_path):
    image = pytest.importorskip("PIL.Image")
    model = Sequential([Conv2D(4, 3, input_shape=(5, 5, 1), name="c"), Flatten(), Dense(2)])
    model.compile("sgd", "mse")
    x = np.random.rand(8, 5, 5, 1)
    fit(TensorBoard(tmp_path, histogram_freq=1, write_images=True), model, x, Y[:8], epochs=1)
    events = read(tmp_path)
    dense = model.layers[-1].name
    assert set(events.Tags()["images"]) == {
        "c/bias_0/image", "c/kernel_0/image/0", "c/kernel_0/image/1", "c/kernel_0/image/2",
        f"{dense}/kernel_0/image", f"{dense}/bias_0/image",
    }  # fmt: skip
    picture = events.Images("c/kernel_0/image/1")[0]
    assert (picture.height, picture.width) == (3, 3)
    shown = np.asarray(image.open(io.BytesIO(picture.encoded_image_string)), "float64")
    kernel = model.layers[0].get_weights()[0][:, :, 0, 1]
    np.testing.assert_allclose((shown - 127) / 127 * np.abs(kernel).max(), kernel, atol=0.02)
    # a matrix lies on its side
    picture = events.Images(f"{dense}/kernel_0/image")[0]
    assert (picture.height, picture.width) == (2, 36)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png(channels):
    image = pytest.importorskip("PIL.Image")
    pixels = np.random.RandomState(2).randint(0, 256, (5, 7, channels)).astype("uint8")
    shown = np.asarray(image.open(io.BytesIO(png(pixels)))).reshape(pixels.shape)
    np.testing.assert_array_equal(shown, pixels)
    scaled = np.asarray(image.open(io.BytesIO(png(pixels / 510.0)))).reshape(pixels.shape)
    assert scaled.max() == 255
    assert png(np.full((2, 2, 1), np.nan))[:4] == b"\x89PNG"


def test_graph(tmp_path):
    inner_in = Input((3,), name="inner_in")
    inner = Model(inner_in, Dense(2, name="deep")(inner_in), name="inner")
    a, b = Input((3,), name="a"), Input((3,), name="b")
    out = Dense(2, name="top")(concatenate([inner(a), inner(b)], name="both"))
    model = Model([a, b], out)
    model.compile("sgd", "mse")
    fit(TensorBoard(tmp_path), model, [X, X], Y, epochs=1)
    nodes = {node.name: (node.op, list(node.input)) for node in graph_of(tmp_path).node}
    assert nodes == {
        "a": ("InputLayer", []),
        "b": ("InputLayer", []),
        "inner_1/deep": ("Dense", ["a"]),
        "inner_2/deep": ("Dense", ["b"]),
        "both": ("Concatenate", ["inner_1/deep", "inner_2/deep"]),
        "top": ("Dense", ["both"]),
    }
    fit(TensorBoard(tmp_path / "none", write_graph=False), epochs=1)
    assert not read(tmp_path / "none").Tags()["graph"]


def graph_of(folder):
    from tensorboard.compat.proto.graph_pb2 import GraphDef

    events = read(folder)
    graph = events.Graph()
    return graph if isinstance(graph, GraphDef) else GraphDef.FromString(graph)


def test_embeddings(tmp_path):
    from google.protobuf import text_format
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    model = Sequential([Embedding(9, 2, input_length=3, name="words"), Flatten(), Dense(1)])
    model.compile("sgd", "mse")
    x = np.random.RandomState(0).randint(0, 9, (10, 3))
    callback = TensorBoard(
        tmp_path, embeddings_freq=1, embeddings_data=x[:5], embeddings_metadata="labels.tsv",
        batch_size=2,
    )  # fmt: skip
    fit(callback, model, x, Y[:10, :1], epochs=1)
    text = (tmp_path / "projector_config.pbtxt").read_text()
    entry = text_format.Parse(text, ProjectorConfig()).embeddings[0]
    assert (entry.tensor_name, entry.metadata_path) == ("words_embedding", "labels.tsv")
    assert list(entry.tensor_shape) == [5, 6]
    rows = np.loadtxt(tmp_path / entry.tensor_path, delimiter="\t")
    table = model.layers[0].get_weights()[0]
    np.testing.assert_allclose(rows, table[x[:5]].reshape(5, 6), rtol=1e-6)
    with pytest.raises(ValueError, match="embeddings_data must be provided"):
        TensorBoard(embeddings_freq=1)


def test_keras1_order():
    with pytest.warns(UserWarning, match="write_graph=False"):
        callback = TensorBoard("logs", 1, False, True)
    assert (callback.write_graph, callback.write_images, callback.batch_size) == (False, True, 32)


def test_layout_of_tensorflow_2(tmp_path):
    callback = tensorboard_v2.TensorBoard(
        tmp_path, histogram_freq=1, write_images=True, update_freq="batch", profile_batch=0
    )
    _, history = fit(callback)
    train, validation = read(tmp_path / "train"), read(tmp_path / "validation")
    assert set(train.Tags()["scalars"]) == {"epoch_loss", "epoch_mae", "batch_loss", "batch_mae"}
    assert set(validation.Tags()["scalars"]) == {"epoch_loss", "epoch_mae"}
    expected = [(i, pytest.approx(v)) for i, v in enumerate(history.history["val_loss"])]
    assert scalars(validation, "epoch_loss") == expected
    assert [step for step, _ in scalars(train, "batch_loss")] == list(range(1, 10))
    assert "first/kernel_0" in train.Tags()["histograms"]
    assert train.Tensors("keras")[0].tensor_proto.string_val[0].startswith(b"{")
    with pytest.warns(UserWarning, match="ignores `write_grads`"):
        tensorboard_v2.TensorBoard(write_grads=True)
    with pytest.raises(TypeError, match="nonsense"):
        tensorboard_v2.TensorBoard(nonsense=1)


def test_metrics_do_not_slow_training_down():
    """Epoch-wise, the whole epoch stays one native call."""
    from keras_native.callbacks import CallbackList

    assert not CallbackList([TensorBoard()]).watches_batches()
    assert CallbackList([TensorBoard(update_freq=100)]).watches_batches()
