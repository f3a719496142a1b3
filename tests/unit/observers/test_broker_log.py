"""RabbitMQ's log, in both forms that it is written in."""

import queue
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from heartbed.observers.base import resolver
from heartbed.observers.broker_log import BrokerLog, Entries, Entry, to_event, why
from heartbed.observers.log_stream import LogLine, split
from heartbed.record.event import Event, only
from heartbed.record.kinds import BrokerLog as Words

DATA = Path(__file__).parents[1] / "data" / "observers"
RESOLVE = resolver({"172.22.0.6": "lab", "172.18.0.3": "lab"}.get)


def entries_of(lines: list[str]) -> list[Entry]:
    entries = Entries()
    found = [entry for line in lines for entry in entries.add(LogLine(0.0, line))]
    return [*found, *entries.finish()]


class NoLog:
    """A log without a line; the tests hand over lines themselves."""

    def __iter__(self) -> Iterator[bytes]:
        yield from ()

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def single_line() -> list[Event[Words]]:
    """``log.console.formatter.single_line = on``, as our own broker has it; with Docker's time stamps."""
    lines = split([(DATA / "rabbitmq-single-line.log").read_bytes()])
    return [to_event(entry, RESOLVE) for entry in entries_of([line.text for line in lines])]


@pytest.fixture
def coloured() -> list[Event[Words]]:
    """RabbitMQ's default: colours, and a head on every line of an entry."""
    lines = (DATA / "rabbitmq-coloured.log").read_text().splitlines()
    return [to_event(entry, RESOLVE) for entry in entries_of(lines)]


def closing(events: list[Event[Words]], conn: str) -> Event[Words]:
    (found,) = [each for each in events if each.conn == conn and each.data.text.startswith("closing")]
    return found


@pytest.mark.parametrize("zone", ["", "+00:00"])
def test_the_heads_of_versions_before_3_9_have_no_zone(zone: str) -> None:
    where = "closing AMQP connection <0.2375.0> (172.22.0.6:54720 -> 172.22.0.2:5672 - nova:7:uuid):"
    lines = [f"2021-03-02 10:00:00.123{zone} [error] <0.2375.0> {where}", "missed heartbeats from client, timeout: 8s"]
    (entry,) = entries_of(lines)
    assert entry.t == 1614679200.123
    assert why(entry) == ("missed_heartbeats", 8)


def test_missed_heartbeats_are_told_with_the_timeout(single_line: list[Event[Words]]) -> None:
    event = closing(single_line, "172.22.0.6:37014")
    assert event.data.reason == "missed_heartbeats"
    assert event.data.timeout_s == 2
    assert event.data.level == "error"
    assert (event.cell, event.pid) == ("lab", 20)


def test_reason_on_a_line_of_its_own_belongs_to_the_entry(coloured: list[Event[Words]]) -> None:
    event = closing(coloured, "172.18.0.3:50894")
    assert event.data.reason == "missed_heartbeats"
    assert event.data.text.splitlines()[1] == "missed heartbeats from client, timeout: 2s"
    assert event.data.broker_pid == "<0.649.0>"


@pytest.mark.parametrize(
    ("conn", "reason"),
    [("172.18.0.3:50918", "clean"), ("172.18.0.3:50900", "client_closed"), ("172.18.0.3:50922", "client_closed")],
    ids=["connection.close", "FIN", "RST"],
)
def test_other_ways_to_end_are_told_apart(coloured: list[Event[Words]], conn: str, reason: str) -> None:
    assert closing(coloured, conn).data.reason == reason


def test_time_is_the_entrys_own_to_the_microsecond(coloured: list[Event[Words]]) -> None:
    assert closing(coloured, "172.18.0.3:50894").t == pytest.approx(1795339701.382714, abs=1e-6)


def test_no_colour_is_left(coloured: list[Event[Words]]) -> None:
    assert not [event for event in coloured if "\x1b" in event.data.text]


def test_refused_login_is_an_error() -> None:
    text = (
        "2026-11-22 09:42:01.996991+00:00 [error] <0.714.0> Error on AMQP connection <0.714.0> "
        "(172.18.0.3:51342 -> 172.18.0.5:5672, state: starting):, AMQPLAIN login refused: "
        "user 'hb' - invalid credentials"
    )
    (entry,) = entries_of([text])
    assert why(entry) == ("error", None)
    assert to_event(entry, RESOLVE).conn == "172.18.0.3:51342"


def test_banner_before_the_first_entry_is_left_out() -> None:
    assert entries_of(["", "  ##  ##      RabbitMQ 4.0.5", "  Starting broker..."]) == []


class Told:
    """Collects events and wakes who waits for one."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.came = threading.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.came.set()


def test_last_entry_is_told_although_nothing_follows_it() -> None:
    told = Told()
    log = BrokerLog(NoLog, told, RESOLVE)
    lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
    for line in (DATA / "rabbitmq-single-line.log").read_text().splitlines():
        if "missed heartbeats" in line:
            lines.put(LogLine(0.0, line.partition(" ")[2]))
    reader = threading.Thread(target=log.read, args=(lines,))
    reader.start()
    assert told.came.wait(5), "the entry was not told while the log stood still"
    lines.put(None)
    reader.join(5)
    assert [event.data.reason for event in only(told.events, Words)] == ["missed_heartbeats"]


def test_what_the_broker_says_while_starting_is_left_out_but_a_warning_is_not() -> None:
    told = Told()
    lines: queue.SimpleQueue[LogLine | None] = queue.SimpleQueue()
    lines.put(LogLine(0.0, "2026-11-22 09:27:36.628 +00:00 is no head"))
    lines.put(LogLine(0.0, "2026-11-22 09:27:36.627668+00:00 [info] <0.216.0> ra: starting system quorum_queues"))
    lines.put(LogLine(0.0, "2026-11-22 09:27:36.700000+00:00 [warning] <0.216.0> list of nodes does not contain it"))
    lines.put(None)
    BrokerLog(NoLog, told, RESOLVE).read(lines)
    assert [event.data.level for event in only(told.events, Words)] == ["warning"]
