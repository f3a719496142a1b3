"""One run from cells to verdicts: the way through the house, in order."""

from __future__ import annotations

import contextlib
import platform
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from heartbed import __version__, compose, runfolder, testbed
from heartbed.bus import Bus, Listener
from heartbed.cells import Cell, Selection
from heartbed.errors import TestbedError
from heartbed.model import RunVerdict
from heartbed.observation import Observation
from heartbed.plan import Labels, Plan
from heartbed.probes import idle
from heartbed.record import Event, Writer, read
from heartbed.settings import Settings
from heartbed.setup.build import ImageRef
from heartbed.stage import Stage
from heartbed.verdict import judge

if TYPE_CHECKING:
    import docker

COMPOSE_FILE = "compose.yaml"
CAPTURE_FILE = "capture.pcap"
VERDICTS_FILE = "verdicts.json"
LOCKS = "locks"
BROKER_DEADLINE_S = 90.0
READY_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Outcome:
    """What a run has come to."""

    folder: Path
    verdict: RunVerdict


class InterruptedRunError(Exception):
    """The user has stopped the run."""


def execute(
    selection: Selection,
    settings: Settings,
    images: Callable[[Sequence[Cell]], dict[str, ImageRef]],
    listeners: Sequence[Listener] = (),
) -> Outcome:
    """Run the idle probe on the cells and judge the record.

    ``images`` makes sure of the images that cells need, and returns name ->
    reference. Nothing is left running, whatever
    happens. Raises ``TestbedError`` when a part does not come up, and
    ``InterruptedRunError`` when the user stops it; the record tells of both.
    """
    client = testbed.connect()
    testbed.sweep(client)
    found = images(selection.cells)
    folder = runfolder.create(settings.runs)
    plan = Plan(
        project=f"heartbed-{re.sub('[^a-z0-9]', '', folder.name)}-{folder.path.stat().st_ino % 0xFFFF:04x}",
        cells=selection.cells,
        settings=settings,
        labels=Labels(run=f"{folder.name}-{folder.path.stat().st_ino}", lock=str(folder.lock_path)),
        images={name: image.id for name, image in found.items()},
    )
    file = folder.path / COMPOSE_FILE
    file.write_text(compose.render(plan), encoding="utf-8")
    file.chmod(0o600)
    _keep_locks(folder.path / LOCKS, found)
    bed = testbed.Testbed(client, plan.project, plan.labels.run, file)
    with Writer(folder.path) as writer, _interruptible():
        bus = Bus(writer)
        for listener in listeners:
            bus.listen(listener)
        bus.emit(Event("run.start", data=_start(folder.name, selection, settings, client, found)))
        play = _Play(bed, bus, plan, folder.path)
        _play(play, bus)
    return Outcome(folder.path, save_verdicts(folder.path))


def save_verdicts(folder: Path) -> RunVerdict:
    """Judge a run's record and write ``verdicts.json`` beside it."""
    verdict = judge(read(folder))
    text = verdict.model_dump_json(indent=2) + "\n"
    (folder / VERDICTS_FILE).write_text(text, encoding="utf-8")
    return verdict


def _play(play: _Play, bus: Bus) -> None:
    """Play to the end, and end the record with how it went; nothing runs any more when this returns."""
    status, reason = "failed", "an error in heartbed itself"
    try:
        play.all()
        bus.check()
        status, reason = "complete", ""
    except (KeyboardInterrupt, InterruptedRunError):
        status, reason = "interrupted", "stopped by the user"
        raise InterruptedRunError from None
    except TestbedError as error:
        reason = error.message
        raise
    finally:
        with _undisturbed():
            play.close()
            bus.emit(Event("run.end", data={"status": status, "reason": reason or None}))


