"""What a process does at one moment: its OS threads, eventlet hubs and greenlets.

Only looks. It runs in a native thread, imports nothing of eventlet, and never
switches to a greenlet or calls a function that eventlet has patched. What is
collected by the garbage collector is searched for hubs and greenlets, because
eventlet keeps them in thread-locals of other threads.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

from wsgi_app.clients import connection
from wsgi_app.whereabouts import Registry, root_of

TASKS = Path("/proc/self/task")
FRAMES_MOST = 60
HUBS = (("eventlet.hubs.hub", "BaseHub"), ("gevent.hub", "Hub"))
"""Where the classes of hubs are."""

PLUMBING = ("/eventlet/greenthread.py", "/eventlet/green/thread.py", "/gevent/threading.py", "/threading.py")
"""Files whose functions do not tell what a greenlet is for."""


def take(registry: Registry) -> dict[str, Any]:
    """``threads``, ``hubs`` and ``greenlets``, as ``process.greenlets`` in docs/record.md describes them.

    A hub has ``listeners`` besides, the file descriptors that it would watch if
    it ran. Durations are seconds. ``next_timer_overdue_s`` is positive when the
    hub should already have run its next timer; ``due_in_s`` is then negative.
    """
    tasks = _tasks()  # before anything else: to look at the rest makes threads wait for this one
    on_stacks = stacks()
    numbers = _numbers(registry)
    frames = {numbers[ident]: list(_frames(frame)) for ident, frame in on_stacks.items() if ident in numbers}
    found_hubs, found_greenlets = _search()
    names = _green_names()
    tids = registry.by_root | _running_hubs(found_hubs, numbers)
    mains = {id(main_of(hub)) for hub in found_hubs}
    hubs = [_hub(hub, tids, names) for hub in found_hubs]
    with_hub = {hub["tid"] for hub in hubs}
    named = _thread_names(registry, numbers)
    return {
        "threads": [
            {**task, "name": named.get(tid, task["name"]), "has_hub": tid in with_hub, "frames": frames.get(tid, [])}
            for tid, task in sorted(tasks.items())
        ],
        "hubs": hubs,
        "greenlets": [_greenlet(each, tids, mains, names) for each in found_greenlets if not each.dead],
    }


def _search() -> tuple[list[Any], list[Any]]:
    """All hubs and greenlets of the process. Types are compared, since an instance's ``__class__`` may run code."""
    found = (getattr(sys.modules.get(module), name, None) for module, name in HUBS)
    hub_types = tuple(kind for kind in found if kind is not None)
    greenlet_type = getattr(sys.modules.get("greenlet"), "greenlet", None)
    if greenlet_type is None:
        return [], []
    hubs, greenlets = [], []
    for each in gc.get_objects():
        kind = type(each)
        if issubclass(kind, greenlet_type):
            greenlets.append(each)
        if issubclass(kind, hub_types):
            hubs.append(each)
    return hubs, greenlets


def main_of(hub: Any) -> Any:
    """The greenlet that runs a hub: eventlet's hub has one, gevent's is one."""
    return getattr(hub, "greenlet", hub)


def stacks() -> dict[int, FrameType]:
    """Ident -> innermost frame of every OS thread that Python knows."""
    return sys._current_frames()  # noqa: SLF001  there is no other way to ask


def _numbers(registry: Registry) -> dict[int, int]:
    """Ident -> number of the OS threads that are known: those that served requests, and Python's own."""
    real = set(stacks())
    # A green thread bears the number of the OS thread that it lives on, but a greenlet's id as its ident. An object
    # that Python made for a thread of httpd's may have no number at all.
    own = {
        thread.ident: thread.native_id
        for thread in _thread_objects()
        if thread.ident in real and getattr(thread, "native_id", None) is not None
    }
    return own | registry.by_ident


def _tasks() -> dict[int, dict[str, Any]]:
    """Number -> what the kernel tells of every OS thread: name, state, system call, where it waits, its switches."""
    found = {}
    for task in TASKS.iterdir():
        try:
            lines = (task / "status").read_text().splitlines()
            status = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
            found[int(task.name)] = {
                "tid": int(task.name),
                "name": status["Name"],
                "state": status["State"][:1],
                "syscall": (task / "syscall").read_text().strip(),
                "wchan": (task / "wchan").read_text().strip("0\n") or None,
                "voluntary": int(status["voluntary_ctxt_switches"]),
                "involuntary": int(status["nonvoluntary_ctxt_switches"]),
            }
        except OSError:
            continue  # ended meanwhile
    return found


