"""How a container's log is followed."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from heartbed.observers.log_stream import LogLine, LogStream, split
from heartbed.record.event import Event, only
from heartbed.record.kinds import AppLog, ObserverFailed

SAMPLE = Path(__file__).parents[1] / "data" / "observers" / "cell-daemon.log"


def test_lines_are_the_same_whatever_the_chunks() -> None:
    raw = SAMPLE.read_bytes()
    whole = list(split([raw]))
    assert list(split(raw[i : i + 7] for i in range(0, len(raw), 7))) == whole
    assert whole[0].text.endswith("Starting daemon process 'nova-api' with threads=1.")


def test_docker_time_stamp_has_nine_decimals() -> None:
    (line,) = split([b"2026-11-22T09:46:56.514833468Z words\n"])
    assert line.t == pytest.approx(1795340816.514833468)
    assert line.text == "words"


def test_last_line_without_a_line_break_is_told() -> None:
    assert [line.text for line in split([b"2026-11-22T09:46:56Z one\n2026-11-22T09:46:57Z two"])] == ["one", "two"]


class Lines:
    """Every line is an entry of its own."""

    open = False

    def add(self, line: LogLine) -> Iterator[LogLine]:
        yield line

    def finish(self) -> Iterator[LogLine]:
        yield from ()


class Collecting(LogStream[LogLine]):
    """Makes an event of every line."""

    def tell(self, entry: LogLine) -> None:
        self.emit(Event(AppLog(text=entry.text), entry.t))


class Log:
    """A log that ends, or breaks."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield SAMPLE.read_bytes()
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Nothing to close."""


def follow(log: Log, again: Callable[[], bool] = lambda: False) -> list[Event]:
    events: list[Event] = []
    stream = Collecting("app_log", lambda: log, events.append, Lines(), cell="c", again=again)
    stream.start()
    stream._reader.join(5)
    stream.stop()
    return events


def test_log_is_followed_until_the_container_has_ended() -> None:
    events = follow(Log())
    assert len(events) == len(SAMPLE.read_bytes().splitlines())
    assert {event.kind for event in events} == {"app.log"}


def test_log_that_breaks_is_told_of() -> None:
    events = follow(Log(ConnectionError("the engine is gone")))
    (failure,) = only(events, ObserverFailed)
    assert failure.cell == "c"
    assert failure.data.observer == "app_log"
    assert "the engine is gone" in failure.data.reason


class Growing(Log):
    """A log that is read from its beginning each time, and is longer then."""

    def __init__(self, *parts: bytes) -> None:
        super().__init__()
        self._parts, self._times = parts, 0

    def __iter__(self) -> Iterator[bytes]:
        self._times += 1
        yield b"".join(self._parts[: self._times])


def test_lines_of_the_same_moment_or_almost_are_all_told_and_each_once() -> None:
    first = (
        b"2026-11-27T07:36:25.123456700Z one\n"
        b"2026-11-27T07:36:25.123456800Z two\n"
        b"2026-11-27T07:36:25.123456800Z three\n"
    )
    opened = iter([True, False])
    events = follow(Growing(first, b"2026-11-27T07:36:25.123456801Z four\n"), lambda: next(opened))
    assert [event.data.text for event in only(events, AppLog)] == ["one", "two", "three", "four"]


def test_a_clock_that_is_set_back_hides_no_line() -> None:
    log = Growing(b"2026-11-27T07:36:25.1Z one\n2026-11-27T07:36:24.9Z two\n2026-11-27T07:36:25Z three\n")
    assert [event.data.text for event in only(follow(log), AppLog)] == ["one", "two", "three"]
