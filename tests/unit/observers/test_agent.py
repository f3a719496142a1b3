"""The agent's parts that need no container: what they make of the kernel's and py-spy's own words."""

import importlib
import json
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from heartbed.kernel import syscalls, threads
from heartbed.observers.agent import parse
from heartbed.record.event import Event
from heartbed.record.kinds import Socket

ROOT = Path(__file__).parents[3]
DATA = Path(__file__).parents[1] / "data" / "observers"


@pytest.fixture(autouse=True)
def _path(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's package lives in its image's folder."""
    monkeypatch.syspath_prepend(str(ROOT / "images" / "observer"))


def module(name: str) -> Any:
    return importlib.import_module(f"heartbed_agent.{name}")


def task(tid: int, name: str, call: str) -> dict[str, Any]:
    """A sleeping thread as the kernel has it."""
    table = syscalls.TABLES[platform.machine()]
    number = next(number for number, known in table.items() if known == call)
    return {
        "tid": tid,
        "name": name,
        "state": "S",
        "syscall": f"{number} 0x3",
        "wchan": "there",
        "voluntary": 5,
        "involuntary": 1,
    }


def test_idle_prefork_child_is_seen_in_accept4_of_its_mpm() -> None:
    spied = {each["os_thread_id"]: each for each in json.loads((DATA / "py-spy-prefork.json").read_text())}
    seen = threads.thread(task(7, "apache2", "accept4"), spied[7])
    assert (seen["tid"], seen["name"], seen["active"], seen["syscall"]) == (7, "apache2", False, "accept4")
    functions = [frame["function"] for frame in seen["frames"]]
    modules = [Path(frame["file"]).name for frame in seen["frames"]]
    assert functions.index("accept4") < modules.index("mod_mpm_prefork.so")
    assert all(frame["native"] for frame in seen["frames"])


def test_python_frame_is_told_from_a_native_one() -> None:
    spied = {each["os_thread_id"]: each for each in json.loads((DATA / "py-spy-prefork.json").read_text())}
    frames = threads.thread(task(38, "heartbed-dump", "read"), spied[38])["frames"]
    (python,) = [frame for frame in frames if not frame["native"]]
    assert (python["function"], Path(python["file"]).name) == ("_serve", "dump.py")


def test_thread_that_never_ran_python_has_its_system_call() -> None:
    seen = threads.thread(task(34, "apache2", "epoll_wait"), None)
    assert (seen["syscall"], seen["frames"], seen["active"]) == ("epoll_wait", [], False)


@pytest.mark.parametrize(
    ("caught", "blocked", "answer"),
    [("0000000000000800", "0", True), ("0", "0000000000000800", True), ("0000000180004202", "0", False)],
    ids=["handled", "waited for", "deadly"],
)
def test_signal_is_sent_only_to_a_process_that_expects_it(caught: str, blocked: str, answer: bool) -> None:
    assert module("looks").catches({"SigCgt": caught, "SigBlk": blocked}, 12) is answer


def test_lag_is_measured() -> None:
    measured = module("lag").measure(0.05)
    assert measured["max_ms"] >= 0
    assert abs(measured["steps_ms"]) < 50


def test_cells_are_measured_at_their_own_interval() -> None:
    lines = Lines()
    process = module("processes").Process("cell", 99, os.getpid(), "python3", 0)
    usage = module("usage").Usage(Machine(process), lines)
    usage.measure("cell", 3600)
    usage.tick()
    usage.tick()
    assert [kind for kind, _, _ in lines.events] == ["process.usage"]


def test_what_each_container_works_is_told_in_one_event(monkeypatch: pytest.MonkeyPatch) -> None:
    work, process = module("work"), module("processes").Process
    told: list[tuple[str, dict[str, Any]]] = []
    counted = {pid: {pid: work.Worked(5.0, 1.0, disk=False)} for pid in (1, 2, 3, 4)}
    monkeypatch.setattr(work, "EVERY_S", 0.0)
    monkeypatch.setattr(work, "threads", counted.__getitem__)

    class Known:
        def all(self) -> list[Any]:
            return [process(cell, 9, pid, "", 0) for pid, cell in enumerate(("a", "a", "still", "ends"), 1)]

    class Heard:
        def emit(self, kind: str, data: dict[str, Any], *, t: float) -> None:
            assert abs(t - time.time()) < 1
            told.append((kind, data))

    measuring = work.Work(Known(), Heard())
    measuring.tick()
    assert told.pop() == ("machine.work", {"over_s": told_over(0.0), "parts": {}}), "of before nothing is known"
    counted[1] = {1: work.Worked(5.2, 1.1, disk=False), 7: work.Worked(0.3, 0.0, disk=False)}
    counted[2] = {2: work.Worked(5.0, 1.0, disk=True)}
    del counted[4][4]
    measuring.tick()
    assert told.pop()[1]["parts"] == {"a": {"ran_s": 0.5, "waited_s": 0.1, "disk": True}}
    counted[3] = {3: work.Worked(5.0, 1.0, disk=False, stopped=True)}
    measuring.tick()
    stopped = told.pop()[1]["parts"]["still"]
    assert stopped == {"ran_s": 0.0, "waited_s": 0.0, "disk": False, "stopped": [9]}


def told_over(seconds: float) -> Any:
    return pytest.approx(seconds, abs=0.5)


class Lines:
    """Stands in for the agent's output."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any], float | None]] = []

    def emit(  # noqa: PLR0917  # the output's own signature
        self,
        kind: str,
        data: dict[str, Any],
        t: float | None = None,
        cell: str = "",
        pid: int | None = None,
        conn: str | None = None,
    ) -> None:
        """Keep an event."""
        assert (cell, pid, conn) == ("cell", 99, None)
        self.events.append((kind, data, t))

    def wait(self, count: int) -> list[tuple[str, dict[str, Any], float | None]]:
        """The events, once there are so many."""
        deadline = time.monotonic() + 10
        while len(self.events) < count:
            assert time.monotonic() < deadline, self.events
            time.sleep(0.01)
        return self.events


class Machine:
    """The processes that the agent knows: this one, as process 99 of the cell, or none."""

    def __init__(self, process: Any = None) -> None:
        self.process = process

    def find(self, _cell: str, _pid: int) -> Any:
        """The process."""
        return self.process

    def of(self, _cell: str) -> list[Any]:
        """All of them."""
        return [self.process] if self.process else []


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Lines, Path]:
    """Looks at this process, whose dumps are in the folder; no py-spy."""
    looks, events, processes = module("looks"), module("process_events"), module("processes")
    monkeypatch.setattr(looks, "NATIVE_WORKERS", 0)
    monkeypatch.setattr(events, "PROC", tmp_path)
    folder = tmp_path / str(os.getpid()) / "root" / "run" / "heartbed"
    folder.mkdir(parents=True)
    lines = Lines()
    process = processes.Process("cell", 99, os.getpid(), "python3", 0)
    return looks.Looks(Machine(process), lines), lines, folder


