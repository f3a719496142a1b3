"""Reaching processes: requests side by side, again and again, until enough of a cell's processes have answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor

from heartbed.waiting import SHORTEST_S, Deadline, pauses

REACH_DEADLINE_S = 10.0
"""How long a cell's processes are asked for, without another being reached, before one counts as out of reach."""

Answer = tuple[int | None, int | None]
"""Process that answered, and status; None for what is not known."""


def until_reached(
    stop: threading.Event,
    request: Callable[[], Answer],
    wanted: Sequence[int],
    enough: Callable[[set[int]], bool],
    awaited: Container[int] | None = None,
) -> set[int]:
    """Send ``request`` side by side, one for each process, again and again until enough processes have answered.

    ``awaited`` are the processes whose answer gives the others time again, any where there are none: a server that
    replaces its process with each request always has another one. In haste as long as it is answered with a success,
    and ever more slowly where it is not.
    """
    reached: set[int] = set()
    side_by_side = range(max(1, len(wanted)))  # where no process is known, one request may still find one
    deadline = Deadline(REACH_DEADLINE_S)
    for pause in pauses(stop):
        with ThreadPoolExecutor(max_workers=len(side_by_side)) as pool:
            answers = [answer.result() for answer in [pool.submit(request) for _ in side_by_side]]
        pids = [pid for pid, _ in answers]
        if fresh := {pid for pid in pids if pid is not None} - reached:
            # However long it took: where answers are late, the others have not had their chance yet.
            reached |= fresh
            if awaited is None or any(pid in awaited for pid in fresh):
                deadline = Deadline(REACH_DEADLINE_S)
        # A request that is not answered at all has found the process that hangs: asking on would only wait again.
        hangs = None in pids and bool(reached)
        if enough(reached) or hangs or deadline.passed:
            break
        if all(status is None or status >= 400 for _, status in answers):
            pause()
        else:
            stop.wait(SHORTEST_S)
    return reached
