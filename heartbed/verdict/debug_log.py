"""The verdict on a cell under bursts and when idle, with debug logging on: as of both, if it did log."""

from __future__ import annotations

from heartbed.record.history import CellHistory
from heartbed.record.kinds import AppLog
from heartbed.verdict import burst
from heartbed.verdict import cell as cells
from heartbed.verdict.cause import Cause
from heartbed.verdict.cell import Case
from heartbed.verdict.finding import Finding, unknown
from heartbed.verdict.rules import Rule
from heartbed.verdict.values import CellVerdict

LOGGERS = ("amqp", "kombu", "oslo.messaging", "oslo_messaging")
"""Of oslo.messaging and the libraries below it, under all of their names."""


def judge(cell: CellHistory, last_t: float, blind: str = "") -> CellVerdict:
    """Judge a cell with debug logging on; arguments as for ``heartbed.verdict.cell.judge``."""
    return burst.judge(cell, last_t, blind, RULES)


def lines(cell: CellHistory) -> int:
    """How many entries of these libraries at debug level were in the cell's log."""
    said = (event.data for event in cell.of(AppLog) if event.data.level == "debug")
    return sum((entry.logger or "").partition(".")[0] in {each.partition(".")[0] for each in LOGGERS} for entry in said)


def _not_logged(case: Case) -> Finding | None:
    """Nothing can be said of logging where nothing was logged: the application need not read these settings."""
    if lines(case.cell):
        return None
    why = "debug logging was asked for, and its log has no entry of an AMQP library at debug level"
    return unknown(Cause.NOT_AS_ASKED, why)


RULES: cells.Rules = (
    *burst.BEFORE,
    *burst.BAD,
    _not_logged,
    cells.not_kept,
    *burst.GOOD,
)
"""What hangs is told whether it was seen to log or not; connections are to be kept as when idle."""

RULE = Rule(cell=judge)
