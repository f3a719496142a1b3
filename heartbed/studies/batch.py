"""Many cells in few runs: a cell that does not start is told and left out, the others are played all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from heartbed.cells.cell import Cell
from heartbed.errors import InputError, NoEngineError, TestbedError
from heartbed.record.connection import Purpose
from heartbed.run.execute import Images
from heartbed.studies.session import Session
from heartbed.verdict.values import CellVerdict, Outcome, RunVerdict
from heartbed.versions.index import IndexSilentError


@dataclass(frozen=True)
class Answer:
    """What a verdict comes to: the outcome, and of a cell that lost connections that of either purpose."""

    outcome: Outcome
    purposes: tuple[tuple[Purpose, Outcome], ...]

    @property
    def words(self) -> str:
        """``kept``, ``lost``, or ``LISTEN lost`` where the two purposes fared differently."""
        if len({outcome for _, outcome in self.purposes}) > 1 and self.outcome is not Outcome.HUNG:
            return ", ".join(f"{purpose} {outcome}" for purpose, outcome in self.purposes if outcome != "kept")
        return str(self.outcome)


def answer(verdict: CellVerdict) -> Answer:
    """The answer that a verdict gives."""
    worst: dict[Purpose, Outcome] = {}
    # Of other outcomes the fate of single connections decides nothing, and may differ from play to play.
    for connection in verdict.connections if verdict.outcome is Outcome.LOST else ():
        worse = worst.get(connection.purpose) in (None, Outcome.KEPT)
        worst[connection.purpose] = connection.outcome if worse else worst[connection.purpose]
    return Answer(verdict.outcome, tuple((each, worst[each]) for each in Purpose if each in worst))


def words(verdict: CellVerdict) -> str:
    """The answer's words, with how often chance had it so."""
    tries = verdict.tries if verdict.tries and verdict.tries.by_chance else None
    return words_of(answer(verdict), tries.seen if tries else None, tries.tried if tries else None)


def words_of(found: Answer, seen: int | None, tried: int | None) -> str:
    """``hung 3/15`` where a request hung in 3 of 15 tries, and ``hung`` where one did in each."""
    return f"{found.words} {seen}/{tried}" if seen and tried and seen < tried else found.words


@dataclass
class Played:
    """What became of cells: verdicts by name, and why others have none."""

    verdicts: dict[str, CellVerdict] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    runs: list[RunVerdict] = field(default_factory=list)
    versions: list[Mapping[str, str]] = field(default_factory=list)
    """What the parts of each run told of themselves."""

    def add(self, other: Played) -> None:
        """Take over what became of other cells."""
        self.verdicts |= other.verdicts
        self.missing |= other.missing
        self.runs += other.runs
        self.versions += other.versions


def by_reason(reasons: Mapping[str, str]) -> list[str]:
    """A line for each reason, with the first of the cells that it holds for, and how many more there are."""
    cells: dict[str, list[str]] = {}
    for cell, why in reasons.items():
        cells.setdefault(why, []).append(cell)
    more = {why: f" and {len(names) - 1} more" if len(names) > 1 else "" for why, names in cells.items()}
    return [f"{names[0]}{more[why]}: {why}" for why, names in cells.items()]


def play(cells: Sequence[Cell], session: Session) -> Played:
    """Play the settings' scenario on the cells in one window.

    Cells whose image cannot be built, or which do not start, are ``missing``.
    Raises ``TestbedError`` when anything else does not come up.
    """
    # Whoever plays elsewhere has its images there.
    without = {} if session.elsewhere else unbuildable(cells, session.images)
    buildable = [cell for cell in cells if cell.name not in without]
    data, failed = session.play(buildable, left_out=tuple(without.items()))
    missing = {**without, **failed}
    if data is None:
        return Played(missing=missing)
    return Played(
        {verdict.cell: verdict for verdict in data.verdict.cells}, missing, [data.verdict], [data.verdict.versions]
    )


def unbuildable(cells: Sequence[Cell], images: Images) -> Mapping[str, str]:
    """The cells whose images cannot be had, and why. Raises ``NoEngineError`` and ``IndexSilentError``."""
    if not _reason(cells, images):
        return {}
    by_image: dict[tuple[str, ...], list[Cell]] = {}
    for cell in cells:
        by_image.setdefault((cell.server, *cell.beside.values(), cell.build), []).append(cell)
    reasons = ((some, _reason(some[:1], images)) for some in by_image.values())
    return {cell.name: why for some, why in reasons if why for cell in some}


def _reason(cells: Sequence[Cell], images: Images) -> str:
    try:
        images(cells)
    except (NoEngineError, IndexSilentError):
        raise
    except (InputError, TestbedError) as error:
        return error.message
    return ""
