"""Shards as tasks of Dask: each worker is a host with an engine; records come back, and are judged where was asked.

Dask plays a shard again elsewhere when its worker is lost. It is an extra, ``heartbed[distributed]``.
"""

from __future__ import annotations

import contextlib
import gzip
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from heartbed.candidates import luggage
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.errors import HeartbedError, InputError, NoCellLeftError, TestbedError
from heartbed.record.event import FILE_NAME, LARGEST
from heartbed.run.playable import weight
from heartbed.studies.batch import unbuildable
from heartbed.studies.hosts import by_name, connected, fit
from heartbed.studies.merge import merge
from heartbed.studies.session import Session
from heartbed.wording import count, seconds

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_CELLS = 48
"""In a shard: what is lost with a worker is played again, and no machine is importing while the first cells idle."""

MOST_AT_ONCE = LARGEST // (128 * 2**10)
"""Cells in one record: that of a cell takes 110 KiB."""

BACK_WITHIN_S = 120.0
"""How long all workers may be away while shards are to be played."""

LOOKS_S = 10.0
"""How often it is looked whether there is any worker."""

TRIES = 2
"""How often a shard is tried again that could not be played, by whatever worker is free. Lost workers do not count."""


PROFILER = ("profile", "profile-cycle")


@dataclass(frozen=True)
class Job:
    """One shard, as it is sent to a worker."""

    selection: Selection
    settings: Settings
    luggage: bytes = b""
    """The files that the cells are made of (``heartbed.candidates.luggage``)."""


@dataclass(frozen=True)
class Done:
    """What comes back: the record, or why there is none."""

    record: bytes
    host: str
    took_s: float
    left_out: Mapping[str, str] = field(default_factory=dict)


def _quiet(settings: Settings) -> Session:
    return Session(settings, quiet=True)


def play(job: Job, session_of: Callable[[Settings], Session] = _quiet) -> Done:
    """Play a shard on this machine. Raises ``InputError``, and ``TestbedError`` where another try may help."""
    began = time.monotonic()
    _undisturbed()
    with tempfile.TemporaryDirectory(prefix="heartbed-shard-") as place:
        mine, runs = Settings(), Path(place) / "runs"
        session = session_of(replace(job.settings, runs=runs, cores=mine.cores, root=mine.root))
        cells = luggage.unpacked(job.luggage, job.selection.cells, Path(place) / "files")
        optional = job.selection.optional
        try:
            without = unbuildable([cell for cell in cells if cell.name in optional], session.images)
            rest = tuple(cell for cell in cells if cell.name not in without)
            if rest:
                with contextlib.suppress(NoCellLeftError):  # the record says why of each
                    session.record(Selection(rest, (*job.selection.left_out, *without.items()), optional))
        except InputError:
            raise
        except HeartbedError as error:
            # Of others not all can be sent: what they are made with is not what they keep.
            raise TestbedError(f"{platform.node()}: {error.message}", hint=error.hint, log=error.log) from None
        records = [path.read_bytes() for path in runs.glob(f"*/{FILE_NAME}") if not path.parent.is_symlink()]
        return Done(gzip.compress(b"".join(records)), platform.node(), time.monotonic() - began, without)


def _undisturbed() -> None:
    """Have Dask's profiler let this process alone: it may halt one in which threads end (CPython's issue 106883)."""
    with contextlib.suppress(ImportError, ValueError):  # where no scheduler has sent the shard
        from distributed import get_worker  # noqa: PLC0415  # an extra

        mine = get_worker()
        for each in (mine.periodic_callbacks[name] for name in PROFILER if name in mine.periodic_callbacks):
            mine.loop.add_callback(each.stop)


