"""What others may do to the containers of a run that goes on."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker

from heartbed.testbed import labels
from tests.acceptance.program import Program

Harm = Callable[[Any], None]
"""Something that is done to a container."""

WHILE_S = 5.5
"""How long what is undone lasts: about as long as an idle period."""


@contextlib.contextmanager
def container(program: Program, service: str) -> Iterator[Any]:
    """The container of a service of the run that goes on. Raises ``LookupError`` where there is none."""
    with contextlib.closing(docker.from_env()) as client:
        found = client.containers.list(all=True, ignore_removed=True, filters={"label": labels.LOCK_LABEL})
        mine = [
            each
            for each in found
            if each.labels[labels.LOCK_LABEL].startswith(f"{program.runs}/")
            and each.labels["com.docker.compose.service"] == service
        ]
        if not mine:
            raise LookupError(service)
        yield mine[0]


def pause(one: Any) -> None:
    """Freeze it, for good."""
    one.pause()


def pause_for_a_while(one: Any, seconds: float = WHILE_S) -> None:
    """Freeze it for a while."""
    one.pause()
    time.sleep(seconds)
    one.unpause()


def pause_for_a_moment(one: Any) -> None:
    """Freeze it for less than a heartbeat."""
    pause_for_a_while(one, 0.7)


def disconnect(one: Any) -> None:
    """Take it off its networks."""
    one.reload()
    for name in one.attrs["NetworkSettings"]["Networks"]:
        one.client.networks.get(name).disconnect(one)


def stop(one: Any) -> None:
    """Stop it as ``docker stop`` does."""
    one.stop(timeout=2)


def kill(one: Any) -> None:
    """SIGKILL for its first process, and so for all of them."""
    one.kill()


def freeze_first_process(one: Any) -> None:
    """SIGSTOP for its first process; others in it go on."""
    one.kill(signal="SIGSTOP")


def freeze_first_process_for_a_while(one: Any) -> None:
    """SIGSTOP for its first process, and SIGCONT."""
    one.kill(signal="SIGSTOP")
    time.sleep(WHILE_S)
    one.kill(signal="SIGCONT")


FREEZE_ALL = """
own=$(cat /proc/self/cgroup)
for each in /proc/[0-9]*; do
    number=${each#/proc/}
    [ "$number" != $$ ] && [ "$(cat "$each/cgroup" 2>/dev/null)" = "$own" ] && kill -STOP "$number" 2>/dev/null
done
"""
"""Whatever runs in this container, and nothing else: the observer's shares the machine's process numbers."""


def freeze_all_processes(one: Any) -> None:
    """SIGSTOP for all of its processes that its user may stop, but for the one that does it."""
    one.exec_run(["sh", "-c", FREEZE_ALL], detach=True)


KILL_THE_AGENT = """
import os, pathlib
own = pathlib.Path("/proc/self/cgroup").read_text()
for each in pathlib.Path("/proc").glob("[0-9]*"):
    if int(each.name) == os.getpid():
        continue
    try:
        if b"heartbed_agent" in (each / "cmdline").read_bytes() and (each / "cgroup").read_text() == own:
            os.kill(int(each.name), 9)
            print("killed", each.name)
    except (FileNotFoundError, ProcessLookupError):
        continue
"""
"""Whatever of the agent runs in this container, which may share the machine's process numbers."""


def kill_the_agent(one: Any) -> None:
    """End the observer's agent, and nothing else in its container."""
    code, said = one.exec_run(["python3", "-c", KILL_THE_AGENT], user="0")
    assert (code, b"killed" in said) == (0, True), said
