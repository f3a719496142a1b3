"""What the page shows, gathered from a run: plain values for the templates."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from heartbed.record.event import only
from heartbed.record.kinds import RunStart, WireMissing
from heartbed.report import stacks, timeline
from heartbed.report.data import RunData
from heartbed.report.facts import Fact, facts
from heartbed.report.figure import Figure
from heartbed.report.matrix import Matrix, by_probe, matrix
from heartbed.report.plots import figures
from heartbed.report.proofs import Proof, proofs
from heartbed.report.words import Phrase, cost_words, phrases
from heartbed.verdict.unseen import unseen
from heartbed.verdict.values import CellVerdict, Connection

SAYS_MISSING = re.compile(r"^Missing:? (.*)\.$")
"""A sentence on what is missing, which stands under that word here."""

FILES = {
    "record.jsonl": "everything that was observed, one event a line",
    "verdicts.json": "the verdicts on it",
    "capture.pcap": "the AMQP traffic; open it in Wireshark and filter by the client’s port, as in tcp.port == 40001",
}


@dataclass(frozen=True)
class Link:
    """A connection with its name on the page."""

    title: str
    connection: Connection
    captured: bool


@dataclass(frozen=True)
class CellView:
    """All that the page shows of one cell."""

    id: str
    cell: CellVerdict
    phrases: Sequence[Phrase]
    cost: str
    figures: Mapping[str, Figure]
    below: Mapping[str, Figure]
    """Those below the table of its connections."""

    facts: Sequence[Fact]
    dumps: Sequence[stacks.Dump]
    losses: Sequence[stacks.Dump]
    proofs: Sequence[Proof]
    links: Sequence[Link]
    missing: Sequence[str]
    zero: str
    """What its clock counts from."""
    printed: bool
    """Whether it goes onto paper, too."""

    @property
    def loss_tells(self) -> bool:
        """Whether a stack at the loss tells more than one in the middle of the idle period."""
        looked = {dump.pid for dump in self.dumps if dump.stack}
        return any(dump.pid not in looked or dump.locked for dump in self.losses)

    @property
    def slowdown(self) -> float | None:
        """How many times longer the first request after idling took than those before."""
        cost = self.cell.cost
        return cost.after_ms / cost.before_ms if cost.after_ms and cost.before_ms else None


@dataclass(frozen=True)
class ProbeView:
    """The verdicts of one probe: a matrix, or a list where there is none."""

    probe: str
    matrix: Matrix | None
    listed: Sequence[CellView]


def cells(run: RunData) -> list[CellView]:
    """The cells in the order of the verdicts, each with an id that is unique on the page."""
    shown, paper = run.verdict.cells, printed(run.verdict.cells)
    return [
        _cell(run, cell, ident, at in paper) for at, (cell, ident) in enumerate(zip(shown, idents(run), strict=True))
    ]


def idents(run: RunData) -> list[str]:
    """The ids of the cells on the page of a run."""
    return [f"c{number}-{slug(cell)}" for number, cell in enumerate(run.verdict.cells, start=1)]


def printed(shown: Sequence[CellVerdict]) -> set[int]:
    """Which cells go onto paper, by their place: one for each finding, or the only one that there is."""
    if len(shown) == 1:
        return {0}
    first: dict[tuple[str, str], int] = {}
    for at, cell in enumerate(shown):
        if cell.outcome.bad:
            first.setdefault((cell.outcome, cell.cause), at)
    return set(first.values())


def slug(cell: CellVerdict) -> str:
    """The cell's name and probe as far as a link can hold them."""
    name = cell.cell if cell.probe == "idle" else f"{cell.cell}-{cell.probe}"
    return re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-")[:80]


def probes(run: RunData, views: Sequence[CellView]) -> list[ProbeView]:
    """The verdicts, probe by probe."""
    by_cell = {id(view.cell): view for view in views}
    return [
        ProbeView(probe, matrix(members), [by_cell[id(cell)] for cell in members])
        for probe, members in by_probe(run.verdict.cells).items()
    ]


def _cell(run: RunData, cell: CellVerdict, ident: str, on_paper: bool) -> CellView:
    links = [Link(timeline.title(c, cell), c, captured=bool(timeline.frames(run, c))) for c in timeline.ordered(cell)]
    dumped = stacks.dumps(run, cell)
    missing = []
    if links and not any(link.captured for link in links):
        missing.append("The capture holds no frame of these connections, so no heartbeat can be shown.")
    if links and not dumped:
        missing.append("No stack was taken while the cell idled.")
    if not links:
        missing.append("No connection of this cell was seen.")
    return CellView(
        id=ident,
        cell=cell,
        phrases=phrases(cell, run.verdict.heartbeat_s),
        cost=cost_words(cell.cost),
        figures=figures(run, cell, "cell"),
        below=figures(run, cell, "connections"),
        facts=facts(cell),
        dumps=dumped,
        losses=stacks.dumps(run, cell, "loss"),
        proofs=proofs(run, cell),
        links=links,
        missing=missing,
        zero=timeline.zero(run, cell).what,
        printed=on_paper,
    )


def missing(run: RunData, cell: CellVerdict | None = None) -> list[str]:
    """What was not observed: as the verdict says, and what the record itself lacks.

    With ``cell`` without what is said of other cells only.
    """
    parts = (run.shards or [run]) if cell else []
    looks = [item for part in parts for item in unseen(part.index, part.asked.cells).items()]
    others = tuple(said for said, cells in looks if cell and cell.cell not in cells)
    # What stands before it is the shard, where there are several.
    lacking = [SAYS_MISSING.sub(r"\1", said) for said in run.verdict.missing if not said.endswith(others)]
    reasons = [event.data.reason for event in run.of_kind(WireMissing)]
    lacking += [f"the wire: {reason}" for reason in reasons if not any(reason in item for item in lacking)]
    if run.verdict.status != "complete":
        lacking.append(f"whatever came after the run was {run.verdict.status}")
    if run.verdict.lag.samples == 0:
        lacking.append("how late the machine woke its threads")
    if not run.verdict.controls:
        lacking.append("the controls")
    return lacking


def provenance(run: RunData) -> dict[str, str]:
    """Where and with what the run was made."""
    verdict = run.verdict
    started = next(iter(only(run.events, RunStart)), None)
    argv = started.data.argv if started else None
    host = {f"host: {key}": str(value) for key, value in verdict.host.items()}
    docker = {f"docker: {key}": str(value) for key, value in verdict.docker.items()}
    images = {f"image: {service}": _image(value) for service, value in verdict.images.items()}
    command = {"command": " ".join(argv)} if argv else {}
    return {**verdict.versions, **host, **docker, **images, "heartbed": verdict.heartbed, **command}


def _image(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(str(part) for part in (value.get("tag"), value.get("id")) if part)
    return str(value)


def files(run: RunData) -> dict[str, str]:
    """The files beside the page, and what each holds."""
    return {name: what for name, what in FILES.items() if (run.folder / name).is_file()}


def clock(t: float | None) -> str:
    """Epoch seconds as a date and time that anyone can compare: ``2025-12-29 09:20:00 UTC``."""
    return "" if t is None else datetime.fromtimestamp(t, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
