"""The progress bar on a terminal and in a file."""

import re

import pytest
from keras_native.utils import progbar
from keras_native.utils.progbar import Progbar


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setattr(progbar, "_interactive", lambda stream: True)


def test_file_gets_one_line(capsys):
    bar = Progbar(20)
    for i in range(20):
        bar.update(i + 1, [("loss", float(i)), ("acc", 0.5)])
    out = capsys.readouterr().out
    assert re.fullmatch(
        r"20/20 \[={30}\] - 0s \d+(us|ms)/step - loss: 9\.5000 - acc: 0\.5000\n", out
    )


def test_terminal_rewrites_one_line(capsys, terminal):
    bar = Progbar(4, width=8, interval=0)
    for i in range(4):
        bar.update(i + 1, [("loss", 1.0)])
    out = capsys.readouterr().out
    assert out.count("\n") == 1 and out.endswith("\n")
    assert out.count("\r") == 4
    assert "\r1/4 [=>......] - ETA: " in out
    assert "\r3/4 [=====>..] - ETA: " in out
    assert "\r4/4 [========] - " in out


def test_terminal_is_not_redrawn_faster_than_the_interval(capsys, terminal):
    bar = Progbar(100, interval=60)
    for i in range(99):
        bar.update(i + 1)
    assert capsys.readouterr().out.count("\r") == 1


def test_shorter_line_covers_the_longer_one(capsys, terminal):
    bar = Progbar(3, interval=0, stateful_metrics=["m"])
    bar.update(1, [("m", "long text value")])
    bar.update(2, [("m", 1)])
    first, second = capsys.readouterr().out.split("\r")[1:]
    assert len(second) >= len(first)


def test_values_are_weighted_by_steps_and_stateful_ones_are_not(capsys):
    bar = Progbar(10, stateful_metrics=["total"])
    bar.update(8, [("loss", 1.0), ("total", 8)])
    bar.add(2, [("loss", 2.0), ("total", 10)])
    out = capsys.readouterr().out
    assert "loss: 1.2000" in out
    assert "total: 10.0000" in out


def test_small_numbers_are_shown_in_full(capsys):
    Progbar(1).update(1, [("lr", 1e-5)])
    assert "lr: 1.0000e-05" in capsys.readouterr().out


def test_verbose_2_writes_a_line_at_the_end(capsys):
    bar = Progbar(5, verbose=2)
    for i in range(5):
        bar.update(i + 1, [("loss", 2.0)])
    assert capsys.readouterr().out == " - 0s - loss: 2.0000\n"


def test_verbose_0_is_silent(capsys):
    Progbar(2, verbose=0).update(2, [("loss", 1.0)])
    assert capsys.readouterr().out == ""


def test_unknown_target(capsys, terminal):
    Progbar(None, interval=0).update(7, [("loss", 1.0)])
    assert "      7/Unknown - " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5s"), (60, "60s"), (61, "1:01"), (3601, "1:00:01")]
)
def test_clock(seconds, text):
    assert progbar._clock(seconds) == text
