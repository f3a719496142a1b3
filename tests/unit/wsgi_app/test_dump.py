"""The in-process dump: taken from real processes, whose main thread is busy outside Python as under httpd."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from heartbed.kernel.threads import DUMPER, signal_dumper
from wsgi_app import dump as dump_module
from wsgi_app.patching import SWITCH

needs_threading_backend = pytest.mark.skipif(
    find_spec("cotyledon") is None, reason="oslo.service's threading backend is not installed: oslo.service[threading]"
)
DEADLINE_S = 10.0
OVERDUE_S = 0.2

# The heartbeat wants to run again after 0.05 s. It runs when the main thread sleeps green, and no more once that
# thread sleeps for real, as it does in httpd's accept().
PROGRAM = """
import os, sys
from pathlib import Path
from wsgi_app import natives, patching
patching.apply(os.environ)
import threading, time
from wsgi_app import dump
from wsgi_app.whereabouts import Registry

beats = 0
def beat():
    global beats
    while True:
        beats += 1
        time.sleep(0.05)

if "SERVER" in os.environ:
    # A server's own threads, of which Python knows nothing, while the first one cannot have the signal.
    import ctypes, signal
    libc = ctypes.CDLL(None)
    for _ in range(8):
        libc.pthread_create(ctypes.byref(ctypes.c_ulong()), None, ctypes.cast(libc.pause, ctypes.c_void_p), None)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
registry = Registry()
registry.note()
dumper = dump.install(registry, Path(sys.argv[1]))
threading.Thread(target=beat, name="Rabbit-heartbeat", daemon=True).start()
time.sleep(0.12)
before = beats
if len(sys.argv) > 3:
    dumper.look_in(60.0)
    dumper.look_in(float(sys.argv[3]))
