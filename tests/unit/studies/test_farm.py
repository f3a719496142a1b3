"""Shards on the workers of Dask: on the testbed without Docker, with workers that are killed, missing or others."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from click.testing import CliRunner

from heartbed.cells.expressions import Selection, select
from heartbed.cells.settings import Settings
from heartbed.cells.shards import Division
from heartbed.cli import cli
from heartbed.errors import InputError, TestbedError
from heartbed.record.event import Event, only, read
from heartbed.record.kinds import RunEnd, RunStart
from heartbed.record.parts import shards
from heartbed.report.loaded import load
from heartbed.studies import batch, farm, hosts
from heartbed.studies.farm import Farm, Job, play
from heartbed.studies.session import Session
from heartbed.versions.patched import Patched
from heartbed.waiting import Deadline, until
from tests.unit.local import Behaviour, LocalEngine
from tests.unit.studies.test_batch import LocalSession

dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

CELLS = select(["{prefork,event}-{embedded,daemon}-native"]).cells
NAMES = [cell.name for cell in CELLS]


def local(asked: Settings, behaviours: dict[str, Behaviour] | None = None, refused: str = "") -> Session:
    """What a worker plays with: no Docker, and the images of all versions of oslo.messaging but one."""
    return LocalSession(asked, quiet=True, parts=LocalEngine(behaviours or {}).parts(), refused=refused)


def dying(place: Path, asked: Settings) -> Session:
    """Whoever is the first says its process id, and plays until somebody ends it; all others play."""
    mine = place / f"{os.getpid()}"
    mine.write_text(f"{os.getpid()}")
    try:
        (place / "dying").hardlink_to(mine)
    except FileExistsError:
        return local(asked)
    threading.Event().wait()
    raise AssertionError


@pytest.fixture(autouse=True, scope="module")
def _without_profiler() -> Iterator[None]:
    """Here and in the workers: where threads end it may halt a process for ever (CPython's issue 106883)."""
    with pytest.MonkeyPatch.context() as patch, dask.config.set({"distributed.worker.profile.enabled": False}):
        patch.setenv("DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED", "False")
        yield


@pytest.fixture(scope="module")
def _made() -> Iterator[Any]:
    """A scheduler with two workers that are processes of their own."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as made:
        yield made


@pytest.fixture
def cluster(_made: Any) -> str:
    """Its address, when both are there."""
    _made.wait_for_workers(2, timeout=60)
    return str(_made.scheduler_address)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(heartbeat_s=1, margin_s=-2.9, runs=tmp_path / "runs")


def spread(cluster: str, settings: Settings, player: Callable[[Job], farm.Done]) -> tuple[Path, list[str]]:
    said: list[str] = []
    return Farm(cluster, player)(Selection(CELLS), settings, said.append), said


def job(settings: Settings) -> Job:
    """The second half of the cells."""
    mine, share = Division(2, 2).share(CELLS, lambda _: 1)
    return Job(Selection(mine, (), frozenset(cell.name for cell in mine)), replace(settings, share=share))


def test_a_shard_comes_back_as_its_record_and_leaves_nothing_here(settings: Settings, tmp_path: Path) -> None:
    done = play(job(settings), local)
    (folder,) = farm._kept(done, tmp_path / "back")
    (start,) = only(read(folder)[:1], RunStart)
    assert start.data.shard is not None
    assert [cell.name for cell in start.data.cells] == start.data.shard.cells
    assert not settings.runs.exists()


def test_what_a_host_cannot_build_or_start_comes_back_with_the_reason(settings: Settings, tmp_path: Path) -> None:
    cells = select(["prefork-native-oslo{9.7.1,14.3.0,17.3.2}"]).cells
    names = [cell.name for cell in cells]
    session_of = partial(local, behaviours={names[1]: Behaviour.ENDS}, refused="9.7.1")
    done = play(Job(Selection(cells, (), frozenset(names)), settings), session_of)
    assert done.left_out == {names[0]: "no 9.7.1"}
    data = load(tmp_path, str(farm._kept(done, tmp_path / "back")[0]))
    assert [cell.cell for cell in data.verdict.cells] == [names[2]]
    none = play(Job(Selection(cells[:1], (), frozenset(names)), settings), session_of)
    assert farm._kept(none, tmp_path / "none") == []


def test_shards_of_a_job_have_all_cells_once_and_say_which_they_are(settings: Settings) -> None:
    jobs = farm._jobs(Selection(CELLS), settings, 2)
    assert [str(division) for division in jobs] == ["1/2", "2/2"]
    assert sorted(cell.name for each in jobs.values() for cell in each.selection.cells) == sorted(NAMES)
    assert len({each.settings.share.question for each in jobs.values() if each.settings.share}) == 1


@pytest.mark.slow
def test_each_worker_plays_its_shard_and_one_record_of_all_comes_back(cluster: str, settings: Settings) -> None:
    folder, said = spread(cluster, settings, partial(play, session_of=local))
    parts = shards(read(folder))
    asked = [start.data for part in parts for start in only(part[:1], RunStart)]
    assert [each.shard.number for each in asked if each.shard] == [1, 2]
    assert sorted(cell.name for each in asked for cell in each.cells) == sorted(NAMES)
    assert [end.data.status for part in parts for end in only(part, RunEnd)] == ["complete", "complete"]
    assert said[0] == "4 cells in 2 shards on 2 hosts"
    assert len(said) == 3
    data = load(settings.runs, str(folder))
    assert not [each for each in data.verdict.missing if each.startswith("Missing")]


@pytest.mark.slow
def test_the_shard_of_a_worker_that_is_killed_is_played_again_and_nothing_is_missing(
    cluster: str, settings: Settings, tmp_path: Path
) -> None:
    killed = []

    def kill() -> None:
        until((tmp_path / "dying").exists, Deadline(60.0), AssertionError, "no worker has begun")
        killed.append(int((tmp_path / "dying").read_text()))
        os.kill(killed[0], signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    folder, _ = spread(cluster, settings, partial(play, session_of=partial(dying, tmp_path)))
    killer.join()
    assert killed
    data = load(settings.runs, str(folder))
    assert sorted(cell.cell for cell in data.verdict.cells) == sorted(NAMES)
    assert not [each for each in data.verdict.missing if each.startswith("Missing")]
    assert data.verdict.status == "complete"


@pytest.mark.slow
def test_what_cannot_be_built_or_does_not_start_on_a_worker_is_told_as_here(cluster: str, settings: Settings) -> None:
    cells = select(["prefork-native-oslo{9.7.1,14.3.0,17.3.2}"]).cells
    names = [cell.name for cell in cells]
    player = partial(play, session_of=partial(local, behaviours={names[1]: Behaviour.ENDS}, refused="9.7.1"))
    session = Session(settings, quiet=True, elsewhere=Farm(cluster, player))
    played = batch.play(cells, session)
    assert played.missing == {names[0]: "no 9.7.1", names[1]: "its server has ended"}
    assert set(played.verdicts) == {names[2]}


@pytest.mark.slow
def test_listeners_are_told_of_every_event_that_comes_back(cluster: str, settings: Settings) -> None:
    told: list[Event] = []
    session = Session(
        settings, quiet=True, elsewhere=Farm(cluster, partial(play, session_of=local)), listeners=[told.append]
    )
    assert len(read(session.record(Selection(CELLS[:1])))) == len(told)


def broken(asked: Settings) -> Session:
    del asked
    raise TestbedError("no Docker engine answers", hint="start it")


@pytest.mark.slow
def test_a_shard_that_no_worker_can_play_ends_it_with_the_reason(cluster: str, settings: Settings) -> None:
    with pytest.raises(TestbedError, match="no Docker engine answers") as error:
        spread(cluster, settings, partial(play, session_of=broken))
    assert error.value.hint == "start it"


@pytest.mark.slow
def test_a_worker_with_another_heartbed_is_refused(
    cluster: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "played_by", lambda: "mine")
    with pytest.raises(InputError, match="has another heartbed: heartbed"):
        spread(cluster, settings, play)


@pytest.mark.slow
def test_a_worker_that_plays_two_shards_at_a_time_is_refused(settings: Settings) -> None:
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0") as made,
        pytest.raises(InputError, match="plays 2 shards at a time"),
    ):
        spread(made.scheduler_address, settings, play)


@pytest.mark.slow
def test_a_scheduler_without_a_worker_and_one_that_is_not_there_are_said(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hosts, "FOUND_WITHIN_S", 0.5)
    with (
        distributed.LocalCluster(n_workers=0, processes=False, dashboard_address=":0") as made,
        pytest.raises(TestbedError, match="the scheduler has no workers"),
    ):
        spread(made.scheduler_address, settings, play)
    with pytest.raises(TestbedError, match="no scheduler answers at tcp"):
        spread("tcp://127.0.0.1:9", settings, play)


@pytest.mark.slow
def test_where_no_worker_comes_back_it_is_said_what_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(farm, "BACK_WITHIN_S", 0.5)
    monkeypatch.setattr(farm, "LOOKS_S", 0.5)
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, dashboard_address=":0", host="127.0.0.1"
    ) as made:
        gone = threading.Thread(target=_ended, args=(made, tmp_path / "dying"), daemon=True)
        gone.start()
        with pytest.raises(TestbedError, match="no host is left") as error:
            spread(made.scheduler_address, settings, partial(play, session_of=partial(dying, tmp_path)))
        gone.join()
    assert error.value.hint == "still to be played: 1/1"


def _ended(cluster: Any, begun: Path) -> None:
    until(begun.exists, Deadline(60.0), AssertionError, "no worker has begun")
    (nanny,) = cluster.workers.values()
    with contextlib.suppress(TimeoutError):  # it is busy, and is killed
        cluster.sync(nanny.close, timeout=0.1)


@pytest.mark.parametrize("address", ["nonsense://x", "tcp://", "x y"])
def test_what_is_no_address_is_said(address: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosts, "FOUND_WITHIN_S", 0.5)
    with pytest.raises((InputError, TestbedError)):
        spread(address, settings, play)


def test_without_the_extra_it_is_said_what_is_missing(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="is not installed") as error:
        spread("tcp://127.0.0.1:9", settings, play)
    assert "heartbed[distributed]" in error.value.hint


def test_shards_are_one_a_worker_and_more_where_they_would_be_large() -> None:
    assert farm.shards(4, 2) == 2
    assert farm.shards(1, 20) == 1
    assert farm.shards(189, 2) == 4
    assert farm.shards(10_000, 20) == 220


def test_shard_and_scheduler_are_not_asked_for_together(settings: Settings) -> None:
    session = Session(settings, quiet=True, elsewhere=Farm("tcp://127.0.0.1:9"))
    with pytest.raises(InputError, match="divides the cells itself"):
        session.divided(CELLS, Division(1, 2))


def failing(returned: Path, job: Job) -> farm.Done:
    """The second shard cannot be played, as it turns out when the first has come back."""
    if job.settings.share and job.settings.share.number == 2:
        until(returned.exists, Deadline(60.0), TestbedError, "the first has not come back")
        raise TestbedError("the disk is full")
    return play(job, local)


@pytest.mark.slow
def test_what_came_back_before_a_shard_failed_is_kept_and_named(
    cluster: str, settings: Settings, tmp_path: Path
) -> None:
    returned = tmp_path / "returned"

    def say(text: str) -> None:
        returned.touch() if text.startswith("shard 1/2") else None

    with pytest.raises(TestbedError, match="the disk is full") as error:
        Farm(cluster, partial(failing, returned))(Selection(CELLS), settings, say)
    (note,) = error.value.__notes__
    assert note.endswith("has what had come back until then")
    assert "Missing: shard 2/2." in load(settings.runs, "latest").verdict.missing


@pytest.fixture
def half_back(monkeypatch: pytest.MonkeyPatch) -> RuntimeError:
    """The first of two shards comes back, and then what nobody has foreseen is raised, which is returned."""
    error = RuntimeError("not an error of heartbed's")

    def played(_farm: Farm, _client: object, jobs: dict[Division, Job]) -> Iterator[tuple[Division, farm.Done]]:
        division = next(iter(jobs))
        yield division, play(jobs[division], local)
        raise error

    monkeypatch.setattr(farm, "connected", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(farm, "fit", lambda *_: ["a", "b"])
    monkeypatch.setattr(Farm, "_played", played)
    return error


def test_what_came_back_is_kept_whatever_is_raised(settings: Settings, half_back: RuntimeError) -> None:
    with pytest.raises(RuntimeError) as caught:
        spread("tcp://127.0.0.1:9", settings, play)
    assert caught.value is half_back
    (note,) = half_back.__notes__
    assert note.endswith("has what had come back until then")
    assert "Missing: shard 2/2." in load(settings.runs, "latest").verdict.missing


def test_what_cannot_be_kept_hides_nothing_that_went_wrong_before(
    settings: Settings, half_back: RuntimeError, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(farm, "merge", full)
    with pytest.raises(RuntimeError) as caught:
        spread("tcp://127.0.0.1:9", settings, play)
    assert caught.value is half_back
    assert half_back.__notes__ == [
        "what had come back until then could not be kept: [Errno 28] No space left on device"
    ]


def test_more_cells_than_a_record_can_hold_are_refused_before_any_is_played() -> None:
    with pytest.raises(InputError, match="5000 cells are more than one record can hold, which is some 4096"):
        farm._must_travel(CELLS[:1] * 5000)


def test_a_library_of_the_users_own_does_not_travel(tmp_path: Path) -> None:
    patched = Patched("oslo.messaging", "17.3.0", "1a2b3c4", tmp_path, "~/src")
    with pytest.raises(InputError, match="is made of a library that was built on this machine"):
        farm._must_travel([CELLS[0].with_patched([patched])])


def test_dasks_profiler_is_told_to_stop_before_a_shard_is_played(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped: list[str] = []
    callbacks = {
        name: SimpleNamespace(stop=partial(stopped.append, name)) for name in ("heartbeat", "profile", "profile-cycle")
    }
    loop = SimpleNamespace(add_callback=lambda do: do())
    monkeypatch.setattr(distributed, "get_worker", lambda: SimpleNamespace(periodic_callbacks=callbacks, loop=loop))
    farm._undisturbed()
    assert stopped == ["profile", "profile-cycle"]


def test_hosts_that_do_not_all_come_up_are_counted() -> None:
    def wait(_number: int, timeout: float) -> None:
        raise TimeoutError(timeout)

    client = SimpleNamespace(wait_for_workers=wait, nthreads=lambda: {"tcp://a": 1})
    with pytest.raises(TestbedError, match="of 2 workers 1 came up"):
        hosts.fit(cast("Any", client), 2)


@pytest.mark.parametrize(
    ("scheduler", "named"),
    [
        ("tcp://10.0.0.1:8786", []),
        ("10.0.0.1:8786", []),
        ("a", ["a"]),
        ("a, b,10.0.0.1", ["a", "b", "10.0.0.1"]),
    ],
)
def test_an_address_is_told_from_hosts(scheduler: str, named: list[str]) -> None:
    assert hosts.by_name(scheduler) == named


@pytest.mark.parametrize("command", ["run", "compare", "check", "matrix", "bisect", "validate"])
def test_all_that_play_cells_take_a_scheduler(command: str) -> None:
    assert "--scheduler" in CliRunner().invoke(cli, [command, "--help"]).output
