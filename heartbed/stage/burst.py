"""A burst: a bounded number of requests at a concurrency above what the cell can serve at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

from heartbed.stage.client import Phase
from heartbed.stage.opened import OpenedCell
from heartbed.stage.stillness import by_the_clock

MOST_AT_A_TIME = 64
CALL_EVERY = 3
"""Every third request is a call, the others are casts: a call takes a thread for as long as its reply does."""


@dataclass(frozen=True)
class Burst:
    """``name`` is what the record calls it, and ``attempt`` which of that name it is, from 1.

    ``at_a_time`` requests are under way until ``requests`` were sent.
    """

    name: str
    phase: Phase
    requests: int
    at_a_time: int
    attempt: int = 1


NO_REPLY = 504
"""The application's word that its call got no reply."""
NO_ANSWER = (None, NO_REPLY)
"""Nothing at all, or that word."""

TURN_S = 1.0
"""What a request takes in its turn at the most, where nothing is wrong: a call 0.5 s, and opening its connections."""


def waits_s(capacity: int, at_a_time: int) -> float:
    """How long a request may wait for its turn behind the others, seconds: that is no hanging."""
    return -(-at_a_time // capacity) * TURN_S


def size(capacity: int, least: int) -> tuple[int, int]:
    """How many requests, and how many at a time, for a cell that can serve ``capacity`` at a time.

    More than it can serve, so that some wait; twice as many in all, so that each thread gets one after another.
    """
    at_a_time = min(MOST_AT_A_TIME, capacity + 8)
    return max(least, 2 * at_a_time), at_a_time


def send(opened: OpenedCell, burst: Burst, stop: threading.Event, late: Callable[[], None], patience_s: float) -> None:
    """Send a burst; returns when all were answered or given up. The cell is ``stuck`` where some got no answer.

    ``late`` is called when a request has been waiting for ``patience_s`` seconds: the processes can then be looked at
    while it still waits. It is once more for those that are sent when others got no answer already, and when the first
    call is said to have got no reply: what stood in its way may be there no longer than that. Where so many as
    are sent at a time got none, the rest is not sent: they would only wait in the same queue.
    """
    unanswered, again, no_reply = threading.Semaphore(burst.at_a_time), threading.Semaphore(), threading.Semaphore()
    given_up = threading.Event()

    def one(number: int) -> None:
        if given_up.is_set() or stop.is_set():
            return
        ask = opened.client.call if number % CALL_EVERY == CALL_EVERY - 1 else opened.client.cast
        looks = opened.stuck and again.acquire(blocking=False)
        with by_the_clock(patience_s, late) if looks else nullcontext():
            pid, status = ask(burst.phase, burst=burst.name, attempt=burst.attempt)
        if pid is not None:
            opened.pids.add(pid)
        if status == NO_REPLY and no_reply.acquire(blocking=False):
            late()
        if status in NO_ANSWER:
            opened.stuck = True
        if status is None and not unanswered.acquire(blocking=False):
            given_up.set()

    with by_the_clock(patience_s, late), ThreadPoolExecutor(max_workers=burst.at_a_time) as pool:
        list(pool.map(one, range(burst.requests)))
