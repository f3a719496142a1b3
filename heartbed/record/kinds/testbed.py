"""The testbed itself: its containers, its controls, its machine, and those who observe."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from heartbed.record.kinds.base import Kind, Part


class ContainerChanged(Kind):
    """The engine has done something to a container of the run, whoever asked for it; `cell` is its service."""

    KIND: ClassVar[str] = "container.changed"
    action: str = Field(description="`pause`, `unpause`, `disconnect` and `connect` (of a network), `oom`, `die`")


class ControlCall(Kind):
    """A control has called the RPC server, before cells idle or as they are asked again; `t` is when it was sent."""

    KIND: ClassVar[str] = "control.call"
    answered: bool = Field(description="whether there was a reply in time")
    ms: float = Field(default=0, description="until the reply, or until it was given up; milliseconds")
    error: str | None = Field(default=None, description="why there was none")


class MachineLag(Kind):
    """Once a second: how well the machine keeps time."""

    KIND: ClassVar[str] = "machine.lag"
    max_ms: float = Field(description="how late a thread that sleeps 10 ms was woken at most, milliseconds")
    steps_ms: float = Field(default=0, description="how far the wall clock moved by itself, milliseconds")


class PartWork(Part):
    """What the processes of one container did in that time."""

    ran_s: float = Field(default=0, description="seconds on a core, of all its threads together")
    waited_s: float = Field(default=0, description="seconds in which threads could have run, and had no core")
    disk: bool = Field(default=False, description="whether a thread waited for a disk when it was looked at")
    stopped: list[int] = Field(
        default=[], description="processes, by their numbers inside the container, that a signal had stopped then"
    )


class MachineWork(Kind):
    """Once a second: who worked, and who waited for a core; `t` is the end of that time."""

    KIND: ClassVar[str] = "machine.work"
    over_s: float = Field(description="the time that is told of, seconds")
    parts: dict[str, PartWork] = Field(
        default={}, description="service → what it did; one that is not there did nothing to speak of"
    )


class ObserverFailed(Kind):
    """Something could not be observed."""

    KIND: ClassVar[str] = "observer.failed"
    observer: str = Field(default="", description="the observer's name: `agent`, `broker_events`, `broker_log`, ...")
    reason: str = Field(default="no reason given", description="why")
