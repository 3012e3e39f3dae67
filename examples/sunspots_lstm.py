"""A forecast with stacked LSTMs: how many sunspots in each of the next 12 months?

The network reads 11 years of monthly counts, a whole solar cycle, and says the 12 months that come.
It learns from 1749 to 1949 and is then asked each January from 1950 to 1983. Two guesses without
learning are there for comparison: all stays as it was, and all is as it was 11 years ago.

An error of 25 sunspots against 40 in 20 seconds.

    python sunspots_lstm.py [epochs]

Data: 2820 monthly means, which come with the package. A plot goes to sunspots_lstm.png.
"""

import sys

import numpy as np
from keras_native.datasets import sunspots
from keras_native.layers import LSTM, Dense, Dropout
from keras_native.models import Sequential

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 30
past, future = 132, 12
np.random.seed(1)

time, counts = sunspots.load_data()
series = np.sqrt(counts).astype("float32") / 10  # the noise of a count grows with its root
starts = np.arange(len(series) - past - future + 1)
x = np.stack([series[start : start + past] for start in starts])[..., np.newaxis]
y = np.stack([series[start + past : start + past + future] for start in starts])
asked = time[past : len(series) - future + 1]  # the first month of each forecast
train = asked + 1 <= 1950
test = (asked >= 1950) & np.isclose(asked % 1, 0)

model = Sequential()
model.add(LSTM(48, return_sequences=True, input_shape=(past, 1)))
model.add(Dropout(0.2))
model.add(LSTM(48))
model.add(Dropout(0.2))
model.add(Dense(future))
model.summary()
model.compile(loss="mse", optimizer="adam")
model.fit(x[train], y[train], batch_size=32, epochs=epochs, verbose=2)


def error(guess):
    return np.sqrt(np.mean((guess - truth) ** 2))


truth = counts[time >= 1950].reshape(-1, future)
forecast = (10 * model.predict(x[test])) ** 2
last_year = counts[(time >= 1949) & (time < 1983)].reshape(-1, future).mean(axis=1, keepdims=True)
last_cycle = counts[(time >= 1939) & (time < 1973)].reshape(-1, future)
print(f"\nForecasts of {truth.size} months from 1950 to 1983, root mean square error in sunspots:")
print(f"  stacked LSTM          {error(forecast):6.1f}")
print(f"  as the year before    {error(last_year):6.1f}")
print(f"  as 11 years before    {error(last_cycle):6.1f}")

try:
    import matplotlib
except ImportError:
    print("(pip install matplotlib to get a plot)")
else:
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(11, 4))
    axes.plot(time[time >= 1930], counts[time >= 1930], color="0.7", label="counted")
    axes.plot(time[time >= 1950], forecast.ravel(), label="forecast each January, a year ahead")
    axes.set(xlabel="year", ylabel="sunspots, monthly mean", title="Stacked LSTM")
    axes.legend()
    figure.tight_layout()
    figure.savefig("sunspots_lstm.png", dpi=120)
    print("The plot is in sunspots_lstm.png.")
