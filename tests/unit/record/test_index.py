"""The index of a record."""

from __future__ import annotations

from heartbed.record import kinds
from heartbed.record.event import Event
from heartbed.record.index import Index
from heartbed.record.kinds import BrokerLog, CellState, RpcArrived


def told(kind: str, t: float, cell: str | None, **data: object) -> Event:
    return Event(kinds.parse(kind, data), t, cell)


def test_the_end_of_a_container_that_nothing_is_wanted_of_is_left_out() -> None:
    index = Index(
        [
            told("broker.log", 3.0, "a", reason="client_closed"),
            told("cell.state", 2.0, "a", state="removed"),
            told("cell.state", 1.0, "a", state="done"),
            told("broker.log", 3.0, "b", reason="missed_heartbeats"),
            told("broker.log", 3.0, None, reason="other"),
        ]
    )
    assert [(event.cell, event.data.reason) for event in index.of(BrokerLog)] == [
        ("b", "missed_heartbeats"),
        (None, "other"),
    ]
    assert [event.data.state for event in index.of(CellState)] == ["done", "removed"]


def test_a_message_that_a_cell_had_sent_before_its_removal_may_arrive_later() -> None:
    index = Index([told("cell.state", 2.0, "a", state="removed"), told("rpc.arrived", 3.0, "a", what="cast")])
    assert len(index.of(RpcArrived)) == 1
