"""What `stateful=True` is for: a memory longer than the sequences a network is shown.

The network sees a stream of random numbers two at a time and is to say the mean of the last eight.
An LSTM that forgets between batches cannot; one that keeps its state can.

About four times closer, in 2 seconds.

    python stateful_lstm.py [epochs]
"""

import sys

import numpy as np
from keras_native.layers import LSTM, Dense
from keras_native.models import Sequential

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
streams, steps, window, length = 32, 2, 8, 4000
rng = np.random.RandomState(1)
np.random.seed(1)

noise = rng.uniform(-1, 1, (streams, length)).astype("float32")
sums = np.cumsum(np.pad(noise, ((0, 0), (window, 0))), axis=1)
means = (sums[:, window:] - sums[:, :-window]) / window


def batches(stream):
    """Pieces of `steps` numbers; row k of every batch goes on where row k of the last one ended."""
    pieces = stream.reshape(streams, length // steps, steps, 1)
    return pieces.transpose(1, 0, 2, 3).reshape(-1, steps, 1)


x, y = batches(noise), batches(means)[:, -1]
cut = len(x) * 3 // 4 // streams * streams

errors = {}
for stateful in (False, True):
    model = Sequential()
    model.add(LSTM(32, batch_input_shape=(streams, steps, 1), stateful=stateful))
    model.add(Dense(1))
    model.compile(loss="mse", optimizer="adam")
    for _ in range(epochs):
        model.fit(x[:cut], y[:cut], batch_size=streams, epochs=1, shuffle=False, verbose=0)
        model.reset_states()
    guesses = model.predict(x, batch_size=streams)
    errors[stateful] = np.sqrt(np.mean((guesses[cut:] - y[cut:]) ** 2))
    name = "keeps its state" if stateful else "forgets"
    print(f"The LSTM that {name}: off by {errors[stateful]:.4f} (root mean square)")
print(f"{errors[False] / errors[True]:.1f} times closer; always saying 0: {np.std(y[cut:]):.4f}")
