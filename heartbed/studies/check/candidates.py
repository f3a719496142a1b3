"""Makes candidates ready and plays them: what ``check`` and ``compare`` share."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from heartbed import applications, servers
from heartbed.applications.requests import FACTS
from heartbed.candidates.changes import MARKS
from heartbed.candidates.container import Container, Serve
from heartbed.candidates.own import OSLO, PACKAGES
from heartbed.candidates.packages import made_ready
from heartbed.candidates.prepared import Draft, Prepared
from heartbed.candidates.workbench import Workbench, workbench
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import default_cell
from heartbed.cells.settings import Settings
from heartbed.errors import CellFailedError, InputError, TestbedError
from heartbed.record.bus import Listener
from heartbed.report import RunData
from heartbed.stage.client import are_facts
from heartbed.studies.mend import Mend
from heartbed.studies.session import Elsewhere, Session
from heartbed.testbed.engine import connect
from heartbed.testbed.labels import MADE_BY_US
from heartbed.testbed.plan import application_image, image_tag
from heartbed.versions.locks import milestones
from heartbed.wording import count

if TYPE_CHECKING:
    import docker


@dataclass(frozen=True, kw_only=True)
class CandidateSession(Session):
    """A session in which candidates are made ready: with a workbench, and the Docker engine to ask servers in."""

    workbench: Workbench
    client: docker.DockerClient

    def container(self, cell: Cell) -> Container:
        """A throw-away container of a cell's image, which is made if need be."""
        refs = self.images([cell])
        return Container(self.client, refs[servers.image(cell)].id, self.workbench.folder)

    def versions_here(self) -> list[str]:
        """Versions of oslo.messaging whose images are here already."""
        tags = {tag for image in self.client.images.list(filters={"label": MADE_BY_US}) for tag in image.tags}
        usual = default_cell()
        wanted = {v: image_tag(application_image(usual.with_version("oslo", v))) for v in milestones()}
        return [version for version, tag in wanted.items() if tag in tags]


def workable(session: CandidateSession, cell: Cell, versions: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Of versions of oslo.messaging those that can be had beside the rest of a cell's, and why the others cannot."""
    good, others = [], {}
    for version in versions:
        try:
            session.images([cell.with_version("oslo", version)])
            good.append(version)
        except InputError as error:
            others[f"oslo.messaging {version}"] = error.message
    return good, others


def ready(session: CandidateSession, drafted: Draft, beside: Sequence[str] = ()) -> Prepared[Any]:
    """Make a candidate ready to run whose own application is ready. Raises ``InputError`` for one that cannot.

    ``beside`` are versions of oslo.messaging that are to be tried in the place of its own.
    """
    session.say(f"reading {drafted.source.main.shown} with {drafted.kind.server}")
    full = _with_libraries(session, drafted, beside)
    return full.kind.prepare(full, session.workbench, session.container(full.cell))


def _with_libraries(session: CandidateSession, drafted: Draft, beside: Sequence[str]) -> Draft:
    """The same draft, with what each installed oslo.messaging says of its options."""
    wishes = drafted.wishes
    cell, own = wishes.cell, wishes.own
    if own and (brought := own.version(OSLO)):
        # Its own one comes before the image's, whichever that is.
        container = replace(session.container(cell), mounts=tuple(own.mounts))
        libraries = {cell.oslo: container.library(brought, {"PYTHONPATH": PACKAGES})}
    else:
        cells = [cell, *(cell.with_version("oslo", version) for version in beside)]
        containers = {each.oslo: session.container(each) for each in cells}
        with ThreadPoolExecutor(max_workers=session.settings.cores) as pool:
            asked = pool.map(lambda oslo: containers[oslo].image_library(oslo), containers)
            libraries = dict(zip(containers, asked, strict=True))
    return replace(drafted, wishes=replace(wishes, libraries=libraries))


def accepted(
    session: CandidateSession, prepared: Prepared[Any], mends: Sequence[Mend] = ()
) -> tuple[list[Mend], dict[str, str]]:
    """Of the mends those that the server accepts and that act; and of the others the reason, by label.

    Raises ``InputError`` unless the candidate itself answers.
    """
    # What is asked about here is the configuration: a user's own application, or a real one, has no broker yet, and may
    # want one.
    own, kind = replace(prepared.candidate, own=None, app=applications.DEFAULT), prepared.kind
    cell = replace(prepared.draft.cell, app=applications.DEFAULT)
    container = replace(session.container(cell), mounts=tuple(own.mounts))
    commands = {each.candidate.label: kind.check(each.candidate.place) for each in mends}
    pages = [own.mount + own.requests.ready.path, own.mount + FACTS]
    serve = Serve(kind.start(own.place), pages, kind.stop, dict(own.headers))
    answer, sayings = container.serve(serve, commands, own.switches)
    kind.answers(prepared, answer)
    _tells_what_it_is(prepared, answer["text"])
    good = [each for each in mends if kind.accepts(sayings[each.candidate.label])]
    left = {each.candidate.label: f"{kind.server} does not accept it" for each in mends if each not in good}
    left |= kind.without_effect(prepared, [each.candidate for each in good], container)
    return [each for each in good if each.candidate.label not in left], left


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


def with_application(session: CandidateSession, drafted: Draft) -> Draft:
    """The same draft, with its own application ready for its image's Python. Raises ``InputError``."""
    wishes = drafted.wishes
    if wishes.own is None:
        return drafted
    if wishes.requirements:
        session.say(f"installing what {wishes.requirements} names")
    container = session.container(wishes.cell)
    own = made_ready(wishes, MARKS, session.workbench, container)
    return replace(drafted, wishes=replace(wishes, own=own))


def play(
    session: CandidateSession,
    cells: Sequence[Cell],
    candidates: Sequence[Prepared[Any]] = (),
    *,
    needed: frozenset[str] = frozenset(),
    left_out: Sequence[tuple[str, str]] = (),
) -> tuple[RunData, dict[str, str]]:
    """Run the cells; one that is not ``needed`` and does not start is left out, and the reason returned.

    What was run is kept beside its record. Raises ``InputError`` for a needed one of the ``candidates``, and
    ``CellFailedError`` for any other needed cell, that does not start.
    """
    try:
        data, failed = session.play(cells, left_out=left_out, needed=needed)
    except CellFailedError as error:
        if mine := next((each for each in candidates if each.label == error.cell), None):
            raise mine.kind.not_started(mine, error.reason, error.log) from None
        raise
    if data is None:
        raise TestbedError(f"none of {count(len(cells), 'cell')} starts", log=[*failed.values()])
    session.workbench.keep(data.folder)
    return data, failed


@contextlib.contextmanager
def testing_in(
    settings: Settings, *, quiet: bool, listeners: Sequence[Listener], elsewhere: Elsewhere | None
) -> Iterator[CandidateSession]:
    """A workbench with the engine, cleared afterwards."""
    with workbench() as place, contextlib.closing(connect()) as client:
        yield CandidateSession(
            settings, quiet, listeners=listeners, elsewhere=elsewhere, workbench=place, client=client
        )
