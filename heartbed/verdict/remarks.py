"""Remarks on a cell: findings that do not change its verdict."""

from __future__ import annotations

from heartbed.record.connection import ConnectionHistory
from heartbed.record.history import CellHistory
from heartbed.record.kinds import Intervention, ProcessGone
from heartbed.verdict import client, hanging, pages, shared
from heartbed.wording import count, seconds


def of(cell: CellHistory, until: float) -> list[str]:
    """Findings that do not change the verdict."""
    judged = cell.idled
    notes = [cell.asked.stands_in] if cell.asked.stands_in else []
    notes += _growth(cell, judged, until)
    # One that has ended cannot be reached, and is told of otherwise.
    reached = {event.pid for event in [*cell.requests("after"), *cell.of(ProcessGone)]}
    opened = {c.pid for c in judged if c.pid is not None}
    if cell.idle_from is not None and len(opened) < cell.asked.processes:
        notes.append(f"only {len(opened)} of {cell.asked.processes} processes opened connections")
    # A request that was answered without a word of its process may have reached any.
    if cell.asked_again is not None and opened - reached and None not in reached:
        missed = ", ".join(str(pid) for pid in sorted(opened - reached))
        notes.append(f"no request after the idle period reached process {missed}")
    notes += _given_up(cell)
    notes += [*client.notes(cell, judged), *shared.notes(judged), *pages.notes(cell, judged, until)]
    notes += [_done(each, cell.asked.service) for each in cell.interventions]
    notes += hanging.late(cell)
    request = hanging.first(cell)
    return [*notes, hanging.words(request)] if request is not None else notes


def _done(told: Intervention, subject: str) -> str:
    """``the probe broker-pause paused rabbitmq (2.0 s)``; what was done to this cell alone, without its name."""
    where = "this cell" if told.where == subject else told.where
    how_long = "its end is not known" if told.ended is None else seconds(told.ended - told.begun)
    lasted = "" if told.where == subject and told.ended is not None else f" ({how_long})"
    failed = f", which could not be done: {told.refused}" if told.refused else ""
    failed += f", and could not undo it: {told.error}" if told.error else ""
    return f"the probe {told.who} {told.what} {where}{lasted}{failed}"


def _given_up(cell: CellHistory) -> list[str]:
    """Connections that are not judged, since their client ended them itself while the cell was still in use."""
    if not cell.given_up:
        return []
    times = ", ".join(f"{seconds(cell.idle_from - c.closed)}" for c in cell.given_up if cell.idle_from and c.closed)
    return [
        f"{count(len(cell.given_up), 'connection')} ended by the client itself before it began to idle: {times} before"
    ]


def _growth(cell: CellHistory, judged: list[ConnectionHistory], until: float) -> list[str]:
    """Connections that were opened in the idle period: how many in place of others that had ended, how many besides."""
    idle_from = cell.idle_from
    fresh = [c for c in cell.connections if c.answered and idle_from is not None and idle_from < c.opened <= until]
    ended = [c for c in [*judged, *fresh] if c.closed is not None]
    gone = {event.pid for event in cell.of(ProcessGone)}
    replaced = 0
    for new in fresh:
        there = (c for c in ended if c.closed is not None and c.closed <= new.opened)
        before = next((c for c in there if c.pid == new.pid or c.pid in gone), None)
        if before is not None:
            ended.remove(before)
            replaced += 1
    told = []
    if replaced:
        told.append(f"{count(replaced, 'connection')} opened in the idle period in place of what had ended")
    if len(fresh) > replaced:
        told.append(f"{count(len(fresh) - replaced, 'connection')} opened in the idle period besides those there were")
    return told
