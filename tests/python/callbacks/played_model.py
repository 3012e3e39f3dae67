"""A model that is only played: what callbacks see of a training."""

import numpy as np
from keras_native import backend as K
from keras_native import callbacks as C


class Optimizer:
    def __init__(self):
        self.lr = K.variable(1.0)


class Model:
    """What callbacks use of a model."""

    def __init__(self):
        self.stop_training = False
        self.optimizer = Optimizer()
        self.weights = [np.zeros(1)]
        self.saved = []

    def get_weights(self):
        return [w.copy() for w in self.weights]

    def set_weights(self, weights):
        self.weights = weights

    def save(self, path, overwrite):
        self.saved.append(("model", path))

    def save_weights(self, path, overwrite):
        self.saved.append(("weights", path))


def play(callbacks, epochs, batches=(), params=None, model=None):
    """One training run: `epochs` is the list of logs at the ends of epochs."""
    model = model or Model()
    metrics = sorted({name for logs in epochs for name in logs} | {"loss"})
    found = C.CallbackList(callbacks)
    found.set_params({"verbose": 1, "epochs": len(epochs), "metrics": metrics, **(params or {})})
    found.set_model(model)
    found.on_train_begin()
    ends = []
    for epoch, logs in enumerate(epochs):
        logs = dict(logs)
        found.on_epoch_begin(epoch)
        for k, batch in enumerate(batches):
            found.on_train_batch_begin(k, {"batch": k, "size": batch["size"]})
            found.on_train_batch_end(k, {"batch": k, **batch})
            if model.stop_training:
                break
        found.on_epoch_end(epoch, logs)
        model.weights[0] = model.weights[0] + 1
        ends.append(logs)
        if model.stop_training:
            break
    found.on_train_end()
    return model, ends


def losses(*values, name="val_loss"):
    return [{name: value} for value in values]
