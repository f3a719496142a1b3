"""What is told of a change: how it fared under each probe, and that it is recommended only if it survives all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from heartbed.cells.subject import Scenario
from heartbed.probes import scenarios
from heartbed.report import RunData
from heartbed.studies.check.checked import Checked, Tried, _also
from heartbed.studies.check.fates import fate
from heartbed.studies.check.study import stages
from heartbed.studies.mend import Mend
from heartbed.verdict.values import Burst, CellVerdict, Outcome, Tries

BEAT_S = 2.0


def verdict(probe: str, outcome: Outcome, cell: str = "changed", **more: object) -> CellVerdict:
    told: dict[str, Any] = {"connections": [], "bursts": [], "tries": None, "lost_after_s": None} | more
    said = {"cell": cell, "probe": probe, "outcome": outcome, "observed": {}, "why": str(outcome)}
    return CellVerdict.model_construct(None, **{"recovered_after_s": None, **said, **told})


def burst(sent: int, hung: int, never_returned: int) -> Burst:
    return Burst.model_construct(name="warm", attempt=1, sent=sent, hung=hung, never_returned=never_returned)


def under_burst(*bursts: Burst, seen: int, by_chance: bool = False) -> CellVerdict:
    tries = Tries(what="burst", tried=len(bursts), seen=seen, by_chance=by_chance)
    return verdict("burst", Outcome.HUNG, bursts=list(bursts), tries=tries)


KEPT, LOST = verdict("idle", Outcome.KEPT), verdict("idle", Outcome.LOST, lost_after_s=6.0)


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ([LOST], "lost after 6.0 s"),
        ([KEPT, verdict("burst", Outcome.KEPT)], "kept"),
        (
            [KEPT, under_burst(burst(24, 0, 0), burst(40, 3, 3), seen=1)],
            "kept when idle; 3 of 64 requests never returned under burst",
        ),
        (
            [KEPT, under_burst(burst(24, 0, 0), burst(24, 2, 1), seen=1, by_chance=True)],
            (
                "kept when idle; 1 of 48 requests never returned and 1 of 48 requests got no reply over RabbitMQ "
                "(in 1 of 2 bursts) under burst"
            ),
        ),
        (
            [LOST, verdict("trickle", Outcome.KEPT), verdict("firewall", Outcome.RECOVERED, recovered_after_s=1.0)],
            "kept under trickle; recovered after 1.0 s under firewall; lost after 6.0 s when idle",
        ),
    ],
    ids=["one", "alike", "hung", "by chance", "several"],
)
def test_what_became_of_it_is_told_with_the_probes_where_they_differ(verdicts: list[CellVerdict], told: str) -> None:
    assert fate(verdicts, BEAT_S) == told


@dataclass(frozen=True)
class Subject:
    name: str = "changed"
    own: Any = None


CHANGE = Mend((), cast("Any", Subject()), "")


def test_a_change_is_recommended_only_if_it_survives_every_probe_that_was_played() -> None:
    hung = under_burst(burst(64, 3, 3), seen=1)
    assert Tried(CHANGE, (KEPT, verdict("burst", Outcome.KEPT)), played=("idle", "burst")).keeps
    assert not Tried(CHANGE, (KEPT, hung), played=("idle", "burst")).keeps
    assert not Tried(CHANGE, (KEPT, verdict("burst", Outcome.INCONCLUSIVE)), played=("idle", "burst")).keeps


def test_a_change_that_was_not_played_under_one_of_them_is_not_recommended() -> None:
    tried = Tried(CHANGE, (KEPT,), played=("idle", "burst"))
    assert tried.survives
    assert not tried.keeps


def test_a_change_that_did_not_act_is_not_recommended() -> None:
    assert not Tried(CHANGE, (KEPT,), acted=False, played=("idle",)).survives


def test_idling_and_bursts_are_played_on_every_change_and_the_others_on_what_survives() -> None:
    now, later = stages(scenarios(["firewall,idle,broker-stop,burst:bursts=30"]))
    assert [each.name for each in now] == ["idle", "burst:bursts=30"]
    assert [each.name for each in later] == ["firewall", "broker-stop"]
    assert stages([Scenario("firewall")]) == ([Scenario("firewall")], [])


@dataclass(frozen=True)
class Run:
    cells: tuple[CellVerdict, ...]

    @property
    def verdict(self) -> Any:
        return self

    def under_each(self, name: str) -> list[CellVerdict]:
        return [each for each in self.cells if each.cell == name]


@dataclass(frozen=True)
class Prepared:
    label: str = "own"


def checked(*cells: CellVerdict) -> Checked:
    run = cast("RunData", Run(cells))
    return Checked.of(cast("Any", Prepared()), [CHANGE], run, {})


def test_what_survived_is_judged_again_by_what_it_was_played_under_later() -> None:
    own = [verdict("idle", Outcome.LOST, "own"), verdict("burst", Outcome.RECOVERED, "own")]
    first = checked(*own, KEPT, verdict("burst", Outcome.KEPT))
    assert [each.keeps for each in first.tried] == [True]
    leaks = verdict("firewall", Outcome.LEAKED)
    later = first.under(cast("RunData", Run((verdict("firewall", Outcome.HUNG, "own"), leaks))), {"x": "no start"})
    (tried,) = later.tried
    assert (tried.keeps, tried.verdict) == (False, leaks)
    assert (later.verdict.outcome, later.verdict.probe) == (Outcome.HUNG, "firewall")
    assert later.run_of(later.verdict) is later.later[0]
    assert later.dropped == {"x": "no start"}


def test_of_what_the_file_fails_the_hang_comes_first() -> None:
    found = checked(verdict("idle", Outcome.LOST, "own"), verdict("burst", Outcome.HUNG, "own"))
    assert found.verdict.probe == "burst"


def test_a_change_that_did_not_start_again_keeps_its_verdicts_and_is_not_recommended() -> None:
    own = (verdict("idle", Outcome.LOST, "own"), verdict("firewall", Outcome.HUNG, "own"))
    again = _also(Tried(CHANGE, (KEPT,), played=("idle",)), cast("RunData", Run(())), own)
    assert (again.verdicts, again.keeps) == ((KEPT,), False)
