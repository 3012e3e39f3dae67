"""`model.train_function = …`: a step of the user's, as for training against worst embeddings."""

import numpy as np
import pytest
from keras_native import backend as K
from keras_native.layers import Dense, Dropout, Embedding, Flatten
from keras_native.models import Sequential

X = np.random.RandomState(0).randint(0, 9, (12, 5))
Y = np.arange(12) % 3


def compiled():
    model = Sequential([Embedding(9, 4, input_length=5), Flatten(), Dropout(0.1), Dense(3)])
    model.add(Dense(3, activation="softmax"))
    model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def adversarial(model, seen):
    """As published: the step is taken where a small move of the embeddings hurts most."""
    old, table = model.train_function, model.layers[0].embeddings
    grads = K.gradients(model.total_loss, [table])[0]
    inputs = model._feed_inputs + model._feed_targets + model._feed_sample_weights
    slope = K.function(inputs=inputs, outputs=[grads], name="embedding_gradients")

    def train_function(inputs):
        seen.append([np.shape(x) for x in inputs])
        found = slope(inputs)[0]
        move = 0.5 * found / (np.sqrt((found**2).sum()) + 1e-8)
        K.set_value(table, K.eval(table) + move)
        values = old(inputs)
        K.set_value(table, K.eval(table) - move)
        return values

    model.train_function = train_function


def test_fit_takes_the_steps_of_the_user():
    model, seen = compiled(), []
    adversarial(model, seen)
    logs = model.fit(X, Y, batch_size=4, epochs=20, verbose=0, validation_data=(X, Y)).history
    assert len(seen) == 60 and seen[0] == [(4, 5), (4, 1), (4,), ()]
    assert logs["loss"][-1] < logs["loss"][0] and set(logs) >= {"accuracy", "val_loss"}
    model.train_on_batch(X, Y)
    model.fit_generator(iter([(X, Y)] * 2), steps_per_epoch=2, verbose=0)
    assert len(seen) == 63
    model.train_function = None
    model.train_on_batch(X, Y)
    assert len(seen) == 63


def test_compile_forgets_it():
    model, seen = compiled(), []
    adversarial(model, seen)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(X, Y)
    assert not seen
    with pytest.raises(ValueError, match="can only be set to None"):
        model.test_function = seen.append
