"""What is played: each cell under each probe, in a container of its own."""

from __future__ import annotations

from heartbed.cells.expressions import select
from heartbed.cells.subject import Scenario, subjects

CELLS = select(["{prefork,event}-native"]).cells


def test_under_one_probe_a_subject_is_called_as_its_cell() -> None:
    found = subjects(CELLS)
    assert [subject.name for subject in found] == [cell.name for cell in CELLS]
    assert {(subject.scenario, subject.act) for subject in found} == {(Scenario("idle"), 1)}


def test_under_further_probes_it_has_their_name_and_no_two_are_called_alike() -> None:
    acts = [[Scenario("idle"), Scenario("trickle")], [Scenario("trickle", (("pages", 4),))]]
    found = subjects(CELLS[:1], acts)
    name = CELLS[0].name
    assert [(subject.name, subject.act) for subject in found] == [
        (name, 1),
        (f"{name}.trickle", 1),
        (f"{name}.trickle2", 2),
    ]
    assert found[2].scenario.name == "trickle:pages=4"
