"""SimpleRNN, GRU and LSTM in NumPy, step by step."""

import numpy as np

ACTIVATIONS = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "hard_sigmoid": lambda x: np.clip(0.2 * x + 0.5, 0, 1),
    "relu": lambda x: np.maximum(x, 0),
    "linear": lambda x: x,
}


def simple_step(config, x, states, kernel, recurrent, bias=0.0):
    h = ACTIVATIONS[config["activation"]](x @ kernel + bias + states[0] @ recurrent)
    return [h]


def gru_step(config, x, states, kernel, recurrent, bias=None):
    act, gate = (ACTIVATIONS[config[k]] for k in ("activation", "recurrent_activation"))
    h, u = states[0], config["units"]
    bias = np.zeros(3 * u) if bias is None else bias
    own, more = bias if bias.ndim == 2 else (bias, np.zeros(3 * u))
    z_in, r_in, c_in = np.split(x @ kernel + own, 3, axis=-1)
    z_rec, r_rec, c_rec = np.split(h @ recurrent + more, 3, axis=-1)
    z, r = gate(z_in + z_rec), gate(r_in + r_rec)
    inner = r * c_rec if config["reset_after"] else (r * h) @ recurrent[:, 2 * u :]
    return [z * h + (1 - z) * act(c_in + inner)]


def lstm_step(config, x, states, kernel, recurrent, bias=0.0):
    act, gate = (ACTIVATIONS[config[k]] for k in ("activation", "recurrent_activation"))
    h, c = states
    i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4, axis=-1)
    c = gate(f) * c + gate(i) * act(g)
    return [gate(o) * act(c), c]


STEPS = {"SimpleRNN": (simple_step, 1), "GRU": (gru_step, 1), "LSTM": (lstm_step, 2)}


def run(layer, x, states=None, mask=None, weights=None):
    """(outputs in order of processing, final states) of a layer for x (batch, time, n)."""
    config = layer.get_config()
    step, count = STEPS[type(layer).__name__]
    weights = [w.astype("float64") for w in (weights or layer.get_weights())]
    if states is None:
        states = [np.zeros((len(x), config["units"]))] * count
    outputs = []
    order = range(x.shape[1])
    for t in reversed(order) if config["go_backwards"] else order:
        new = step(config, x[:, t].astype("float64"), states, *weights)
        if mask is not None:
            new = [np.where(mask[:, t, None], a, b) for a, b in zip(new, states, strict=True)]
        states = new
        outputs.append(states[0])
    return np.stack(outputs, axis=1), states
