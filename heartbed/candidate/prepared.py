"""A candidate on its way, drafted and then prepared: what each kind of configuration must be able to.

A kind is a package beside this module (``httpd``, ``uwsgi``). It drafts a file,
prepares the draft in a container, and then answers for everything that only it
can know: what the configuration is in words, what decides in it, which changes
to how the application is hosted there are, and how a changed copy is written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from heartbed.cell import Cell

if TYPE_CHECKING:
    from heartbed.candidate.adapted import Adapted
    from heartbed.candidate.changes import Change, Variant
    from heartbed.candidate.container import Container
    from heartbed.candidate.source import Source
    from heartbed.candidate.subject import Candidate
    from heartbed.candidate.wishes import Wishes
    from heartbed.candidate.workbench import Workbench

Shape = TypeVar("Shape")
"""What a configuration makes of the application, in a kind's own terms."""


@dataclass(frozen=True)
class Draft(ABC):
    """A user's file, read and adapted. Nothing has been started for it."""

    label: str
    adapted: Adapted
    wishes: Wishes
    assumptions: tuple[str, ...]

    server: ClassVar[str]
    """The program that reads such a file, in words."""

    about_paths: ClassVar[str]
    """Why an application may not be told the path that it is asked for."""

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

    @abstractmethod
    def with_variable(self, v: Variant[Any], name: str, value: str) -> Variant[Any]:
        """The variant with a variable in the application's environment."""

    @abstractmethod
    def prepare(self, bench: Workbench, container: Container) -> Prepared[Any]:
        """Have the server read the copy, and find the application in it. Raises ``InputError``."""


@dataclass(frozen=True)
class Prepared(ABC, Generic[Shape]):
    """A candidate that its server accepts."""

    draft: Draft
    shape: Shape
    candidate: Candidate

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

    @abstractmethod
    def answers(self, answer: Mapping[str, Any]) -> None:
        """Raise ``InputError`` unless the application answered ``GET`` at its root with a success."""

    @abstractmethod
    def hosting(self) -> list[Change[Shape]]:
        """The single changes to how the application is hosted."""

    @abstractmethod
    def write(self, variant: Variant[Shape], label: str, bench: Workbench) -> Candidate:
        """Write the copy of the configuration as the variant has it, and return the candidate that runs it."""
