"""Weights of recurrent layers as cuDNN holds them, and as plain layers do.

cuDNN has a bias for the input and one for the state, and every gate's matrices as (units, n):
CuDNNLSTM has biases (8 * units,), CuDNNGRU (6 * units,).
"""

import numpy as np

_GATES = {"LSTM": 4, "CuDNNLSTM": 4, "GRU": 3, "CuDNNGRU": 3}


def convert_rnn_weights(layer, weights):
    """Arrays for LSTM, GRU, CuDNNLSTM or CuDNNGRU, written by the one or the other kind.

    Raises:
        ValueError: GRU(reset_after=False) meets weights of another kind, or the other way round.
    """
    kind = type(layer).__name__
    if kind not in _GATES or len(weights) != 3 or weights[1].ndim != 2:
        return weights
    gates = _GATES[kind]
    units = weights[1].shape[0]
    if weights[1].shape != (units, gates * units):
        return weights
    if gates == 4:
        return _lstm(kind, weights, units)
    return _gru(layer, kind, weights, units)


def _lstm(kind, weights, units):
    written = {(8 * units,): "CuDNNLSTM", (4 * units,): "LSTM"}.get(weights[2].shape)
    if written in (None, kind):
        return weights
    kernel, recurrent, bias = weights
    if kind == "LSTM":
        bias = bias[: 4 * units] + bias[4 * units :]
    else:
        bias = np.tile(0.5 * bias, 2)
    return [*_turned(kind, kernel, recurrent, 4), bias]


def _gru(layer, kind, weights, units):
    plain, after, cudnn = "GRU(reset_after=False)", "GRU(reset_after=True)", "CuDNNGRU"
    shapes = {(3 * units,): plain, (2, 3 * units): after, (6 * units,): cudnn}
    written = shapes.get(weights[2].shape)
    wanted = cudnn if kind == cudnn else after if layer.reset_after else plain
    if written in (None, wanted):
        return weights
    if plain in (written, wanted):
        raise ValueError(
            f"Layer {layer.name!r}: weights of {written} are not compatible with {wanted}."
        )
    kernel, recurrent, bias = weights
    shape = (6 * units,) if wanted == cudnn else (2, 3 * units)
    return [*_turned(kind, kernel, recurrent, 3), bias.reshape(shape)]


def _turned(kind, kernel, recurrent, gates):
    """Both matrices in the layout of the other kind, gate by gate."""
    order = "C" if kind.startswith("CuDNN") else "F"
    kernels = [k.T.reshape(k.shape, order=order) for k in np.split(kernel, gates, axis=1)]
    states = [k.T for k in np.split(recurrent, gates, axis=1)]
    return np.concatenate(kernels, axis=1), np.concatenate(states, axis=1)
