"""Shards put together: their records become one, which is judged as one run."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from heartbed import __version__, probes
from heartbed.errors import InputError
from heartbed.files import read_octets, save
from heartbed.record import event as record
from heartbed.record import folder as runfolder
from heartbed.record.event import Event, only
from heartbed.record.kinds import AskedShard, RunEnd, RunStart
from heartbed.record.parts import shards
from heartbed.run.provenance import discreet
from heartbed.verdict import judge


@dataclass(frozen=True)
class Part:
    """The record of one shard, or of what of it fitted into one run: its events, and its lines as they were written."""

    events: Sequence[Event]
    lines: bytes

    @classmethod
    def of(cls, folder: Path) -> Iterator[Self]:
        """The parts of a run: one, or those that it was merged from. Raises ``InputError``."""
        events = record.read(folder)
        lines = read_octets(folder / record.FILE_NAME, record.LARGEST).split(b"\n")
        for own in shards(events) or [events]:
            yield cls(own, b"\n".join(lines[own[0].line - 1 : own[-1].line]) + b"\n")

    @cached_property
    def start(self) -> RunStart:
        """What was asked for."""
        return only(self.events[:1], RunStart)[0].data

    @property
    def shard(self) -> AskedShard:
        """Which shard it is. Raises ``InputError`` for a run that is none."""
        if self.start.shard is None:
            raise InputError(f"{self.start.run} is no shard", hint="shards are played with --shard K/N")
        return self.start.shard

    @property
    def identity(self) -> tuple[str, float, object]:
        """What no other run has, wherever its record was carried."""
        return self.start.run, self.events[0].t, self.start.host.get("hostname")

    @property
    def names(self) -> set[str]:
        """The cells of which it tells."""
        return {*(cell.name for cell in self.start.cells), *(left["name"] for left in self.start.left_out)}

    @property
    def rank(self) -> tuple[bool, bool, int, float]:
        """Of several about the same cells the least counts: complete, controls in order, fewest left out, first."""
        complete = any(end.data.status == "complete" for end in only(self.events, RunEnd))
        verdict = judge(self.events, probes.rules())
        return not complete, bool(verdict.reason), len(verdict.left_out), self.events[0].t

    @property
    def facts(self) -> dict[str, str]:
        """What must be the same in all shards of one run."""
        start, shard = self.start, self.shard
        return {
            "version of heartbed": f"{start.heartbed} ({start.code or 'unknown'})",
            "number of shards": str(shard.of),
            "set of cells": shard.question,
            "probes": ", ".join(probe.name for probe in start.probes),
            "heartbeat timeout": f"{start.heartbeat_s:g} s",
            "idle time beyond it": f"{start.margin_s} s",
            "RPC timeout": f"{start.rpc_timeout_s} s",
            "trust in the files": "untrusted" if start.untrusted else "trusted",
        }


def merge(folders: Sequence[Path], runs: Path, left_out: Mapping[str, str] | None = None) -> Path:
    """Make one run of those in ``folders``; the folder of its record. Raises ``InputError`` for what does not belong.

    What tells of the same cells counts once; what does not count is named in the record's notes. ``left_out`` are cells
    of which no record tells, and why.
    """
    given: dict[object, Part] = {}
    for part in (part for folder in folders for part in Part.of(folder)):
        given.setdefault(part.identity, part)
    parts = [*given.values()]
    _check(parts)
    counted, notes = _counted(parts)
    if (size := sum(len(part.lines) for part in counted)) > record.LARGEST - 2**20:
        raise InputError(f"together the records have {size:,} bytes", hint="merge fewer shards at a time")
    runfolder.check(runs)
    folder = runfolder.prepare(runs)
    first = Event(_beginning(folder.name, counted, notes, left_out or {}))
    save(folder.path / record.FILE_NAME, b"".join([first.to_json().encode(), b"\n", *(part.lines for part in counted)]))
    folder.become_latest()
    return folder.path


def _check(parts: Sequence[Part]) -> None:
    """Raise ``InputError`` unless all are shards of one question, played in the same way."""
    first = parts[0]
    for part in parts[1:]:
        for what, value in first.facts.items():
            if part.facts[what] != value:
                raise InputError(
                    f"{first.start.run} and {part.start.run} are not shards of one run: they differ in the {what}: "
                    f"{value} and {part.facts[what]}",
                    hint="merge what was played by one command with --shard 1/N to N/N, and by one heartbed",
                )
    first.shard  # noqa: B018  # raises where a single one is none


def _counted(parts: Sequence[Part]) -> tuple[list[Part], list[str]]:
    """What counts, shard by shard, and of the rest in words why it does not."""
    counted: list[Part] = []
    notes = []
    by_shard: dict[int, list[Part]] = {}
    for part in sorted(parts, key=lambda part: (part.shard.number, part.events[0].t)):
        by_shard.setdefault(part.shard.number, []).append(part)
    for number, some in by_shard.items():
        known: dict[str, Part] = {}
        for part in sorted(some, key=lambda part: part.rank) if len(some) > 1 else some:
            if part.names <= known.keys():
                twin = known[min(part.names)] if part.names else counted[-1]
                notes.append(f"{part.start.run} is not counted: {twin.start.run} is shard {number} too")
                continue
            counted.append(part)
            known = dict.fromkeys(part.names, part) | known
    return counted, notes


def _beginning(name: str, parts: Sequence[Part], notes: Sequence[str], left_out: Mapping[str, str]) -> RunStart:
    start = parts[0].start
    return RunStart(
        run=name,
        heartbed=__version__,
        code=start.code,
        probe=start.probe,
        probes=start.probes,
        heartbeat_s=start.heartbeat_s,
        margin_s=start.margin_s,
        rpc_timeout_s=start.rpc_timeout_s,
        untrusted=start.untrusted,
        cells=[cell for part in parts for cell in part.start.cells],
        notes=list(notes),
        left_out=[{"name": name, "reason": reason} for name, reason in left_out.items()],
        argv=discreet(sys.argv[1:]),
        merged=[part.start.run for part in parts],
    )