class _Play:
    """The parts of a running run, brought up in order and taken down in any state."""

    def __init__(self, bed: testbed.Testbed, bus: Bus, plan: Plan, folder: Path) -> None:
        self.bed, self.bus, self.plan = bed, bus, plan
        self.watching = Observation(
            bed, bus, folder / CAPTURE_FILE, password=plan.password, stacks=plan.settings.stacks
        )
        self.stage = Stage(
            bed=bed,
            cells=plan.cells,
            settings=plan.settings,
            bus=bus,
            stop=threading.Event(),
            started=self.watching.started,
            request_stacks=self.watching.request_stacks,
        )

    def all(self) -> None:
        """Everything, in order."""
        self.bus.emit(Event("run.phase", data={"phase": "starting"}))
        self.bed.create()
        self.bed.start("rabbitmq")
        self.bed.start("observer")
        self.watching.start_around_broker()
        with ThreadPoolExecutor(max_workers=1) as pool:
            # The broker boots while the cells import their applications.
            broker = pool.submit(self._broker)
            try:
                self.stage.start_all()
            finally:
                broker.result()
        self._wait("compute", "no consumer", lambda e: e.kind == "broker.consumer.created" and e.cell == "compute")
        self.bed.start("controls")
        for name in ("control-silent", "control-beating"):
            self._wait("controls", f"{name} does not connect", _connection_of(name))
        idle.play(self.stage)
        if not self.bed.running("rabbitmq"):
            raise self.bed.failure("rabbitmq", "RabbitMQ has ended during the run")
        self.bus.emit(Event("run.phase", data={"phase": "dissecting"}))
        self.watching.collect(self.plan.cells)

    def _broker(self) -> None:
        """Wait for the broker; then nothing that its clients do escapes, and the RPC server may come."""
        self.watching.start_in_broker(BROKER_DEADLINE_S)
        self.bed.start("compute")
        self.watching.started("compute")

    def _wait(self, service: str, wrong: str, wanted: Callable[[Event], bool]) -> None:
        deadline = time.monotonic() + READY_DEADLINE_S

        def poll() -> None:
            if not self.bed.running(service):
                raise self.bed.failure(service, f"{service} has ended")

        if self.bus.wait_for(wanted, deadline, poll=poll) is None:
            raise self.bed.failure(service, f"{service}: {wrong} within {READY_DEADLINE_S:.0f} s")

    def close(self) -> None:
        """Stop what runs and remove what was made."""
        self.stage.close()
        self.watching.stop()
        self.bed.down()


def _keep_locks(folder: Path, images: Mapping[str, ImageRef]) -> None:
    """Keep, for each image, which releases were installed over the application's requirements."""
    folder.mkdir()
    for name, image in images.items():
        if image.lock:
            (folder / f"{name}.txt").write_text(image.lock, encoding="utf-8")


def _connection_of(cell: str) -> Callable[[Event], bool]:
    return lambda event: event.kind == "broker.connection.created" and event.cell == cell


def _start(
    name: str, selection: Selection, settings: Settings, client: docker.DockerClient, images: dict[str, ImageRef]
) -> dict[str, Any]:
    """The first event: what is run, with what, on what."""
    info = client.info()
    return {
        "run": name,
        "heartbed": __version__,
        "heartbeat_s": settings.heartbeat_s,
        "margin_s": settings.margin_s,
        "rpc_timeout_s": settings.rpc_timeout_s,
        "cells": [
            {
                "name": cell.name,
                "factors": cell.factors,
                "heartbeat_s": settings.timeout_of(cell),
                "processes": cell.process_count,
                "threads": cell.thread_count,
            }
            for cell in selection.cells
        ],
        "left_out": [{"name": left, "reason": reason} for left, reason in selection.left_out],
        "host": {
            "hostname": platform.node(),
            "kernel": info.get("KernelVersion", platform.release()),
            "system": info.get("OperatingSystem"),
            "cores": info.get("NCPU", settings.cores),
            "memory_octets": info.get("MemTotal"),
            "python": platform.python_version(),
        },
        "docker": testbed.versions(client),
        "images": {name: {"tag": image.tag, "id": image.id} for name, image in images.items()},
        "argv": sys.argv[1:],
    }


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the run in the same order as Ctrl-C."""

    def end(_number: int, _frame: object) -> None:
        raise InterruptedRunError

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold off Ctrl-C and SIGTERM while cleaning up: a second Ctrl-C must not leave containers behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
