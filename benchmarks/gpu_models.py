"""The models of `gpu_steps.py`, their data, batches and optimizers, written for any namespace of
layers with Keras' names: ours, and `gpu_jax_layers.py`. `gpu_torch_models.py` has them by hand."""

import typing

import numpy as np

RATE = 1e-3  # of learning, everywhere
LOSS_WEIGHTS = (1.0, 0.2)  # of a first output and of a second


class Workload(typing.NamedTuple):
    """What is trained, or, where `kind` says so, what predicts."""

    model: str  # by which gpu_torch_models.py knows it
    build: typing.Callable  # namespace -> layers, or inputs and outputs
    data: typing.Callable  # random generator, rows -> inputs, targets
    batch: int
    optimizer: str  # SGD is with Nesterov's momentum of 0.9
    kind: str = "train"  # or "predict": whole batches; "latency": one row after another


def dense_data(*shape):
    """Floats with one of ten classes, one-hot."""
    return lambda rng, n: (
        rng.random((n, *shape), dtype="float32"),
        np.eye(10, dtype="float32")[rng.integers(0, 10, n)],
    )


def token_data(words, length):
    """Sequences of words with a binary label."""
    return lambda rng, n: (
        rng.integers(0, words, (n, length)).astype("int32"),
        rng.integers(0, 2, (n, 1)).astype("float32"),
    )


def headline_data(rng, n):
    """Sequences of words, numbers beside them; the same label for both outputs."""
    x = [rng.integers(1, 10000, (n, 100)).astype("int32"), rng.random((n, 5), dtype="float32")]
    label = rng.integers(0, 2, (n, 1)).astype("float32")
    return x, [label, label]


def mlp_small(L):
    return [
        *(L.Dense(64, activation="relu", input_shape=(20,)), L.Dropout(0.5)),
        *(L.Dense(64, activation="relu"), L.Dropout(0.5), L.Dense(10, activation="softmax")),
    ]


def mlp_mnist(L):
    return [
        L.Dense(1000, activation="relu", input_shape=(784,)),
        L.Dense(10, activation="softmax"),
    ]


def mlp_wide(L):
    first = L.Dense(2048, activation="relu", input_shape=(784,))
    rest = [L.Dense(2048, activation="relu") for _ in range(3)]
    return [first, *rest, L.Dense(10, activation="softmax")]


def cnn_mnist(L):
    return [
        L.Conv2D(32, 3, activation="relu", input_shape=(28, 28, 1)),
        *(L.Conv2D(64, 3, activation="relu"), L.MaxPooling2D(), L.Dropout(0.25), L.Flatten()),
        *(L.Dense(128, activation="relu"), L.Dropout(0.5), L.Dense(10, activation="softmax")),
    ]


def vgg_like(L):
    layers = []
    for i, filters in enumerate((32, 64)):
        shape = {} if i else {"input_shape": (100, 100, 3)}
        layers += [L.Conv2D(filters, 3, activation="relu", **shape)]
        layers += [L.Conv2D(filters, 3, activation="relu"), L.MaxPooling2D(), L.Dropout(0.25)]
    layers += [L.Flatten(), L.Dense(256, activation="relu"), L.Dropout(0.5)]
    return [*layers, L.Dense(10, activation="softmax")]


def cifar_cnn(L):
    layers = []
    for i, filters in enumerate((32, 64)):
        shape = {} if i else {"input_shape": (32, 32, 3)}
        layers += [L.Conv2D(filters, 3, padding="same", activation="relu", **shape)]
        layers += [L.Conv2D(filters, 3, activation="relu"), L.MaxPooling2D(), L.Dropout(0.25)]
    layers += [L.Flatten(), L.Dense(512, activation="relu"), L.Dropout(0.5)]
    return [*layers, L.Dense(10, activation="softmax")]


def resnet20(L):
    def convolve(x, filters, size=3, strides=1, normalize=True):
        x = L.Conv2D(filters, size, strides=strides, padding="same")(x)
        return L.BatchNormalization()(x) if normalize else x

    first = L.Input((32, 32, 3))
    x = L.Activation("relu")(convolve(first, 16))
    for stage, filters in enumerate((16, 32, 64)):
        for block in range(3):
            strides = 2 if stage > 0 and block == 0 else 1
            y = L.Activation("relu")(convolve(x, filters, strides=strides))
            y = convolve(y, filters)
            if strides == 2:
                x = convolve(x, filters, 1, strides, normalize=False)
            x = L.Activation("relu")(L.add([x, y]))
    x = L.Flatten()(L.AveragePooling2D(8)(x))
    return first, L.Dense(10, activation="softmax")(x)


