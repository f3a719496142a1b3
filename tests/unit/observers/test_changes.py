"""What is done to the run's containers by others, and what the controls say."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from heartbed.observers.changes import Changes
from heartbed.observers.controls_log import ControlsLog
from heartbed.observers.log_stream import LogLine
from heartbed.record.event import Event
from heartbed.record.kinds import ContainerChanged, ControlCall, ObserverFailed
from heartbed.testbed.changes import EngineEvents
from heartbed.testbed.testbed import Change


class Feed:
    """Changes that come, and then an end or an error."""

    def __init__(self, *changes: Change, error: Exception | None = None) -> None:
        self._changes, self._error = changes, error
        self.closed = threading.Event()

    def __iter__(self) -> Iterator[Change]:
        yield from self._changes
        if self._error is not None:
            raise self._error
        self.closed.wait(5)

    def close(self) -> None:
        """End it."""
        self.closed.set()


def followed(feed: Feed) -> list[Event]:
    events: list[Event] = []
    changes = Changes(lambda: feed, events.append)
    changes.start()
    changes.stop()
    return events


def test_a_change_is_told_with_the_engines_time_and_the_service() -> None:
    feed = Feed(Change(12.5, "prefork-daemon-native", "pause"))
    assert followed(feed) == [Event(ContainerChanged(action="pause"), 12.5, "prefork-daemon-native")]
    assert feed.closed.is_set()


def test_an_engine_that_tells_no_more_is_told_of() -> None:
    events: list[Event] = []
    changes = Changes(lambda: Feed(error=ConnectionError("it is gone")), events.append)
    changes.start()
    changes._thread.join(5)
    changes.stop()
    (failure,) = events
    assert failure.data == ObserverFailed(
        observer="changes", reason="what is done to containers can be followed no more: it is gone"
    )


def test_an_engine_that_tells_nothing_is_told_of() -> None:
    def refuse() -> Feed:
        raise ConnectionError("no")

    events: list[Event] = []
    changes = Changes(refuse, events.append)
    changes.start()
    changes.stop()
    assert [event.data.reason for event in events if isinstance(event.data, ObserverFailed)] == [
        "what is done to containers cannot be followed: no"
    ]


def test_of_the_engines_events_those_of_the_runs_containers_count_also_on_a_network() -> None:
    told: list[dict[str, Any]] = [
        {"Action": "pause", "Actor": {"ID": "aaa", "Attributes": {"name": "x"}}, "timeNano": 1_500_000_000},
        {"Action": "exec_create: sh", "Actor": {"ID": "aaa"}, "timeNano": 1},
        {"Action": "pause", "Actor": {"ID": "other"}, "timeNano": 1},
        {"Action": "disconnect", "Actor": {"ID": "net", "Attributes": {"container": "bbb"}}, "timeNano": 2_000_000_000},
    ]
    found = list(EngineEvents(iter(told), {"aaa": "cell", "bbb": "compute"}))
    assert found == [Change(1.5, "cell", "pause"), Change(2.0, "compute", "disconnect")]


def heard(text: str) -> list[Event]:
    events: list[Event] = []
    follow: Any = None
    ControlsLog("controls.2", follow, events.append).tell(LogLine(0.0, text))
    return events


def test_a_call_of_the_controls_is_told_with_the_time_when_it_was_sent() -> None:
    line = '{"t":7.25,"control":"control-calling","pid":1,"answered":false,"ms":4000.1,"error":"no"}'
    assert heard(line) == [Event(ControlCall(answered=False, ms=4000.1, error="no"), 7.25, "controls.2")]


@pytest.mark.parametrize("text", ['{"t":1,"event":"beat"}', "words", "[]", ""])
def test_what_else_they_say_is_seen_on_the_wire(text: str) -> None:
    assert heard(text) == []


def test_a_call_that_is_not_understood_is_told_of() -> None:
    (event,) = heard('{"t":1,"answered":"yes","ms":1.0,"error":null}')
    assert isinstance(event.data, ObserverFailed)
