"""Finds the release of a library at which a cell's verdict changes, with several releases in each idle window."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.errors import InputError
from heartbed.studies.batch import Answer, Played, answer
from heartbed.verdict.tries import enough
from heartbed.verdict.values import CellVerdict, Outcome
from heartbed.versions.index import Index, unknown
from heartbed.versions.pythons import PYTHON
from heartbed.versions.releases import number

WIDTH = 8
"""Releases tried in one idle window: their images are built in about the time that the window takes."""

TRIES = 2
"""How often a release is tried whose verdict is inconclusive."""

MOST_TRIES = 60
"""How often a release is tried that does not hang, where chance decides: then it counts as one that never does."""

MOST_PLAYS = 12
"""In how many windows, whatever came of them."""

MOST_COPIES = 8
"""Copies of a cell in one window."""


class Measure(Protocol):
    """Plays cells in one window, each in so many copies where chance decides."""

    def __call__(self, cells: Sequence[Cell], copies: int = 1) -> Played:
        """What became of them."""


@dataclass(frozen=True)
class End:
    """One end of the search, as the user typed it: ``oslo14.3.0``."""

    word: str
    version: str


@dataclass
class Tally:
    """How often a release was tried where chance decides, and how often it hung."""

    tried: int = 0
    seen: int = 0
    plays: int = 0


@dataclass
class Search:
    """What is known between two releases. ``versions`` go from the good one to the bad one."""

    versions: Sequence[str]
    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    inconclusive: dict[str, int] = field(default_factory=dict)
    tallies: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    windows: int = 0

    @property
    def good(self) -> Answer:
        """The answer at the good end."""
        return answer(self.verdicts[self.versions[0]])

    def interval(self) -> tuple[int, int]:
        """Positions of the last release that answers as the good one, and of the next that is known not to."""
        known = [at for at, version in enumerate(self.versions) if version in self.verdicts]
        return next((a, b) for a, b in pairwise(known) if not self._as_good(b))

    def _as_good(self, at: int) -> bool:
        return answer(self.verdicts[self.versions[at]]) == self.good

    def candidates(self, width: int = WIDTH) -> list[str]:
        """The releases to try next, spread evenly over what is not known yet; both ends at first; none at the end."""
        ends = [self.versions[0], self.versions[-1]]
        if any(end not in self.verdicts for end in ends):
            return [*ends, *self._spread(0, len(self.versions) - 1, width - len(ends))]
        return self._spread(*self.interval(), width)

    def _spread(self, start: int, end: int, count: int) -> list[str]:
        open_ = [each for each in self.versions[start + 1 : end] if each not in self.skipped]
        if len(open_) <= count:
            return open_
        step = (len(open_) + 1) / (count + 1)
        return list(dict.fromkeys(open_[round(step * at) - 1] for at in range(1, count + 1)))

    def learn(self, version: str, verdict: CellVerdict | None, reason: str) -> None:
        """Take in what became of a release: its verdict, or why there is none."""
        self.tallies[version].plays += 1
        if verdict is None:
            if version not in self.verdicts:
                self.skipped[version] = reason
        elif verdict.outcome is not Outcome.INCONCLUSIVE:
            self._known(version, verdict)
        elif version not in self.verdicts:
            self.inconclusive[version] = self.inconclusive.get(version, 0) + 1
            if self.inconclusive[version] >= TRIES:
                self.skipped[version] = f"inconclusive: {verdict.why}"

    def _known(self, version: str, verdict: CellVerdict) -> None:
        """A hang that was seen once is proven, whatever is seen later."""
        before = self.verdicts.get(version)
        if before is None or before.outcome is not Outcome.HUNG:
            self.verdicts[version] = verdict
        if verdict.tries is not None and verdict.tries.by_chance:
            self.tallies[version].tried += verdict.tries.tried
            self.tallies[version].seen += verdict.tries.seen

    def per_copy(self, version: str) -> int:
        """How often a release is tried in one copy of its cell: a burst has three, or as many as are asked for."""
        tries, bursts = self.verdicts[version].tries, self.verdicts[version].bursts
        if tries is None or not bursts:
            return 1
        return max(1, tries.tried // sum(burst.name == bursts[0].name for burst in bursts))

    @property
    def share(self) -> float | None:
        """In which share of the tries a release hangs that does by chance, cautiously; None where none has hung."""
        hanging = [tally for tally in self.tallies.values() if tally.seen]
        if not hanging:
            return None
        # Laplace's rule: three hangs in three tries are not proof that the fourth hangs too.
        return (sum(each.seen for each in hanging) + 1) / (sum(each.tried for each in hanging) + 2)

    def needed(self) -> tuple[str, int]:
        """The release that must be tried again before it counts as good, and how often; none and 0 where none must.

        It is the last good one: were it one that hangs, the change would be before it. An end that ought to hang and
        has not is tried again, too.
        """
        for version in self._doubtful():
            most = MOST_TRIES if self.share is None else min(MOST_TRIES, enough(self.share))
            tally = self.tallies[version]
            if 0 < tally.tried < most and not tally.seen and tally.plays < MOST_PLAYS:
                return version, most - self.tallies[version].tried
        return "", 0

    def _doubtful(self) -> list[str]:
        if any(end not in self.verdicts for end in (self.versions[0], self.versions[-1])):
            return []
        if answer(self.verdicts[self.versions[-1]]) == self.good:
            return [self.versions[-1], self.versions[0]]
        before, after = self.interval()
        return [self.versions[before], self.versions[after]] if self.share is not None else []


@dataclass(frozen=True)
class Boundary:
    """The answer: the last release before the change and the first after it, with all that was learnt."""

    word: str
    before: str
    after: str
    search: Search

    @property
    def between(self) -> tuple[str, ...]:
        """Releases between the two of which nothing is known."""
        versions = list(self.search.versions)
        return tuple(versions[versions.index(self.before) + 1 : versions.index(self.after)])

    @property
    def stray(self) -> tuple[str, ...]:
        """Releases beyond the change that answer as the good one all the same: series of their own got a fix too."""
        beyond = list(self.search.versions)[self.search.versions.index(self.after) :]
        verdicts = self.search.verdicts
        return tuple(each for each in beyond if each in verdicts and answer(verdicts[each]) == self.search.good)


def ends(good: str, bad: str) -> tuple[End, End]:
    """The two ends as typed. Raises ``InputError`` where they are not two releases of one library."""
    typed = []
    for option, text in (("--good", good), ("--bad", bad)):
        match = axes.TABLE.versioned.match(text)
        if match is None:
            raise InputError(
                f"{option} {text!r} is not a library with its version", hint="as in --good oslo14.3.0 --bad oslo18.3.1"
            )
        typed.append(End(match.group(1), match.group(2)))
    first, last = typed
    if first.word != last.word:
        raise InputError(f"{good} and {bad} are two libraries", hint="name two releases of one")
    if first.version == last.version:
        raise InputError(f"good and bad are the same release: {good}", hint="name two releases")
    return first, last


def released_between(good: End, bad: End, index: Index) -> Sequence[str]:
    """Every release of the ends' library. Raises ``InputError`` where one of them was never released."""
    package = axes.TABLE.library(good.word).package
    # Of another Python than the usual one only what runs on it: the others would be skipped one by one.
    released = index.released(package) if index.python == PYTHON else index.runnable(package)
    for end in (good, bad):
        if end.version not in released:
            raise unknown(package, end.version, released)
    return released


