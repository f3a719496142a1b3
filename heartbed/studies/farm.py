"""Shards as tasks of Dask: each worker is a host with an engine; records come back, and are judged where was asked.

Dask plays a shard again elsewhere when its worker is lost. It is an extra, ``heartbed[distributed]``.
"""

from __future__ import annotations

import contextlib
import gzip
import logging
import platform
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from heartbed import __version__
from heartbed.cells.cell import Cell
from heartbed.cells.expressions import Selection
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.errors import HeartbedError, InputError, NoCellLeftError, TestbedError
from heartbed.record.event import FILE_NAME
from heartbed.run.code import judged_by, played_by
from heartbed.run.playable import weight
from heartbed.studies.batch import unbuildable
from heartbed.studies.merge import merge
from heartbed.studies.session import Session
from heartbed.wording import count, seconds

if TYPE_CHECKING:
    from distributed import Client, Future

MOST_CELLS = 48
"""In a shard: what is lost with a worker is played again, and no machine is importing while the first cells idle."""

FOUND_WITHIN_S = 10.0
"""How long a scheduler may take to answer, and its first worker to be there."""

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
    with tempfile.TemporaryDirectory(prefix="heartbed-shard-") as runs:
        mine = Settings()
        session = session_of(replace(job.settings, runs=Path(runs), cores=mine.cores, root=mine.root))
        cells, optional = job.selection.cells, job.selection.optional
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
        records = [path.read_bytes() for path in Path(runs).glob(f"*/{FILE_NAME}") if not path.parent.is_symlink()]
        return Done(gzip.compress(b"".join(records)), platform.node(), time.monotonic() - began, without)


def _undisturbed() -> None:
    """Have Dask's profiler let this process alone: it may halt one in which threads end (CPython's issue 106883)."""
    with contextlib.suppress(ImportError, ValueError):  # where no scheduler has sent the shard
        from distributed import get_worker  # noqa: PLC0415  # an extra

        mine = get_worker()
        for each in (mine.periodic_callbacks[name] for name in PROFILER if name in mine.periodic_callbacks):
            mine.loop.add_callback(each.stop)


def about() -> tuple[str, str, str]:
    """Which heartbed this is: what a worker must have in common with who asks."""
    return __version__, played_by(), judged_by()


@dataclass(frozen=True)
class Farm:
    """Plays cells on the workers of a scheduler."""

    scheduler: str
    player: Callable[[Job], Done] = play

    def __call__(self, selection: Selection, settings: Settings, say: Callable[[str], None]) -> Path:
        """The folder of the one record of all shards. Raises ``InputError`` and ``TestbedError``."""
        _must_travel(selection.cells)
        with _client(self.scheduler) as client, tempfile.TemporaryDirectory(prefix="heartbed-farm-") as place:
            workers = _workers(client)
            jobs = _jobs(selection, settings, shards(len(selection.cells), len(workers)))
            cells = count(len(selection.cells), "cell")
            say(f"{cells} in {count(len(jobs), 'shard')} on {count(len(workers), 'host')}")
            left_out: dict[str, str] = {}
            folders = []
            for division, done in self._played(client, jobs):
                say(f"shard {division}: {seconds(done.took_s)} on {done.host}")
                left_out |= done.left_out
                if record := gzip.decompress(done.record):
                    folders.append(Path(place) / str(division.number))
                    folders[-1].mkdir()
                    (folders[-1] / FILE_NAME).write_bytes(record)
            if not folders:
                raise TestbedError("no cell can be played", log=[f"{name}: {why}" for name, why in left_out.items()])
            return merge(folders, settings.runs, left_out=left_out)

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


def shards(cells: int, workers: int) -> int:
    """How many shards: one for each worker, or as many for each as it takes to keep them small."""
    rounds = max(1, -(-cells // (workers * MOST_CELLS)))
    return min(cells, workers * rounds)


def _jobs(selection: Selection, settings: Settings, number: int) -> dict[Division, Job]:
    jobs = {}
    for division in (Division(each, number) for each in range(1, number + 1)):
        mine, share = division.share(selection.cells, partial(weight, settings=settings))
        jobs[division] = Job(replace(selection, cells=mine), replace(settings, share=share))
    return jobs


def _must_travel(cells: Sequence[Cell]) -> None:
    """Raise ``InputError`` for a cell that is made of files on this machine."""
    for cell in cells:
        if type(cell) is not Cell or cell.patched:
            raise InputError(
                f"{cell.name} is made of files on this machine, which workers have not",
                hint="play it without --scheduler, or by --shard on machines that have the files",
            )


@contextlib.contextmanager
def _client(scheduler: str) -> Iterator[Client]:
    """A connection to the scheduler. Raises ``InputError`` and ``TestbedError``."""
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ImportError:
        raise InputError(
            "--scheduler needs Dask's distributed, which is not installed", hint="pip install 'heartbed[distributed]'"
        ) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # a lost worker is told here in our own words
    try:
        client = Client(scheduler, timeout=FOUND_WITHIN_S, set_as_default=False)
    except ValueError as error:
        raise InputError(f"--scheduler {scheduler}: {error}", hint="as in --scheduler tcp://10.0.0.1:8786") from None
    except OSError:
        raise TestbedError(
            f"no scheduler answers at {scheduler}", hint="`dask scheduler` starts one; docs/many.md has the rest"
        ) from None
    with client:
        yield client


def _workers(client: Client) -> list[str]:
    """The workers, all of them fit to play. Raises ``InputError`` and ``TestbedError``."""
    try:
        client.wait_for_workers(1, timeout=FOUND_WITHIN_S)
    except TimeoutError:
        raise TestbedError("the scheduler has no workers", hint="one on each host: docs/many.md") from None
    threads = client.nthreads()
    if busy := [address for address, number in threads.items() if number != 1]:
        raise InputError(
            f"{busy[0]} plays {threads[busy[0]]} shards at a time, which would disturb each other",
            hint="start it with --nthreads 1, one on each host",
        )
    told = client.run(about, on_error="return")
    for address, answer in told.items():
        if answer != about():
            have = f"heartbed {answer[0]} ({answer[1]})" if isinstance(answer, tuple) else f"none: {answer}"
            raise InputError(
                f"{address} has another heartbed: {have}; here is {__version__} ({about()[1]})",
                hint="install the same on all hosts",
            )
    return [*told]
