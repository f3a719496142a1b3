"""SYNTHETIC runs of probes, judged as real ones are: input for the tests of the plots, never measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from heartbed.report.data import RunData
from tests.unit.histories import IDLE_FROM, History
from tests.unit.verdict.test_burst import under_bursts
from tests.unit.verdict.test_fault import OVER, STRIKES, struck
from tests.unit.verdict.test_soak import soaked


def judged(history: History) -> RunData:
    """The run that a history tells of."""
    numbered = [replace(event, line=number) for number, event in enumerate(history.events, start=1)]
    return RunData(verdict=history.verdict, events=numbered, folder=Path())


@cache
def soak() -> RunData:
    """Rounds in which a connection is left open now and then, and memory grows."""
    return judged(soaked(24, memory=lambda n: 40 + n * 0.6 + (n % 3) * 0.4, left_open=lambda n: int(n % 3 == 0)))


@cache
def bursts() -> RunData:
    """Bursts, of which a request of the second never returns."""
    return judged(under_bursts(status=None))


@cache
def fault() -> RunData:
    """A broker that was restarted: both connections end, and others are opened in their place."""
    history = struck().after(202, 200).fault(reopens=OVER + 0.3)
    for conn in ("172.30.0.5:40001", "172.30.0.5:40002"):
        for t, state in ((IDLE_FROM, "ESTABLISHED"), (STRIKES + 0.4, "CLOSE_WAIT"), (STRIKES + 1.2, "LAST_ACK")):
            history.add("socket", t, conn=conn, state=state)
    history.end()
    return judged(history)


PROBED: dict[str, Callable[[], RunData]] = {"soak": soak, "bursts": bursts, "fault": fault}
