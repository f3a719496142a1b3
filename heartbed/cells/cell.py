"""One cell: a configuration under test, as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Self

from heartbed import applications
from heartbed.applications.application import Application, Layer
from heartbed.applications.requests import Requests
from heartbed.cells import axes, locks, models, python
from heartbed.cells.axes import DEFAULT_OSLO
from heartbed.cells.axis import Axis
from heartbed.cells.recycling import NEVER, Recycling
from heartbed.cells.rows import Parameter
from heartbed.cells.versioned import Versioned
from heartbed.versions.patched import Patched

FIELDS = ("server", "mode", "model", "thread", "app", "python")
"""Axes that are fields of a cell; what is chosen on the others is in its options."""

NUMBERS = {"processes": "processes", "threads": "threads", "heartbeat": "heartbeat_s"}
"""Parameters that are fields of a cell; the others are in its numbers."""


@dataclass(frozen=True)
class Cell(Versioned):
    """One configuration under test.

    ``mode`` is empty where the server is not httpd. ``processes``, ``threads``
    and ``heartbeat_s`` are None where the expression left them to the run.
    ``options`` are the factors of all other axes that are not the default, and
    ``numbers`` the other parameters that were given; ``libraries`` are (word,
    version) of those libraries other than oslo.messaging that were named or
    that the ``release`` brings.
    """

    server: str
    mode: str
    model: str
    thread: str
    oslo: str = DEFAULT_OSLO
    processes: int | None = None
    threads: int | None = None
    heartbeat_s: int | None = None
    options: tuple[str, ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()
    release: str = ""
    named: tuple[str, ...] = ()
    """Words of the libraries whose version was named beside the release."""
    numbers: tuple[tuple[str, int], ...] = ()
    app: str = applications.DEFAULT
    """The application that runs in it: a factor of the axis of that name."""
    python: str = python.DEFAULT
    """The Python that it runs on: a factor of the axis of that name."""
    patched: tuple[Patched, ...] = ()
    """Libraries that the user brings, in the place of a release of theirs."""

    @property
    def name(self) -> str:
        """The canonical name: server, mode and model always, the rest where it is not the default."""
        factors = self.factors
        parts = [factor for axis in axes.TABLE.axes if axis.is_said(factor := factors.get(axis.name, ""), factors)]
        parts += self.said_versions
        parts += [f"{each.name}{number}" for each, number in self.parameters]
        return "-".join(parts)

    @property
    def make(self) -> str:
        """What it has in common with cells whose processes are of the same make: all but how many there are of what."""
        return replace(self, processes=None, threads=None, heartbeat_s=None, numbers=()).name

    @property
    def application(self) -> Application:
        """What runs in it."""
        return applications.application(self.app)

    @property
    def ground(self) -> Self:
        """The same cell with the application that every image has: what an application's own layer is put on."""
        return replace(self, app=applications.DEFAULT, patched=())

    @property
    def layer(self) -> Layer | None:
        """What its application adds to the image; None for nothing."""
        return self.application.layer(self.app, self.release)

    @property
    def purposes(self) -> tuple[str, ...]:
        """The connections that each process must have had for a verdict of kept."""
        return self.application.purposes

    @property
    def left_to_library(self) -> tuple[str, ...]:
        """Axes that are not set: the library's default holds, which the factor of that axis names."""
        return ()

    @property
    def requests(self) -> Requests:
        """What its application is asked for."""
        return self.application.requests

    @property
    def wants_broker(self) -> bool:
        """Whether the broker must be there before the application is loaded: it may connect at once."""
        return False

    @property
    def recycling(self) -> Recycling | None:
        """When its server replaces a process by itself; None where that is asked for by ``VARIABLE``."""
        return None if axes.TABLE.server(self.server).recycles else NEVER

    @property
    def start_deadline_s(self) -> float:
        """How long its server may take to start and to load the application, seconds."""
        return self.application.start_deadline_s

    @property
    def url_path(self) -> str:
        """What stands in front of the application's own paths in a URL; empty at the root."""
        return ""

    def factor(self, axis: Axis) -> str:
        """What this cell is on an axis; empty where the question cannot be put to it."""
        if not axis.applies_to(self.server):
            return ""
        chosen = {*(getattr(self, name) for name in FIELDS), *self.options}
        if axis.refines and axis.refines not in chosen:
            return next((axis.elsewhere[each] for each in axis.elsewhere if each in chosen), "")
        if axis.name in FIELDS:
            return str(getattr(self, axis.name))
        return next((token for token in self.options if token in axis.tokens), axis.default)

    @property
    def parameters(self) -> Iterator[tuple[Parameter, int]]:
        """The parameters that were given."""
        others = dict(self.numbers)
        for each in axes.TABLE.parameters:
            number = getattr(self, NUMBERS[each.name]) if each.name in NUMBERS else others.get(each.name)
            if number is not None:
                yield each, number

    @property
    def installed(self) -> dict[str, str]:
        """Axis -> factor, of those that change what is installed and are not the default."""
        chosen = [(axis, self.factor(axis)) for axis in axes.TABLE.axes if axis.installs]
        return {axis.name: factor for axis, factor in chosen if factor in axis.tokens and factor != axis.default}

    @property
    def brought(self) -> dict[str, str]:
        """Package -> version of what its factors need beside all others."""
        chosen = ((axis, self.factor(axis)) for axis in axes.TABLE.axes if axis.brings)
        found = {package: each for axis, factor in chosen for package, each in axis.brings.get(factor, {}).items()}
        return {package: self.usual.get(package, version) for package, version in found.items()}

    @property
    def factors(self) -> dict[str, str]:
        """Axis -> factor, defaults filled in; ``thread`` is ``os`` for a native cell, which has no choice."""
        chosen = {axis.name: factor for axis in axes.TABLE.axes if (factor := self.factor(axis))}
        chosen["oslo"] = self.oslo
        chosen |= {word: version for word, version in self.versions if word != "oslo"}
        chosen |= {self.word(each): each.called for each in self.patched}
        return chosen | ({"release": self.release} if self.release else {})

    @property
    def shares_locks(self) -> bool:
        """Whether it is chance whether a request hangs: several OS threads of a process use eventlet's locks."""
        return locks.shared(self.factors, self.thread_count)

    def has(self, option: str) -> bool:
        """Whether a factor was chosen, or is the default."""
        return option in self.factors.values()

    def environment(self, *, application: bool) -> dict[str, str]:
        """The variables that ask for this cell: of the application, or of the testbed's own configuration around it."""
        chosen: dict[str, str] = {}
        for axis in axes.TABLE.axes:
            if axis.application is application and axis.name not in self.left_to_library:
                chosen |= axis.carried_by(self.factor(axis))
        if application:
            return chosen | self._patching
        numbers = {**dict(self.numbers), "processes": self.process_count, "threads": self.thread_count}
        return chosen | {
            each.variable: str(numbers[each.name])
            for each in axes.TABLE.parameters
            if each.variable and each.name in numbers
        }

    @property
    def _patching(self) -> dict[str, str]:
        """What asks an application to patch that does not by itself."""
        if self.model != "eventlet" or self.application.patches(self.app, self.release) is not False:
            return {}
        return {models.SWITCH: "false"} if self.application.as_nova else {models.OTHER: "eventlet"}

    @property
    def process_count(self) -> int:
        """Processes that run the application."""
        return self.processes or 1

    @property
    def thread_count(self) -> int:
        """Worker threads a process: what the server has of itself where none are asked for."""
        return self.threads or axes.TABLE.server(self.server).threads.get(self.mode, 1)
