"""What ``heartbed check`` prints of the changes: what is recommended, and how each of the others fared."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any, cast

from rich.console import Console

from heartbed.candidates.change import Change
from heartbed.report import RunData
from heartbed.studies.check.answer import _changes
from heartbed.studies.check.checked import Checked, Tried
from heartbed.studies.mend import Mend
from heartbed.verdict.values import CellVerdict, Outcome, Tries
from tests.unit.studies.test_fates import burst, verdict


@dataclass(frozen=True)
class Run:
    heartbeat_s: float = 2.0

    @property
    def verdict(self) -> Run:
        return self


@dataclass(frozen=True)
class Prepared:
    label: str = "own"


def change(what: str, *verdicts: CellVerdict, played: tuple[str, ...] = ("idle", "burst")) -> Tried:
    made: Change[Any] = Change("key", what, "it costs", lambda variant: variant)
    return Tried(Mend((made,), cast("Any", None), "+one line"), verdicts, played=played)


def printed(*tried: Tried, own: tuple[CellVerdict, ...]) -> list[str]:
    checked = Checked(cast("Any", Prepared()), own, tried, cast("RunData", Run()), {"oslo.messaging 1": "no wheel"})
    out = Console(file=io.StringIO(), width=120)
    _changes(checked, out)
    return [line.rstrip() for line in cast("io.StringIO", out.file).getvalue().splitlines() if line.strip()]


OWN = (verdict("idle", Outcome.LOST, "own", lost_after_s=6.0), verdict("burst", Outcome.KEPT, "own"))
KEPT = verdict("idle", Outcome.KEPT)


def test_what_survives_every_probe_is_recommended_with_its_lines_and_its_price() -> None:
    tries = Tries(what="burst", tried=15, seen=0, by_chance=True)
    lines = printed(change("pthread", KEPT, verdict("burst", Outcome.KEPT, tries=tries)), own=OWN)
    assert lines == [
        "One change at a time, in the same run",
        "  keeps        pthread",
        "               kept when idle; kept (15 bursts) under burst",
        "               costs: it costs",
        "                 +one line",
        "  not tried    oslo.messaging 1: no wheel",
    ]


def test_what_was_tried_under_one_probe_alone_is_told_as_that() -> None:
    lines = printed(change("pthread", KEPT, played=("idle",)), own=OWN[:1])
    assert lines[-1] == "  All this is when idle alone: under burst it may fare otherwise."


def test_what_mends_idling_and_hangs_under_load_is_told_as_that_and_its_lines_are_not_given() -> None:
    hung = verdict("burst", Outcome.HUNG, bursts=[burst(64, 3, 3)], tries=None)
    lines = printed(change("pthread", KEPT, hung), own=OWN)
    assert lines[1:3] == [
        "  hung         pthread",
        "               kept when idle; 3 of 64 requests never returned under burst",
    ]
    assert not any("+one line" in line for line in lines)
    assert "No single change that was tried keeps the connections." in lines[-1]


def test_what_fares_alike_under_all_probes_is_told_once() -> None:
    lost = [verdict(probe, Outcome.LOST, lost_after_s=6.0) for probe in ("idle", "trickle")]
    lines = printed(change("MPM prefork", *lost), own=OWN)
    assert lines[1:3] == [
        "  lost         MPM prefork",
        "               lost after 6.0 s when idle and under trickle",
    ]


def test_what_was_not_played_under_a_probe_is_not_recommended_and_that_is_told() -> None:
    lines = printed(
        change("native", KEPT, verdict("burst", Outcome.KEPT), played=("idle", "burst", "firewall")), own=OWN
    )
    assert lines[1:3] == [
        "  not played   native",
        "               kept when idle and under burst; not played under firewall",
    ]
