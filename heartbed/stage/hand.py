"""What a probe does to the parts of a run: all of it is recorded, and undone however the run ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from heartbed.errors import NoEngineError, RefusedError, TestbedError
from heartbed.record.bus import Bus
from heartbed.record.event import Event
from heartbed.record.kinds import Intervention
from heartbed.testbed.testbed import Testbed

SHARED = ("rabbitmq", "observer", "compute", "controls")
"""Services that no cell has to itself."""


@dataclass
class _Done:
    """One thing that is done and not yet undone."""

    told: Intervention
    undo: Callable[[], None]


@dataclass
class Hand:
    """The hand of the probe ``who``. What it does begins and ends with an event each, of the same number.

    Whatever is to be undone is known before it is done, so that ``undo`` finds
    it also where the doing was cut short. May be used from several threads.
    """

    who: str
    act: int
    bed: Testbed
    bus: Bus
    _done: list[_Done] = field(default_factory=list)
    _lasting: list[AbstractContextManager[None]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _count: int = 0

    @contextmanager
    def paused(self, service: str) -> Iterator[None]:
        """Its processes stand still while the block takes; its sockets stay open."""
        with self.doing("paused", service, lambda: self.bed.pause(service), lambda: self.bed.resume(service)):
            yield

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """It is stopped while the block takes, and then started again; it may come back with another address."""
        with self.doing("stopped", service, lambda: self.bed.stop(service), lambda: self.bed.start(service)):
            yield

    def signalled(self, service: str, signal: str) -> None:
        """Send a signal, as ``USR1``, to its first process."""
        self.at_once(f"sent SIG{signal} to", service, lambda: self.bed.signal(service, signal))

    def ran(self, service: str, *command: str) -> str:
        """Run a command inside it; what it printed. Raises ``TestbedError`` where it fails."""
        said: list[str] = []
        what = f"ran {' '.join(command)} in"
        self.at_once(what, service, lambda: said.append(self.bed.execute(service, *command)))
        return said[0]

    @contextmanager
    def in_network(
        self, what: str, service: str, do: tuple[str, ...], undo: tuple[str, ...], **details: Any
    ) -> Iterator[None]:
        """Run ``do`` with NET_ADMIN in the network of a service, and ``undo`` when the block ends."""
        with self.doing(
            what,
            service,
            lambda: self._enter(service, do),
            lambda: self._leave(service, undo),
            command=" ".join(do),
            **details,
        ):
            yield

    def lasting(self, what: AbstractContextManager[None]) -> None:
        """Begin something that lasts until the act ends, when ``undo`` ends it."""
        # Kept, because a block that nobody holds is ended at once.
        self._lasting.append(what)
        what.__enter__()

    def _enter(self, service: str, command: tuple[str, ...]) -> None:
        self.bed.enter_network(service, *command)

    def _leave(self, service: str, command: tuple[str, ...]) -> None:
        """Undo what was done in its network, which has gone with it where it has ended."""
        if self.bed.running(service):
            self._enter(service, command)

    @contextmanager
    def doing(
        self, what: str, where: str, do: Callable[[], None], undo: Callable[[], None], **details: Any
    ) -> Iterator[None]:
        """Do something for as long as the block takes, or until the act ends.

        Raises ``RefusedError`` for what could not be done and has been taken back, and ``TestbedError`` for what could
        not be undone.
        """
        entry = self._begin(what, where, undo, details)
        self._do(entry, do)
        try:
            yield
        finally:
            self._end(entry)

    def at_once(self, what: str, where: str, do: Callable[[], None], **details: Any) -> None:
        """Do something that is over as soon as it is done, and that leaves nothing to undo."""
        entry = self._begin(what, where, lambda: None, details)
        self._do(entry, do)
        self._end(entry)

    def touches(self, service: str) -> bool:
        """Whether anything is being done to a service at this moment."""
        with self._lock:
            return any(entry.told.where == service for entry in self._done)

    def undo(self) -> None:
        """Undo what is not undone yet, the last first. Raises ``TestbedError`` for what cannot be."""
        failed = []
        while (entry := self._last()) is not None:
            try:
                self._end(entry)
            except TestbedError as error:
                failed.append(f"{entry.told.what} {entry.told.where}: {error.message}")
        if failed:
            raise TestbedError(f"the probe {self.who} has done what cannot be undone", log=failed)

    def _last(self) -> _Done | None:
        with self._lock:
            return self._done[-1] if self._done else None

    def _begin(self, what: str, where: str, undo: Callable[[], None], details: dict[str, Any]) -> _Done:
        with self._lock:
            self._count += 1
            told = Intervention(
                who=self.who,
                act=self.act,
                number=self._count,
                what=what,
                where=where,
                begun=time.time(),
                details=details,
            )
            entry = _Done(told, undo)
            self._done.append(entry)
        self._tell(told)
        return entry

    def _do(self, entry: _Done, do: Callable[[], None]) -> None:
        """Do it. What cannot be done is taken back, as some of it may be; an engine that is silent takes nothing back.

        Raises ``RefusedError``; where it cannot be taken back either, which others may meet too, another
        ``TestbedError``, which ends the run.
        """
        try:
            do()
        except NoEngineError:
            raise
        except TestbedError as error:
            why = f"{entry.told.who} {entry.told.what} {entry.told.where}: this could not be done: {error.message}"
            try:
                self._end(entry, refused=error.message)
            except NoEngineError:
                raise
            except TestbedError as left:
                both = f"{why}; nor could it be taken back: {left.message}"
                raise TestbedError(both, hint=left.hint, log=left.log) from left
            raise RefusedError(why, hint=error.hint) from error

    def _end(self, entry: _Done, **more: Any) -> None:
        """Undo one thing, once; it is told whether that has gone well or not. ``more`` is told with it."""
        with self._lock:
            if entry not in self._done:
                return
            self._done.remove(entry)
            told = entry.told
            try:
                entry.undo()
            except TestbedError as error:
                self._tell(told.model_copy(update={**more, "error": error.message}))
                raise
        self._tell(told.model_copy(update={**more, "ended": time.time()}))

    def _tell(self, told: Intervention) -> None:
        cell = None if told.where.partition(".")[0] in SHARED else told.where
        self.bus.emit(Event(told, t=told.ended or told.begun, cell=cell))
