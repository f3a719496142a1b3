"""The record: what is written can be read, and what is damaged is named."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

import pytest

from heartbed.errors import InputError, TestbedError
from heartbed.record.event import FILE_NAME, SCHEMA, Event, Writer, read
from heartbed.record.kinds import AppLog, RunEnd, RunStart, Unknown, WireOpen

START = Event(RunStart(run="test"), t=1.0)


def other(name: str, **values: Any) -> Event:
    """An event of a kind that is not declared."""
    return Event(Unknown(name=name, values=values))


def write(folder: Path, *events: Event) -> Path:
    with Writer(folder) as writer:
        for event in (START, *events):
            writer.write(event)
    return folder / FILE_NAME


def test_what_is_written_is_read_with_its_line(tmp_path: Path) -> None:
    told = AppLog(text="ü\n\u2028", thread=None)
    event = Event(told, t=2.000001, cell="a", pid=7, conn="10.0.0.1:4")
    write(tmp_path, event)
    first, second = read(tmp_path)
    assert (first.kind, first.line) == ("run.start", 1)
    assert (second.t, second.cell, second.pid, second.conn, second.data, second.line) == (
        2.000001, "a", 7, "10.0.0.1:4", event.data, 2,
    )  # fmt: skip


def test_an_event_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    with Writer(tmp_path) as writer:
        writer.write(START)
        assert len(read(tmp_path)) == 1


def test_what_json_does_not_know_is_written_as_text(tmp_path: Path) -> None:
    write(tmp_path, other("x", path=Path("/a"), lone="\udcff"))
    assert read(tmp_path)[1].data.given() == {"path": "/a", "lone": r"\udcff"}


def test_events_after_the_end_are_dropped(tmp_path: Path) -> None:
    writer = Writer(tmp_path)
    writer.write(START)
    writer.close()
    writer.close()
    writer.write(other("late"))
    assert len(read(tmp_path)) == 1


def test_a_record_is_only_ever_appended_to(tmp_path: Path) -> None:
    write(tmp_path)
    write(tmp_path, other("more"))
    assert [event.kind for event in read(tmp_path)] == ["run.start", "run.start", "more"]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_torn_last_line_is_left_out(tmp_path: Path, cut: int) -> None:
    path = write(tmp_path, other("whole"), other("torn"))
    path.write_bytes(path.read_bytes()[:-cut])
    kinds = [event.kind for event in read(tmp_path)]
    assert kinds == (["run.start", "whole", "torn"] if cut == 1 else ["run.start", "whole"])  # 1: only its line break


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"v":1,"t":1.0,"kin', "Unterminated string"),
        ("\x00\x00\x00", "Expecting value"),
        ("[]", "list indices"),
        ("{}", "'v'"),
        ('{"v":1,"t":1.0,"kind":7,"data":{}}', "kind must be a text"),
        ('{"v":1,"t":"yesterday","kind":"x","data":{}}', "could not convert"),
        ('{"v":1,"t":NaN,"kind":"x","data":{}}', "t must be finite"),
    ],
)
def test_a_line_damaged_in_the_middle_is_named_by_file_and_number(tmp_path: Path, line: str, why: str) -> None:
    path = write(tmp_path, other("after"))
    whole = path.read_text().splitlines()
    path.write_text("\n".join([whole[0], line, whole[1]]) + "\n")
    with pytest.raises(InputError, match=why) as caught:
        read(tmp_path)
    assert caught.value.message.startswith(f"{path}:2: not an event: ")
    assert "damaged" in caught.value.hint
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("damaged", "why"),
    [
        ('"kind":"request","data":{"phase":"a","what":"b","status":"200"}', "data.status: .* valid integer, not '200'"),
        ('"kind":"request","data":{"phase":"open","what":"call","ms":NaN}', "data.ms: .* finite number"),
        ('"kind":"machine.lag","data":{"max_ms":true}', "data.max_ms: .* valid number, not True"),
        ('"kind":"machine.lag","data":{}', "data.max_ms: field required"),
        ('"kind":"process.stacks","data":{"threads":[{"tid":1,"frames":[{"line":"x"}]}]}', "threads.0.frames.0.line"),
        ('"kind":"run.start","data":{"run":"x","cells":[{"name":7}]}', "cells.0.name: .* valid string"),
        ('"kind":"app.log","cell":["a"],"data":{"text":""}', "cell must be a text or null"),
        ('"kind":"app.log","pid":true,"data":{"text":""}', "pid must be a whole number or null"),
        ('"kind":"app.log","conn":1,"data":{"text":""}', "conn must be a text or null"),
        ('"kind":"app.facts","data":{"versions":{"python":3}}', "versions.python"),
    ],
)  # fmt: skip
def test_a_field_of_the_wrong_type_is_named_by_file_and_number(tmp_path: Path, damaged: str, why: str) -> None:
    path = write(tmp_path)
    path.write_text(f'{path.read_text()}{{"v":1,"t":1.0,{damaged}}}\n')
    with pytest.raises(InputError, match=why) as caught:
        read(tmp_path)
    assert caught.value.message.startswith(f"{path}:2: not an event: ")


def test_nesting_without_end_is_damage_too(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(f"{path.read_text()}{'[' * 100_000}\n")
    with pytest.raises(InputError, match=":2: not an event"):
        read(tmp_path)


def test_what_a_kind_does_not_declare_is_left_alone(tmp_path: Path) -> None:
    """A record of a newer Heartbed may tell more."""
    path = write(tmp_path)
    path.write_text(path.read_text() + '{"v":1,"t":3,"kind":"wire.open","data":{"frame":4,"colour":"red"}}\n')
    assert read(tmp_path)[-1].data == WireOpen(frame=4)


@pytest.mark.parametrize("last", [True, False])
def test_a_newer_schema_is_refused_by_name(tmp_path: Path, last: bool) -> None:
    path = write(tmp_path, *([] if last else [other("after")]))
    newer = {**json.loads(START.to_json()), "v": SCHEMA + 1}
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], json.dumps(newer), *lines[1:]]) + "\n")
    with pytest.raises(InputError, match=f"schema {SCHEMA + 1}, but this heartbed reads up to {SCHEMA}") as caught:
        read(tmp_path)
    assert caught.value.hint == "use a newer heartbed to read this run"


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"hello", b'{"v":1', b'{"v":1,"t":1,"kind":"request","data":{"phase":"open","what":"call"}}\n'],
)
def test_what_is_no_record_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(InputError, match="not a record"):
        read(tmp_path)


def test_a_record_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist") as caught:
        read(tmp_path)
    assert "heartbed runs" in caught.value.hint


def test_the_record_itself_may_be_named(tmp_path: Path) -> None:
    assert len(read(write(tmp_path))) == 1


def test_unknown_kinds_and_keys_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text(path.read_text() + '{"v":1,"t":3,"kind":"of.tomorrow","data":{},"more":1}\n')
    assert read(tmp_path)[-1].kind == "of.tomorrow"


def test_a_folder_that_is_not_there_cannot_take_a_record(tmp_path: Path) -> None:
    with pytest.raises(TestbedError, match=r"cannot write .*record\.jsonl: No such file") as caught:
        Writer(tmp_path / "gone")
    assert caught.value.exit_code == 4


def test_a_full_disk_is_an_error_that_says_so(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    (tmp_path / FILE_NAME).symlink_to("/dev/full")
    writer = Writer(tmp_path)
    with pytest.raises(TestbedError, match="No space left on device") as caught:
        writer.write(START)
    assert "free some disk space" in caught.value.hint


def test_a_line_that_finds_no_room_leaves_nothing_and_a_shorter_one_may_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer(tmp_path)
    writer.write(START)
    real = writer._file

    class Full:
        """Takes twenty octets of a line, as a disk does that has room for so many."""

        def write(self, line: bytes) -> int | None:
            return real.write(line[:20])

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

    monkeypatch.setattr(writer, "_file", Full())
    with pytest.raises(TestbedError, match=os.strerror(errno.ENOSPC)):
        writer.write(other("long", text="x" * 100))
    monkeypatch.setattr(writer, "_file", real)
    writer.write(Event(RunEnd(status="complete")))
    writer.close()
    assert [event.kind for event in read(tmp_path)] == ["run.start", "run.end"]
