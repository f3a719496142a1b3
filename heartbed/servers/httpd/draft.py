"""A user's configuration of httpd, drafted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.candidates.prepared import Draft
from heartbed.cells.cell import Cell
from heartbed.servers.httpd.adapt import HttpdAdapted
from heartbed.servers.httpd.frame import Ground, Size, render
from heartbed.servers.httpd.source import HttpdSource


@dataclass(frozen=True)
class HttpdDraft(Draft):
    """A configuration of httpd's, with its MPM and the modules that the testbed loads for it."""

    adapted: HttpdAdapted
    mpm: str
    load: tuple[str, ...]

    @property
    def cell(self) -> Cell:
        """A cell whose image can read the file."""
        return self.wishes.cell

    @property
    def source(self) -> HttpdSource:
        """The user's files."""
        return self.adapted.source

    def frame(
        self,
        label: str,
        mpm: str,
        *,
        ports: Sequence[int] = (),
        size: Size | None = None,
        main_interpreter: bool = False,
    ) -> str:
        """The main file of a copy; with ``size`` the MPM has a fixed one."""
        ground = Ground(mpm, self.load, self.source.given, ports, size, main_interpreter)
        return render(label, self.source.main.inside, ground)
