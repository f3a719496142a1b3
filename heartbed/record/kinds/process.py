"""The process."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind, Part


class Frame(Part):
    """One frame of a stack."""

    function: str = Field(default="", description="its name; greenlet dumps put the class before it")
    file: str = Field(default="", description="the source, or the mapped object of a native frame")
    line: int = Field(default=0, description="in that file; 0 for a native frame")
    native: bool = Field(default=False, description="whether it is not Python's")


class Thread(Part):
    """One OS thread."""

    tid: int = Field(description="its number inside the container")
    name: str = Field(default="", description="Python's, else the kernel's")
    python_name: bool | None = Field(
        default=None, description="whether the name is Python's: whether its threading module knows the thread"
    )
    active: bool = Field(default=False, description="whether it runs")
    syscall: str | None = Field(default=None, description="in which it sits (`accept4`, `futex`, ...); null: it runs")
    wchan: str | None = Field(default=None, description="the kernel's function in which it sleeps")
    frames: list[Frame] = Field(default=[], description="innermost first; none if it has never run Python")


class Timer(Part):
    """One timer of a hub."""

    due_in_s: float = Field(default=0, description="seconds; negative when it is overdue")
    what: str = Field(default="", description="what it will do, to which green thread")


class Listener(Part):
    """One file descriptor that a hub would watch if it ran."""

    fd: int = Field(description="its number")
    event: str = Field(default="", description="`read` or `write`")


class Hub(Part):
    """One eventlet hub."""

    tid: int | None = Field(default=None, description="the OS thread that alone can run it")
    hub: str = Field(default="", description="its class")
    next_timer_overdue_s: float | None = Field(
        default=None, description="since when the next timer is due, seconds; negative before that; null: no timer"
    )
    timers: list[Timer] = Field(default=[], description="the next first")
    listeners: list[Listener] = Field(default=[], description="what it would watch")


class Greenlet(Part):
    """One green thread."""

    tid: int | None = Field(default=None, description="the OS thread that alone can resume it")
    hub_main: bool = Field(default=False, description="whether it is a hub's own")
    name: str = Field(default="", description="what it is there for")
    dead: bool = Field(default=False, description="whether it has ended")
    conn: str | None = Field(default=None, description="the client's end of the connection that its stack works on")
    frames: list[Frame] = Field(default=[], description="innermost first; none for one that runs, or has not begun")


class HubThread(Part):
    """One OS thread, as the application sees it."""

    tid: int = Field(description="its number inside the container")
    name: str = Field(default="", description="Python's, else the kernel's")
    has_hub: bool = Field(default=False, description="whether a hub belongs to it")


class Switches(Part):
    """How often one OS thread has been switched."""

    tid: int = Field(description="its number inside the container")
    voluntary: int = Field(description="times that it gave the processor up")
    involuntary: int = Field(description="times that it was taken away")


class Look(Kind):
    """A look at a process; several kinds come of it."""

    at: str = Field(
        default="", description="the occasion: `mid-idle`, `loss`, `hang`, or `opening` for one before the cell idled"
    )
    host_pid: int | None = Field(default=None, description="the process as the host numbers it")
    took_ms: float | None = Field(default=None, description="milliseconds")
    error: str | None = Field(default=None, description="why there is nothing to see")


class ProcessStacks(Look):
    """What all OS threads of a process were doing."""

    KIND: ClassVar[str] = "process.stacks"
    by: str = Field(
        default="py-spy",
        description="who looked: `itself`, the process, at the very moment of `t`: Python's frames, and the "
        "kernel's words on each thread; `py-spy`: native frames too, of many processes alike only a few",
    )
    threads: list[Thread] = Field(default=[], description="all of them")
    native_error: str | None = Field(default=None, description="why only Python's frames could be had")
    stopped_ms: float | None = Field(
        default=None, description="for how long the process had to stand still for it, milliseconds"
    )


class ProcessGreenlets(Look):
    """The hubs and green threads of a process, as the application itself lists them; `t` is when it did."""

    KIND: ClassVar[str] = "process.greenlets"
    threads: list[HubThread] = Field(default=[], description="all OS threads")
    hubs: list[Hub] = Field(default=[], description="all hubs")
    greenlets: list[Greenlet] = Field(default=[], description="all green threads that have not ended")


class ProcessSwitches(Look):
    """Context switches of each OS thread of a process."""

    KIND: ClassVar[str] = "process.switches"
    threads: list[Switches] = Field(default=[], description="all of them")


class ProcessSeen(Kind):
    """A process of the cell was seen for the first time: the container's first, or one that descends from it."""

    KIND: ClassVar[str] = "process.seen"
    host_pid: int | None = Field(default=None, description="the process as the host numbers it")
    name: str = Field(default="", description="the kernel's")


class ProcessGone(Kind):
    """A process seen before is there no more. `t` is exact; why it ended is not known."""

    KIND: ClassVar[str] = "process.gone"
    host_pid: int | None = Field(default=None, description="the process as the host numbers it")
    name: str = Field(default="", description="the kernel's")


class ProcessUsage(Kind):
    """What a process holds: when its cell has been opened, and every so many seconds where a probe wants that."""

    KIND: ClassVar[str] = "process.usage"
    host_pid: int | None = Field(default=None, description="the process as the host numbers it")
    descriptors: int = Field(description="file descriptors that are open")
    threads: int = Field(description="OS threads")
    rss_octets: int = Field(description="memory that it has in use, shared or not")
    pss_octets: int | None = Field(
        default=None, description="the same, with its part of what it shares; null: not told by the kernel"
    )


class Socket(Kind):
    """The state of a socket to the broker, on every change, and each second while octets are not acknowledged.

    Looked at five times a second where the machine allows it.
    """

    KIND: ClassVar[str] = "socket"
    state: str = Field(description="`ESTABLISHED`, `CLOSE_WAIT`, ...; `CLOSED`: the kernel has it no more")
    rx_octets: int = Field(default=0, description="received, and not read by the application")
    tx_octets: int = Field(default=0, description="written by the application, and not acknowledged by the broker")
    pids: list[int] = Field(default=[], description="those that hold it, when they are several")
