"""The models of `gpu_steps.py`: in Keras, and by hand in PyTorch, with logits as usual there."""

import numpy as np


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


# Name: layers, or inputs and outputs; data; batch; optimizer (of both libraries).
MODELS = {
    "mlp_small": (mlp_small, dense_data(20), 32, "SGD"),
    "mlp_mnist": (mlp_mnist, dense_data(784), 64, "Adam"),
    "mlp_wide": (mlp_wide, dense_data(784), 256, "SGD"),
    "cnn_mnist": (cnn_mnist, dense_data(28, 28, 1), 128, "Adam"),
    "vgg_like": (vgg_like, dense_data(100, 100, 3), 32, "SGD"),
    "cifar_cnn": (cifar_cnn, dense_data(32, 32, 3), 32, "RMSprop"),
    "resnet20": (resnet20, dense_data(32, 32, 3), 32, "Adam"),
    "multi_io": (multi_io, headline_data, 32, "RMSprop"),
    "conv1d_text": (conv1d_text, token_data(5000, 400), 32, "RMSprop"),
    "lstm_imdb": (recurrent("LSTM", 128, 20000, 128, 80), token_data(20000, 80), 32, "Adam"),
    "gru_imdb": (recurrent("GRU", 128, 20000, 128, 80), token_data(20000, 80), 32, "Adam"),
    "bilstm_imdb": (bilstm_imdb, token_data(20000, 100), 32, "Adam"),
    "stacked_lstm": (stacked_lstm, dense_data(8, 16), 64, "RMSprop"),
    "lstm 512": (recurrent("LSTM", 512, 20000, 512, 80), token_data(20000, 80), 64, "Adam"),
    "gru 512": (recurrent("GRU", 512, 20000, 512, 80), token_data(20000, 80), 64, "Adam"),
}
TINY = {
    "tiny multi_io": (multi_io, headline_data, 2, "RMSprop"),
    "tiny mlp": (mlp_small, dense_data(20), 4, "SGD"),
    "tiny lstm": (recurrent("LSTM", 8, 50, 8, 5), token_data(50, 5), 4, "Adam"),
}


def in_torch(torch, name):
    """The same model by hand."""
    nn = torch.nn

    class LastStep(nn.Module):
        def __init__(self, layer):
            super().__init__()
            self.layer = layer

        def forward(self, x):
            out, _ = self.layer(x)
            if not self.layer.bidirectional:
                return out[:, -1]
            half = self.layer.hidden_size
            return torch.cat([out[:, -1, :half], out[:, 0, half:]], dim=1)

    class Turned(nn.Module):
        def forward(self, x):
            return x.transpose(1, 2)

    class Average(nn.Module):
        def forward(self, x):
            return x.mean(dim=-1)

    class Residual(nn.Module):
        def __init__(self, before, after, stride):
            super().__init__()
            first = [nn.Conv2d(before, after, 3, stride, padding=1), nn.BatchNorm2d(after)]
            second = [nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after)]
            self.body = nn.Sequential(*first, nn.ReLU(), *second)
            self.way = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()

        def forward(self, x):
            return torch.relu(self.body(x) + self.way(x))

    class Headline(nn.Module):
        def __init__(self):
            super().__init__()
            lstm = LastStep(nn.LSTM(512, 32, batch_first=True))
            self.encode = nn.Sequential(nn.Embedding(10000, 512), lstm)
            dense = [m for k in (37, 64, 64) for m in (nn.Linear(k, 64), nn.ReLU())]
            self.main, self.other = nn.Sequential(*dense, nn.Linear(64, 1)), nn.Linear(32, 1)

        def forward(self, words, side):
            encoded = self.encode(words)
            return self.main(torch.cat([encoded, side], dim=1)), self.other(encoded)

    def block(before, after, padding=0):
        convolutions = [nn.Conv2d(before, after, 3, padding=padding), nn.ReLU()]
        convolutions += [nn.Conv2d(after, after, 3)]
        return [*convolutions, nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]

    def head(features, hidden):
        return [nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, 10)]

    def of_sequence(kind, words, features, units):
        layer = LastStep(kind(features, units, batch_first=True))
        return [nn.Embedding(words, features), layer, nn.Linear(units, 1)]

    wide = [nn.Linear(784, 2048), nn.ReLU()]
    wide += [m for _ in range(3) for m in (nn.Linear(2048, 2048), nn.ReLU())]
    mnist = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    blocks = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2
    blocks += [(32, 64, 2)] + [(64, 64, 1)] * 2
    residual = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
    residual += [Residual(*b) for b in blocks] + [nn.AvgPool2d(8), nn.Flatten()]
    text = [nn.Embedding(5000, 50), Turned(), nn.Conv1d(50, 64, 3), nn.ReLU()]
    text += [nn.Conv1d(64, 64, 3), nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(64, 128, 3), nn.ReLU()]
    text += [nn.Conv1d(128, 128, 3), nn.ReLU(), Average(), nn.Dropout(0.5), nn.Linear(128, 1)]
    both = LastStep(nn.LSTM(128, 64, batch_first=True, bidirectional=True))
    stacked = LastStep(nn.LSTM(16, 32, num_layers=3, batch_first=True))
    modules = {
        "mlp_small": [nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.5), *head(64, 64)],
        "mlp_mnist": [nn.Linear(784, 1000), nn.ReLU(), nn.Linear(1000, 10)],
        "mlp_wide": [*wide, nn.Linear(2048, 10)],
        "cnn_mnist": [*mnist, nn.Dropout(0.25), nn.Flatten(), *head(64 * 12 * 12, 128)],
        "vgg_like": [*block(3, 32), *block(32, 64), nn.Flatten(), *head(64 * 22 * 22, 256)],
        "cifar_cnn": [*block(3, 32, 1), *block(32, 64, 1), nn.Flatten(), *head(64 * 6 * 6, 512)],
        "resnet20": [*residual, nn.Linear(64, 10)],
        "multi_io": [Headline()],
        "conv1d_text": text,
        "lstm_imdb": of_sequence(nn.LSTM, 20000, 128, 128),
        "gru_imdb": of_sequence(nn.GRU, 20000, 128, 128),
        "bilstm_imdb": [nn.Embedding(20000, 128), both, nn.Dropout(0.5), nn.Linear(128, 1)],
        "stacked_lstm": [stacked, nn.Linear(32, 10)],
        "lstm 512": of_sequence(nn.LSTM, 20000, 512, 512),
        "gru 512": of_sequence(nn.GRU, 20000, 512, 512),
    }
    layers = modules[name]
    return (layers[0] if len(layers) == 1 else nn.Sequential(*layers)).cuda()