def write_dump(folder: Path, number: int, t: float, on: str = "alarm", **others: Any) -> None:
    threads = [{**task(7, "request thread", "accept4"), "has_hub": True, "frames": []}]
    dump = {"t": t, "pid": 99, "on": on, "took_ms": 9.5, "threads": threads, "hubs": [], "greenlets": [], **others}
    part = folder / "part"
    part.write_text(json.dumps(dump))
    part.rename(folder / f"dump-99-{number}.json")


ALL = ["process.switches", "process.stacks", "process.greenlets"]


def wish(at: str, idle_from: float | None, patience_s: float = 5.0, like: str = "") -> Any:
    return module("looks").Request("cell", 99, at, idle_from, patience_s, like, stop_s=0.5)


def test_wish_to_look_at_a_process_that_is_not_there_is_answered() -> None:
    lines = Lines()
    module("looks").Looks(Machine(), lines).ask(wish("loss", None))
    assert [kind for kind, _, _ in lines.wait(3)] == ALL
    assert {data["error"] for _, data, _ in lines.events} == {"cell has no process 99"}


def test_dump_that_a_process_was_asked_for_beforehand_is_told_with_its_own_time(looking: Any) -> None:
    looks, lines, folder = looking
    write_dump(folder, 1, 1000.5)
    looks.ask(wish("mid-idle", 1000.0))
    assert [(kind, t) for kind, _, t in lines.wait(3)] == [(kind, 1000.5) for kind in ALL]
    stacks = lines.events[1][1]
    assert (stacks["at"], stacks["by"]) == ("mid-idle", "itself")
    assert [(each["tid"], each["syscall"], each["active"]) for each in stacks["threads"]] == [(7, "accept4", False)]


