"""The words of the controls: whether the RPC server answers them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from pydantic import ValidationError

from heartbed.observers.base import Emit, failed
from heartbed.observers.log_stream import LogLine, LogStream
from heartbed.record.event import Event
from heartbed.record.kinds import ControlCall
from heartbed.testbed.testbed import LogFeed


class Lines:
    """Every line is an entry of its own."""

    open = False

    def add(self, line: LogLine) -> Iterable[LogLine]:
        """The line."""
        return (line,)

    def finish(self) -> Iterable[LogLine]:
        """Nothing is left open."""
        return ()


class ControlsLog(LogStream[LogLine]):
    """Follows the log of a controls' container and emits its calls; what its clients do is seen on the wire."""

    def __init__(self, service: str, follow: Callable[[], LogFeed], emit: Emit) -> None:
        super().__init__("controls_log", follow, emit, Lines(), cell=service)

    def tell(self, entry: LogLine) -> None:
        """Emit a call."""
        try:
            told = json.loads(entry.text)
            if isinstance(told, dict) and "answered" in told:
                call = ControlCall(answered=told["answered"], ms=told["ms"], error=told["error"])
                self.emit(Event(call, float(told["t"]), self.cell))
        except (ValueError, KeyError, TypeError, ValidationError):
            if '"answered"' in entry.text:
                failed(self.emit, "controls_log", f"not understood: {entry.text[:200]}")
