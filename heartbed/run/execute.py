"""One run from cells to their record: the way through the house, in order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from heartbed import probes, servers
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.errors import HeartbedError
from heartbed.files import save
from heartbed.observers.base import Watching
from heartbed.observers.watch import Observation
from heartbed.record import folder as runfolder
from heartbed.record.bus import Bus, Listener
from heartbed.record.event import Event, Writer
from heartbed.record.folder import RunFolder
from heartbed.record.kinds import RunEnd
from heartbed.run import compose, costs
from heartbed.run.acts import available_octets, divided
from heartbed.run.forecast import forecast, held_by
from heartbed.run.interrupt import Interruption, interruptible
from heartbed.run.play import Play
from heartbed.run.playable import Playable, playable
from heartbed.run.provenance import provenance
from heartbed.testbed.docker_engine import DockerEngine
from heartbed.testbed.images.spec import ImageRef
from heartbed.testbed.labels import Labels
from heartbed.testbed.plan import FIXED_TAGS, Plan
from heartbed.testbed.testbed import Engine, Testbed

COMPOSE_FILE = "compose.yaml"
LOCKS = "locks"

MANY = 6
"""So many services of a run must have an image before its files are copied: that takes as long as they gain by it."""

Images = Callable[[Sequence[Cell]], dict[str, ImageRef]]
"""Makes sure of the images that cells need; name -> reference. Raises ``InputError`` and ``TestbedError``."""


def _observation(bed: Testbed, bus: Bus, plan: Plan, folder: Path) -> Watching:
    return Observation(bed, bus, plan, folder, servers.log_readers())


@dataclass(frozen=True)
class Parts:
    """What a run is made of: the engine, and what watches over the run. Its tests put others in their place."""

    engine: Callable[[], Engine] = DockerEngine
    observe: Callable[[Testbed, Bus, Plan, Path], Watching] = _observation


DOCKER = Parts()


def execute(
    selection: Selection, settings: Settings, images: Images, listeners: Sequence[Listener] = (), parts: Parts = DOCKER
) -> Path:
    """Play the settings' scenarios on the cells; returns the folder that holds the record of it, unjudged.

    A cell that the selection has as optional, and that does not start, is left
    without a verdict; the others are played. Nothing is left running, whatever
    happens. Raises ``InputError`` for scenarios that could tell nothing,
    ``TestbedError`` when a part does not come up, and ``InterruptedRunError``
    when the user stops it; the record tells of both.
    """
    probes.check(settings, selection.cells)
    with interruptible() as interruption:
        runfolder.check(settings.runs)
        engine = parts.engine()
        engine.sweep()
        refs = images(selection.cells)
        known, octets = costs.load(settings.runs), available_octets()
        held = partial(held_by, settings=settings, costs=known)
        divide = partial(divided, held_by=held, octets=octets - costs.RUN_OCTETS)
        chosen = playable(selection, settings, engine, refs["observer"].id if refs else "", divide)
        folder = runfolder.prepare(settings.runs)
        plan = _with_files(_plan(folder, chosen, settings, refs), engine)
        save(folder.path / COMPOSE_FILE, compose.render(plan), private=True)
        _keep_locks(folder.path / LOCKS, refs)
        bed = engine.testbed(plan.project, plan.labels.run, folder.path / COMPOSE_FILE)
        first = Event(provenance(folder.name, chosen, plan, engine.machine(), refs))
        learner = costs.Learner()
        try:
            with Writer(folder.path) as writer:
                bus = Bus(writer)
                for listener in listeners:
                    bus.listen(listener)
                bus.listen(learner)
                bus.emit(first)
                bus.check()
                folder.become_latest()
                bus.emit(Event(forecast(plan.subjects, settings, known, octets)))
                watching = parts.observe(bed, bus, plan, folder.path)
                _play(Play(bed, bus, plan, watching, selection.optional), bus, interruption)
                bus.check()
            learner.keep(settings.runs, settings.cores)
        except (HeartbedError, KeyboardInterrupt) as error:
            error.add_note(f"{folder.path} has what was observed until then")
            raise
        return folder.path


def _plan(folder: RunFolder, chosen: Playable, settings: Settings, images: Mapping[str, ImageRef]) -> Plan:
    # The name alone would do in one folder of runs; another checkout may begin a run in the same second.
    number = folder.path.stat().st_ino
    return Plan(
        project=f"heartbed-{re.sub('[^a-z0-9]', '', folder.name)}-{number % 0xFFFF:04x}",
        subjects=chosen.subjects,
        settings=settings,
        labels=Labels(run=f"{folder.name}-{number}", lock=str(folder.lock_path.absolute())),
        images={name: image.id for name, image in images.items()},
    )


def _with_files(plan: Plan, engine: Engine) -> Plan:
    """With the volumes that the engine has of the images' files: of those that every run has, and of what many have."""
    used = Counter(compose.images(plan))
    always = [plan.images[name] for name in FIXED_TAGS if name in plan.images]
    worth = {*always, *(image for image, services in used.items() if services >= MANY)}
    return replace(plan, files=engine.files(list(used), worth, plan.labels))


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
            bus.emit(Event(RunEnd(status=status, reason=reason or None)))
            interruption.release()


def _keep_locks(folder: Path, images: Mapping[str, ImageRef]) -> None:
    """Keep, for each image, which releases were installed over the application's requirements."""
    for name, image in images.items():
        if image.lock:
            save(folder / f"{name}.txt", image.lock)
