"""Connections that had the same address one after another are told apart."""

from __future__ import annotations

from pathlib import Path

from heartbed.record.event import Event
from heartbed.record.index import Index
from heartbed.record.kinds import ConnectionClosed, ConnectionCreated, Socket, WireClose, WireFrame, WireOpen, parse
from heartbed.record.lives import lives
from heartbed.report.data import RunData
from tests.unit.histories import History

CONN = "172.30.0.5:40001"


def at(t: float, kind: str, **fields: object) -> Event:
    return Event(parse(kind, fields), t, None, None, CONN)


def life(t: float, broker_pid: str) -> list[Event]:
    return [
        at(t, WireOpen.KIND, frame=1),
        at(t + 0.1, ConnectionCreated.KIND, broker_pid=broker_pid, timeout_s=2),
        at(t + 0.2, WireFrame.KIND, frame=2, sender="client", type="heartbeat"),
        at(t + 5.0, WireClose.KIND, frame=3, sender="client", how="fin"),
        at(t + 5.1, ConnectionClosed.KIND, broker_pid=broker_pid),
    ]


def test_an_address_that_is_given_again_is_another_connection() -> None:
    first, second = life(100.0, "<0.1.0>"), life(200.0, "<0.2.0>")
    assert lives([*first, *second]) == [first, second]


def test_the_brokers_late_word_on_an_end_goes_to_the_connection_that_ended() -> None:
    *first, closed = life(100.0, "<0.1.0>")
    second = life(106.0, "<0.2.0>")
    late = at(106.5, ConnectionClosed.KIND, broker_pid="<0.1.0>")
    del closed
    assert lives(sorted([*first, late, *second], key=lambda event: event.t)) == [[*first, late], second]


def test_without_a_capture_the_brokers_word_begins_a_connection() -> None:
    first, second = ([e for e in life(t, pid) if not e.kind.startswith("wire")] for t, pid in ((1.0, "a"), (50.0, "b")))
    assert lives([*first, *second]) == [first, second]


def test_a_socket_that_was_seen_before_the_packet_is_the_same_connection() -> None:
    events = [at(99.99, Socket.KIND, state="established", rx_octets=0, tx_octets=0, pids=[1]), *life(100.0, "<0.1.0>")]
    assert lives(events) == [events]


def test_a_report_shows_of_a_connection_its_own_events_only(tmp_path: Path) -> None:
    history = History.of()
    history.pair(beating=True)
    verdict = history.verdict
    shown = verdict.cells[0].connections[0]
    later = [Event(e.data, e.t + 1000, e.cell, e.pid, shown.conn) for e in life(100.0, "x") if shown.opened]
    moved = [Event(e.data, shown.opened + 500 + n, e.cell, e.pid, e.conn) for n, e in enumerate(later)]
    run = RunData(verdict, [*history.events, *moved], tmp_path)
    own = run.of_connection(shown, WireFrame)
    assert own == [e for e in history.events if e.conn == shown.conn and isinstance(e.data, WireFrame)]
    assert len(Index(run.events).by_address[shown.conn]) == 2
