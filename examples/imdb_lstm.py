"""Good film or bad? An LSTM reads IMDB's reviews.

Keras's documentation has it at about 84% after 3 epochs.

    python imdb_lstm.py [epochs]

Data: 50 000 reviews as word numbers; downloaded into the Keras cache folder (17 MB) unless there.
"""

import sys

from keras_native.datasets import imdb
from keras_native.layers import LSTM, Dense, Embedding
from keras_native.models import Sequential
from keras_native.preprocessing import sequence

max_features = 20000
maxlen = 80
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 3

try:
    (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=max_features)
except OSError as error:
    sys.exit(f"No data: put imdb.npz into ~/.keras/datasets. ({error})")
print(len(x_train), "reviews to train,", len(x_test), "to test")
x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen)

model = Sequential()
model.add(Embedding(max_features, 128))
model.add(LSTM(128, dropout=0.2, recurrent_dropout=0.2))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_data=(x_test, y_test))

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.2%}")
