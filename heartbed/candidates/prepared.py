"""A candidate on its way, drafted and then prepared, and what each kind of configuration must be able to.

A kind belongs to a family of servers (``heartbed.servers``). It recognises a
file, drafts it, prepares the draft in a container, and answers for everything
that only it can know: which changes to how the application is hosted there are,
and how a changed copy is written. Drafts and prepared candidates are values,
which say what the configuration is in words and what decides in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic

from heartbed.candidates.adapted import Adapted
from heartbed.candidates.change import Change, Shape, Variant
from heartbed.candidates.container import Container, Ran
from heartbed.candidates.source import Source
from heartbed.candidates.subject import Candidate
from heartbed.candidates.wishes import Wishes, assumptions
from heartbed.candidates.workbench import Workbench
from heartbed.cells.cell import Cell
from heartbed.errors import InputError


class Kind(ABC):
    """What a family of servers can do with a user's configuration."""

    server: ClassVar[str]
    """The program that reads such a file, in words."""

    about_paths: ClassVar[str]
    """Why an application may not be told the path that it is asked for."""

    keys: ClassVar[tuple[str, ...]]
    """The short names of all changes to how the application is hosted that there can be."""

    stop: ClassVar[str] = "SIGTERM"
    """The signal at which the server ends."""

    last: ClassVar[bool] = False
    """Whether it takes what no other kind recognises."""

    @abstractmethod
    def read(self, place: str) -> Sequence[str]:
        """The command that has the server read a main file, and tell the configuration that is then in force."""

    def check(self, place: str) -> Sequence[str]:
        """The command that has the server only read a main file."""
        return self.read(place)

    def accepts(self, told: Ran) -> bool:
        """Whether the server accepts what it has read."""
        return told.ok

    @abstractmethod
    def start(self, place: str) -> Sequence[str]:
        """The command that starts the server on a main file."""

    @abstractmethod
    def recognises(self, lines: Sequence[str]) -> bool:
        """Whether a file with these lines is of this kind."""

    def refuse(self, path: Path, lines: Sequence[str]) -> None:
        """Raise ``InputError`` for a file that no kind recognises, and that is named like one of this kind."""
        del path, lines

    @abstractmethod
    def draft(self, path: Path, wishes: Wishes, label: str) -> Draft:
        """Read and adapt a file; nothing is started. Raises ``InputError``."""

    @abstractmethod
    def prepare(self, draft: Any, workbench: Workbench, container: Container) -> Prepared[Any]:
        """Have the server read the copy, and find the application in it. Raises ``InputError``."""

    @abstractmethod
    def with_variable(self, draft: Any, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the application's environment."""

    @abstractmethod
    def answers(self, prepared: Any, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered ``GET`` at its root with a success."""

    def not_started(self, prepared: Prepared[Any], reason: str, log: Sequence[str]) -> InputError:
        """What is said of a candidate that does not start; of a user's own application where it has one.

        ``reason`` is what was seen, ``log`` what its container said. The server is known to take the file.
        """
        if prepared.candidate.own is None:
            return InputError(f"{prepared.label} does not start: {reason}", log=log, hint="its log is above")
        return InputError(
            f"{prepared.candidate.own.script}: {reason}: it did not start in {self.server}",
            log=log,
            hint="its log is above; it may want a variable (--env), a database, a file or a package that is not here "
            "(--prepare, --requirements; what lies in its own folder is seen)",
        )

    def without_effect(self, prepared: Any, changed: Sequence[Candidate], container: Container) -> Mapping[str, str]:
        """Of candidates that differ by a change those, by label, that the server hosts as before, and what it says."""
        del prepared, changed, container
        return {}

    @abstractmethod
    def hosting(self, prepared: Any) -> list[Change[Any]]:
        """The single changes to how the application is hosted."""

    @abstractmethod
    def write(self, prepared: Any, variant: Variant[Any], label: str, workbench: Workbench) -> Candidate:
        """Write the copy of the configuration as the variant has it, and return the candidate that runs it."""


@dataclass(frozen=True)
class Draft(ABC):
    """A user's file, read and adapted. Nothing has been started for it."""

    kind: Kind
    label: str
    adapted: Adapted
    wishes: Wishes
    assumed: tuple[str, ...]
    """What is assumed of the server, in words."""

    @property
    def assumptions(self) -> tuple[str, ...]:
        """All that is assumed, in words."""
        return (*self.assumed, *assumptions(self.wishes))

    @property
    def oslo(self) -> str:
        """The version of oslo.messaging that it is to run with."""
        return self.wishes.cell.oslo

    @property
    def source(self) -> Source:
        """The user's files."""
        return self.adapted.source

    @property
    @abstractmethod
    def cell(self) -> Cell:
        """A cell whose image can read the file."""


@dataclass(frozen=True)
class Prepared(ABC, Generic[Shape]):
    """A candidate that its server accepts."""

    draft: Draft
    shape: Shape
    candidate: Candidate

    @property
    def kind(self) -> Kind:
        """What made it."""
        return self.draft.kind

    @property
    def label(self) -> str:
        """What the candidate is called."""
        return self.draft.label

    @property
    def oddities(self) -> tuple[str, ...]:
        """What is odd about the file, in words."""
        return ()

    @property
    @abstractmethod
    def rows(self) -> Mapping[str, str]:
        """What the configuration is, in words, a line each."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, str]:
        """The settings in force that bear on processes, threads and connections."""
