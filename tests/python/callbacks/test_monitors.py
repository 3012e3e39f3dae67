"""Callbacks that watch a number: stopping, checkpoints, learning rates."""

import pytest
from keras_native import backend as K
from keras_native import callbacks as C
from played_model import Model, losses, play


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_terminate_on_nan(value, capsys):
    model, ends = play(
        [C.TerminateOnNaN()], [{}, {}], [{"size": 1, "loss": 1.0}, {"size": 1, "loss": value}]
    )
    assert model.stop_training and len(ends) == 1
    assert "Batch 1: Invalid loss" in capsys.readouterr().out


def test_early_stopping_waits_for_patience():
    stopping = C.EarlyStopping(patience=2)
    model, ends = play([stopping], losses(3, 2, 2.5, 2.1, 1))
    assert len(ends) == 4
    assert stopping.stopped_epoch == 3


def test_early_stopping_min_delta_and_mode():
    assert len(play([C.EarlyStopping(min_delta=0.5)], losses(3, 2.8, 2))[1]) == 2
    accuracy = losses(0.5, 0.6, 0.55, name="val_acc")
    assert len(play([C.EarlyStopping("val_acc")], accuracy)[1]) == 3
    assert len(play([C.EarlyStopping("val_acc", mode="min")], accuracy)[1]) == 2


def test_early_stopping_baseline():
    assert len(play([C.EarlyStopping(baseline=1.0, patience=3)], losses(3, 2, 1.5, 1.2, 0))[1]) == 3
    assert len(play([C.EarlyStopping(baseline=1.0, patience=3)], losses(0.9, 0.8, 0.7))[1]) == 3


def test_early_stopping_restores_the_best_weights(capsys):
    model = Model()
    stopping = C.EarlyStopping(patience=1, restore_best_weights=True, verbose=1)
    play([stopping], losses(3, 1, 2, 2), model=model)
    # the weights count epochs; the run adds one more after the last hook
    assert model.weights[0][0] == 2
    out = capsys.readouterr().out
    assert "Restoring model weights" in out and "Epoch 00003: early stopping" in out


def test_early_stopping_without_its_metric_warns():
    with pytest.warns(RuntimeWarning, match="`val_loss`.*Available: loss"):
        play([C.EarlyStopping()], losses(1, name="loss"))


def test_unknown_mode_warns():
    with pytest.warns(RuntimeWarning, match="'auto', 'min' or 'max'; received 'up'"):
        C.EarlyStopping(mode="up")


def test_checkpoint_every_epoch_and_period():
    model, _ = play([C.ModelCheckpoint("m.{epoch:02d}-{val_loss:.2f}.h5")], losses(1, 0.5))
    assert model.saved == [("model", "m.01-1.00.h5"), ("model", "m.02-0.50.h5")]
    model, _ = play(
        [C.ModelCheckpoint("w{epoch}", period=2, save_weights_only=True)], losses(1, 2, 3, 4)
    )
    assert model.saved == [("weights", "w2"), ("weights", "w4")]


def test_checkpoint_best_only(capsys):
    checkpoint = C.ModelCheckpoint("{epoch}", save_best_only=True, verbose=1)
    model, _ = play([checkpoint], losses(1, 2, 0.5))
    assert [path for _, path in model.saved] == ["1", "3"]
    out = capsys.readouterr().out
    assert "Epoch 00003: val_loss improved from 1.00000 to 0.50000, saving model to 3" in out
    assert "Epoch 00002: val_loss did not improve from 1.00000" in out
    checkpoint = C.ModelCheckpoint("{epoch}", "acc", save_best_only=True)
    model, _ = play([checkpoint], losses(0.5, 0.4, 0.6, name="acc"))
    assert [path for _, path in model.saved] == ["1", "3"]


@pytest.mark.parametrize("field", ["{epoch.__class__}", "{val_loss[0]}", "{0}", "{}"])
def test_checkpoint_takes_plain_names_only(field):
    with pytest.raises((ValueError, IndexError, KeyError)):
        play([C.ModelCheckpoint("m" + field)], losses(1))


def test_learning_rate_scheduler(capsys):
    history = C.History()
    model, _ = play([C.LearningRateScheduler(lambda epoch: 0.5**epoch), history], [{}, {}, {}])
    assert history.history["lr"] == [1.0, 0.5, 0.25]
    model, _ = play([C.LearningRateScheduler(lambda epoch, lr: lr / 2, verbose=1)], [{}, {}])
    assert K.get_value(model.optimizer.lr) == 0.25
    assert "Epoch 00002: LearningRateScheduler setting learning rate to 0.25" in (
        capsys.readouterr().out
    )
    with pytest.raises(ValueError, match="expected a float"):
        play([C.LearningRateScheduler(lambda epoch: "fast")], [{}])


def rates(callback, values):
    model, history = Model(), C.History()
    play([callback, history], losses(*values), model=model)
    return [float(lr) for lr in history.history["lr"]], float(K.get_value(model.optimizer.lr))


def test_reduce_on_plateau():
    seen, last = rates(C.ReduceLROnPlateau(factor=0.5, patience=2), [1, 1, 1, 1, 1, 1])
    assert seen == [1, 1, 1, 0.5, 0.5, 0.25]
    assert last == 0.25


def test_reduce_on_plateau_cooldown_and_limit():
    callback = C.ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2, min_lr=0.4)
    seen, last = rates(callback, [1] * 8)
    assert (
        seen == [1, 1, 0.5, 0.5, pytest.approx(0.4), pytest.approx(0.4)] + [pytest.approx(0.4)] * 2
    )
    assert last == pytest.approx(0.4)


def test_reduce_on_plateau_keras1_and_errors():
    with pytest.warns(UserWarning, match="min_delta=0.5"):
        assert C.ReduceLROnPlateau(epsilon=0.5).min_delta == 0.5
    with pytest.raises(ValueError, match="factor < 1"):
        C.ReduceLROnPlateau(factor=1.0)
    with pytest.raises(TypeError, match="nonsense"):
        C.ReduceLROnPlateau(nonsense=1)
