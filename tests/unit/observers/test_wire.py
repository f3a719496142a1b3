"""What tshark printed of a real capture: five clients of different fates, at a timeout of 2 s."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from heartbed.observers.dissection import Dissection, dissect
from heartbed.observers.frames import events_of, method_name, parse
from heartbed.record.event import Event, only
from heartbed.record.kinds import WireClose, WireFrame, WireMissing

DATA = Path(__file__).parents[1] / "data" / "observers"
IMAGE = "heartbed-observer:1"
PORT = 5672
SILENT, CLEAN, FIN, RST, LISTEN = (f"172.22.0.6:{port}" for port in (37014, 37024, 37028, 37032, 37038))


@pytest.fixture(scope="module")
def events() -> list[Event]:
    lines = (DATA / "session.tsv").read_text().splitlines(keepends=True)
    return list(events_of(lines, PORT, lambda address, _: {"172.22.0.6": "lab"}.get(address)))


def frames(events: list[Event], conn: str, sender: str) -> list[tuple[str, str | None]]:
    return [
        (event.data.type, event.data.method)
        for event in only(events, WireFrame)
        if event.conn == conn and event.data.sender == sender
    ]


def closes(events: list[Event], conn: str) -> list[tuple[str, str]]:
    return [(event.data.sender, event.data.how) for event in only(events, WireClose) if event.conn == conn]


def test_connection_begins_with_the_clients_syn(events: list[Event]) -> None:
    first = next(event for event in events if event.conn == SILENT)
    assert first.kind == "wire.open"
    assert first.cell == "lab"


def test_client_begins_with_the_protocol_header(events: list[Event]) -> None:
    assert frames(events, SILENT, "client") == [
        ("protocol", None),
        ("method", "connection.start-ok"),
        ("method", "connection.tune-ok"),
        ("method", "connection.open"),
    ]


def test_heartbeats_of_the_broker_are_told(events: list[Event]) -> None:
    beats = [frame for frame in frames(events, SILENT, "broker") if frame[0] == "heartbeat"]
    assert len(beats) == 5


def test_heartbeats_of_the_client_are_told(events: list[Event]) -> None:
    assert ("heartbeat", None) in frames(events, LISTEN, "client")
    assert ("heartbeat", None) not in frames(events, SILENT, "client")


def test_frames_that_share_a_packet_are_told_each(events: list[Event]) -> None:
    sent = frames(events, LISTEN, "client")
    at = sent.index(("method", "basic.publish"))
    assert sent[at : at + 3] == [("method", "basic.publish"), ("header", None), ("body", None)]


def test_consumer_is_seen(events: list[Event]) -> None:
    assert ("method", "basic.consume") in frames(events, LISTEN, "client")


@pytest.mark.parametrize(
    ("conn", "close"),
    [
        (SILENT, ("broker", "rst")),
        (CLEAN, ("client", "fin")),
        (FIN, ("client", "fin")),
        (RST, ("client", "rst")),
    ],
    ids=["silent", "clean", "fin", "rst"],
)
def test_who_closed_first_and_how(events: list[Event], conn: str, close: tuple[str, str]) -> None:
    assert closes(events, conn)[0] == close


def test_silent_client_is_reset_between_two_and_three_timeouts(events: list[Event]) -> None:
    last = max(e.t for e in only(events, WireFrame) if e.conn == SILENT and e.data.sender == "client")
    (reset,) = [event.t for event in events if event.conn == SILENT and event.kind == "wire.close"]
    assert 2 * 2 <= reset - last <= 3 * 2 + 0.1


def test_times_are_told_to_the_microsecond_and_in_order(events: list[Event]) -> None:
    times = [event.t for event in events]
    assert times == sorted(times)
    assert times[0] == pytest.approx(1795341709.0, abs=1.0)


def test_connection_with_lost_packets_is_told_of_once_and_its_heartbeats_are_still_seen() -> None:
    told = list(events_of((DATA / "torn.tsv").read_text().splitlines(), PORT))
    (missing,) = [event for event in told if event.kind == "wire.missing"]
    assert missing.conn == "172.18.0.3:50882"
    beats = [e for e in only(told, WireFrame) if e.data.type == "heartbeat" and e.data.sender == "broker"]
    assert len(beats) == 5


def test_torn_line_and_other_ports_are_left_out() -> None:
    line = (DATA / "session.tsv").read_text().splitlines()[0]
    assert parse(line, PORT) is not None
    assert parse(line[:40], PORT) is None
    assert parse(line, 5671) is None


def test_methods_are_named_as_in_the_protocol() -> None:
    assert method_name(60, 40) == "basic.publish"
    assert method_name(10, 11) == "connection.start-ok"
    assert method_name(10, 70) == "10.70"


def nowhere(*command: str) -> list[str]:
    return ["no-such-command", *command]


def test_capture_that_is_not_there_is_told_of(tmp_path: Path) -> None:
    (event,) = only(dissect(tmp_path / "capture.pcap", nowhere), WireMissing)
    assert "capture.pcap" in event.data.reason


def test_empty_capture_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "capture.pcap").touch()
    (event,) = only(dissect(tmp_path / "capture.pcap", nowhere), WireMissing)
    assert event.data.reason == "capture.pcap is empty"


def echoing(*command: str) -> list[str]:
    """Stands for tshark: says of each line that it reads what was read."""
    del command
    return [sys.executable, "-u", "-c", "import sys\nfor line in sys.stdin: print(line, end='')"]


def test_a_capture_is_dissected_as_it_grows(tmp_path: Path) -> None:
    lines = (DATA / "session.tsv").read_text().splitlines(keepends=True)
    path = tmp_path / "capture.pcap"
    path.touch()
    dissection = Dissection(path, echoing, port=PORT)
    dissection.start()
    with path.open("a") as capture:
        for line in lines:
            capture.write(line)
            capture.flush()
    told = list(dissection.events(lambda address, _: {"172.22.0.6": "lab"}.get(address)))
    assert told == list(events_of(lines, PORT, lambda address, _: {"172.22.0.6": "lab"}.get(address)))
    assert told


def test_a_tshark_that_fails_is_told_of_with_what_it_had_said(tmp_path: Path) -> None:
    (tmp_path / "capture.pcap").write_text("x\n")

    def failing(*command: str) -> list[str]:
        del command
        return [sys.executable, "-c", "import sys; sys.stdin.read(); sys.exit('tshark: cut short')"]

    (event,) = only(dissect(tmp_path / "capture.pcap", failing), WireMissing)
    assert event.data.reason == "the capture could not be dissected: tshark: cut short"


def test_a_tshark_that_stands_still_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "capture.pcap").write_text("x\n")
    dissection = Dissection(tmp_path / "capture.pcap", lambda *_: ["sleep", "60"], still_s=0.3)
    dissection.start()
    (event,) = only(dissection.events(), WireMissing)
    assert event.data.reason == "the capture could not be dissected: tshark has stood still for 0 s"


@pytest.mark.docker
def test_the_observers_tshark_prints_what_was_recorded(events: list[Event]) -> None:
    if subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True, check=False).returncode:
        pytest.skip(f"there is no image {IMAGE}")
    name = f"heartbed-test-{uuid.uuid4().hex[:8]}"
    subprocess.run(["docker", "run", "--detach", "--rm", "--name", name, "--label", "heartbed=1", IMAGE], check=True)

    def inside(*command: str) -> list[str]:
        return ["docker", "exec", "-i", name, *command]

    try:
        told = list(dissect(DATA / "session.pcap", inside, lambda address, _: {"172.22.0.6": "lab"}.get(address)))
        (missing,) = dissect(DATA / "README.md", inside)
    finally:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=True)
    assert told == events
    assert missing.kind == "wire.missing"
