"""Training that is killed and started again ends with the bits of training that was not."""

import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from keras_native import callbacks as C
from keras_native.layers import Dense, Dropout, Flatten
from keras_native.models import Sequential
from keras_native.optimizers import Adam
from keras_native.preprocessing.image import ImageDataGenerator
from keras_native.utils import Sequence

SCRIPT = """
    import os, signal, sys
    import numpy as np
    from keras_native import callbacks as C
    from keras_native.layers import BatchNormalization, Dense, Dropout
    from keras_native.models import Sequential

    folder, kill_at, save_freq, out = sys.argv[1:]
    np.random.seed(3)
    x, y = np.random.rand(70, 6).astype("f4"), np.random.rand(70, 1).astype("f4")
    model = Sequential([
        Dense(8, activation="relu", input_dim=6), Dropout(0.3), BatchNormalization(), Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    steps = [0]

    class Kill(C.Callback):
        def on_batch_end(self, batch, logs=None):
            steps[0] += 1
            if steps[0] == int(kill_at):
                os.kill(os.getpid(), signal.SIGKILL)

    save_freq = save_freq if save_freq == "epoch" else int(save_freq)
    history = model.fit(
        x, y, epochs=6, batch_size=16, verbose=0, validation_split=0.1,
        callbacks=[
            C.BackupAndRestore(folder, save_freq=save_freq),
            C.ReduceLROnPlateau("loss", patience=0, min_delta=1, factor=0.5),
            Kill()])
    kept = {f"h_{name}": values for name, values in history.history.items()}
    np.savez(out, *model.get_weights(), *model.optimizer.get_weights(), epoch=history.epoch, **kept)
"""


def run(tmp_path, folder, kill_at, save_freq="epoch"):
    script = tmp_path / "train.py"
    script.write_text(textwrap.dedent(SCRIPT))
    out = tmp_path / "out.npz"
    code = subprocess.run(
        [sys.executable, script, tmp_path / folder, str(kill_at), str(save_freq), out]
    ).returncode
    if code:
        return code
    with np.load(out) as data:
        return dict(data)


@pytest.mark.parametrize("save_freq", ["epoch", 3])
def test_killed_and_resumed_bit_for_bit(tmp_path, save_freq):
    expected = run(tmp_path, "whole", 0, save_freq)
    assert expected["epoch"].tolist() == list(range(6))
    assert len(set(expected["h_lr"].tolist())) > 2
    for kill_at in (7, 6):  # in the second epoch, then in one that the first run never reached
        assert run(tmp_path, "killed", kill_at, save_freq) == -signal.SIGKILL
        assert os.listdir(tmp_path / "killed") == ["backup.npz"]
    found = run(tmp_path, "killed", 0, save_freq)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert os.listdir(tmp_path / "killed") == []


def network(units=4):
    model = Sequential([Dense(units, input_dim=3), Dropout(0.2), Dense(1)])
    model.compile(Adam(), "mse")
    return model


X, Y = np.random.RandomState(0).rand(20, 3), np.zeros((20, 1))