def test_dump_of_an_earlier_idle_time_is_told_and_does_not_meet_the_wish(looking: Any) -> None:
    looks, lines, folder = looking
    write_dump(folder, 1, 990.0)
    looks.ask(wish("mid-idle", 1000.0))
    lines.wait(3)
    write_dump(folder, 2, 1001.0, on="signal")
    lines.wait(6)
    write_dump(folder, 3, 1003.5)
    assert [t for _, _, t in lines.wait(9)] == [990.0] * 3 + [1001.0] * 3 + [1003.5] * 3
    assert [data["at"] for _, data, _ in lines.events[::3]] == ["opening", "mid-idle", "mid-idle"]


def test_process_without_a_dump_of_its_own_is_sent_the_signal(looking: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    looks, lines, folder = looking
    monkeypatch.setattr(module("looks"), "read_status", lambda _: {"SigCgt": "800", "SigBlk": "0"})
    sent: list[int] = []

    def kill(_pid: int, number: int) -> None:
        sent.append(number)
        write_dump(folder, 2, time.time(), on="signal")

    monkeypatch.setattr(os, "kill", kill)
    write_dump(folder, 1, 1001.0)
    looks.ask(wish("loss", 1000.0, patience_s=0.0))
    assert [data["at"] for _, data, _ in lines.wait(6)[::3]] == ["mid-idle", "loss"]
    assert sent == [signal.SIGUSR2]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"t": 1.0, "threads": [{"tid": 7}], "hubs": [], "greenlets": []}', "the dump is not understood"),
        ("[]", "is no dump"),
        ("{", "cannot be read"),
        ('{"t": 1.0, "error": "RuntimeError: no"}', "could not look at itself: RuntimeError: no"),
    ],
)
def test_dump_of_any_other_shape_is_an_error_that_says_so(looking: Any, content: str, said: str) -> None:
    looks, lines, folder = looking
    (folder / "dump-99-1.json").write_text(content)
    looks.ask(wish("mid-idle", None))
    errors = [data["error"] for kind, data, _ in lines.wait(2) if kind == "process.greenlets"]
    assert said in errors[0]
    with looks._changed:
        assert looks._changed.wait_for(lambda: looks._native, 10), "py-spy is all that can tell"


def test_no_link_of_a_cell_is_followed_and_no_pipe_waited_for(tmp_path: Path) -> None:
    events = module("process_events")
    (tmp_path / "secret").write_text('{"t": 1.0}')
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    os.mkfifo(tmp_path / "pipe")
    for name in ("link", "pipe"):
        with pytest.raises(threads.NotSeenError):
            events.read_dump(tmp_path / name)


def test_of_many_processes_alike_a_few_get_native_stacks_until_they_are_asked_again(looking: Any) -> None:
    looks, lines, folder = looking
    write_dump(folder, 1, 1001.0)
    for like in ("one", "one", "one", "two"):
        looks.ask(wish("mid-idle", 1000.0, like=like))
    with looks._changed:
        looks._changed.wait_for(lambda: len(looks._native) == 3, 10)
    assert [request.like for request, _ in looks._native] == ["one", "one", "two"]
    assert len(lines.events) == 3, "the dump is told once"
    first = looks._take()
    looks._busy.discard(first[1].host_pid)
    looks.enough(f"not {first[0].cell}")
    assert len(looks._native) == 2
    looks.enough(first[0].cell)
    assert looks._native == []


def test_no_process_is_looked_at_twice_at_a_time(looking: Any) -> None:
    looks, _, folder = looking
    write_dump(folder, 1, 1001.0)
    for at in ("mid-idle", "loss"):
        looks.ask(wish(at, 1000.0))
    with looks._changed:
        looks._changed.wait_for(lambda: len(looks._native) == 2, 10)
    request, _ = looks._take()
    assert request.at == "mid-idle"
    assert [(each.at, process.host_pid in looks._busy) for each, process in looks._native] == [("loss", True)]


