"""The append-only history of one run; the schema is described in docs/record.md."""

from __future__ import annotations

import errno
import json
import math
import os
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, cast

from pydantic import ValidationError
from typing_extensions import TypeVar as TypeVarWithDefault

from heartbed.errors import InputError, TestbedError
from heartbed.files import is_regular, read_octets, unwritable
from heartbed.record import kinds
from heartbed.record.kinds import Kind, RunStart

SCHEMA = 1
FILE_NAME = "record.jsonl"
LARGEST = 512 * 2**20
"""Octets. A run of a hundred cells takes some 20 MiB."""

K = TypeVar("K", bound=Kind)
K_co = TypeVarWithDefault("K_co", bound=Kind, covariant=True, default=Kind)


@dataclass(frozen=True, slots=True)
class Event(Generic[K_co]):
    """Something observed at one moment.

    ``data`` is what an event of its kind tells. ``t`` is in seconds since the
    epoch. ``line`` is the event's line in ``record.jsonl``, from 1, and 0 for
    an event that has not been written.
    """

    data: K_co
    t: float = field(default_factory=time.time)
    cell: str | None = None
    pid: int | None = None
    conn: str | None = None
    line: int = 0

    @property
    def kind(self) -> str:
        """The kind's name in the record."""
        return self.data.kind

    def to_json(self) -> str:
        """The event as one line, without its line break."""
        body = {
            "v": SCHEMA,
            "t": round(self.t, 6),
            "kind": self.kind,
            "cell": self.cell,
            "pid": self.pid,
            "conn": self.conn,
            "data": self.data.given(),
        }
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False, default=str)


def only(events: Iterable[Event], *wanted: type[K]) -> list[Event[K]]:
    """Those events that are of these kinds."""
    return [cast("Event[K]", event) for event in events if isinstance(event.data, wanted)]


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
    there, is of a newer schema, or is damaged before its last line: what is
    read here has fields of the types that ``heartbed.record.kinds`` declares.
    """
    path = folder if is_regular(folder) else folder / FILE_NAME
    raw = read_octets(path, LARGEST, hint="name a run's folder; `heartbed runs` lists them")
    events = list(_events(path, raw))
    if not events or not isinstance(events[0].data, RunStart):
        raise InputError(f"{path}: not a record: its first line is no run.start", hint="see docs/record.md")
    return events


def _events(path: Path, raw: bytes) -> Iterator[Event]:
    lines = raw.split(b"\n")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield parse(line, number)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            if isinstance(error, _NewerSchemaError):
                raise InputError(f"{path}:{number}: {error}", hint="use a newer heartbed to read this run") from None
            if number == len(lines):
                return
            raise InputError(
                f"{path}:{number}: not an event: {_why(error)}", hint="the record is damaged; see docs/record.md"
            ) from None


class _NewerSchemaError(ValueError):
    pass


def parse(line: str | bytes, number: int = 0) -> Event:
    """The event on one line. Raises ``ValueError``, ``KeyError`` or ``TypeError`` where it is none."""
    body = json.loads(line)
    if b"\\ud" in (line if isinstance(line, bytes) else line.encode()):
        body = _escaped(body)
    schema = body["v"]
    if not isinstance(schema, int) or schema > SCHEMA:
        raise _NewerSchemaError(f"schema {schema!r}, but this heartbed reads up to {SCHEMA}")
    if not isinstance(body["kind"], str) or not isinstance(body["data"], dict):
        raise ValueError("kind must be a text and data an object")  # noqa: TRY004  # one error for all that is malformed
    t = float(body["t"])
    if not math.isfinite(t):
        raise ValueError("t must be finite")
    return Event(
        kinds.parse(body["kind"], body["data"]),
        t,
        _of_type(body, "cell", str),
        _of_type(body, "pid", int),
        _of_type(body, "conn", str),
        number,
    )


T = TypeVar("T")


def _of_type(body: dict[str, Any], key: str, wanted: type[T]) -> T | None:
    value = body.get(key)
    if value is not None and type(value) is not wanted:
        raise ValueError(f"{key} must be {'a text' if wanted is str else 'a whole number'} or null, not {value!r:.60}")
    return value


def _escaped(value: Any) -> Any:
    """The same with octets that are no text (lone surrogates, as a file's name may hold) in escaped form."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_escaped(key): _escaped(each) for key, each in value.items()}
    return [_escaped(each) for each in value] if isinstance(value, list) else value


def _why(error: Exception) -> str:
    """The error on one line; of a field, its place in ``data`` and what it should be."""
    if not isinstance(error, ValidationError):
        return str(error) or type(error).__name__
    first = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{error.title}: data.{where}: {first['msg'][:1].lower()}{first['msg'][1:]}, not {first['input']!r:.60}"