print(os.getpid(), flush=True)
natives.sleep(float(sys.argv[2]))
print(beats - before, flush=True)
"""


Process = subprocess.Popen[str]


@contextmanager
def process(
    folder: Path, *, native: bool, sleep_s: float = 60, look_in_s: float = 0, server: bool = False
) -> Iterator[Process]:
    """A process that has started its heartbeat and now sleeps outside Python; in a ``server`` beside other threads."""
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(sleep_s), *([str(look_in_s)] if look_in_s else [])],
        env={SWITCH: str(native).lower(), **({"SERVER": "1"} if server else {})},
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        assert started.stdout
        try:
            assert started.stdout.readline().strip() == str(started.pid)
            yield started
        finally:
            started.kill()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def dump(started: subprocess.Popen[str], folder: Path, number: int = 1) -> dict[str, Any]:
    """Ask for a dump and wait for it."""
    os.kill(started.pid, signal.SIGUSR2)
    return wait_for(started, folder, number)


def wait_for(started: subprocess.Popen[str], folder: Path, number: int = 1) -> dict[str, Any]:
    """The dump with this number, as soon as it is there."""
    path = folder / f"dump-{started.pid}-{number}.json"
    deadline = time.monotonic() + DEADLINE_S
    while not path.exists():
        assert started.poll() is None, f"the signal ended the process: {started.returncode}"
        assert time.monotonic() < deadline, f"no {path.name} within {DEADLINE_S} s: {names(folder)}"
        time.sleep(0.01)
    told: dict[str, Any] = json.loads(path.read_text())
    assert "error" not in told
    return told


def test_a_green_thread_whose_hub_stands_still_is_told_with_how_late_it_is(tmp_path: Path) -> None:
    with process(tmp_path, native=False) as started:
        time.sleep(OVERDUE_S)
        told = dump(started, tmp_path)
    assert told["pid"] == started.pid
    assert abs(told["t"] - time.time()) < DEADLINE_S

    (hub,) = told["hubs"]
    assert (hub["tid"], hub["hub"]) == (started.pid, "eventlet.hubs.epolls.Hub")
    assert hub["next_timer_overdue_s"] >= OVERDUE_S - 0.05
    assert {"due_in_s": -hub["next_timer_overdue_s"], "what": "switch: Rabbit-heartbeat"} in hub["timers"]

    (heartbeat,) = [green for green in told["greenlets"] if green["name"] == "Rabbit-heartbeat"]
    assert (heartbeat["tid"], heartbeat["hub_main"], heartbeat["dead"]) == (started.pid, False, False)
    functions = [frame["function"] for frame in heartbeat["frames"]]
    assert functions[0] == "BaseHub.switch"
    assert "beat" in functions
    assert [green["tid"] for green in told["greenlets"] if green["hub_main"]] == [started.pid]

    named = {thread["tid"]: thread for thread in told["threads"]}
    main = named[started.pid]
    assert (main["name"], main["has_hub"]) == ("request thread", True)
    assert (main["state"], main["syscall"].split()[0].isdecimal()) in {("S", True), ("R", False), ("R", True)}
    assert [frame["function"] for frame in main["frames"]] == ["<module>"], "the hub is not on its stack"
    assert {"voluntary", "involuntary", "wchan"} <= main.keys()
    assert "heartbed-dump" in {thread["name"] for thread in told["threads"]}


def test_the_dump_does_not_wake_the_hub(tmp_path: Path) -> None:
    with process(tmp_path, native=False, sleep_s=1.0) as started:
        first = dump(started, tmp_path, 1)
        second = dump(started, tmp_path, 2)
        assert started.stdout
        beats = int(started.stdout.readline())
    assert beats == 0
    late = [told["hubs"][0]["next_timer_overdue_s"] for told in (first, second)]
    took_s = (first["took_ms"] + second["took_ms"]) / 1000  # the hub is looked at some time after the dump has begun
    assert late[1] - late[0] == pytest.approx(second["t"] - first["t"], abs=0.05 + took_s)


@needs_threading_backend
def test_native_threads_are_told_and_there_is_no_hub(tmp_path: Path) -> None:
    with process(tmp_path, native=True) as started:
        told = dump(started, tmp_path)
    assert told["hubs"] == []
    heartbeat = [thread for thread in told["threads"] if thread["name"] == "Rabbit-heartbeat"]
    assert [thread["has_hub"] for thread in heartbeat] == [False]
    assert heartbeat[0]["tid"] != started.pid


def test_every_signal_makes_one_dump_and_leaves_no_part(tmp_path: Path) -> None:
    with process(tmp_path, native=False) as started:
        for number in (1, 2, 3):
            dump(started, tmp_path, number)
    assert names(tmp_path) == [f"dump-{started.pid}-{number}.json" for number in (1, 2, 3)]


def test_the_signal_reaches_the_thread_that_writes_whatever_others_a_server_has(tmp_path: Path) -> None:
    with process(tmp_path, native=True, server=True) as started:
        for number in (1, 2, 3):
            signal_dumper(started.pid, signal.SIGUSR2)
            wait_for(started, tmp_path, number)


def test_a_process_without_that_thread_gets_the_signal_itself() -> None:
    with subprocess.Popen(["sleep", "60"]) as started:
        signal_dumper(started.pid, signal.SIGTERM)
        assert started.wait(DEADLINE_S) == -signal.SIGTERM


def test_both_ends_know_the_thread_by_one_name() -> None:
    assert dump_module.THREAD_NAME == DUMPER


def test_a_dump_that_was_asked_for_beforehand_is_written_without_a_signal(tmp_path: Path) -> None:
    began = time.time()
    with process(tmp_path, native=False, sleep_s=1.0, look_in_s=0.3) as started:
        told = wait_for(started, tmp_path)
        assert started.stdout
        beats = int(started.stdout.readline())
    assert (told["on"], beats) == ("alarm", 0), "and without waking the hub"
    assert told["t"] - began > 0.3
    assert names(tmp_path) == [f"dump-{started.pid}-1.json"], "the last wish counts, and once"


def test_a_hub_that_runs_is_on_the_stack_of_its_thread(tmp_path: Path) -> None:
    program = PROGRAM.replace("natives.sleep", "time.sleep")
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), "60"], env={SWITCH: "false"}, stdout=subprocess.PIPE, text=True
    ) as started:
        assert started.stdout
        started.stdout.readline()
        dumps = [dump(started, tmp_path, number) for number in range(1, 6)]
        started.kill()
    frames = [
        frame for told in dumps for each in told["threads"] if each["tid"] == started.pid for frame in each["frames"]
    ]
    # Not on each of them: a green thread that has its turn at that moment stands on a stack of its own.
    assert any("eventlet/hubs" in frame["file"] for frame in frames)
