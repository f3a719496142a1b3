"""What changed between two runs: verdicts, times, versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from heartbed.report.text import one_line, printable
from heartbed.report.words import after_s, milliseconds, number, outcome_words, together
from heartbed.verdict.cause import words as cause_words
from heartbed.verdict.values import CellVerdict, RunVerdict
from heartbed.wording import seconds

SAME_TIMEOUTS = 0.25
"""Two times of loss that differ by less than this many timeouts are the same: RabbitMQ samples once a timeout."""

SAME_COST = 2.0
SAME_COST_MS = 50.0
"""A first request has changed when it takes this many times as long, and this much longer, or the other way round."""

MOST_NAMES = 6
"""Cells that are named of those in one run only."""


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was. ``subject`` is a cell, ``run``, ``version``, ``host``, ..."""

    subject: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class RunDiff:
    """All that changed from one run to another; what is not named is the same."""

    before: str
    after: str
    verdicts: list[Change]
    times: list[Change]
    versions: list[Change]
    only_before: list[str]
    only_after: list[str]
    cells_compared: int

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        def text(content: object, style: str = "") -> Text:
            return Text(printable(content, ascii_only=options.ascii_only), style=style)

        shown = False
        yield text(f"{self.before} → {self.after}: {self.cells_compared} cells in both", "bold")
        for title, changes in (("Verdicts", self.verdicts), ("Times", self.times), ("Versions", self.versions)):
            if changes:
                shown = True
                yield Text()
                yield text(title, "bold")
                grid = Table.grid(padding=(0, 2))
                for _ in range(3):
                    grid.add_column(overflow="fold")
                for change in changes:
                    none = "not known" if changes is self.versions else "nothing"
                    what = one_line(f"{change.before or none} → {change.after or none}")
                    grid.add_row(text(f"  {one_line(change.subject)}"), text(one_line(change.what), "dim"), text(what))
                yield grid
        for where, names in ((self.before, self.only_before), (self.after, self.only_after)):
            if names:
                shown = True
                yield Text()
                yield text(f"Only in {where}: {together([one_line(name) for name in names], MOST_NAMES)}")
        if not shown:
            yield text("Nothing changed.")


def difference(before: RunVerdict, after: RunVerdict) -> dict[str, Any]:
    """What changed from one run to the other, as plain data for JSON. See ``RunDiff``."""
    return asdict(diff(before, after))


def rich_difference(changes: Mapping[str, Any]) -> RenderableType:
    """What ``difference`` found, to be printed by ``rich``."""
    lists = {name: [Change(**each) for each in changes[name]] for name in ("verdicts", "times", "versions")}
    return RunDiff(**{**changes, **lists})


def diff(before: RunVerdict, after: RunVerdict) -> RunDiff:
    """What changed from one run to the other. Cells are the same when their name and probe are."""
    old, new = _by_name(before), _by_name(after)
    both = [name for name in old if name in new]
    beats = (before.heartbeat_s, after.heartbeat_s)
    verdicts = [change for name in both for change in _verdict(name, old[name], new[name])]
    if both and before.outcome != after.outcome:
        verdicts.append(Change("run", "outcome", before.outcome, after.outcome))
    return RunDiff(
        before=before.run,
        after=after.run,
        verdicts=verdicts,
        times=[change for name in both for change in _times(name, old[name], new[name], beats)],
        versions=list(_circumstances(before, after)),
        only_before=[name for name in old if name not in new],
        only_after=[name for name in new if name not in old],
        cells_compared=len(both),
    )


def _by_name(run: RunVerdict) -> dict[str, CellVerdict]:
    return {cell.cell if cell.probe == "idle" else f"{cell.cell} ({cell.probe})": cell for cell in run.cells}


def _verdict(name: str, old: CellVerdict, new: CellVerdict) -> Iterator[Change]:
    if old.outcome != new.outcome:
        said = (outcome_words(cell.outcome, after_s(cell)) for cell in (old, new))
        yield Change(name, "verdict", *said)
    if old.cause != new.cause:
        yield Change(name, "cause", cause_words(old.cause), cause_words(new.cause))
    fates = [{c.purpose.value: c.outcome.value for c in cell.connections} for cell in (old, new)]
    if old.outcome == new.outcome:
        yield from _mappings(name, fates[0], fates[1])


def _times(name: str, old: CellVerdict, new: CellVerdict, beats: tuple[float, float]) -> Iterator[Change]:
    losses = (old.lost_after_s, new.lost_after_s)
    if losses[0] is not None and losses[1] is not None:
        in_timeouts = losses[0] / (beats[0] or 1.0), losses[1] / (beats[1] or 1.0)
        if abs(in_timeouts[0] - in_timeouts[1]) > SAME_TIMEOUTS:
            yield Change(name, "lost after", seconds(losses[0]), seconds(losses[1]))
    costs = (old.cost.after_ms, new.cost.after_ms)
    if costs[0] is not None and costs[1] is not None:
        least, most = sorted((costs[0], costs[1]))
        if most - least > SAME_COST_MS and most > SAME_COST * least:
            yield Change(name, "first request", milliseconds(costs[0]), milliseconds(costs[1]))


def _circumstances(old: RunVerdict, new: RunVerdict) -> Iterator[Change]:
    if old.heartbeat_s != new.heartbeat_s:
        yield Change("run", "heartbeat timeout", f"{number(old.heartbeat_s)} s", f"{number(new.heartbeat_s)} s")
    yield from _mappings("version", old.versions, new.versions)
    yield from _mappings("host", old.host, new.host)
    yield from _mappings("docker", old.docker, new.docker)
    for name in (name for name in old.images if name in new.images):  # others follow from the cells
        before, after = _image(old.images[name]), _image(new.images[name])
        if before != after:
            same = before[0] == after[0]
            yield Change(
                "image", name, *(each[1] if same else " ".join(filter(None, each)) for each in (before, after))
            )
    yield from _mappings("version", {"heartbed": old.heartbed}, {"heartbed": new.heartbed})


def _image(value: object) -> tuple[str, str]:
    """An image's tag and the beginning of its id, as docker shows it."""
    if not isinstance(value, Mapping):
        return str(value), ""
    return str(value.get("tag") or ""), str(value.get("id") or "").removeprefix("sha256:")[:12]


def _mappings(subject: str, old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Change]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key, ""), new.get(key, "")
        if before != after:
            yield Change(subject, key, str(before), str(after))
