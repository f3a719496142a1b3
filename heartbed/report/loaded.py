"""Runs as they are found on disk, judged anew from their records."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from heartbed import probes
from heartbed.errors import InputError
from heartbed.memory import uncollected
from heartbed.record import folder as folders
from heartbed.record.event import Event, read
from heartbed.record.looked import is_look
from heartbed.record.parts import shards
from heartbed.report.about import About, about
from heartbed.report.data import RunData
from heartbed.report.merged import MergedData
from heartbed.verdict import judge
from heartbed.verdict.look import LookVerdict, judge_look


def load(runs: Path, name: str) -> RunData:
    """A run by path, name or ``latest``, judged anew from its record. Raises ``InputError`` for a look.

    Where the newest of all is a look, ``latest`` is the newest that has cells.
    """
    data = load_any(runs, name)
    if name == folders.LATEST and isinstance(data, LookVerdict):
        older = (load_any(runs, str(folder)) for folder in reversed(folders.every(runs)))
        data = next((each for each in older if isinstance(each, RunData)), data)
    if isinstance(data, LookVerdict):
        raise InputError(f"{data.run} is the record of a look, which has no cells", hint=f"heartbed report {data.run}")
    return data


@uncollected()
def load_any(runs: Path, name: str) -> RunData | LookVerdict:
    """A run or a look by path, name or ``latest``, judged anew from its record."""
    folder = folders.find(runs, name)
    events = read(folder)
    if is_look(events):
        return judge_look(events)
    told = about(folder)
    return _judged(events, folder, told, _others(folder, told))


def _judged(events: list[Event], folder: Path, told: About | None = None, others: Sequence[RunData] = ()) -> RunData:
    kind = MergedData if shards(events) else RunData
    return kind(verdict=judge(events, probes.rules()), events=events, folder=folder, about=told, others=others)


def _others(folder: Path, told: About | None) -> list[RunData]:
    """The other runs of the same study, as far as they are there."""
    found = []
    for name in told.runs if told else ():
        beside = folder.parent / Path(name).name
        with suppress(InputError):
            found.append(_judged(read(beside), beside))
    return found