class Stop(C.Callback):
    """Ends a run as an exception would."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise InterruptedError


def interrupted(folder, model):
    with pytest.raises(InterruptedError):
        model.fit(
            X,
            Y,
            epochs=4,
            verbose=0,
            callbacks=[C.BackupAndRestore(folder, delete_checkpoint=False), Stop()],
        )


def test_early_stopping_remembers_its_best(tmp_path):
    stopping = C.EarlyStopping("loss", patience=1, min_delta=1e9, restore_best_weights=True)

    class Crash(C.Callback):
        crash = True

        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1 and self.crash:
                raise InterruptedError

    crash = Crash()
    model, backup = network(), C.BackupAndRestore(tmp_path)
    run = [backup, stopping, crash]
    with pytest.raises(InterruptedError):
        model.fit(X, Y, epochs=9, verbose=0, callbacks=run)
    first = model.get_weights()
    crash.crash = False
    again = network()
    stopping = C.EarlyStopping("loss", patience=1, min_delta=1e9, restore_best_weights=True)
    history = again.fit(
        X, Y, epochs=9, verbose=0, callbacks=[C.BackupAndRestore(tmp_path), stopping, crash]
    )
    # the first epoch was the best, and the second showed no improvement
    assert history.epoch == [0, 1]
    for a, b in zip(again.get_weights(), first, strict=True):
        np.testing.assert_array_equal(a, b)


def test_generators_resume_at_their_epoch(tmp_path):
    def batches():
        while True:
            yield X, Y

    def fit(model, *callbacks):
        return model.fit_generator(
            batches(), 3, epochs=4, verbose=0, workers=0,
            callbacks=[C.BackupAndRestore(tmp_path, save_freq=2), *callbacks],
        )  # fmt: skip

    model = network()
    with pytest.raises(InterruptedError):
        fit(model, Stop())
    again, seen = network(), []
    # other callbacks than before may watch
    note = C.LambdaCallback(on_epoch_begin=lambda epoch, logs: seen.append(epoch))
    assert fit(again, note).epoch == [0, 1, 2, 3]
    assert seen == [2, 3]
    assert again.optimizer.get_weights()[0] == 12


class Drawn(Sequence):
    """Batches in an order of its own that it draws after each epoch."""

    kept_attributes = ("order", "epochs")

    def __init__(self):
        self.order, self.epochs = np.arange(len(X)), 0

    def __len__(self):
        return len(X) // 10

    def __getitem__(self, i):
        rows = self.order[10 * i : 10 * i + 10]
        return X[rows], Y[rows]

    def on_epoch_end(self):
        self.epochs += 1
        np.random.RandomState(self.epochs).shuffle(self.order)


def images():
    """Random shifts and flips of images, as rows of numbers."""
    made = ImageDataGenerator(width_shift_range=0.4, horizontal_flip=True)
    return made.flow(X[:, :, None, None].repeat(3, 2), Y, batch_size=8, seed=5)


@pytest.mark.parametrize(
    ("source", "workers"), [(Drawn, 0), (Drawn, 1), (Drawn, 3), (images, 1), (images, 3)]
)
def test_sequences_resume_bit_for_bit(tmp_path, source, workers):
    """After a crash in any epoch: order of batches, what the Sequence remembers, random numbers."""

    class Crash(C.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                raise InterruptedError

    def fit(folder, *callbacks):
        if source is images:
            pytest.importorskip("scipy")
        np.random.seed(3)
        model = network()
        if source is images:
            model = Sequential([Flatten(input_shape=(3, 3, 1)), Dropout(0.2), Dense(1)])
            model.compile(Adam(), "mse")
        backup = C.BackupAndRestore(tmp_path / folder, delete_checkpoint=False)
        history = model.fit_generator(
            source(), epochs=5, verbose=0, workers=workers, callbacks=[backup, *callbacks]
        )
        return model, history

    whole, history = fit("whole")
    with pytest.raises(InterruptedError):
        fit("part", Crash())
    again, resumed = fit("part")
    assert resumed.history == history.history
    state = whole.get_weights() + whole.optimizer.get_weights()
    for a, b in zip(state, again.get_weights() + again.optimizer.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_sequence_of_other_length_than_an_epoch(tmp_path):
    """It is saved and goes on, with its next batches."""
    for steps in (2, len(X) // 10 + 1):
        model = network()
        backup = C.BackupAndRestore(tmp_path / str(steps))
        model.fit_generator(
            Drawn(), steps, epochs=3, verbose=0, workers=2, max_queue_size=1, callbacks=[backup]
        )
        assert model.optimizer.get_weights()[0] == 3 * steps


def test_another_training_is_refused(tmp_path):
    model = network()
    interrupted(tmp_path, model)
    with pytest.raises(ValueError, match="copy of another training. Expected shapes of weights"):
        interrupted(tmp_path, network(units=5))
    before = network()
    kept = before.get_weights()
    (tmp_path / "backup.npz").write_bytes(b"PK\3\4 nonsense")
    with pytest.raises(ValueError, match="backup.npz could not be read.*Delete it"):
        interrupted(tmp_path, before)
    for a, b in zip(before.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="save_freq"):
        C.BackupAndRestore(tmp_path, save_freq=0)


# ------------------------------------------------------------ the interrupt key


def test_interrupt_in_a_callback_leaves_a_usable_model(tmp_path):
    class Press(C.Callback):
        def on_batch_end(self, batch, logs=None):
            if batch == 1:
                raise KeyboardInterrupt

    model = network()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Press()])
    assert model.optimizer.get_weights()[0] == 2
    usable(model, tmp_path)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timers here")
@pytest.mark.parametrize("verbose", [0, 1])
def test_interrupt_of_the_native_loop_leaves_a_usable_model(tmp_path, verbose):
    class Press(C.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            signal.setitimer(signal.ITIMER_REAL, 0.3)

    model = network()
    x, y = np.tile(X, (50_000, 1)), np.tile(Y, (50_000, 1))  # many seconds of training
    model.fit(X, Y, batch_size=1, verbose=0)  # makes the plan, which may take its time
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            model.fit(
                x, y, batch_size=1, epochs=100, verbose=verbose, shuffle=False, callbacks=[Press()]
            )
    finally:
        signal.signal(signal.SIGALRM, before)
    steps = model.optimizer.get_weights()[0] - len(X)
    assert 10 < steps < len(x)  # within the first epoch, not at its end
    usable(model, tmp_path)


def usable(model, tmp_path):
    from keras_native.models import load_model

    predicted = model.predict(X)
    assert np.isfinite(predicted).all()
    model.save(tmp_path / "m.h5")
    np.testing.assert_array_equal(load_model(tmp_path / "m.h5").predict(X), predicted)
    model.fit(X, Y, epochs=2, verbose=0)
    assert np.isfinite(model.evaluate(X, Y, verbose=0))
