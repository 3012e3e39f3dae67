"""Batches prepared ahead: in order, with errors that arrive, and ends that do not hang."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from keras_native.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence


class Numbers(Sequence):
    """Batches that are their numbers; `act` runs in the worker."""

    def __init__(self, n=5, act=None):
        self.n, self.act, self.epochs = n, act, 0

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if self.act is not None:
            self.act(index)
        return np.full(2, index + 10 * self.epochs)

    def on_epoch_end(self):
        self.epochs += 1


def take(enqueuer, count, **options):
    enqueuer.start(**options)
    try:
        batches = enqueuer.get()
        return [int(next(batches)[0]) for _ in range(count)]
    finally:
        enqueuer.stop()


def test_a_sequence_is_iterable():
    assert [int(batch[0]) for batch in Numbers()] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("processes", [False, True])
@pytest.mark.parametrize("workers", [1, 3])
def test_order_and_epochs(workers, processes):
    """What `on_epoch_end` changes is seen in the next epoch, by processes too."""
    found = take(OrderedEnqueuer(Numbers(), processes), 12, workers=workers, max_queue_size=2)
    assert found == [0, 1, 2, 3, 4, 10, 11, 12, 13, 14, 20, 21]


def test_shuffled_epochs_have_every_batch():
    found = take(OrderedEnqueuer(Numbers(20), shuffle=True), 40, workers=2)
    assert sorted(found[:20]) == list(range(20)) and found[:20] != list(range(20))
    assert sorted(found[20:]) == list(range(10, 30)) and found[20:] != [x + 10 for x in found[:20]]


def fail(index):
    if index == 3:
        raise OSError("picture 3 is broken")


def die(index):
    if index == 3:
        import os

        os._exit(7)


@pytest.mark.parametrize("processes", [False, True])
def test_errors_of_workers_arrive_in_their_place(processes):
    enqueuer = OrderedEnqueuer(Numbers(act=fail), processes)
    enqueuer.start(workers=2)
    batches = enqueuer.get()
    assert [int(next(batches)[0]) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(OSError, match="picture 3 is broken"):
        next(batches)
    assert not enqueuer.is_running()


def test_a_process_that_dies_is_no_hang():
    with pytest.raises(RuntimeError, match="died with exit code 7"):
        take(OrderedEnqueuer(Numbers(act=die), True), 5, workers=1)


def random_batches():
    while True:
        yield np.random.randint(1 << 30, size=1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes do not fork here")
def test_processes_draw_different_numbers():
    enqueuer = GeneratorEnqueuer(random_batches(), True, random_seed=5)
    assert len(set(take(enqueuer, 12, workers=3))) == 12


def test_stopping_while_the_queue_is_full():
    enqueuer = GeneratorEnqueuer(random_batches())
    enqueuer.start(max_queue_size=1)
    next(enqueuer.get())
    enqueuer.stop(timeout=5)
    enqueuer.stop()  # once more does no harm
    assert not enqueuer.run_thread.is_alive()


@pytest.mark.parametrize(
    "make",
    [
        "OrderedEnqueuer(Numbers()), 3",
        "OrderedEnqueuer(Numbers(), True), 2",
        "GeneratorEnqueuer(endless()), 1",
        "GeneratorEnqueuer(endless(), True), 2",
    ],
)
def test_programs_end_without_stop(make, tmp_path):
    if "True" in make and not hasattr(os, "fork"):
        pytest.skip("processes do not fork here")
    script = f"""
        import numpy as np
        from keras_native.utils import GeneratorEnqueuer, OrderedEnqueuer, Sequence

        class Numbers(Sequence):
            def __len__(self):
                return 1000
            def __getitem__(self, index):
                return np.zeros(3)

        def endless():
            while True:
                yield np.zeros(3)

        enqueuer, workers = {make}
        enqueuer.start(workers=workers)
        next(enqueuer.get())
        print("end")
    """
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, path], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("end\n", "")
