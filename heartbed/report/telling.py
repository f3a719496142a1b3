"""Which timelines of a run tell the most: those that stand at the top of its page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from markupsafe import Markup

from heartbed.report import page, still
from heartbed.report.about import Named
from heartbed.report.data import RunData
from heartbed.report.figure import Figure
from heartbed.report.plots import wire
from heartbed.report.words import Phrase, phrases
from heartbed.verdict.values import CellVerdict, Outcome

KIND = "wire"


@dataclass(frozen=True)
class Timeline:
    """A timeline with the cell that it is of, a link to all else that is known of that, and a picture of it."""

    cell: CellVerdict
    caption: str
    link: str
    phrases: Sequence[Phrase]
    figure: Figure
    picture: Markup


def timelines(run: RunData) -> list[Timeline]:
    """At most two: those that the study names, else the cells that are most alike of which one is lost and one kept."""
    told = run.about.timelines() if run.about else ()
    names = still.names()
    return list(_drawn(run, told or _contrast(run.verdict.cells), names))


def _drawn(run: RunData, named: Sequence[Named], names: Iterator[int]) -> Iterator[Timeline]:
    found = [(each, find(run, each.cell, each.probe, each.outcome)) for each in named]
    placed = [(each, *place) for each, place in found if place is not None]
    drawn = [(each, of, cell, figure) for each, of, cell in placed if (figure := wire.figure(of, cell))]
    stretch = wire.stretch([figure for *_, figure in drawn])
    for each, of, cell, figure in drawn:
        shown, said = wire.over(figure, stretch), phrases(cell, of.verdict.heartbeat_s)
        picture = still.picture(KIND, shown, names)
        yield Timeline(cell, each.caption or cell.cell, link(run, of, cell), said, shown, picture)


def find(
    run: RunData, cell: str, probe: str = "", outcome: Outcome | None = None
) -> tuple[RunData, CellVerdict] | None:
    """The verdict on a cell, in this run or in another of the same study; better one of that outcome."""
    known = ((each, each.cell(cell, probe)) for each in (run, *run.others))
    found = [(each, verdict) for each, verdict in known if verdict is not None]
    return next((each for each in found if outcome in (None, each[1].outcome)), found[0] if found else None)


def link(run: RunData, of: RunData, cell: CellVerdict) -> str:
    """Where the page of a run, or that of another one beside it, tells of a cell."""
    ident = page.idents(of)[next(at for at, each in enumerate(of.verdict.cells) if each is cell)]
    return f"#{ident}" if of is run else f"../{of.folder.name}/report.html#{ident}"


def _contrast(cells: Sequence[CellVerdict]) -> list[Named]:
    """A cell that is not kept, and the one that is and differs in the fewest choices; one cell where all are alike."""
    shown = [cell for cell in cells if cell.connections]
    bad, good = [c for c in shown if c.outcome.bad], [c for c in shown if c.outcome.good]
    pairs = [(one, two) for one, two in product(bad, good) if one.probe == two.probe]
    best = min(pairs, key=lambda pair: _differences(*pair), default=())
    return [Named(each.cell, each.probe) for each in best or (bad or good or shown)[:1]]


def _differences(one: CellVerdict, two: CellVerdict) -> int:
    return sum(one.factors.get(name) != two.factors.get(name) for name in one.factors.keys() | two.factors.keys())
