"""What a run found, one finding for all cells that met the same fate for the same cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from heartbed.report.words import MOST_PROBES, remarks
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


def telling(found: Sequence[Finding], cells: Sequence[CellVerdict]) -> list[Finding]:
    """Those that a summary has room for: of many probes no remark that is on all cells, or on those that fared well."""
    if len({cell.probe for cell in cells}) <= MOST_PROBES:
        return [*found]
    count = Counter(cell.probe for cell in cells)
    told = (each if each.outcome is not None else _of_the_bad(each, count) for each in found)
    return [each for each in told if each.cells]


def _of_the_bad(remark: Finding, count: Mapping[str, int]) -> Finding:
    """A remark as one on those cells that fared badly; on none, where it is on all cells of its probes."""
    of_probe = Counter(cell.probe for cell in remark.cells)
    rare = any(seen < count[probe] for probe, seen in of_probe.items())
    return replace(remark, cells=tuple(cell for cell in remark.cells if rare and not cell.outcome.good))


def _withheld(note: str) -> str:
    """The remark on a verdict that is not to be trusted, without what differs from cell to cell."""
    return ": ".join(note.split(": ")[:2]) if note.startswith(WITHHELD) else note
