"""Logs of real cells: httpd's lines, the application's among them, and children that end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from heartbed import servers
from heartbed.observers.app_log import MOST_DEBUG, Entries, Entry, arrived, parse, to_event
from heartbed.observers.app_log import AppLog as Follower
from heartbed.observers.log_stream import LogLine, split
from heartbed.record.event import Event, only
from heartbed.record.kinds import AppExit, AppLog, RpcArrived

READERS = servers.log_readers()
DATA = Path(__file__).parents[1] / "data" / "observers"


class NoFeed:
    """The log of a service that says nothing."""

    def __iter__(self) -> Iterator[bytes]:
        yield from ()

    def close(self) -> None:
        """There is nothing to end."""


def entries_of(sample: str) -> list[Entry]:
    entries = Entries(READERS)
    found = [entry for line in split([(DATA / sample).read_bytes()]) for entry in entries.add(line)]
    return [*found, *entries.finish()]


def events_of(sample: str) -> list[Event]:
    return [to_event(entry, "cell") for entry in entries_of(sample)]


def exits(sample: str) -> list[tuple[int | None, str]]:
    return [(event.pid, event.data.reason) for event in only(events_of(sample), AppExit)]


def words(sample: str) -> list[Event[AppLog]]:
    return only(events_of(sample), AppLog)


def test_application_line_inside_httpds_line_is_told_as_the_applications() -> None:
    event = next(each for each in words("cell-prefork.log") if "unreachable" in each.data.text)
    assert event.data.source == "app"
    assert event.data.logger == "oslo.messaging._drivers.impl_rabbit"
    assert event.data.level == "error"
    assert (event.pid, event.data.thread) == (48, 48)
    assert event.t == pytest.approx(1795340862.291)


def test_httpds_own_line_keeps_its_module_and_level() -> None:
    event = words("cell-prefork.log")[0]
    assert (event.data.source, event.data.logger, event.data.level) == ("httpd", "mpm_prefork", "notice")
    assert event.t == pytest.approx(1795340816.862795)


def test_access_line_is_told_without_httpds_own_thread_number() -> None:
    event = next(each for each in words("cell-prefork.log") if each.data.logger == "access")
    assert event.data.text.startswith("200 1858343us")
    assert event.pid == 9
    assert event.data.thread is None


def test_traceback_of_oslo_log_is_one_entry_with_its_message() -> None:
    (entry,) = [each for each in entries_of("compute-traceback.log") if each.level == "error"]
    lines = entry.text.splitlines()
    assert lines[0].startswith("Exception during message handling: TypeError")
    assert lines[1] == "Traceback (most recent call last):"
    assert lines[-1].startswith("TypeError: ComputeManager.get_diagnostics()")
    assert entry.logger == "oslo_messaging.rpc.server"


def test_traceback_on_stderr_is_one_entry() -> None:
    (entry,) = [each for each in entries_of("cell-broken-script.log") if "Traceback" in each.text]
    assert entry.source == "app"
    assert entry.level is None
    assert 'Failed to load transport driver "bogus"' in entry.text.splitlines()[-1]


def test_entries_of_other_threads_do_not_break_one_apart() -> None:
    traceback = [
        LogLine(1.0, f"[2026-11-22 10:00:26.158436] [wsgi:error] [pid 8:tid 8] {text}") for text in ("Traceback", "  a")
    ]
    other = LogLine(1.0, "[2026-11-22 10:00:26.158437] [wsgi:error] [pid 9:tid 9] something else")
    entries = Entries(READERS)
    assert not [entry for line in (traceback[0], other, traceback[1]) for entry in entries.add(line)]
    assert {entry.text for entry in entries.finish()} == {"Traceback\n  a", "something else"}


def test_two_messages_of_one_moment_stay_two() -> None:
    loads = [each.text for each in entries_of("cell-prefork.log") if each.logger == "oslo_service.backend"]
    assert loads[:2] == ["Loading backend: eventlet", "Backend 'eventlet' successfully loaded and cached."]


def test_ends_of_prefork_children_are_told_in_httpds_words() -> None:
    assert exits("cell-prefork.log") == [
        (9, "AH00052: child pid 9 exit signal Segmentation fault (11)"),
        (40, "Python runtime has shut down in embedded mode."),
    ]


def test_ends_of_daemon_processes_are_told_in_mod_wsgis_words() -> None:
    assert exits("cell-daemon.log") == [
        (8, "Process 'nova-api' (pid=8) terminated by signal 9"),
        (62, "Exiting daemon process 'nova-api'."),
        (74, "Exiting daemon process 'nova-api'."),
    ]


def test_httpds_default_format_is_understood() -> None:
    entry = parse(
        LogLine(0.0, "[Sun Nov 22 09:31:43.696493 2026] [wsgi:info] [pid 7:tid 7] Initializing Python."), READERS
    )
    assert (entry.source, entry.pid) == ("httpd", 7)
    assert entry.t == pytest.approx(1795339903.696493)


def test_line_without_any_head_has_dockers_time() -> None:
    entry = parse(LogLine(12.5, "nova-compute on host compute is ready"))
    assert (entry.t, entry.source, entry.pid, entry.text) == (
        12.5,
        "app",
        None,
        "nova-compute on host compute is ready",
    )


def test_request_id_is_told_where_there_is_one() -> None:
    line = "2026-11-22 09:54:10.735 1 44 INFO nova.api [req-fa7337fb-75d7-4f68-ad34-4e732f58f676] accepted"
    (event,) = only([to_event(parse(LogLine(0.0, line), READERS), "cell")], AppLog)
    assert event.data.request_id == "req-fa7337fb-75d7-4f68-ad34-4e732f58f676"
    assert event.data.text == "accepted"
    assert event.data.thread == 44


RPC = (
    "2026-11-25 18:00:00.250 7 9 INFO heartbed.rpc [-] "
    '{"what": "cast", "method": "reboot_instance", "namespace": null, "version": "5.0", "request_id": "req-1", '
    '"cell": "event-daemon-native"}'
)


def test_a_message_that_the_rpc_server_tells_of_belongs_to_the_cell_that_sent_it() -> None:
    event = arrived(parse(LogLine(1.0, RPC)), "compute")
    assert event is not None
    assert (event.cell, event.data) == (
        "event-daemon-native",
        RpcArrived(what="cast", method="reboot_instance", version="5.0", request_id="req-1", namespace=None),
    )
    assert event.t == pytest.approx(1795629600.25)


def test_a_message_that_does_not_say_whose_it_is_belongs_to_the_rpc_server() -> None:
    text = '2026-11-25 18:00:00.250 7 9 INFO heartbed.rpc [-] {"what": "cast", "method": "x"}'
    event = arrived(parse(LogLine(1.0, text)), "compute")
    assert event is not None
    assert event.cell == "compute"


def test_what_an_application_says_of_messages_proves_nothing() -> None:
    assert arrived(parse(LogLine(1.0, RPC)), "event-daemon-native") is None


def test_of_very_many_entries_at_debug_level_the_first_are_told_and_how_many_more_there_were() -> None:
    told: list[Event] = []
    log = Follower("cell", NoFeed, told.append, READERS)
    line = "2026-11-25 22:03:21.123 12 14 DEBUG amqp.connection [-] heartbeat_tick : sent {}"
    for number in range(MOST_DEBUG + 7):
        log.tell(parse(LogLine(0.0, line.format(number))))
    log.tell(parse(LogLine(0.0, line.replace("DEBUG", "INFO"))))
    log.stop()
    said = [event.data for event in only(told, AppLog)]
    assert len(said) == MOST_DEBUG + 2
    assert (said[-2].level, said[-1].text) == ("info", "7 more entries at debug level, which are not in this record")
