"""Text generation, character by character: an LSTM reads "Alice in Wonderland" and writes on.

The model learns, at every character, which one comes next; a second model of the same weights, with
an LSTM that keeps its state from call to call, then writes one character at a time.

    python alice_lstm.py [epochs]

Data: the book, which comes with the package. After 20 epochs, two minutes, the words are
mostly English.
"""

import sys

import numpy as np
from keras_native.datasets import alice
from keras_native.layers import LSTM, Dense, Dropout, Embedding
from keras_native.models import Sequential
from keras_native.optimizers import Adam

epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
length = 64  # characters a sequence
np.random.seed(1)

text = alice.load_data()
chars = sorted(set(text))
index = {char: number for number, char in enumerate(chars)}
numbers = np.array([index[char] for char in text])
print(f"{len(text)} characters, {len(chars)} different ones")

# Sequences that overlap by half, and the same a character later.
starts = np.arange(0, len(numbers) - length - 1, length // 2)
x = np.stack([numbers[start : start + length] for start in starts])
y = np.stack([numbers[start + 1 : start + length + 1] for start in starts])


def network(batch_shape, stateful):
    return Sequential(
        [
            Embedding(len(chars), 64, batch_input_shape=batch_shape),
            LSTM(256, return_sequences=True, stateful=stateful),
            Dropout(0.3),
            Dense(len(chars), activation="softmax"),
        ]
    )


def write(model, seed, count, temperature):
    """`count` characters after `seed`; a low temperature keeps to what is likely."""
    writer = network((1, 1), stateful=True)
    writer.set_weights(model.get_weights())
    written = seed
    for number in range(len(seed) + count - 1):
        chances = writer.predict(np.array([[index[written[number]]]]))[0, 0].astype("float64")
        if number + 1 >= len(seed):
            chances = chances ** (1 / temperature)
            written += np.random.choice(chars, p=chances / chances.sum())
    return written


model = network((None, length), stateful=False)
model.summary()
model.compile(
    loss="sparse_categorical_crossentropy", optimizer=Adam(lr=0.003), metrics=["accuracy"]
)
model.fit(x, y[..., np.newaxis], batch_size=64, epochs=epochs, verbose=2)

for temperature in (0.3, 0.6, 0.9):
    print(f"\n--- temperature {temperature} ---")
    print(write(model, "Alice was beginning to ", 400, temperature))
