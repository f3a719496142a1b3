"""Which thread of a process should beat, where its threads stand, and how it runs its threads; as seen from outside.

From outside a green thread that is suspended cannot be seen: it is known only that no OS thread beats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from heartbed.record.connection import Purpose
from heartbed.record.event import Event
from heartbed.record.kinds import LookProcess, ProcessStacks, Thread
from heartbed.verdict import stack
from heartbed.wording import count

MOST_PLACES = 3


@dataclass(frozen=True)
class Seen:
    """What was seen of a process's threads."""

    words: str
    model: str | None
    """``eventlet``, ``gevent`` or ``native``; None where it cannot be told."""
    why: str
    native_beat: bool | None
    """Whether an OS thread sends heartbeats; None where no thread was seen."""


def judge_threads(process: LookProcess, looks: Sequence[Event[ProcessStacks]]) -> Seen:
    """What the newest look at its threads tells; with that, how it runs them."""
    told = [event.data for event in looks if event.data.error is None]
    if not told:
        errors = [event.data.error for event in looks if event.data.error]
        model, why = _by_environment(process)
        return Seen(f"its threads were not looked at{f': {errors[-1]}' if errors else ''}", model, why, None)
    newest = told[-1]
    model, why = _model(process, newest)
    beaters = [each for each in newest.threads if stack.beating(each.frames, Purpose.SEND)]
    if beaters:
        return Seen(_natively(beaters[0]), model, why, native_beat=True)
    return Seen(_without(process, newest, model), model, why, native_beat=False)


def _natively(thread: Thread) -> str:
    frame = stack.beating(thread.frames, Purpose.SEND)
    where = f" in {stack.named(frame)}" if frame else ""
    sits = f", {thread.syscall}" if thread.syscall else ""
    return f"OS thread {thread.tid} sends heartbeats: it is{where}{sits}"


def _without(process: LookProcess, newest: ProcessStacks, model: str | None) -> str:
    """No OS thread beats."""
    hubs = [each for each in newest.threads if stack.in_hub(each.frames)]
    stand = _places(newest.threads)
    if process.python is None:
        return f"it runs no Python; its threads: {stand}"
    if newest.by != "py-spy":
        return f"what its threads do in Python was not looked at; they sit in: {stand}"
    none = "no OS thread is where oslo.messaging sends heartbeats"
    if hubs:
        return f"{none}, so a green one must; OS thread {hubs[0].tid} runs a hub ({stand})"
    if process.green and model != "native":
        return f"{none}, so a green one must; no OS thread runs a hub, without which no green thread runs: {stand}"
    return f"{none}: {stand}"


def _places(threads: Sequence[Thread]) -> str:
    """Where the threads sit: ``1 in accept4 (7), 25 in futex``."""
    counts = Counter(each.syscall or "no system call" for each in threads)
    of = {name: [each.tid for each in threads if (each.syscall or "no system call") == name] for name in counts}
    shown = [f"{number} in {name}{f' ({of[name][0]})' if number == 1 else ''}" for name, number in counts.most_common()]
    rest = len(shown) - MOST_PLACES
    return ", ".join(shown[:MOST_PLACES]) + (f" and {count(rest, 'other place')}" if rest > 0 else "")


def _model(process: LookProcess, newest: ProcessStacks) -> tuple[str | None, str]:
    """How the process runs its threads, and by what that is known."""
    files = [frame.file for thread in newest.threads for frame in thread.frames]
    for library in ("gevent", "eventlet"):
        if any(f"/{library}/hubs/" in file or f"/{library}/hub.py" in file for file in files):
            return library, f"an OS thread is inside {library}'s hub"
    if process.python is not None and not process.green:
        return "native", "no library of green threads is in the process"
    if process.patching is None and any(each.python_name is not None for each in newest.threads):
        return _by_names(process, newest)
    return _by_environment(process)


def _by_names(process: LookProcess, newest: ProcessStacks) -> tuple[str | None, str]:
    """Python's threading knows OS threads by their numbers, unless it is patched: then it knows green threads only."""
    if any(each.python_name for each in newest.threads):
        return "native", "Python's threading module knows the OS threads, as it does not when it is patched"
    if "gevent" in process.green:
        return "gevent", "gevent is in the process, and Python's threading module knows none of the OS threads"
    return "eventlet", "greenlet is in the process, and Python's threading module knows none of the OS threads"


def _by_environment(process: LookProcess) -> tuple[str | None, str]:
    if process.patching is not None:
        model = "eventlet" if process.patching else "native"
        return model, "its environment has OS_NOVA_DISABLE_EVENTLET_PATCHING"
    return None, "from outside it cannot be told whether it is patched"
