"""With debug logging on a cell is judged as under bursts and when idle, if it has logged anything."""

from __future__ import annotations

from dataclasses import replace

from heartbed.record.event import only
from heartbed.record.kinds import RunStart
from heartbed.verdict.values import CellVerdict, Outcome
from tests.unit.histories import IDLE_FROM, History
from tests.unit.verdict.test_burst import under_bursts


def verdict(history: History, *, logs: bool = True) -> CellVerdict:
    (start,) = only(history.events[:1], RunStart)
    cells = [asked.model_copy(update={"probe": "debug-log"}) for asked in start.data.cells]
    history.events[0] = replace(start, data=start.data.model_copy(update={"cells": cells, "probe": "debug-log"}))
    if logs:
        history.add("app.log", IDLE_FROM, level="debug", logger="amqp.connection.Connection", text="tick")
    history.add("app.log", IDLE_FROM, level="debug", logger="stevedore.extension", text="found extension")
    return history.cell_verdict


def test_a_cell_that_answers_and_keeps_its_connections_is_kept() -> None:
    found = verdict(under_bursts())
    assert (found.outcome, len(found.bursts)) == (Outcome.KEPT, 3)


def test_where_the_amqp_libraries_have_not_logged_nothing_is_said() -> None:
    found = verdict(under_bursts(), logs=False)
    assert found.outcome is Outcome.INCONCLUSIVE
    assert "no entry of an AMQP library at debug level" in found.why


def test_what_hangs_is_told_whether_it_was_seen_to_log_or_not() -> None:
    assert verdict(under_bursts(status=None), logs=False).outcome is Outcome.HUNG


def test_a_connection_that_is_lost_while_it_idles_is_lost_though_the_burst_after_it_was_answered() -> None:
    assert verdict(under_bursts(beating=False)).outcome is Outcome.LOST
