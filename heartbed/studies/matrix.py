"""The reference matrix: every server, mode and execution model under every milestone of oslo.messaging."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from heartbed import probes
from heartbed import servers as servers_
from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection, select
from heartbed.cells.models import MODELS
from heartbed.cells.subject import Scenario
from heartbed.errors import InputError, TestbedError
from heartbed.record.kinds import RunStart
from heartbed.run.code import played_by
from heartbed.studies.answers import ever, known
from heartbed.studies.batch import Played, by_reason
from heartbed.studies.session import Session
from heartbed.studies.store import image_digest, key
from heartbed.versions.locks import milestones

MOST_IN_A_BATCH = 200
"""Cells in one run, with their copies and processes: its record and its report are still read in seconds."""


def expressions(servers: Sequence[str] = ()) -> list[str]:
    """The cells of the matrix; of all servers, or of those that are named."""
    versions = f"oslo{{{','.join(milestones())}}}"
    named = servers or tuple(axes.TABLE.axis("server").tokens)
    hosts = ["-".join(filter(None, (each, how))) for each in named for how in servers_.family(each).hostings]
    models = ",".join(MODELS)
    return [f"{host}-{{{models}}}-{versions}" for host in hosts]


def servers() -> tuple[str, ...]:
    """Those that have a part in it."""
    return tuple(each for each in axes.TABLE.axis("server").tokens if servers_.family(each).hostings)


def selection(servers: Sequence[str] = ()) -> Selection:
    """The cells themselves."""
    return select(expressions(servers))


def batches(cells: Sequence[Cell], weigh: Callable[[Cell], int] = lambda _: 1) -> Iterator[Sequence[Cell]]:
    """Batches of about the same weight, and that is ``MOST_IN_A_BATCH`` at the most."""
    total = sum(map(weigh, cells))
    share = total / max(1, -(-total // MOST_IN_A_BATCH))
    batch: list[Cell] = []
    reached, full = 0, share
    for cell in cells:
        batch.append(cell)
        reached += weigh(cell)
        if reached >= full:
            yield tuple(batch)
            batch, full = [], full + share
    if batch:
        yield tuple(batch)


def refused(cells: Sequence[Cell], scenario: Scenario) -> dict[str, str]:
    """The cells that a probe cannot be played on, and why."""
    probe = probes.played(scenario)
    return {cell.name: why for cell in cells if (why := probe.refuses(cell))}


def left_out(cells: Sequence[Cell], session: Session) -> dict[str, str]:
    """The cells that the session's one probe cannot be played on, and why, which is told."""
    (scenario,) = session.settings.scenarios
    found = refused(cells, scenario)
    for line in by_reason(found):
        session.say(f"left out: {line}")
    return found


def remembered(cells: Sequence[Cell], session: Session) -> Played:
    """What was played before with the same images, by the same heartbed and rules, and has a verdict."""
    settings = session.settings
    start = RunStart(
        run="",
        code=played_by(),
        heartbeat_s=settings.heartbeat_s,
        margin_s=settings.margin_s,
        rpc_timeout_s=settings.rpc_timeout_s,
        untrusted=settings.untrusted,
    )
    (scenario,) = settings.scenarios
    mine = {cell.name: cell for cell in cells}
    played = [mine[name] for name in ever(settings.runs, [*mine]) if name in mine]
    try:
        ids = {name: image.id for name, image in session.images(played).items()} if played else {}
    except (InputError, TestbedError):
        return Played()  # what cannot be had is told where it is played
    keys = {cell.name: key(cell.name, scenario.name, start, image_digest(cell, ids)) for cell in played}
    found = known(settings.runs, {name: each for name, each in keys.items() if each})
    return Played(
        {name: each.verdict for name, each in found.items()}, versions=[each.versions for each in found.values()]
    )


def play(cells: Sequence[Cell], measure: Callable[[Sequence[Cell]], Played], weigh: Callable[[Cell], int]) -> Played:
    """Play all cells, one batch after the other."""
    played = Played()
    for batch in batches(cells, weigh):
        played.add(measure(batch))
    return played