def bisect(cell: Cell, good: End, bad: End, released: Sequence[str], measure: Measure) -> Boundary:
    """Search among ``released``, which holds both ends, in either direction.

    Raises ``InputError`` when good and bad give the same answer, or when one of them gives none.
    """
    low, high = sorted((good.version, bad.version), key=number)
    span = [each for each in released if number(low) <= number(each) <= number(high)]
    search = Search(span if span[0] == good.version else span[::-1])
    while True:
        again, tries = search.needed()
        chosen = [again] if again else search.candidates()
        candidates = [version for version in search.versions if version in chosen]
        if not candidates:
            break
        copies = min(MOST_COPIES, -(-tries // search.per_copy(again))) if again else 1
        played = measure([cell.with_version(good.word, version) for version in candidates], copies)
        search.windows += 1
        for version in candidates:
            name = cell.with_version(good.word, version).name
            search.learn(version, played.verdicts.get(name), played.missing.get(name, ""))
        _check_ends(search, good, bad)
    before, after = search.interval()
    return Boundary(good.word, search.versions[before], search.versions[after], search)


def _check_ends(search: Search, good: End, bad: End) -> None:
    for end in (good, bad):
        if end.version in search.skipped:
            raise InputError(f"{end.word}{end.version} has no verdict: {search.skipped[end.version]}")
    if good.version in search.verdicts and bad.version in search.verdicts:
        verdicts = [search.verdicts[end.version] for end in (good, bad)]
        if answer(verdicts[0]) == answer(verdicts[1]) and not search.needed()[0]:
            raise InputError(
                f"good and bad agree: {good.word}{good.version} and {bad.word}{bad.version} are both "
                f"{answer(verdicts[0]).words}",
                hint="choose two releases between which the verdict changes; heartbed matrix shows them",
            )