def test_event_of_the_agent_is_passed_on() -> None:
    line = '{"v":1,"t":1795340326.426183,"kind":"socket","cell":"lab","pid":7,"conn":"172.18.0.3:35828",'
    line += '"data":{"state":"ESTABLISHED","rx_octets":8,"tx_octets":0}}'
    event = parse(line)
    assert event == Event(
        Socket(state="ESTABLISHED", rx_octets=8, tx_octets=0), 1795340326.426183, "lab", 7, "172.18.0.3:35828"
    )


def test_what_the_record_does_not_declare_is_not_lost_without_a_word() -> None:
    line = '{"v":1,"t":1.5,"kind":"process.seen","cell":"lab","pid":7,"conn":null,"data":{"host_pid":9,"colour":1}}'
    with pytest.raises(ValueError, match=r"process\.seen has no colour"):
        parse(line)


def test_agent_needs_nothing_but_the_standard_library() -> None:
    folders = (ROOT / "images" / "observer" / "heartbed_agent", ROOT / "heartbed" / "kernel")
    for source in (path for folder in folders for path in folder.glob("*.py")):
        imports = [line.split()[1] for line in source.read_text().splitlines() if line.startswith(("import ", "from "))]
        names = {name for name in imports if not name.startswith("heartbed.kernel")}
        foreign = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"heartbed_agent"}
        assert not foreign, source.name


def test_the_agent_tells_nothing_of_its_own_end(capsys: pytest.CaptureFixture[str]) -> None:
    output = module("output").Output()
    output.failed("while it goes on")
    output.end()
    late = threading.Thread(target=output.failed, args=("the machine's lag is measured no more",), daemon=True)
    late.start()
    late.join(0.2)
    assert late.is_alive()
    told = capsys.readouterr().out
    assert "while it goes on" in told
    assert "measured no more" not in told


def test_the_agent_ends_with_all_that_it_has_started() -> None:
    folders = os.pathsep.join((str(ROOT), str(ROOT / "images" / "observer")))
    ended = subprocess.run(
        [sys.executable, "-m", "heartbed_agent"],
        input='{"cmd": "quit"}\n',
        env={**os.environ, "PYTHONPATH": folders},
        capture_output=True,  # which lasts as long as anybody has these streams
        text=True,
        timeout=30,
        check=True,
    )
    assert "measured no more" not in ended.stdout


@pytest.fixture
def standing(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A process that can be stopped by a signal, which stands for being stopped by a tracer."""
    monkeypatch.setattr(module("look"), "STOPPED", "T")
    process = subprocess.Popen(["sleep", "60"])
    yield process
    process.kill()
    process.wait()


def watched(stop: Any, until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not until() and time.monotonic() < deadline:
        stop.watch()
    assert until()


def test_for_how_long_a_look_has_a_process_stopped_is_told(standing: subprocess.Popen[bytes]) -> None:
    stop = module("look").Stop(standing.pid, 60.0)
    stop.watch()
    assert stop.total_s == 0.0
    standing.send_signal(signal.SIGSTOP)
    watched(stop, lambda: stop.total_s > 0.1)
    standing.send_signal(signal.SIGCONT)
    watched(stop, lambda: stop._since is None)
    total_s = stop.total_s
    assert total_s > 0.1
    stop.watch()
    assert stop.total_s == total_s


def test_a_look_that_has_a_process_stopped_for_too_long_is_given_up(standing: subprocess.Popen[bytes]) -> None:
    look = module("look")
    stop = look.Stop(standing.pid, 0.05)
    standing.send_signal(signal.SIGSTOP)
    with pytest.raises(look.NotSeenError, match=r"py-spy had the process stopped for 0\.\d s, and was given up"):
        watched(stop, lambda: False)
    assert stop.total_s > 0.05


def test_what_reads_the_answer_gives_up_as_soon_as_the_process_stands_still_for_too_long(
    standing: subprocess.Popen[bytes],
) -> None:
    look = module("look")
    standing.send_signal(signal.SIGSTOP)
    (out, _), (err, _) = os.pipe(), os.pipe()
    began = time.monotonic()
    with pytest.raises(look.NotSeenError, match="had the process stopped"):
        look._read((out, err), look.Stop(standing.pid, 0.05))
    assert time.monotonic() - began < look.PY_SPY_DEADLINE_S
