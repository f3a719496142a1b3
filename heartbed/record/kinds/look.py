"""A look at what runs on a host: its processes with connections to a broker, and those connections."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind


class LookAsked(Kind):
    """What a look was asked for, and what it may see; always the record's second line."""

    KIND: ClassVar[str] = "look.asked"
    ports: list[int] = Field(description="the broker's ports")
    for_s: float = Field(description="how long it is to watch, seconds")
    heartbeat_s: int | None = Field(default=None, description="the heartbeat timeout that the user named, seconds")
    scope: str = Field(default="", description="of which processes, in words; empty: all of this host")
    stacks: bool = Field(default=True, description="whether py-spy was to look at threads")
    broker: str | None = Field(default=None, description="the management API that was asked, without its password")
    root: bool = Field(default=False, description="whether all processes of the host could be seen")


class LookProcess(Kind):
    """A process that holds a connection to a broker; what is told of it was read from outside."""

    KIND: ClassVar[str] = "look.process"
    name: str = Field(default="", description="the kernel's")
    user: str = Field(default="", description="as whom it runs")
    started: float | None = Field(default=None, description="epoch seconds")
    server: str = Field(default="", description="what serves here, in words, with what its configuration says of it")
    group: str = Field(default="", description="processes of one server have the same")
    container: str | None = Field(default=None, description="the id of its container, as its control group names it")
    unit: str | None = Field(default=None, description="the unit of systemd's that it belongs to")
    python: str | None = Field(default=None, description="the version of its Python; null: it has loaded none")
    green: list[str] = Field(
        default=[], description="libraries of green threads whose compiled parts it has mapped: `greenlet`, `gevent`"
    )
    patching: bool | None = Field(
        default=None, description="whether its environment asks nova to patch it for eventlet; null: it says nothing"
    )
    versions: dict[str, str] = Field(default={}, description="package → version, in the process's own environment")
    asked_s: int | None = Field(
        default=None,
        description="the heartbeat timeout that its environment asks for, seconds; the broker may lower it",
    )
    conf: str | None = Field(default=None, description="the configuration file of its server, as the process names it")
    check: str = Field(
        default="", description="the command that plays that file in the testbed, without its libraries; empty: none"
    )
    remarks: list[str] = Field(default=[], description="what that command assumes, or why there is none")


class LookSocket(Kind):
    """A socket to a broker, when it was first seen and on every change; `pid` is its process as the host has it."""

    KIND: ClassVar[str] = "look.socket"
    remote: str = Field(description="the broker's end, `ip:port`")
    state: str = Field(description="`ESTABLISHED`, `CLOSE_WAIT`, ...; `CLOSED`: the kernel has it no more")
    held: bool = Field(default=True, description="whether a process has it still")
    pids: list[int] = Field(default=[], description="the processes that hold it, when they are several")
    sent: float | None = Field(default=None, description="when the client last sent anything, epoch seconds")
    heard: float | None = Field(default=None, description="when anything last came from the broker, epoch seconds")
    acked: float | None = Field(
        default=None, description="the last acknowledgement of the broker's; its FIN is one too; epoch seconds"
    )
    unread: int = Field(default=0, description="octets received, and not read by the process")
    unacked: int = Field(default=0, description="octets written by the process, and not acknowledged by the broker")
    written: int | None = Field(default=None, description="octets that the process has written in all")
    received: int | None = Field(default=None, description="octets that came from the broker in all")


class LookLost(Kind):
    """A process has TCP sockets that the kernel lists no more: reset by the other side, shut down, never connected."""

    KIND: ClassVar[str] = "look.lost"
    sockets: int = Field(description="how many; to whom they led the kernel does not say")


class LookTick(Kind):
    """All sockets have been looked at once more: what is not told anew is as it was."""

    KIND: ClassVar[str] = "look.tick"
    took_ms: float = Field(default=0, description="for how long, milliseconds")
    sockets: int = Field(default=0, description="how many there are")


class LookBroker(Kind):
    """What the management API says of a connection."""

    KIND: ClassVar[str] = "look.broker"
    timeout_s: float | None = Field(default=None, description="the negotiated heartbeat timeout, seconds; 0: none")
    name: str | None = Field(default=None, description="the client's: oslo.messaging's is `name:pid:uuid`")
    connected: float | None = Field(default=None, description="when it was opened, epoch seconds")
    received: int | None = Field(default=None, description="octets that the broker has received")
    sent: int | None = Field(default=None, description="octets that the broker has sent")
    state: str | None = Field(default=None, description="`running`, `blocked`, `closed`, ...")


class LookCost(Kind):
    """What the look itself has cost this host."""

    KIND: ClassVar[str] = "look.cost"
    first_s: float = Field(description="from its start to the first table, seconds")
    watched_s: float = Field(description="for how long it watched after that, seconds")
    cpu_s: float = Field(description="the processor time of that watching, with py-spy's, seconds")
    stacks: int = Field(default=0, description="at the threads of how many processes it looked; it stopped none")
