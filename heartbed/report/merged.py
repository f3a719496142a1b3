"""A run that was merged from shards: what is told of a cell is looked up where it was played."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from heartbed.record import parts
from heartbed.record.event import Event, K
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Intervention
from heartbed.report.data import RunData
from heartbed.verdict.values import CellVerdict, Connection


class MergedData(RunData):
    """One run for whoever reads, of several records with clocks, addresses and process ids of their own."""

    @cached_property
    def shards(self) -> Sequence[RunData]:
        """Each shard as a run of its own."""
        return [RunData(self.verdict, events, self.folder) for events in parts.shards(self.events)]

    @cached_property
    def _places(self) -> dict[tuple[str, str], RunData]:
        """Cell and probe -> the first of the shards that played it."""
        found: dict[tuple[str, str], RunData] = {}
        for shard in self.shards:
            for asked in shard.asked.cells:
                found.setdefault((asked.name, asked.probe or shard.asked.probe), shard)
        return found

    def at(self, cell: CellVerdict) -> RunData:
        """Where a cell was played."""
        return self._places[cell.cell, cell.probe]

    @cached_property
    def _of_connections(self) -> dict[tuple[str, float], RunData]:
        """An address and when it was opened -> where: addresses are the same on many machines."""
        return {(c.conn, c.opened): self.at(cell) for cell in self.verdict.cells for c in cell.connections}

    def all_of_cell(self, cell: CellVerdict) -> list[Event]:
        """The events of one cell under its probe, in order of time."""
        return self.at(cell).all_of_cell(cell)

    def of_connection(self, connection: Connection, *kinds: type[K]) -> list[Event[K]]:
        """The events of one connection that are of these kinds, whoever observed them, in order of time."""
        return self._of_connections[connection.conn, connection.opened].of_connection(connection, *kinds)

    def history(self, cell: CellVerdict) -> CellHistory | None:
        """All that was observed of one cell under its probe."""
        return self.at(cell).history(cell)

    def interventions(self, cell: CellVerdict) -> list[Intervention]:
        """What was done to the cell by its probe, and meanwhile to what all cells of its shard share."""
        return self.at(cell).interventions(cell)

    def meanwhile(self, cell: CellVerdict) -> str:
        """What was done to a cell in the idle period, as the record has it."""
        return self.at(cell).meanwhile(cell)

    def idle_of(self, cell: CellVerdict) -> tuple[float, float] | None:
        """When the idle period that the cell shared with those of its shard began and ended (epoch seconds)."""
        return self.at(cell).idle_of(cell)
