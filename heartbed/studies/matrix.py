"""The reference matrix: every server, mode and execution model under every milestone of oslo.messaging."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

from heartbed import servers as servers_
from heartbed.cells import axes
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection, select
from heartbed.studies.batch import Played
from heartbed.versions.locks import milestones

CELL_OCTETS = 128 * 2**20
"""Memory that a cell takes while it imports its application; measured 42 MiB with one process when idle."""

OTHERS_OCTETS = 2 * 2**30
"""What is left to the broker, the observer, and the rest of the machine."""

MOST_IN_A_BATCH = 48
"""Cells in one idle window. More would keep a small machine busy with importing while the first ones are long open."""


def expressions(servers: Sequence[str] = ()) -> list[str]:
    """The cells of the matrix; of all servers, or of those that are named."""
    versions = f"oslo{{{','.join(milestones())}}}"
    named = servers or tuple(axes.TABLE.axis("server").tokens)
    hosts = ["-".join(filter(None, (each, how))) for each in named for how in servers_.family(each).hostings]
    models = ",".join(axes.TABLE.axis("model").choices)
    return [f"{host}-{{{models}}}-{versions}" for host in hosts]


def selection(servers: Sequence[str] = ()) -> Selection:
    """The cells themselves."""
    return select(expressions(servers))


def available_octets() -> int:
    """Memory that programs can still have on this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_AVPHYS_PAGES")


def batches(cells: Sequence[Cell], octets: int) -> Iterator[Sequence[Cell]]:
    """Batches that fit into that much memory, of about the same size."""
    most = max(1, min(MOST_IN_A_BATCH, (octets - OTHERS_OCTETS) // CELL_OCTETS))
    count = -(-len(cells) // most)
    size = -(-len(cells) // count)
    for start in range(0, len(cells), size):
        yield cells[start : start + size]


def play(cells: Sequence[Cell], octets: int, measure: Callable[[Sequence[Cell]], Played]) -> Played:
    """Play all cells, one batch after the other."""
    played = Played()
    for batch in batches(cells, octets):
        played.add(measure(batch))
    return played
