"""Workers that prepare batches ahead, in threads or processes."""

from __future__ import annotations

import atexit
import collections
import functools
import queue
import sys
import threading
import traceback
import warnings
import weakref

import numpy as np

from .sequence import _SEQUENCES, get_index, init_pool, init_pool_generator, next_sample

_next_uid = 0
_running: weakref.WeakSet = weakref.WeakSet()


def _context():
    """How processes start: as the program chose, else forked where that is usual."""
    import multiprocessing

    chosen = multiprocessing.get_start_method(allow_none=True)
    return multiprocessing.get_context(chosen or ("fork" if sys.platform == "linux" else None))


def _stop_all():
    """At the end of the program, before the process pools are taken down."""
    for enqueuer in list(_running):
        enqueuer.stop(timeout=5)


class _Failure:
    """An exception on its way from a worker to the reader."""

    def __init__(self, error):
        self.error = error
        self.where = traceback.format_exc()


class SequenceEnqueuer:
    """Base of the enqueuers: `start`, read from `get`, `stop`.

    Args:
        sequence: a Sequence or generator.
        use_multiprocessing: processes instead of threads.
    """

    def __init__(self, sequence, use_multiprocessing=False):
        global _next_uid
        self.sequence = sequence
        self.use_multiprocessing = use_multiprocessing
        self.uid = _next_uid
        _next_uid += 1
        self.workers = 0
        self.queue = None
        self.run_thread = None
        self.stop_signal = None
        self._pool = None

    def is_running(self):
        """Whether it was started and not stopped."""
        return self.stop_signal is not None and not self.stop_signal.is_set()

    def start(self, workers=1, max_queue_size=10):
        """Starts preparing batches.

        Args:
            workers: number of threads or processes.
            max_queue_size: number of batches to hold ready.
        """
        self.workers = max(1, workers)
        self.queue = queue.Queue(max(1, max_queue_size))
        self.stop_signal = threading.Event()
        self._start_workers()
        if self.use_multiprocessing:
            import multiprocessing.util  # noqa: F401 (what it does at the end comes after ours)

        _running.add(self)
        atexit.unregister(_stop_all)
        atexit.register(_stop_all)
        self.run_thread = threading.Thread(target=self._guarded, daemon=True)
        self.run_thread.start()

    def stop(self, timeout=None):
        """Stops and waits until nothing runs any more.

        Args:
            timeout: seconds to wait for a worker, without limit if left out.
        """
        if self.stop_signal is None:
            return
        self.stop_signal.set()
        _running.discard(self)
        while True:  # wakes a producer that waits for room
            try:
                self.queue.get_nowait()
            except queue.Empty:
                break
        self.run_thread.join(timeout)
        self._stop_workers(timeout)

    def get(self):
        """Iterator over the batches; raises here what a worker raised."""
        while self.is_running():
            item = self._take()
            if item is _END:
                return
            if isinstance(item, _Failure):
                self.stop()
                raise item.error
            if item is not None:
                yield item

    def _take(self):
        while self.is_running():
            try:
                return self.queue.get(timeout=0.1)
            except queue.Empty:
                if not self.run_thread.is_alive() and self.queue.empty():
                    return _END
        return _END

    def _put(self, item):
        """Waits for room; False if stopped meanwhile."""
        while not self.stop_signal.is_set():
            try:
                self.queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _guarded(self):
        try:
            self._run()
        except Exception as error:  # handed to the reader
            self._put(_Failure(error))
            return
        self._put(_END)

    def _start_workers(self):
        raise NotImplementedError

    def _stop_workers(self, timeout):
        raise NotImplementedError

    def _run(self):
        raise NotImplementedError

    def _process_pool(self, initializer, arguments):
        with warnings.catch_warnings():
            # Threads of the engine and of ours run here; the children use neither.
            warnings.filterwarnings("ignore", ".*multi-threaded, use of fork", DeprecationWarning)
            pool = _context().Pool(self.workers, initializer=initializer, initargs=arguments)
        self._processes = list(pool._pool)  # a pool replaces those that die, and waits for ever
        return pool

    def _from_process(self, pending):
        """The result of `apply_async`.

        Raises:
            RuntimeError: if a process died, as it does where memory is short.
        """
        import multiprocessing

        while True:
            try:
                return pending.get(timeout=0.5)
            except multiprocessing.TimeoutError:
                codes = [p.exitcode for p in self._processes if p.exitcode is not None]
                if codes and not self.stop_signal.is_set() and not pending.ready():
                    raise RuntimeError(
                        f"A worker process died with exit code {codes[0]} while it prepared "
                        "batches. -9 often means that memory ran out: use fewer workers, or "
                        "threads (use_multiprocessing=False)."
                    ) from None

    def _close_pool(self):
        if self._pool is not None:
            self._pool.terminate()
            self._pool.join()
            self._pool = None


_END = object()


class OrderedEnqueuer(SequenceEnqueuer):
    """Reads a Sequence with several workers; batches come out in order.

    Args:
        sequence: a Sequence.
        use_multiprocessing: processes instead of threads.
        shuffle: whether the order of batches is drawn anew each epoch.
    """

    def __init__(self, sequence, use_multiprocessing=False, shuffle=False):
        super().__init__(sequence, use_multiprocessing)
        self.shuffle = shuffle
        self.end_of_epoch_signal = threading.Event()
        self._executor = None

    def _start_workers(self):
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
            if self.shuffle:
                np.random.shuffle(order)
            if not self._run_epoch(order):
                return
            self.sequence.on_epoch_end()
            self.end_of_epoch_signal.set()

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
        """Waits until the present epoch has been read and `on_epoch_end` has run."""
        self.end_of_epoch_signal.wait(timeout=30)
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
            if _context().get_start_method() != "fork":
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
