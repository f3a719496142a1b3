"""A burst to a cell that answers nothing: when its processes are looked at, and what is not sent any more."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import Any

from heartbed.stage.burst import Burst, send

TAKES_S, PATIENCE_S = 0.3, 0.05


def sent(status: int | None, requests: int, takes_s: float = TAKES_S) -> tuple[Any, list[str], list[float]]:
    """The cell after a burst of so many, two at a time; the requests that it got, and when it was looked at."""
    asked: list[str] = []
    looks: list[float] = []

    def ask(phase: str, burst: str, attempt: int) -> tuple[int, int | None]:
        asked.append(f"{phase} {burst} {attempt}")
        time.sleep(takes_s)
        return 7, status

    opened: Any = SimpleNamespace(client=SimpleNamespace(cast=ask, call=ask), pids=set(), stuck=False)
    burst = Burst("cold", "open", requests, at_a_time=2)
    send(opened, burst, threading.Event(), lambda: looks.append(time.monotonic()), PATIENCE_S)
    return opened, asked, looks


def test_a_cell_that_answers_in_time_is_not_looked_at() -> None:
    opened, asked, looks = sent(200, 6, takes_s=0.0)
    assert (len(asked), looks, opened.stuck, opened.pids) == (6, [], False, {7})


def test_one_that_hangs_is_looked_at_when_requests_wait_and_again_when_later_ones_do() -> None:
    opened, asked, looks = sent(None, 6)
    assert opened.stuck
    assert len(looks) == 2
    assert looks[1] - looks[0] >= TAKES_S / 2
    assert len(asked) < 6, "the rest would wait in the same queue"


def test_one_that_says_that_a_call_got_no_reply_is_looked_at_once_though_nothing_waits_any_more() -> None:
    opened, asked, looks = sent(504, 6, takes_s=0.0)
    assert (len(asked), len(looks), opened.stuck) == (6, 1, True)