def multi_io(L):
    words, side = L.Input((100,), dtype="int32"), L.Input((5,))
    encoded = L.LSTM(32)(L.Embedding(10000, 512)(words))
    x = L.concatenate([encoded, side])
    for _ in range(3):
        x = L.Dense(64, activation="relu")(x)
    outputs = [L.Dense(1, activation="sigmoid")(v) for v in (x, encoded)]
    return [words, side], outputs


def recurrent(kind, units, words, features, length):
    """An embedding, one recurrent layer, one output."""

    def build(L):
        layer = getattr(L, kind)(units, **({"reset_after": True} if kind == "GRU" else {}))
        embedding = L.Embedding(words, features, input_length=length)
        return [embedding, layer, L.Dense(1, activation="sigmoid")]

    return build


def bilstm_imdb(L):
    return [
        L.Embedding(20000, 128, input_length=100),
        *(L.Bidirectional(L.LSTM(64)), L.Dropout(0.5), L.Dense(1, activation="sigmoid")),
    ]


def stacked_lstm(L):
    return [
        L.LSTM(32, return_sequences=True, input_shape=(8, 16)),
        *(L.LSTM(32, return_sequences=True), L.LSTM(32), L.Dense(10, activation="softmax")),
    ]


def conv1d_text(L):
    layers = [L.Embedding(5000, 50, input_length=400)]
    layers += [L.Conv1D(64, 3, activation="relu"), L.Conv1D(64, 3, activation="relu")]
    layers += [L.MaxPooling1D(3)]
    layers += [L.Conv1D(128, 3, activation="relu"), L.Conv1D(128, 3, activation="relu")]
    return [*layers, L.GlobalAveragePooling1D(), L.Dropout(0.5), L.Dense(1, activation="sigmoid")]


def workload(build, data, batch, optimizer, name=None):
    """A training workload, named as its builder unless `name` says otherwise."""
    return Workload(name or build.__name__, build, data, batch, optimizer)


def predicting(trained, kind, batch):
    """What predicts with the model of a training workload."""
    return trained._replace(kind=kind, batch=batch)


IMDB = token_data(20000, 80)
TRAINED = [
    workload(mlp_small, dense_data(20), 32, "SGD"),
    workload(recurrent("LSTM", 128, 20000, 128, 80), IMDB, 32, "Adam", "lstm_imdb"),
    workload(cnn_mnist, dense_data(28, 28, 1), 128, "Adam"),
    workload(mlp_wide, dense_data(784), 256, "SGD"),
    workload(resnet20, dense_data(32, 32, 3), 32, "Adam"),
    workload(multi_io, headline_data, 32, "RMSprop"),
    workload(mlp_mnist, dense_data(784), 64, "Adam"),
    workload(vgg_like, dense_data(100, 100, 3), 32, "SGD"),
    workload(recurrent("GRU", 128, 20000, 128, 80), IMDB, 32, "Adam", "gru_imdb"),
    workload(bilstm_imdb, token_data(20000, 100), 32, "Adam"),
    workload(stacked_lstm, dense_data(8, 16), 64, "RMSprop"),
    workload(cifar_cnn, dense_data(32, 32, 3), 32, "RMSprop"),
    workload(conv1d_text, token_data(5000, 400), 32, "RMSprop"),
    workload(recurrent("LSTM", 512, 20000, 512, 80), IMDB, 64, "Adam", "lstm_512"),
    workload(recurrent("GRU", 512, 20000, 512, 80), IMDB, 64, "Adam", "gru_512"),
]
# The most telling first.
WORKLOADS = {w.model: w for w in TRAINED}
WORKLOADS |= {
    "latency_mlp": predicting(WORKLOADS["mlp_small"], "latency", 1),
    "predict_cnn": predicting(WORKLOADS["cnn_mnist"], "predict", 256),
    "predict_lstm": predicting(WORKLOADS["lstm_imdb"], "predict", 32),
}
TINY = ("mlp_small", "multi_io", "stacked_lstm", "latency_mlp")


def find(name, batch=None):
    """A workload, with another batch if that is given."""
    found = WORKLOADS[name]
    return found._replace(batch=batch) if batch else found