@dataclass(frozen=True)
class Farm:
    """Plays cells on the workers of a scheduler."""

    scheduler: str
    player: Callable[[Job], Done] = play

    def __call__(self, selection: Selection, settings: Settings, say: Callable[[str], None]) -> Path:
        """The folder of the one record of all shards. Raises ``InputError`` and ``TestbedError``."""
        _must_travel(selection.cells)
        with connected(self.scheduler) as client, tempfile.TemporaryDirectory(prefix="heartbed-farm-") as place:
            workers = fit(client, len(by_name(self.scheduler)) or 1)
            jobs = _jobs(selection, settings, shards(len(selection.cells), len(workers)))
            cells = count(len(selection.cells), "cell")
            say(f"{cells} in {count(len(jobs), 'shard')} on {count(len(workers), 'host')}")
            left_out: dict[str, str] = {}
            folders: list[Path] = []
            try:
                for division, done in self._played(client, jobs):
                    say(f"shard {division}: {seconds(done.took_s)} on {done.host}")
                    left_out |= done.left_out
                    folders += _kept(done, Path(place) / str(division.number))
            except BaseException as error:
                if folders:
                    error.add_note(_saved(partial(merge, folders, settings.runs, left_out)))
                raise
            if not folders:
                raise TestbedError("no cell can be played", log=[f"{name}: {why}" for name, why in left_out.items()])
            return merge(folders, settings.runs, left_out)

    def _played(self, client: Client, jobs: Mapping[Division, Job]) -> Iterator[tuple[Division, Done]]:
        """Each shard as it is done. What is not done when this ends is not begun any more."""
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415  # an extra

        waiting = {
            client.submit(self.player, job, pure=False, retries=TRIES): division for division, job in jobs.items()
        }
        try:
            while waiting:
                for future in _some(client, [*waiting]):
                    yield waiting.pop(future), future.result()
                if waiting:
                    client.wait_for_workers(1, timeout=BACK_WITHIN_S)
        except KilledWorker as error:
            raise TestbedError(f"a shard was given up: {error}", hint="the workers' logs say what ended them") from None
        except TimeoutError:
            raise TestbedError(
                f"no host is left, and none has come back within {BACK_WITHIN_S:g} s",
                hint=f"still to be played: {', '.join(map(str, waiting.values()))}",
            ) from None
        except CancelledError:
            raise TestbedError(f"the scheduler {self.scheduler} is gone") from None
        finally:
            client.cancel([*waiting])


def _some(client: Client, futures: Sequence[Future[Done]]) -> Iterator[Future[Done]]:
    """Those that are done, or get done while somebody looks."""
    from distributed import as_completed  # noqa: PLC0415  # an extra

    with contextlib.suppress(TimeoutError):
        yield from as_completed(futures, loop=client.loop, timeout=LOOKS_S)


def _saved(keep: Callable[[], Path]) -> str:
    """Where what had come back is kept, in words; or why it could not be: never raises, as another error is to be."""
    try:
        return f"{keep()} has what had come back until then"
    except Exception as error:  # noqa: BLE001  # whatever it is, what went wrong first is told
        return f"what had come back until then could not be kept: {error}"


def _kept(done: Done, folder: Path) -> list[Path]:
    """The record that came back, in a folder of its own; none where the shard has none."""
    record = gzip.decompress(done.record)
    if not record:
        return []
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(record)
    return [folder]


def shards(cells: int, workers: int) -> int:
    """How many shards: one for each worker, or as many for each as it takes to keep them small."""
    rounds = max(1, -(-cells // (workers * MOST_CELLS)))
    return min(cells, workers * rounds)


def _jobs(selection: Selection, settings: Settings, number: int) -> dict[Division, Job]:
    jobs = {}
    for division in (Division(each, number) for each in range(1, number + 1)):
        mine, share = division.share(selection.cells, partial(weight, settings=settings))
        jobs[division] = Job(replace(selection, cells=mine), replace(settings, share=share), luggage.packed(mine))
    return jobs


def _must_travel(cells: Sequence[Cell]) -> None:
    """Raise ``InputError`` for a cell that is made of files on this machine, and for more than one record can hold."""
    if len(cells) > MOST_AT_ONCE:
        raise InputError(
            f"{count(len(cells), 'cell')} are more than one record can hold, which is some {MOST_AT_ONCE}",
            hint="ask for them in parts; `heartbed results` has all verdicts together",
        )
    for cell in cells:
        if cell.patched:
            raise InputError(
                f"{cell.name} is made of a library that was built on this machine, and workers have not",
                hint="play it without --scheduler, or by --shard on machines that have it",
            )
