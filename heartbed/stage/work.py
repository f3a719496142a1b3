"""Work beside the main thread: on many things at a time, or on one until it is ended. Its errors end the run."""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from queue import Empty, PriorityQueue
from typing import TypeVar

from heartbed.errors import RefusedError, TestbedError
from heartbed.record.bus import Bus
from heartbed.testbed.engine import engine_errors

T = TypeVar("T")

POLL_S = 0.25
PATIENCE_S = 90.0
"""How long what a worker is at may still take when it is ended: longer than any request."""


def each(bus: Bus, items: Iterable[T], work: Callable[[T], None], workers: int) -> None:
    """Do ``work`` on every item, ``workers`` at a time; the first error, also one elsewhere, ends it and is raised."""
    pool = ThreadPoolExecutor(max_workers=workers)
    try:
        futures: list[Future[None]] = [pool.submit(work, item) for item in items]
        pending = set(futures)
        while pending:
            done, pending = wait(pending, timeout=POLL_S, return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            bus.check()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def attempt(what: str, do: Callable[[], object]) -> TestbedError | None:
    """Do something; what went wrong, whatever that is, is returned, for somebody else to raise."""
    try:
        with engine_errors():
            do()
    except TestbedError as error:
        return error
    except Exception as error:  # noqa: BLE001  # also what is wrong in a probe must not keep the rest from being undone
        failure = TestbedError(f"{what}: {type(error).__name__}: {error}")
        failure.__cause__ = error
        return failure
    return None


def undo(steps: Iterable[Callable[[], object]]) -> None:
    """Take all these steps, whatever becomes of each. Raises ``TestbedError`` for what could not be undone."""
    failed = [error for step in steps if (error := attempt("undoing what a probe did", step)) is not None]
    if len(failed) > 1:
        raise TestbedError("what probes did could not be undone", log=[error.message for error in failed])
    if failed:
        raise failed[0]


class Urgent:
    """Does things in threads, ``workers`` at a time: what is urgent before all that waits, the rest as it came."""

    def __init__(self, workers: int, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix=name)
        self._waiting: PriorityQueue[tuple[bool, int, Future[None], Callable[[], object]]] = PriorityQueue()
        self._numbers = itertools.count()

    def submit(self, work: Callable[[], object], *, urgent: bool) -> Future[None]:
        """Have it done; its errors are raised by the future's ``result``."""
        future: Future[None] = Future()
        self._waiting.put((not urgent, next(self._numbers), future, work))
        self._pool.submit(self._do_next)
        return future

    @contextlib.contextmanager
    def sparing(self, one: bool = True) -> Iterator[None]:
        """Do ``one`` thing fewer at a time while the block takes."""
        over = threading.Event()
        if one:
            self.submit(over.wait, urgent=True)
        try:
            yield
        finally:
            over.set()

    def _do_next(self) -> None:
        *_, future, work = self._waiting.get_nowait()
        if not future.set_running_or_notify_cancel():
            return
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is raised where it was asked for
            future.set_exception(error)
        else:
            future.set_result(None)

    def close(self) -> None:
        """Begin nothing any more, and cancel what waits; returns when what is being done is done."""
        with contextlib.suppress(Empty):
            while True:
                *_, future, _ = self._waiting.get_nowait()
                future.cancel()
        self._pool.shutdown(cancel_futures=True)


class Worker:
    """Does something in a thread of its own until it is done, or ended; ``stop`` is set when the run ends.

    What goes wrong in it is raised in the main thread, by ``bus.check``; but what was refused to a probe is in the
    record, and leaves those without a verdict whom it concerns.
    """

    def __init__(self, name: str, work: Callable[[Worker], None], bus: Bus, stop: threading.Event) -> None:
        self.name = name
        self._work, self._bus, self._stop = work, bus, stop
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._do, name=name, daemon=True)
        self._thread.start()

    def _do(self) -> None:
        failure = attempt(self.name, lambda: self._work(self))
        if failure is not None and not isinstance(failure, RefusedError):
            self._bus.fail(failure)

    def wait(self, seconds: float) -> bool:
        """Wait so long; whether to go on: false as soon as this is ended, or the run."""
        until = time.monotonic() + seconds
        while not self._stop.is_set():
            left = until - time.monotonic()
            if self._ended.wait(max(0.0, min(left, POLL_S))):
                return False
            if left <= 0:
                return True
        return False

    @property
    def going(self) -> bool:
        """Whether it has not come to its end."""
        return self._thread.is_alive()

    def end(self) -> None:
        """Have it go on no more; returns when what it was at is done. Raises ``TestbedError`` where that never is."""
        self._ended.set()
        self._thread.join(PATIENCE_S)
        if self._thread.is_alive():
            raise TestbedError(f"{self.name} does not end within {PATIENCE_S:.0f} s")


def steadily(ask: Callable[[], object], first: float, every_s: float) -> Callable[[Worker], None]:
    """What a worker does that asks at ``first`` (epoch seconds), and then every so many seconds.

    A request that took longer than the interval has used up those in between.
    """

    def work(worker: Worker) -> None:
        while worker.wait(every_s - (time.time() - first) % every_s):
            ask()

    return work
