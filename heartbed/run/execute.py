"""One run from cells to verdicts: the way through the house, in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.errors import HeartbedError
from heartbed.files import save
from heartbed.record import folder as runfolder
from heartbed.record.bus import Bus, Listener
from heartbed.record.event import Event, Writer, read
from heartbed.record.folder import RunFolder
from heartbed.run import compose
from heartbed.run.interrupt import Interruption, interruptible
from heartbed.run.play import Play
from heartbed.run.provenance import provenance
from heartbed.testbed import cleanup
from heartbed.testbed.containers import Testbed
from heartbed.testbed.engine import connect, engine_errors
from heartbed.testbed.images.build import ImageRef
from heartbed.testbed.plan import Labels, Plan
from heartbed.verdict import judge
from heartbed.verdict.values import RunVerdict

COMPOSE_FILE = "compose.yaml"
VERDICTS_FILE = "verdicts.json"
LOCKS = "locks"


@dataclass(frozen=True)
class Outcome:
    """What a run has come to."""

    folder: Path
    verdict: RunVerdict


def execute(
    selection: Selection,
    settings: Settings,
    images: Callable[[Sequence[Cell]], dict[str, ImageRef]],
    listeners: Sequence[Listener] = (),
) -> Outcome:
    """Play the settings' probe on the cells and judge the record.

    ``images`` makes sure of the images that cells need, and returns name ->
    reference. Nothing is left running, whatever happens. Raises
    ``TestbedError`` when a part does not come up, and ``InterruptedRunError``
    when the user stops it; the record tells of both.
    """
    with interruptible() as interruption:
        runfolder.check(settings.runs)
        client = connect()
        cleanup.sweep(client)
        found = images(selection.cells)
        folder = runfolder.create(settings.runs)
        plan = _plan(folder, selection, settings, found)
        save(folder.path / COMPOSE_FILE, compose.render(plan), private=True)
        _keep_locks(folder.path / LOCKS, found)
        bed = Testbed(client, plan.project, plan.labels.run, folder.path / COMPOSE_FILE)
        with engine_errors():
            first = Event("run.start", data=provenance(folder.name, selection, settings, client, found))
        try:
            with Writer(folder.path) as writer:
                bus = Bus(writer)
                for listener in listeners:
                    bus.listen(listener)
                bus.emit(first)
                _play(Play(bed, bus, plan, folder.path), bus, interruption)
                bus.check()
        except (HeartbedError, KeyboardInterrupt) as error:
            error.add_note(f"{folder.path} has what was observed until then")
            raise
        return Outcome(folder.path, save_verdicts(folder.path))


def save_verdicts(folder: Path) -> RunVerdict:
    """Judge a run's record and write ``verdicts.json`` beside it. Raises ``TestbedError`` when it cannot be written."""
    verdict = judge(read(folder))
    save(folder / VERDICTS_FILE, verdict.model_dump_json(indent=2) + "\n")
    return verdict


def _plan(folder: RunFolder, selection: Selection, settings: Settings, images: Mapping[str, ImageRef]) -> Plan:
    # The name alone would do in one folder of runs; another checkout may begin a run in the same second.
    number = folder.path.stat().st_ino
    return Plan(
        project=f"heartbed-{re.sub('[^a-z0-9]', '', folder.name)}-{number % 0xFFFF:04x}",
        cells=selection.cells,
        settings=settings,
        labels=Labels(run=f"{folder.name}-{number}", lock=str(folder.lock_path)),
        images={name: image.id for name, image in images.items()},
    )


def _play(play: Play, bus: Bus, interruption: Interruption) -> None:
    """Play to the end, and end the record with how it went; nothing runs any more when this returns."""
    status, reason = "failed", "an error in heartbed itself"
    try:
        try:
            play.all()
            bus.check()
            status, reason = "complete", ""
        finally:
            # Before this holds, a signal ends up in the clauses below; after it, none comes.
            interruption.hold()
    except KeyboardInterrupt:
        status, reason = "interrupted", "stopped by the user"
        raise
    except HeartbedError as error:
        status, reason = "failed", error.message
        raise
    finally:
        try:
            play.close()
        finally:
            bus.emit(Event("run.end", data={"status": status, "reason": reason or None}))
            interruption.release()


def _keep_locks(folder: Path, images: Mapping[str, ImageRef]) -> None:
    """Keep, for each image, which releases were installed over the application's requirements."""
    for name, image in images.items():
        if image.lock:
            save(folder / f"{name}.txt", image.lock)
