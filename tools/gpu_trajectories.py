"""Train the same small models on the CPU and on another device and compare their losses: with the
data set on the device, with batches that are sent there, and on tensor cores.

    python tools/gpu_trajectories.py [device]

The device is cuda:0 by default. Exits with 1 where a trajectory leaves the CPU's.
"""

import sys
import time

import numpy as np
from keras_native import config, layers
from keras_native.models import Sequential

EPOCHS, SAMPLES = 3, 96


def mlp():
    return Sequential(
        [
            layers.Dense(64, activation="relu", input_shape=(20,)),
            layers.Dropout(0.2),
            layers.BatchNormalization(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def cnn():
    return Sequential(
        [
            layers.Conv2D(8, 3, activation="relu", padding="same", input_shape=(10, 10, 2)),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, activation="relu"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


def lstm():
    return Sequential(
        [
            layers.LSTM(16, input_shape=(9, 6), return_sequences=True),
            layers.GRU(12),
            layers.Dense(4, activation="softmax"),
        ]
    )


def embedding():
    return Sequential(
        [
            layers.Embedding(50, 8, input_length=12),
            layers.Conv1D(8, 3, activation="relu"),
            layers.GlobalMaxPooling1D(),
            layers.Dense(4, activation="softmax"),
        ]
    )


MODELS = {
    "mlp": (mlp, (20,), "adam"),
    "cnn": (cnn, (10, 10, 2), "rmsprop"),
    "lstm": (lstm, (9, 6), "adam"),
    "embedding": (embedding, (12,), "adagrad"),
}


def losses(build, shape, optimizer, device):
    """The losses of some epochs, the prediction afterwards, and the seconds it took."""
    random = np.random.RandomState(1)
    if build is embedding:
        x = random.randint(0, 50, (SAMPLES, *shape))
    else:
        x = random.standard_normal((SAMPLES, *shape)).astype("float32")
    y = random.randint(0, 4, SAMPLES)
    np.random.seed(7)
    with config.device(device):
        model = build()
        model.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
        begin = time.perf_counter()
        history = model.fit(x, y, batch_size=32, epochs=EPOCHS, verbose=0).history["loss"]
        return np.array(history), model.predict(x), time.perf_counter() - begin


def main():
    device = sys.argv[1] if len(sys.argv) > 1 else "cuda:0"
    print(config.device_info(device))
    wrong = 0
    for name, (build, shape, optimizer) in MODELS.items():
        want, predicted, cpu = losses(build, shape, optimizer, "cpu")
        config.allow_tf32(True, device)
        rounded, _, _ = losses(build, shape, optimizer, device)
        config.allow_tf32(False, device)
        config.set_data_share(0)
        sent, _, _ = losses(build, shape, optimizer, device)
        config.set_data_share(0.25)
        got, on_device, gpu = losses(build, shape, optimizer, device)
        off = float(np.max(np.abs(got - want) / want))
        apart = float(np.max(np.abs(on_device - predicted)))
        same = np.array_equal(sent, got)
        tf32 = float(np.max(np.abs(rounded - want) / want))
        word = "ok" if off < 2e-3 and apart < 2e-2 and same and tf32 < 3e-2 else "FAILED"
        wrong += word != "ok"
        print(
            f"trajectory {name}: {word}, {'the same' if same else 'other'} losses where batches "
            f"are sent, losses within {off:.1e}, predictions within {apart:.1e}, "
            f"in TF32 losses within {tf32:.1e}; "
            f"{cpu:.2f} s on cpu, {gpu:.2f} s on {device}"
        )
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
