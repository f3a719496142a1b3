"""Finds the commit of a library at which a cell's verdict changes: git's own bisection, several rounds in a window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from heartbed.cells.cell import Cell
from heartbed.errors import InputError
from heartbed.studies.batch import Answer, Played, answer
from heartbed.studies.bisect import TRIES
from heartbed.verdict.values import CellVerdict, Outcome
from heartbed.versions import bring
from heartbed.versions.git import SHORT, Repository, repository

ROUNDS = 3
"""Rounds of git's bisection that one window answers: whatever the answers are, it has all of seven commits."""

Measure = Callable[[Sequence[Cell]], Played]


@dataclass(frozen=True)
class Ends:
    """The checkout, its package, and the commits between which the verdict changes; ``early`` is the older one."""

    path: Path
    repository: Repository
    package: str
    good: str
    bad: str

    @property
    def early(self) -> str:
        """The older of the two."""
        return self.good if self.repository.descends(self.bad, self.good) else self.bad

    @property
    def late(self) -> str:
        """The newer of the two."""
        return self.bad if self.early == self.good else self.good


def ends(path: Path, good: str, bad: str, packages: Sequence[str]) -> Ends:
    """What was named on the command line. Raises ``InputError``."""
    if not path.is_dir():
        raise InputError(f"--repo {path}: there is no such folder", hint="name a checkout of the library")
    found = repository(path)
    if found is None:
        raise InputError(f"--repo {path}: it is no git checkout", hint="name the folder that has .git")
    try:
        package = bring.package_of(path, packages).name
    except InputError as error:
        raise InputError(error.message.replace("--with", "--repo", 1), hint=error.hint) from None
    first, last = found.commit(good), found.commit(bad)
    if first == last:
        raise InputError(f"good and bad are the same commit: {first[:SHORT]}", hint="name two commits")
    if not found.descends(last, first) and not found.descends(first, last):
        raise InputError(
            f"{good} and {bad} are on two branches: neither has the other in its history",
            hint="bisect from the commit where they part: git merge-base",
        )
    return Ends(path, found, package, first, last)


@dataclass
class Hunt:
    """What is known between the two: ``known`` answer as the older end does, ``last`` is the first that does not."""

    ends: Ends
    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    inconclusive: dict[str, int] = field(default_factory=dict)
    known: list[str] = field(default_factory=list)
    last: str = ""
    windows: int = 0

    def __post_init__(self) -> None:
        self.known, self.last = [self.ends.early], self.ends.late

    @property
    def early(self) -> Answer:
        """The answer at the older end."""
        return answer(self.verdicts[self.ends.early])

    def candidates(self) -> list[str]:
        """The commits to try next; both ends at first, none at the end."""
        first = [each for each in (self.ends.good, self.ends.bad) if each not in self.verdicts]
        ahead = dict.fromkeys(self._ahead(self.known, self.last, ROUNDS))
        return [*first, *(each for each in ahead if each not in self.verdicts)]

    def _ahead(self, known: Sequence[str], last: str, rounds: int) -> Iterator[str]:
        """What git would ask for in these rounds, whatever the answers."""
        middle = self._middle(known, last)
        if rounds and middle:
            yield middle
            yield from self._ahead(known, middle, rounds - 1)
            yield from self._ahead([*known, middle], last, rounds - 1)

    def _middle(self, known: Sequence[str], last: str) -> str:
        """The commit that git would ask for next; empty where none is left."""
        open_ = (each for each in self.suspects(known, last) if each not in self.skipped)
        return next(open_, "")

    def suspects(self, known: Sequence[str], last: str) -> list[str]:
        """Those that may have changed the answer before ``last`` did, the one that halves them first."""
        return [each for each in self.ends.repository.suspects(last, known) if each != last]

    def learn(self, commit: str, verdict: CellVerdict | None, reason: str) -> None:
        """Take in what became of a commit: its verdict, or why there is none."""
        if verdict is None:
            self.skipped[commit] = reason
        elif verdict.outcome is not Outcome.INCONCLUSIVE:
            self.verdicts[commit] = verdict
        else:
            self.inconclusive[commit] = self.inconclusive.get(commit, 0) + 1
            if self.inconclusive[commit] >= TRIES:
                self.skipped[commit] = f"inconclusive: {verdict.why}"

    def advance(self) -> None:
        """Follow the answers as far as they go."""
        while (middle := self._middle(self.known, self.last)) and middle in self.verdicts:
            if answer(self.verdicts[middle]) == self.early:
                self.known.append(middle)
            else:
                self.last = middle


@dataclass(frozen=True)
class Change:
    """The answer: the first commit after the change, with all that was learnt."""

    commit: str
    before: str
    """The last one known to answer as the older end."""
    between: tuple[str, ...]
    """Those of which nothing is known, and any of which may be the one."""
    hunt: Hunt


def bisect(cell: Cell, ends: Ends, measure: Measure) -> Change:
    """Search. Raises ``InputError`` where good and bad give the same answer, or one of them gives none."""
    hunt = Hunt(ends)
    while commits := hunt.candidates():
        cells = {commit: _at(cell, ends, commit) for commit in commits}
        played = measure([*cells.values()])
        hunt.windows += 1
        for commit, each in cells.items():
            hunt.learn(commit, played.verdicts.get(each.name), played.missing.get(each.name, ""))
        _check(hunt)
        if ends.early in hunt.verdicts:
            hunt.advance()
    return Change(hunt.last, hunt.known[-1], tuple(hunt.suspects(hunt.known, hunt.last)), hunt)


def _at(cell: Cell, ends: Ends, commit: str) -> Cell:
    return cell.with_patched([bring.at_commit(ends.path, ends.repository, commit, ends.package)])


def _check(hunt: Hunt) -> None:
    ends = hunt.ends
    for name, commit in (("good", ends.good), ("bad", ends.bad)):
        if commit in hunt.skipped:
            raise InputError(f"the {name} commit {commit[:SHORT]} has no verdict: {hunt.skipped[commit]}")
    if ends.good in hunt.verdicts and ends.bad in hunt.verdicts:
        verdicts = [answer(hunt.verdicts[each]) for each in (ends.good, ends.bad)]
        if verdicts[0] == verdicts[1]:
            raise InputError(
                f"good and bad agree: {ends.package} at {ends.good[:SHORT]} and at {ends.bad[:SHORT]} are both "
                f"{verdicts[0].words}",
                hint="choose two commits between which the verdict changes",
            )
