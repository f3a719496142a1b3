"""The append-only history of one run; the schema is described in docs/record.md."""

from __future__ import annotations

import errno
import json
import math
import os
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from heartbed.errors import InputError, TestbedError
from heartbed.files import unwritable

SCHEMA = 1
FILE_NAME = "record.jsonl"


@dataclass(frozen=True, slots=True)
class Event:
    """Something observed at one moment.

    ``t`` is in seconds since the epoch. ``line`` is the event's line in
    ``record.jsonl``, from 1, and 0 for an event that has not been written.
    """

    kind: str
    t: float = field(default_factory=time.time)
    cell: str | None = None
    pid: int | None = None
    conn: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0

    def to_json(self) -> str:
        """The event as one line, without its line break."""
        body = {
            "v": SCHEMA,
            "t": round(self.t, 6),
            "kind": self.kind,
            "cell": self.cell,
            "pid": self.pid,
            "conn": self.conn,
            "data": dict(self.data),
        }
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str)


class Writer:
    """Appends events to ``record.jsonl``; safe to call from any thread.

    Each event reaches the file system before ``write`` returns, so that a run
    that is killed leaves everything it had learnt.

    Raises ``TestbedError`` when the disk does not take the record.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        self._closed = False
        try:
            self._file = self.path.open("ab", buffering=0)
        except OSError as error:
            raise unwritable(self.path, error) from error

    def write(self, event: Event) -> None:
        """Append one event. Events that come after ``close`` are dropped: the run has ended."""
        line = (event.to_json() + "\n").encode("utf-8", "backslashreplace")
        with self._lock:
            if self._closed:
                return
            try:
                written = self._file.write(line) or 0
                if written < len(line):
                    # A later, shorter line may find room, and must not be joined to half of this one.
                    self._file.truncate(self._file.tell() - written)
            except OSError as error:
                raise unwritable(self.path, error) from error
        if written < len(line):
            raise unwritable(self.path, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))

    def close(self) -> None:
        """Flush to disk and close; may be called twice."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            try:
                with self._file as file:
                    os.fsync(file.fileno())
            except OSError as error:
                raise unwritable(self.path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        try:
            self.close()
        except TestbedError:
            if error is None:  # else that one says more
                raise


def read(folder: Path) -> list[Event]:
    """All events of a run, in the order written.

    ``folder`` is the run's folder or the record itself. A last line that was
    torn by a kill is left out. Raises ``InputError`` for a record that is not
    there, is of a newer schema, or is damaged before its last line.
    """
    path = folder if folder.is_file() else folder / FILE_NAME
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}",
            hint="name a folder under runs/; `heartbed runs` lists them",
        ) from error
    events = list(_events(path, raw))
    if not events or events[0].kind != "run.start":
        raise InputError(f"{path}: not a record: its first line is no run.start", hint="see docs/record.md")
    return events


def _events(path: Path, raw: bytes) -> Iterator[Event]:
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield _event(json.loads(line), number)
        except (ValueError, KeyError, TypeError) as error:
            if isinstance(error, _NewerSchemaError):
                raise InputError(f"{path}:{number}: {error}", hint="use a newer heartbed to read this run") from None
            if number == len(lines):
                return
            raise InputError(
                f"{path}:{number}: not an event: {error}", hint="the record is damaged; see docs/record.md"
            ) from None


class _NewerSchemaError(ValueError):
    pass


def _event(body: dict[str, Any], number: int) -> Event:
    schema = body["v"]
    if not isinstance(schema, int) or schema > SCHEMA:
        raise _NewerSchemaError(f"schema {schema!r}, but this heartbed reads up to {SCHEMA}")
    if not isinstance(body["kind"], str) or not isinstance(body["data"], dict):
        raise ValueError("kind must be a text and data an object")  # noqa: TRY004  # one error for all that is malformed
    t = float(body["t"])
    if not math.isfinite(t):
        raise ValueError("t must be finite")
    return Event(
        kind=body["kind"],
        t=t,
        cell=body.get("cell"),
        pid=body.get("pid"),
        conn=body.get("conn"),
        data=body["data"],
        line=number,
    )
