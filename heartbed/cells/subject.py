"""What is played: a cell under a probe, in a container of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from heartbed.cells.cell import Cell

DEFAULT_PROBE = "idle"
"""The probe that is played where none is named."""


NATIVE = "native-control"
"""What the services of controls that run outside every server are called, with a number behind it."""


OF = "of"
"""What the scenario that another one repeats stands behind, as in ``soak:of=burst``: all that follows is its own."""


@dataclass(frozen=True)
class Scenario:
    """A probe as it is played: ``probe`` is its name, ``parameters`` are those that were given a value.

    ``of`` is the scenario that it repeats, for a probe that repeats another one.
    """

    probe: str = DEFAULT_PROBE
    parameters: tuple[tuple[str, float], ...] = ()
    of: Scenario | None = None

    @property
    def name(self) -> str:
        """As a user may type it: ``firewall:timeout=5``, ``soak:for=600:of=firewall:timeout=5``."""
        repeated = [f"{OF}={self.of.name}"] if self.of else []
        return ":".join([self.probe, *(f"{name}={value:g}" for name, value in self.parameters), *repeated])


@dataclass(frozen=True)
class Subject:
    """A cell under a probe. ``name`` is that of its service, and in the record that of its events.

    Subjects of the same ``act`` share a window; acts follow one another. A
    ``control`` is played along and has no verdict of its own: what becomes of
    it says what the probe does to a client that nothing is wrong with. The same
    cell may be played several times at once, each an ``attempt`` of its own,
    where one would leave to chance what is seen of it.
    """

    cell: Cell
    scenario: Scenario
    act: int
    name: str
    control: bool = False
    attempt: int = 1


def _once(cell: Cell, scenario: Scenario) -> int:
    del cell, scenario
    return 1


def subjects(
    cells: Sequence[Cell],
    acts: Iterable[Sequence[Scenario]] = ((Scenario(),),),
    attempts: Callable[[Cell, Scenario], int] = _once,
) -> tuple[Subject, ...]:
    """Each cell under each scenario, as often as ``attempts`` says, act by act.

    Under the first a subject is called as its cell: in a run of one probe the two are the same.
    """
    taken: set[str] = set()
    found = []
    for act, scenarios in enumerate(acts, start=1):
        for scenario in scenarios:
            for cell in cells:
                own = service_name(cell.name)
                name = _free(own, scenario.probe, taken) if taken else own
                found.append(Subject(cell, scenario, act, name))
            taken |= {subject.name for subject in found}
    return tuple(each for first in found for each in _repeated(first, attempts(first.cell, first.scenario), taken))


def _repeated(first: Subject, attempts: int, taken: set[str]) -> list[Subject]:
    """The subject and its copies, which are called as it is, with a number behind it."""
    found = [first]
    for attempt in range(2, attempts + 1):
        names = (f"{first.name}.{'again' * times}{attempt}" for times in itertools.count())
        found.append(replace(first, name=next(name for name in names if name not in taken), attempt=attempt))
        taken.add(found[-1].name)
    return found


def service_name(cell: str) -> str:
    """A cell's name as a service of Compose may be called."""
    return cell.replace("@", "_").replace("+", ".")


def with_controls(subjects: Sequence[Subject], cell: Cell, wanted: Callable[[Scenario], bool]) -> tuple[Subject, ...]:
    """The subjects, and for each of their scenarios that wants one a control beside them, which runs as ``cell``."""
    played = dict.fromkeys((each.scenario, each.act) for each in subjects)
    chosen = [(scenario, act) for scenario, act in played if wanted(scenario)]
    return (
        *subjects,
        *(
            Subject(cell, scenario, act, f"{NATIVE}.{number}", control=True)
            for number, (scenario, act) in enumerate(chosen, start=1)
        ),
    )


def _free(cell: str, probe: str, taken: set[str]) -> str:
    """``prefork-native.trickle``: no cell is called so; with a number where the probe is played twice."""
    names = [f"{cell}.{probe}", *(f"{cell}.{probe}{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)
