"""Waiting has an end, and says what was missing."""

from __future__ import annotations

import threading

import pytest

from heartbed.errors import TestbedError
from heartbed.waiting import Deadline, pauses, until


def test_what_holds_at_once_is_not_waited_for() -> None:
    assert until(lambda: True, Deadline(0), TestbedError, "never said")


def test_it_is_asked_again_until_it_holds() -> None:
    answers = iter([False, False, True])
    assert until(lambda: next(answers), Deadline(60), TestbedError, "never said", longest_s=0.001)


def test_what_does_not_come_is_named_with_how_long_it_was_waited_for() -> None:
    with pytest.raises(TestbedError, match=r"^compute: no consumer within 0\.05 s$"):
        until(lambda: False, Deadline(0.05), TestbedError, "compute: no consumer", longest_s=0.01)


def test_what_can_come_no_more_is_raised_at_once() -> None:
    def gone() -> bool:
        raise TestbedError("compute has ended")

    with pytest.raises(TestbedError, match="compute has ended"):
        until(gone, Deadline(60), TestbedError, "never said")


def test_a_stop_ends_the_waiting_without_an_error() -> None:
    stop = threading.Event()
    threading.Timer(0.02, stop.set).start()
    assert not until(lambda: False, Deadline(60), TestbedError, "never said", stop)


def test_pauses_grow_up_to_a_length() -> None:
    stop = threading.Event()
    lengths: list[float] = []
    for pause in pauses(stop, longest_s=0.2):
        lengths.append(pause.args[0])  # type: ignore[attr-defined]
        if len(lengths) == 6:
            stop.set()
    assert lengths == sorted(lengths)
    assert (lengths[0], lengths[-1]) == (0.05, 0.2)