def _thread_names(registry: Registry, numbers: dict[int, int]) -> dict[int, str]:
    """Number -> name of the OS threads that have one beside the kernel's: Python's own, and those for requests."""
    named = {numbers[thread.ident]: thread.name for thread in _thread_objects() if thread.ident in numbers}
    return named | dict.fromkeys(registry.by_ident.values(), "request thread")


def _running_hubs(hubs: list[Any], numbers: dict[int, int]) -> dict[int, int]:
    """Root greenlet's id -> number of the OS thread, for hubs that run at this moment: their ``run`` is on a stack."""
    known = {id(hub): hub for hub in hubs}
    found = {}
    for ident, innermost in stacks().items():
        frame: FrameType | None = innermost
        while frame is not None and frame.f_code.co_name != "run":
            frame = frame.f_back
        hub = known.get(id(frame.f_locals.get("self"))) if frame is not None else None
        if hub is not None and ident in numbers:
            found[id(root_of(main_of(hub)))] = numbers[ident]
    return found


def _thread_objects() -> Iterator[Any]:
    """The ``Thread`` objects of ``threading`` and of the unpatched copy that eventlet keeps beside it."""
    for module in (threading, sys.modules.get("__original_module_threading")):
        yield from list(getattr(module, "_active", {}).values())


def _green_names() -> dict[int, str]:
    """Greenlet's id -> name of the ``Thread`` that runs as this greenlet."""
    return {thread.ident: thread.name for thread in _thread_objects() if thread.ident is not None}


def _hub(hub: Any, tids: dict[int, int], names: dict[int, str]) -> dict[str, Any]:
    # gevent's loop keeps its timers in C: whether one is due, nobody can ask it.
    timers = sorted(_timers(hub, names), key=lambda timer: timer["due_in_s"]) if hasattr(hub, "next_timers") else []
    return {
        "tid": tids.get(id(root_of(main_of(hub)))),
        "hub": f"{type(hub).__module__}.{type(hub).__qualname__}",
        "next_timer_overdue_s": -timers[0]["due_in_s"] if timers else None,
        "timers": timers,
        "listeners": [
            {"fd": descriptor, "event": event}
            for event, watched in getattr(hub, "listeners", {}).items()
            for descriptor in list(watched)
        ],
    }


def _timers(hub: Any, names: dict[int, str]) -> Iterator[dict[str, Any]]:
    now = hub.clock()
    for due, timer in [*hub.timers, *hub.next_timers]:
        call = getattr(timer, "tpl", None)  # one that is called at this very moment has let go of it
        if not timer.called and call:
            yield {"due_in_s": round(due - now, 3), "what": _callback(call[0], names)}


def _greenlet(greenlet: Any, tids: dict[int, int], mains: set[int], names: dict[int, str]) -> dict[str, Any]:
    frames = list(_frames(greenlet.gr_frame))
    return {
        "tid": tids.get(id(root_of(greenlet))),
        "hub_main": id(greenlet) in mains,
        "name": _name(greenlet, mains, names, frames),
        "dead": False,
        "conn": connection(greenlet.gr_frame),
        "frames": frames,
    }


def _name(greenlet: Any, mains: set[int], names: dict[int, str], frames: list[dict[str, Any]]) -> str:
    """The ``Thread``'s name, or what the greenlet is, or the outermost function that tells its purpose."""
    if id(greenlet) in mains:
        return "hub"
    if greenlet.parent is None:
        return "root"
    if id(greenlet) in names:
        return names[id(greenlet)]
    if not greenlet:
        return "not started"
    for frame in reversed(frames):
        if not frame["file"].endswith(PLUMBING):
            return str(frame["function"])
    return "greenlet"


def _frames(frame: FrameType | None) -> Iterable[dict[str, Any]]:
    """A stack, innermost first. Empty for a greenlet that its thread is running: ``process.stacks`` has that one."""
    for _ in range(FRAMES_MOST):
        if frame is None:
            return
        code = frame.f_code
        name = getattr(code, "co_qualname", code.co_name)  # Pythons before 3.11 have no better name of a function
        yield {"function": name, "file": code.co_filename, "line": frame.f_lineno, "native": False}
        frame = frame.f_back


def _callback(function: Any, names: dict[int, str]) -> str:
    """What a timer will do, and to which green thread: ``switch: Rabbit-heartbeat``."""
    name = str(getattr(function, "__qualname__", None) or type(function).__qualname__).rpartition(".")[2]
    owners = [names[id(held)] for held in _held_by(function) if id(held) in names]
    return f"{name}: {owners[0]}" if owners else name


def _held_by(function: Any) -> Iterator[Any]:
    """What a method is bound to, or what a function closes over."""
    yield getattr(function, "__self__", None)
    for cell in getattr(function, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue  # not yet filled
