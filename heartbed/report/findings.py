"""What a run found, one finding for all cells that met the same fate for the same cause."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from heartbed.report.words import remarks
from heartbed.verdict.cause import meaning
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.values import CellVerdict, Outcome

WITHHELD = "seen, but not to be trusted: "
"""How the remark begins that keeps the verdict of a cell whose controls failed: with the outcome after it."""


@dataclass(frozen=True)
class Finding:
    """Cells that are not kept for one cause, or that share a remark."""

    outcome: Outcome | None
    cause: str
    title: str
    why: str
    cells: tuple[CellVerdict, ...]

    @property
    def short(self) -> str:
        """What happened to these cells in one sentence: what the cause means, or what was said of the first cell."""
        return meaning(self.cause) or self.why

    @property
    def same_words(self) -> bool:
        """Whether ``why`` was said of every cell, not only of the first."""
        return self.outcome is None or len({cell.why for cell in self.cells}) == 1


def findings(cells: Iterable[CellVerdict]) -> list[Finding]:
    """The findings on these cells: the worst first, remarks that change no verdict last."""
    losses: dict[tuple[Outcome, str], list[CellVerdict]] = {}
    shared: dict[str, list[CellVerdict]] = {}
    for cell in cells:
        if not cell.outcome.good or cell.cause:
            losses.setdefault((cell.outcome, cell.cause), []).append(cell)
        for note in remarks(cell):
            shared.setdefault(_withheld(note), []).append(cell)
    shared_fates = [
        Finding(outcome, cause, cause_words(cause) or outcome.value, members[0].why, tuple(members))
        for (outcome, cause), members in sorted(losses.items(), key=lambda item: item[0][0].rank)
    ]
    shared_fates += [Finding(None, "", "remark", note, tuple(members)) for note, members in shared.items()]
    return shared_fates


def _withheld(note: str) -> str:
    """The remark on a verdict that is not to be trusted, without what differs from cell to cell."""
    return ": ".join(note.split(": ")[:2]) if note.startswith(WITHHELD) else note
