"""The models of `gpu_models.py` by hand in PyTorch, with logits as usual there."""

import torch
from torch import nn


class LastStep(nn.Module):
    """Of a recurrent layer what Keras' would return."""

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
    """Two convolutions beside what leads past them."""

    def __init__(self, before, after, stride):
        super().__init__()
        first = [nn.Conv2d(before, after, 3, stride, padding=1), nn.BatchNorm2d(after)]
        second = [nn.Conv2d(after, after, 3, padding=1), nn.BatchNorm2d(after)]
        self.body = nn.Sequential(*first, nn.ReLU(), *second)
        self.way = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x):
        return torch.relu(self.body(x) + self.way(x))


class Headline(nn.Module):
    """Two inputs, two outputs."""

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
    """Two convolutions, pooling, dropout."""
    convolutions = [nn.Conv2d(before, after, 3, padding=padding), nn.ReLU()]
    convolutions += [nn.Conv2d(after, after, 3)]
    return [*convolutions, nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25)]


def head(features, hidden):
    """A hidden layer and the output."""
    return [nn.Linear(features, hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, 10)]


def mlp_wide():
    layers = [m for k in (784, 2048, 2048, 2048) for m in (nn.Linear(k, 2048), nn.ReLU())]
    return nn.Sequential(*layers, nn.Linear(2048, 10))


def cnn_mnist():
    layers = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Dropout(0.25), nn.Flatten(), *head(64 * 12 * 12, 128))


def vgg_like():
    return nn.Sequential(*block(3, 32), *block(32, 64), nn.Flatten(), *head(64 * 22 * 22, 256))


def cifar_cnn():
    layers = [*block(3, 32, 1), *block(32, 64, 1), nn.Flatten()]
    return nn.Sequential(*layers, *head(64 * 6 * 6, 512))


def resnet20():
    blocks = [(16, 16, 1)] * 3 + [(16, 32, 2)] + [(32, 32, 1)] * 2
    blocks += [(32, 64, 2)] + [(64, 64, 1)] * 2
    layers = [nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU()]
    layers += [Residual(*b) for b in blocks] + [nn.AvgPool2d(8), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(64, 10))


def conv1d_text():
    layers = [nn.Embedding(5000, 50), Turned(), nn.Conv1d(50, 64, 3), nn.ReLU()]
    layers += [nn.Conv1d(64, 64, 3), nn.ReLU(), nn.MaxPool1d(3), nn.Conv1d(64, 128, 3), nn.ReLU()]
    layers += [nn.Conv1d(128, 128, 3), nn.ReLU(), Average(), nn.Dropout(0.5), nn.Linear(128, 1)]
    return nn.Sequential(*layers)


def of_sequence(kind, features, units):
    """An embedding, one recurrent layer, one output."""
    layer = LastStep(kind(features, units, batch_first=True))
    return nn.Sequential(nn.Embedding(20000, features), layer, nn.Linear(units, 1))


def bilstm_imdb():
    both = LastStep(nn.LSTM(128, 64, batch_first=True, bidirectional=True))
    return nn.Sequential(nn.Embedding(20000, 128), both, nn.Dropout(0.5), nn.Linear(128, 1))


def stacked_lstm():
    layers = LastStep(nn.LSTM(16, 32, num_layers=3, batch_first=True))
    return nn.Sequential(layers, nn.Linear(32, 10))


MODELS = {
    "mlp_small": lambda: nn.Sequential(
        nn.Linear(20, 64), nn.ReLU(), nn.Dropout(0.5), *head(64, 64)
    ),
    "mlp_mnist": lambda: nn.Sequential(nn.Linear(784, 1000), nn.ReLU(), nn.Linear(1000, 10)),
    "mlp_wide": mlp_wide,
    "cnn_mnist": cnn_mnist,
    "vgg_like": vgg_like,
    "cifar_cnn": cifar_cnn,
    "resnet20": resnet20,
    "multi_io": Headline,
    "conv1d_text": conv1d_text,
    "lstm_imdb": lambda: of_sequence(nn.LSTM, 128, 128),
    "gru_imdb": lambda: of_sequence(nn.GRU, 128, 128),
    "bilstm_imdb": bilstm_imdb,
    "stacked_lstm": stacked_lstm,
    "lstm_512": lambda: of_sequence(nn.LSTM, 512, 512),
    "gru_512": lambda: of_sequence(nn.GRU, 512, 512),
}
