"""Makes candidates ready and plays them: what ``check`` and ``compare`` share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rich.console import Console

from heartbed import servers
from heartbed.candidates.container import Container
from heartbed.candidates.packages import install
from heartbed.candidates.prepared import Draft, Prepared
from heartbed.candidates.workbench import Workbench, workbench
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.errors import CellFailedError, InputError
from heartbed.report import RunData
from heartbed.report.console import console
from heartbed.report.data import load
from heartbed.report.live import LiveView
from heartbed.report.registry import write_reports
from heartbed.run.execute import execute
from heartbed.run.images import images_for
from heartbed.stage.client import FACTS, are_facts
from heartbed.studies.mend import Mend
from heartbed.testbed.engine import connect
from heartbed.testbed.images.build import ImageRef
from heartbed.testbed.plan import image_name, image_tag
from heartbed.versions.locks import milestones

if TYPE_CHECKING:
    import docker

MOST_FAILURES = 4
"""Variants that may fail to start before the testbed is taken to be at fault."""


@dataclass(frozen=True)
class Session:
    """Where candidates are made ready and run: a workbench, the Docker engine, the settings, the terminal."""

    workbench: Workbench
    client: docker.DockerClient
    settings: Settings
    err: Console
    quiet: bool

    def images(self, cells: Iterable[Cell]) -> dict[str, ImageRef]:
        """The images that cells need, made where they are missing."""
        return images_for(cells, self.err, quiet=self.quiet)

    def container(self, cell: Cell) -> Container:
        """A throw-away container of a cell's image, which is made if need be."""
        refs = self.images([cell])
        return Container(self.client, refs[servers.image(cell)].id, self.workbench.folder)

    def versions_here(self) -> list[str]:
        """Versions of oslo.messaging whose images are here already."""
        tags = {tag for image in self.client.images.list(filters={"label": "heartbed=1"}) for tag in image.tags}
        wanted = {v: image_tag(image_name("apache", Cell("", "", "", "", v))) for v in milestones()}
        return [version for version, tag in wanted.items() if tag in tags]

    def say(self, text: str) -> None:
        """A line about what goes on."""
        if not self.quiet:
            self.err.print(text, markup=False, soft_wrap=True)


def ready(session: Session, drafted: Draft) -> Prepared[Any]:
    """Make a candidate ready to run. Raises ``InputError`` for one that cannot."""
    session.say(f"reading {drafted.source.main.shown} with {drafted.kind.server}")
    container = session.container(drafted.cell)
    if config := drafted.wishes.oslo_config:
        for name in config.unknown(container.oslo_options()):
            session.say(f"warning: {config.shown}: oslo.messaging {drafted.oslo} has no option {name}: it is ignored")
    full = with_packages(session, drafted)
    return full.kind.prepare(full, session.workbench, container)


def accepted(session: Session, prepared: Prepared[Any], found: Sequence[Mend] = ()) -> list[Mend]:
    """Of the mends those whose configuration the server accepts. Raises ``InputError`` unless the candidate answers."""
    own = prepared.candidate
    container = replace(session.container(prepared.draft.cell), mounts=tuple(own.mounts))
    names = [own.main, *(each.candidate.main for each in found)]
    told = container.check(names, get=[f"{own.mount}/", own.mount + FACTS], environment=own.switches)
    prepared.kind.answers(prepared, told["answer"])
    _tells_what_it_is(prepared, told["answer"]["text"])
    good = {name for name, said in told["told"].items() if said["ok"]}
    return [each for each in found if each.candidate.main in good]


def _tells_what_it_is(prepared: Prepared[Any], text: str) -> None:
    """Raise ``InputError`` where the application is not told the path that it is asked for."""
    with contextlib.suppress(ValueError):
        if are_facts(json.loads(text)):
            return
    raise InputError(
        f"{prepared.draft.source.main.shown}: the application answers, but is not told which path it is asked for",
        log=text.splitlines()[:3],
        hint=prepared.kind.about_paths,
    )


def with_packages(session: Session, drafted: Draft) -> Draft:
    """The same draft, with the packages that its own application needs. Raises ``InputError``."""
    wishes = drafted.wishes
    if wishes.own is None or wishes.requirements is None:
        return drafted
    session.say(f"installing what {wishes.requirements} names")
    packages = install(wishes.requirements, session.workbench.packages)
    return replace(drafted, wishes=replace(wishes, own=replace(wishes.own, packages=packages)))


def play(
    session: Session, cells: Sequence[Cell], needed: frozenset[str], left_out: Sequence[tuple[str, str]] = ()
) -> tuple[RunData, dict[str, str]]:
    """Run the cells; one that is not ``needed`` and does not start is left out, and the reason returned."""
    dropped: dict[str, str] = {}
    while True:
        playing = [cell for cell in cells if cell.name not in dropped]
        selection = Selection(tuple(playing), (*left_out, *dropped.items()))
        beat = session.settings.heartbeat_s
        try:
            with LiveView([c.name for c in playing], beat, quiet=session.quiet, console=session.err) as view:
                outcome = execute(
                    selection, session.settings, lambda w: images_for(w, session.err, quiet=session.quiet), [view]
                )
        except CellFailedError as error:
            if error.cell in needed:
                raise InputError(
                    f"{error.cell} does not start: {error.reason}", log=error.log, hint="its log is above"
                ) from None
            dropped[error.cell] = error.reason
            if len(dropped) > MOST_FAILURES:
                raise
            session.say(f"left out: {error.cell}: {error.reason}")
            continue
        data = load(session.settings.runs, str(outcome.folder))
        write_reports(data)
        session.workbench.keep(outcome.folder)
        return data, dropped


@contextlib.contextmanager
def testing_in(settings: Settings, *, quiet: bool) -> Iterator[Session]:
    """A workbench with the engine, cleared afterwards."""
    with workbench() as place, contextlib.closing(connect()) as client:
        yield Session(place, client, settings, console(stderr=True), quiet)
