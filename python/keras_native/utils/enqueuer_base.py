"""What all workers that prepare batches ahead have in common: queue, thread, processes."""

from __future__ import annotations

import atexit
import queue
import sys
import threading
import traceback
import warnings
import weakref

_next_uid = 0
END = object()
_running: weakref.WeakSet = weakref.WeakSet()


def context():
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
                self.queue.task_done()
            except queue.Empty:
                break
        self.run_thread.join(timeout)
        self._stop_workers(timeout)

    def get(self):
        """Iterator over the batches; raises here what a worker raised."""
        while self.is_running():
            item = self._take()
            if item is END:
                return
            if isinstance(item, _Failure):
                self.stop()
                raise item.error
            if item is not None:
                yield item

    def _take(self):
        while self.is_running():
            try:
                item = self.queue.get(timeout=0.1)
                self.queue.task_done()
                return item
            except queue.Empty:
                if not self.run_thread.is_alive() and self.queue.empty():
                    return END
        return END

    def _put(self, item):
        """Waits for room; False if stopped meanwhile."""
        while not self.stop_signal.is_set():
            try:
                self.queue.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def _wait_until_read(self):
        """Waits until the reader has taken all there is; False if stopped meanwhile."""
        with self.queue.all_tasks_done:
            while self.queue.unfinished_tasks and not self.stop_signal.is_set():
                self.queue.all_tasks_done.wait(timeout=0.1)
        return not self.stop_signal.is_set()

    def _guarded(self):
        try:
            self._run()
        except Exception as error:  # handed to the reader
            self._put(_Failure(error))
            return
        self._put(END)

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
            pool = context().Pool(self.workers, initializer=initializer, initargs=arguments)
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
