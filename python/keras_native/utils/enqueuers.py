"""Workers that prepare batches ahead, in threads or processes."""

from __future__ import annotations

import collections
import copy
import functools
import queue
import threading

import numpy as np

from .enqueuer_base import SequenceEnqueuer, context
from .sequence import _SEQUENCES, get_index, init_pool, init_pool_generator, next_sample


def kept_of(source):
    """Copies of the attributes of a Sequence that its `kept_attributes` names."""
    names = getattr(source, "kept_attributes", ())
    return {name: copy.deepcopy(getattr(source, name)) for name in names if hasattr(source, name)}


class OrderedEnqueuer(SequenceEnqueuer):
    """Reads a Sequence with several workers; batches come out in order.

    Args:
        sequence: a Sequence.
        use_multiprocessing: processes instead of threads.
        shuffle: whether the order of batches is drawn anew each epoch.

    Attributes:
        seed: of these orders; None before it is started: drawn from NumPy's generator.
        epoch: number of the epoch that is read.
    """

    def __init__(self, sequence, use_multiprocessing=False, shuffle=False):
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle
        self.seed, self.epoch = None, 0
        self._kept: queue.SimpleQueue = queue.SimpleQueue()  # (epoch, what it begins with)
        self.end_of_epoch_signal = threading.Event()
        self._executor = None

    def _start_workers(self):
        if self.shuffle and self.seed is None:
            self.seed = np.random.randint(2**31)
        if not self.use_multiprocessing:
            from concurrent.futures import ThreadPoolExecutor

            self._executor = ThreadPoolExecutor(self.workers)

    def _stop_workers(self, timeout):
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None
        self._close_pool()

    def _submit(self, i):
        """Starts the work on batch `i`; returns a function that waits for it."""
        if self._executor is not None:
            return self._executor.submit(self.sequence.__getitem__, i).result
        pending = self._pool.apply_async(get_index, (self.uid, i))
        return functools.partial(self._from_process, pending)

    def _run(self):
        while not self.stop_signal.is_set():
            if self.use_multiprocessing:  # each epoch a pool that knows the sequence as it is now
                self._close_pool()
                self._pool = self._process_pool(init_pool, ({self.uid: self.sequence},))
            order = list(range(len(self.sequence)))
            if self.shuffle:  # NumPy's own generator belongs to the main thread
                np.random.RandomState((self.seed, self.epoch)).shuffle(order)
            if not self._run_epoch(order) or not self._wait_until_read():
                return
            self.sequence.on_epoch_end()
            self.epoch += 1
            self._kept.put((self.epoch, kept_of(self.sequence)))
            self.end_of_epoch_signal.set()

    def kept_at(self, epoch):
        """What the sequence remembers when an epoch begins; waits until the one before is read."""
        while True:
            try:
                number, kept = self._kept.get(timeout=0.1)
            except queue.Empty:
                if not self.run_thread.is_alive():  # its error comes with the next batch
                    return {}
                continue
            if number >= epoch:
                return kept

    def _run_epoch(self, order):
        ahead: collections.deque = collections.deque()
        depth = self.workers + self.queue.maxsize
        for i in order:
            ahead.append(self._submit(i))
            if len(ahead) >= min(depth, 2 * self.workers):
                if not self._deliver(ahead.popleft()):
                    return False
        while ahead:
            if not self._deliver(ahead.popleft()):
                return False
        return True

    def _deliver(self, wait):
        return self._put(wait()) and not self.stop_signal.is_set()

    def join_end_of_epoch(self):
        """Waits until the present epoch has been read and `on_epoch_end` has run.

        Raises here what that raised.
        """
        while not self.end_of_epoch_signal.wait(timeout=0.1):
            if not self.run_thread.is_alive():
                next(self.get(), None)
                return
        self.end_of_epoch_signal.clear()


class GeneratorEnqueuer(SequenceEnqueuer):
    """Reads a generator ahead.

    With threads the generator runs on one of them at a time, in order. With processes each one
    runs a copy of the generator.

    Args:
        sequence: a generator or iterator.
        use_multiprocessing: processes instead of threads.
        wait_time: not used any more.
        random_seed: seed of the processes' random numbers; each gets its own.
    """

    def __init__(self, sequence, use_multiprocessing=False, wait_time=None, random_seed=None):
        super().__init__(sequence, use_multiprocessing)
        self.random_seed = random_seed
        if wait_time is not None:
            import warnings

            warnings.warn("`wait_time` is not used anymore.", DeprecationWarning, stacklevel=2)

    def _start_workers(self):
        if self.use_multiprocessing:
            if context().get_start_method() != "fork":
                raise ValueError(
                    "Using a generator with `use_multiprocessing=True` needs processes that are "
                    "forked, as generators cannot be sent to others. Use threads, or a Sequence."
                )
            _SEQUENCES[self.uid] = self.sequence
            self._pool = self._process_pool(
                init_pool_generator, ({self.uid: self.sequence}, self.random_seed)
            )

    def _stop_workers(self, timeout):
        self._close_pool()
        _SEQUENCES.pop(self.uid, None)

    def _run(self):
        if self._pool is None:
            for item in self.sequence:
                if not self._put(item):
                    return
            return
        ahead: collections.deque = collections.deque()
        while not self.stop_signal.is_set():
            while len(ahead) < self.workers:
                ahead.append(self._pool.apply_async(next_sample, (self.uid,)))
            try:
                item = self._from_process(ahead.popleft())
            except StopIteration:
                return
            if not self._put(item):
                return
