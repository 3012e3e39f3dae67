"""Good film or bad? A 1-D convolution reads IMDB's reviews.

Keras's documentation has it at about 89% after 2 epochs.

    python imdb_cnn.py [epochs]

Data: 50 000 reviews as word numbers; downloaded into the Keras cache folder (17 MB) unless there.
"""

import sys

from keras_native.datasets import imdb
from keras_native.layers import Conv1D, Dense, Dropout, Embedding, GlobalMaxPooling1D
from keras_native.models import Sequential
from keras_native.preprocessing import sequence

max_features = 5000
maxlen = 400
epochs = int(sys.argv[1]) if len(sys.argv) > 1 else 2

try:
    (x_train, y_train), (x_test, y_test) = imdb.load_data(num_words=max_features)
except OSError as error:
    sys.exit(f"No data: put imdb.npz into ~/.keras/datasets. ({error})")
print(len(x_train), "reviews to train,", len(x_test), "to test")
x_train = sequence.pad_sequences(x_train, maxlen=maxlen)
x_test = sequence.pad_sequences(x_test, maxlen=maxlen)

model = Sequential()
model.add(Embedding(max_features, 50, input_length=maxlen))
model.add(Dropout(0.2))
model.add(Conv1D(250, 3, padding="valid", activation="relu", strides=1))
model.add(GlobalMaxPooling1D())
model.add(Dense(250, activation="relu"))
model.add(Dropout(0.2))
model.add(Dense(1, activation="sigmoid"))
model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_data=(x_test, y_test))

loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test loss {loss:.3f}, test accuracy {accuracy:.2%}")
