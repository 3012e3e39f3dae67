"""Models of all kinds of layers, trained a little and written in every format.

No hard sigmoid is among them: Keras 3 computes another function under that name.
"""

import numpy as np
from keras_native import backend as K
from keras_native import layers as L
from keras_native import optimizers
from keras_native.models import Model, Sequential


def dense():
    return Sequential(
        [
            L.Dense(6, activation="tanh", input_shape=(5,), kernel_regularizer="l2"),
            L.BatchNormalization(),
            L.Dropout(0.0),
            L.LeakyReLU(0.2),
            L.Dense(3, activation="softmax"),
        ]
    )


def images():
    return Sequential(
        [
            L.Conv2D(4, 3, padding="same", activation="relu", input_shape=(8, 8, 3)),
            L.MaxPooling2D(),
            L.SeparableConv2D(5, 3),
            L.BatchNormalization(),
            L.UpSampling2D(2),
            L.Conv2DTranspose(2, 3, strides=2),
            L.DepthwiseConv2D(2),
            L.PReLU(shared_axes=[1, 2]),
            L.GlobalAveragePooling2D(),
            L.Dense(2),
        ]
    )


def sequences():
    return Sequential(
        [
            L.Embedding(11, 4, input_length=7, mask_zero=True),
            L.LSTM(5, return_sequences=True),
            L.Bidirectional(L.GRU(3, return_sequences=True, reset_after=True)),
            L.TimeDistributed(L.Dense(4, activation="elu")),
            L.SimpleRNN(3),
            L.Dense(2, activation="sigmoid"),
        ]
    )


def signals():
    return Sequential(
        [
            L.ZeroPadding1D(1, input_shape=(12, 2)),
            L.Conv1D(4, 3, dilation_rate=2, activation="selu"),
            L.AveragePooling1D(2),
            L.GRU(3, reset_after=False, return_sequences=True),
            L.LSTM(2, go_backwards=True, unit_forget_bias=False),
            L.RepeatVector(3),
            L.Reshape((6,)),
            L.Dense(2),
        ]
    )


def films():
    return Sequential(
        [
            L.ConvLSTM2D(
                3,
                2,
                input_shape=(4, 5, 5, 1),
                return_sequences=True,
                recurrent_activation="sigmoid",
            ),
            L.Conv3D(2, 2),
            L.MaxPooling3D((1, 2, 2)),
            L.Flatten(),
            L.Dense(2),
        ]
    )


def graph():
    a, b = L.Input((4,), name="a"), L.Input((4,), name="b")
    shared = L.Dense(3, activation="relu", name="shared")
    inner = Sequential([L.Dense(3, input_shape=(3,)), L.BatchNormalization()], name="inner")
    z = L.Input((3,))
    tower = Model(z, L.multiply([L.Dense(3)(z), z]), name="tower")
    left, right = inner(shared(a)), tower(shared(b))
    joined = L.concatenate([L.add([left, right]), L.average([left, right]), L.dot([a, b], 1)])
    out = L.Activation("softplus", name="p")(L.Dense(3)(joined))
    return Model([a, b], [out, L.Dense(1, name="q")(L.maximum([left, right]))])


def towers():
    """Models in models in a model, called more than once; an inner model gives an output."""
    z = L.Input((3,))
    block = Model(z, L.add([L.Dense(3, activation="tanh")(z), z]), name="block")
    tail = Sequential([L.Dense(4, input_shape=(3,)), L.BatchNormalization()], name="tail")
    w = L.Input((3,))
    tower = Model(w, tail(block(L.Dense(3)(block(w)))), name="tower")
    a, b = L.Input((3,), name="a"), L.Input((3,), name="b")
    left, right = tower(a), tower(L.Activation("relu")(b))
    head = Sequential([L.Dense(2, activation="sigmoid", input_shape=(4,))], name="head")
    return Model([a, b], [head(left), head(L.subtract([left, right])), tower(L.add([a, b]))])


# name -> (model, shapes of the inputs, optimizer whose state others continue from)
SAMPLES = {
    "dense": (dense, [(5,)], lambda: optimizers.Adam(lr=0.01)),
    "images": (images, [(8, 8, 3)], lambda: optimizers.SGD(lr=0.01, momentum=0.9)),
    "sequences": (sequences, [(7,)], lambda: optimizers.RMSprop(lr=0.003)),
    "signals": (signals, [(12, 2)], lambda: optimizers.Adam(lr=0.01, amsgrad=True)),
    "films": (films, [(4, 5, 5, 1)], lambda: optimizers.SGD(lr=0.01, momentum=0.9, nesterov=True)),
    "graph": (graph, [(4,), (4,)], lambda: optimizers.Adamax(lr=0.01)),
    "towers": (towers, [(3,), (3,)], lambda: optimizers.Adam(lr=0.01, decay=0.1)),
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def keys(data, prefix):
    """Keys prefix0, prefix1, … in order."""
    return sorted(k for k in data if k.startswith(prefix) and k[len(prefix) :].isdigit())


def write(folder):
    """A folder per sample: model.h5, model.keras, weights in both layouts, arch.json, data.npz."""
    for name, (build, shapes, optimizer) in SAMPLES.items():
        K.clear_session()
        rng = np.random.RandomState(5)
        model = build()
        if name == "sequences":
            x = [rng.randint(0, 11, size=(8, *shapes[0]))]
        else:
            x = [rng.normal(size=(8, *shape)).astype("float32") for shape in shapes]
        y = [rng.uniform(size=(8, *s[1:])).astype("float32") for s in as_list(model.output_shape)]
        model.compile(optimizer(), "mse")
        for _ in range(3):
            model.train_on_batch(x, y)
        own = folder / name
        own.mkdir()
        model.save(own / "model.h5")
        model.save(own / "model.keras")
        model.save_weights(own / "plain.h5")
        model.save_weights(own / "model.weights.h5")
        (own / "arch.json").write_text(model.to_json())
        arrays = {f"x{i}": a for i, a in enumerate(x)}
        arrays.update({f"y{i}": a for i, a in enumerate(y)})
        arrays.update({f"pred{i}": a for i, a in enumerate(as_list(model.predict(x)))})
        state = model.optimizer.get_weights()
        arrays.update({f"state{i:03}": np.asarray(a) for i, a in enumerate(state)})
        logs = [np.ravel(model.train_on_batch(x, y)) for _ in range(3)]
        np.savez(own / "data.npz", logs=np.asarray(logs, "float32"), **arrays)
