"""Callbacks against a model that is only played: hooks and loggers."""

import csv
import http.server
import json
import threading
import urllib.parse

import numpy as np
import pytest
from keras_native import callbacks as C
from played_model import play

# ------------------------------------------------------------ the list


class Recorder(C.Callback):
    def __init__(self):
        super().__init__()
        self.calls = []

    def __getattribute__(self, name):
        if name.startswith("on_"):
            return lambda *args, logs=None: self.calls.append(name)
        return super().__getattribute__(name)


def test_every_hook_reaches_every_callback():
    recorders = [Recorder(), Recorder()]
    found = C.CallbackList(recorders)
    hooks = [name for name in dir(C.CallbackList) if name.startswith("on_") and "chunk" not in name]
    hooks.remove("on_progress")
    for name in hooks:
        arguments = (0,) if "batch" in name or "epoch" in name else ()
        getattr(found, name)(*arguments)
    expected = [h.replace("on_batch", "on_train_batch") for h in hooks]
    assert recorders[0].calls == recorders[1].calls == expected


def test_old_batch_hooks_are_called_through_the_new_ones():
    class Old(C.Callback):
        seen = 0

        def on_batch_end(self, batch, logs=None):
            self.seen += logs["size"]

    old = Old()
    play([old], [{}], [{"size": 3}, {"size": 2}])
    assert old.seen == 5


class Watching(C.Callback):
    def on_train_batch_end(self, batch, logs=None):
        pass


class AtTest(C.Callback):
    def on_test_batch_begin(self, batch, logs=None):
        pass


@pytest.mark.parametrize(
    ("callbacks", "train", "test"),
    [
        ([], False, False),
        ([C.BaseLogger(), C.History(), C.ProgbarLogger(), C.EarlyStopping()], False, False),
        ([C.History(), Watching()], True, False),
        ([AtTest()], False, True),
        ([C.TerminateOnNaN()], True, False),
        ([C.LambdaCallback(on_epoch_end=print)], False, False),
        ([C.LambdaCallback(on_batch_end=print)], True, False),
        ([C.LambdaCallback(on_test_batch_end=print)], False, True),
    ],
)
def test_who_needs_a_call_at_every_batch(callbacks, train, test):
    found = C.CallbackList(callbacks)
    assert found.watches_batches("train") is train
    assert found.watches_batches("test") is test


# ------------------------------------------------------------ loggers


def test_base_logger_averages_over_samples():
    batches = [{"size": 4, "loss": 1.0, "total": 3}, {"size": 2, "loss": 4.0, "total": 5}]
    logger = C.BaseLogger(stateful_metrics=["total"])
    _, ends = play([logger], [{}], batches, {"metrics": ["loss", "total"]})
    assert ends == [{"loss": 2.0, "total": 5}]


def test_chunks_equal_batches(capsys):
    def run(chunked):
        logger, bar = C.BaseLogger(), C.ProgbarLogger()
        found = C.CallbackList([logger, bar])
        found.set_params({"metrics": ["loss"], "samples": 6, "verbose": 1, "epochs": 1})
        found.on_train_begin()
        found.on_epoch_begin(0)
        if chunked:
            found.on_chunk_end(2, 6, {"loss": 2.0})
        else:
            found.on_train_batch_begin(0)
            found.on_train_batch_end(0, {"size": 4, "loss": 1.0})
            found.on_train_batch_begin(1)
            found.on_train_batch_end(1, {"size": 2, "loss": 4.0})
        logs = {}
        found.on_epoch_end(0, logs)
        return logs, capsys.readouterr().out.split(" - ")[-1]

    assert run(True) == run(False) == ({"loss": 2.0}, "loss: 2.0000\n")


def test_history():
    history = C.History()
    play([history], [{"loss": 3, "lr": 1}, {"loss": 2, "lr": 1}])
    assert history.epoch == [0, 1]
    assert history.history == {"loss": [3, 2], "lr": [1, 1]}


def test_progbar_logger_writes_one_line_per_epoch_into_a_file(capsys):
    batches = [{"size": 2, "loss": float(i)} for i in range(5)]
    play(
        [C.BaseLogger(), C.ProgbarLogger()],
        [{"val_loss": 0.5}, {"val_loss": 0.25}],
        batches,
        {"samples": 10, "metrics": ["loss", "val_loss"]},
    )
    lines = capsys.readouterr().out.splitlines()
    assert [lines[0], lines[2]] == ["Epoch 1/2", "Epoch 2/2"]
    assert lines[1].startswith("10/10 [==============================] - 0s ")
    assert lines[1].endswith("/step - loss: 2.0000 - val_loss: 0.5000")
    assert len(lines) == 4


def test_progbar_logger_counts_steps(capsys):
    play(
        [C.ProgbarLogger("steps")],
        [{}],
        [{"size": 2, "loss": 1.0}] * 3,
        {"steps": 3, "samples": None},
    )
    assert "3/3 [====" in capsys.readouterr().out
    with pytest.raises(ValueError, match="'samples' or 'steps'"):
        C.ProgbarLogger("batches")


def test_csv_logger(tmp_path):
    path = tmp_path / "log.csv"
    play([C.CSVLogger(path)], [{"loss": 1.5, "acc": 0.5}, {"loss": 1.0, "acc": np.float32(0.75)}])
    assert path.read_bytes() == b"epoch,acc,loss\r\n0,0.5,1.5\r\n1,0.75,1.0\r\n"
    play([C.CSVLogger(path, append=True)], [{"loss": 0.5, "acc": 1.0}])
    assert list(csv.reader(path.read_text().splitlines()))[-1] == ["0", "1.0", "0.5"]
    assert path.read_text().count("epoch") == 1
    play([C.CSVLogger(path, separator=";")], [{"loss": [1, 2]}, {}])
    assert path.read_text() == 'epoch;loss\n0;"""[1, 2]"""\n1;NA\n'


@pytest.fixture
def monitor_server():
    received = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            received.append((self.path, self.headers["Content-Type"], body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as httpd:
        thread = threading.Thread(target=httpd.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}", received
        httpd.shutdown()
        thread.join()


def test_remote_monitor(monitor_server):
    root, received = monitor_server
    play([C.RemoteMonitor(root)], [{"loss": np.float32(0.5)}])
    path, kind, body = received[0]
    assert path == "/publish/epoch/end/"
    assert json.loads(urllib.parse.parse_qs(body)["data"][0]) == {"epoch": 0, "loss": 0.5}
    play([C.RemoteMonitor(root, path="/p", send_as_json=True)], [{"loss": 1.0}])
    assert received[1][0] == "/p"
    assert json.loads(received[1][2]) == {"epoch": 0, "loss": 1.0}


def test_remote_monitor_without_server_warns():
    with pytest.warns(UserWarning, match="could not be reached"):
        play([C.RemoteMonitor("http://127.0.0.1:1")], [{"loss": 1.0}])


# ------------------------------------------------------------ monitors


def test_lambda_callback():
    seen = []
    callback = C.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append(("begin", epoch)),
        on_batch_end=lambda batch, logs: seen.append(("batch", logs["loss"])),
        on_train_end=lambda logs: seen.append("end"),
        note="kept",
    )
    play([callback], [{}], [{"size": 1, "loss": 2.0}])
    assert seen == [("begin", 0), ("batch", 2.0), "end"]
    assert callback.note == "kept"
