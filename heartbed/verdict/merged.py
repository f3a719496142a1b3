"""Shards that were judged, as one run. What went wrong in one of them says nothing of the cells of the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from heartbed.record.event import Event
from heartbed.record.kinds import AskedShard, RunStart
from heartbed.verdict import controls
from heartbed.verdict.answer import answer
from heartbed.verdict.values import CellVerdict, Outcome, RunVerdict, worst
from heartbed.wording import count

MOST_NAMES = 6
"""Cells that are named of those that are missing."""


OF_SHARD = " (shard "


def in_any_shard(name: str) -> str:
    """What a control is called in each shard."""
    return name.partition(OF_SHARD)[0]


def together(start: Event[RunStart], asked: Sequence[AskedShard | None], verdicts: Sequence[RunVerdict]) -> RunVerdict:
    """The shards as one run, called as ``start`` has it; ``asked`` says of each verdict which shard it is of."""
    numbers = [shard.number if shard else 0 for shard in asked]
    cells = _once(cell for verdict in verdicts for cell in verdict.cells)
    left_out = [*start.data.left_out, *(left for verdict in verdicts for left in verdict.left_out)]
    absent = missing([each for each in asked if each], {*(c.cell for c in cells), *(left["name"] for left in left_out)})
    reasons = [f"shard {number}: {v.reason}" for number, v in zip(numbers, verdicts, strict=True) if v.reason]
    nothing = len(reasons) == len(verdicts)
    first = verdicts[0]
    return RunVerdict(
        run=start.data.run,
        heartbed=first.heartbed,
        probe=first.probe,
        started=min(verdict.started for verdict in verdicts),
        ended=max((verdict.ended for verdict in verdicts if verdict.ended is not None), default=None),
        status=next((verdict.status for verdict in verdicts if verdict.status != "complete"), "complete"),
        heartbeat_s=first.heartbeat_s,
        host=_each(verdict.host for verdict in verdicts),
        docker=_each(verdict.docker for verdict in verdicts),
        images={name: image for verdict in reversed(verdicts) for name, image in verdict.images.items()},
        versions=_each(verdict.versions for verdict in verdicts),
        controls=[
            check.model_copy(update={"name": f"{check.name}{OF_SHARD}{number})"})
            for number, verdict in zip(numbers, verdicts, strict=True)
            for check in verdict.controls
        ],
        lag=controls.together([verdict.lag for verdict in verdicts]),
        cells=cells,
        left_out=[left for at, left in enumerate(left_out) if left not in left_out[:at]],
        outcome=worst([*(cell.outcome for cell in cells), *([Outcome.INCONCLUSIVE] if absent else [])]),
        reason="; ".join(reasons) if nothing else "",
        answer=" ".join([f"Nothing can be said: {'; '.join(reasons)}." if nothing else answer(cells), *absent]),
        missing=[*start.data.notes, *absent, *_told(numbers, verdicts)],
    )


def _once(cells: Iterable[CellVerdict]) -> list[CellVerdict]:
    """A cell that was played in two shards counts once: as in the first."""
    found: dict[tuple[str, str], CellVerdict] = {}
    for cell in cells:
        found.setdefault((cell.cell, cell.probe), cell)
    return [*found.values()]


def missing(asked: Sequence[AskedShard], told: Iterable[str]) -> list[str]:
    """Shards that are not there, and cells of which those that are there tell nothing, in sentences."""
    shards = {shard.number: shard for shard in asked}
    of = max((shard.of for shard in asked), default=0)
    absent = [f"{number}/{of}" for number in range(1, of + 1) if number not in shards]
    known = {*told}
    sentences = [f"Missing: {'shard' if len(absent) == 1 else 'shards'} {', '.join(absent)}."] if absent else []
    for number, shard in sorted(shards.items()):
        lacking = [name for name in shard.cells if name not in known]
        names = ", ".join(lacking[:MOST_NAMES]) + (", ..." if len(lacking) > MOST_NAMES else "")
        if lacking:
            sentences.append(f"Missing of shard {number}/{of}: {count(len(lacking), 'cell')} ({names}).")
    return sentences


def _told(numbers: Sequence[int], verdicts: Sequence[RunVerdict]) -> list[str]:
    """What could not be observed, each with its shard; what is so in all of them once."""
    first = dict.fromkeys(verdicts[0].missing)
    everywhere = [each for each in first if all(each in verdict.missing for verdict in verdicts)]
    own = [f"shard {n}: {each}" for n, v in zip(numbers, verdicts, strict=True) for each in v.missing]
    return [*everywhere, *(each for each in dict.fromkeys(own) if each.partition(": ")[2] not in everywhere)]


def _each(told: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the shards say of themselves: what differs one after another, with commas."""
    found: dict[str, dict[str, Any]] = {}
    for values in told:
        for name, value in values.items():
            found.setdefault(name, {}).setdefault(str(value), value)
    return {name: next(iter(each.values())) if len(each) == 1 else ", ".join(each) for name, each in found.items()}
