"""The debug-log probe: bursts and an idle time, as under burst and idle, with the AMQP libraries' debug logging on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from heartbed.cells.cell import Cell
from heartbed.probes.burst import BurstProbe
from heartbed.verdict import debug_log

LEVELS = ",".join(f"{logger}=DEBUG" for logger in debug_log.LOGGERS)
"""``default_log_levels``: oslo.log and nova keep these loggers at warnings, whatever ``debug`` says."""


class DebugLog(BurstProbe):
    """All that waits for nothing else then waits for the lock of a log."""

    name = "debug-log"
    meaning = "bursts and an idle time with the debug logging of oslo.messaging and its AMQP libraries on"
    meanwhile = "nothing touches the cells between two bursts; their AMQP libraries log at debug level"
    documentation = """
        Something is wrong with RabbitMQ, and an operator turns debug logging on to see what. With eventlet the locks of
        logging are green, and one OS thread cannot wake another in them: a native heartbeat thread that logs each of
        its beats meets a request that logs too, and one of them waits for ever. In 2021 an OpenStack operator found
        threads of oslo.messaging's heartbeat standing in such a lock, below the line with which the AMQP library logs a
        beat (https://github.com/eventlet/eventlet/issues/662). oslo.log has mended the locks of its handlers since;
        releases before that, and applications that set logging up by themselves, have them as they were.
    """
    parameters = (BurstProbe.parameters[0], replace(BurstProbe.parameters[1], default=6))
    rule = debug_log.RULE

    def variables(self, cell: Cell, values: Mapping[str, float]) -> Mapping[str, str]:
        """As oslo.config reads them from the environment: they come before what a file says."""
        del cell, values
        return {"OS_DEFAULT__DEBUG": "true", "OS_DEFAULT__DEFAULT_LOG_LEVELS": LEVELS}


PROBE = DebugLog()
